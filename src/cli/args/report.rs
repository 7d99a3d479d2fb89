//! The flags of `cairn report`.

use std::path::PathBuf;

use super::device::DeviceArgs;
use super::{job::JobArgs, sweep};

const EXAMPLES: &str = "\
Examples:
  cairn report                                       the digits, clustered and shown in report.html
  cairn report data.csv -k 5 --truth species -o page.html
  cairn report digits --sweep 2..20                  with the curves over the number of clusters
  cairn report digits.safetensors                    what a model holds
  cairn report digits.safetensors new.csv --truth digit   a model on rows it may not have seen

The page is one file: it asks no network for anything, and can be mailed, printed and put on a web server.

Exit codes: 0 done, 1 failed, 2 used wrongly.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("data", |arg| arg.index(1).value_name("MODEL|DATA").help(
    "A model that `cairn fit --model` wrote; or data to cluster: `digits` (inside the program), a CSV or .npy file, \
     or - for standard input")))]
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::cli) job: JobArgs,

    /// Rows to show with the model: `digits`, a CSV or .npy file, or -
    #[arg(index = 2)]
    pub(in crate::cli) rows: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    /// The page
    #[arg(short, long, value_name = "FILE", default_value = "report.html", help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,

    /// Cluster with these numbers of clusters too, and show the curves: a list or a range, as 2..20
    #[arg(long, value_name = "LIST", value_parser = sweep::clusters, help_heading = "Output")]
    pub(in crate::cli) sweep: Option<sweep::Numbers>,

    /// Errors only: no progress, no line that says what was written
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
