//! The flags of runs in parts: over several processes, or one after the other.

use std::path::PathBuf;
use std::time::Duration;

use super::number::whole;
use super::search::time;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArgs {
    /// Begin with this restart, so that the restarts of one run can be spread over several processes, each with its own
    /// --checkpoint; `cairn merge` joins them
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = whole::<u64>, help_heading = "Runs in parts")]
    pub(in crate::cli) first_restart: u64,

    /// Write the run to this file while it goes on, and when it ends or is stopped (Ctrl-C, SIGTERM, SIGHUP)
    #[arg(long, value_name = "FILE", help_heading = "Runs in parts")]
    pub(in crate::cli) checkpoint: Option<PathBuf>,

    /// Go on with the run in the --checkpoint file, to the result of one that was never stopped; without such a file it
    /// begins
    #[arg(long, requires = "checkpoint", help_heading = "Runs in parts")]
    pub(in crate::cli) resume: bool,

    /// Least time between two writes of the --checkpoint file, such as 30s or 5min
    #[arg(long, value_name = "TIME", default_value = "30s", allow_negative_numbers = true, value_parser = time)]
    #[arg(requires = "checkpoint", help_heading = "Runs in parts")]
    pub(in crate::cli) checkpoint_every: Duration,
}
