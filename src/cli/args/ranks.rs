//! `--share`, of fits by several processes.

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RanksArgs {
    /// What the processes of mpirun share, of a program with the feature mpi. auto: restarts, if there are as many as processes, without --time and --checkpoint,
    /// and if the table fits each of them; else rows
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = ShareArg::Auto)]
    #[arg(help_heading = "Runs in parts")]
    pub(in crate::cli) share: ShareArg,
}

/// What processes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShareArg {
    /// What suits the table and the restarts
    Auto,
    /// Each process has some of the rows
    Rows,
    /// Each process has the whole table, and makes some of the restarts
    Restarts,
}
