//! The flags of `cairn merge`.

use std::path::PathBuf;

use clap::ValueHint;

const EXAMPLES: &str = "\
Examples:
  cairn fit x.npy -k 100 -r 500 --checkpoint 1.run
  cairn fit x.npy -k 100 -r 500 --first-restart 500 --checkpoint 2.run
    Two parts of a run of 1000 restarts, on any machines
  cairn merge 1.run 2.run -o whole.run
    Join them: the fingerprint is that of one run of 1000
  cairn fit x.npy -k 100 -r 1000 --checkpoint whole.run --resume --labels l.npy --model m.safetensors
    Write the outputs of the whole run, without a restart

Exit codes: 0 success, 1 failure, 2 usage error.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct MergeArgs {
    /// The --checkpoint files of parts of one run, in any order
    #[arg(value_name = "RUN", required = true, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) runs: Vec<PathBuf>,

    /// Write the whole run, from which `cairn fit --resume` writes labels, models and all other outputs
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Print the summary as JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Print errors only
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
