//! The flags of `cairn report`.

use std::path::PathBuf;

use clap::ValueHint;

use super::device::DeviceArgs;
use super::{job::JobArgs, sweep};

const EXAMPLES: &str = "\
Examples:
  cairn report
    Cluster the digits and write report.html
  cairn report data.csv -k 5 --truth species -o page.html
    Cluster a table of your own
  cairn report digits --sweep 2..20
    Add curves over the number of clusters
  cairn report digits.safetensors
    Show what a model contains
  cairn report digits.safetensors new.csv --truth digit
    Show a model on other rows

The page is one file without network requests. It can be mailed, printed and put on a web server.

Exit codes: 0 success, 1 failure, 2 usage error.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("data", |arg| arg.index(1).value_name("MODEL|DATA").help(
    "A model that `cairn fit --model` wrote; or data to cluster: `digits` (built in), a CSV or .npy file, \
     or - for standard input")), mut_arg("rows", |rows| rows))] // which puts it after `data` again
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::cli) job: JobArgs,

    /// Rows to show with the model: `digits`, a file of a table, or -
    #[arg(index = 2, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) rows: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    /// File to write (one HTML file)
    #[arg(short, long, value_name = "FILE", default_value = "report.html", help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,

    /// Numbers of clusters to add curves for: a list or a range such as 2..20
    #[arg(long, value_name = "LIST", value_parser = sweep::clusters, help_heading = "Output")]
    pub(in crate::cli) sweep: Option<sweep::Numbers>,

    /// Print errors only: no progress, no name of the file written
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
