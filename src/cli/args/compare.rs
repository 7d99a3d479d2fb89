//! The flags of `cairn compare`.

use std::path::PathBuf;

use cairn::compare::sweep::Sweep;
use clap::ValueHint;

use super::number::{positive, whole};
use super::{JobArgs, MemoryArgs};

const EXAMPLES: &str = "\
Examples:
  cairn compare
    The digits on the CPU and the best GPU, within a minute
  cairn compare x.npy -k 100 --devices cpu,gpu --export-html x.html
    A table of your own, with a page of the results
  cairn compare --sweep restarts=1..100000
    From how many restarts on is the GPU faster?
  cairn compare x.npy --sweep clusters=2,4,8,16 --export-csv x.csv
    Times for several numbers of clusters
  cairn compare --calibrate
    Measure the devices of this machine for `--device auto`

The results of all devices are compared bit for bit before anything is timed; any difference is an error. The run \
    of each device that does so also tells how long the rest takes, which is said before it starts. \
    Runs of the devices alternate. A time includes upload, seeding, iterations and read-back. Opening the \
    device and building its kernels are reported separately. Ratios are relative to the first device, with \
    a 95% confidence interval from 6 runs of each device on.

Exit codes: 0 success, 1 a device failed or results differ, 2 usage error, 130 stopped by Ctrl-C.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(in crate::cli) job: JobArgs,

    /// Devices, separated by commas: cpu, gpu (the best), reference, parts of GPU names, or all (the CPU and every
    /// GPU). Ratios are relative to the first [default: cpu, and gpu if there is one that is no software adapter]
    #[arg(long, value_name = "LIST", value_hint = ValueHint::Other, help_heading = "Comparison")]
    pub(in crate::cli) devices: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) memory: MemoryArgs,

    /// Measured runs of each device [default: 10, or fewer so that the comparison ends within a minute; at least 6 for each
    /// value of a sweep]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u32>, help_heading = "Comparison")]
    pub(in crate::cli) runs: Option<u32>,

    /// Warm-up runs of each device, which are not measured
    #[arg(long, value_name = "N", default_value_t = 2, allow_negative_numbers = true, value_parser = whole::<u32>)]
    #[arg(help_heading = "Comparison")]
    pub(in crate::cli) warmup: u32,

    /// Vary restarts, points or clusters: restarts=1..1000 (1, 2, 5, 10, .., both ends), clusters=2,4,8
    #[arg(long, value_name = "WHAT=VALUES", help_heading = "Comparison")]
    pub(in crate::cli) sweep: Option<Sweep>,

    /// Measure the cost of each device on small jobs, and save it for `--device auto`. Only --devices, --threads,
    /// --gpu-memory and --quiet apply
    #[arg(long, help_heading = "Comparison")]
    #[arg(conflicts_with_all = [
        "data", "clusters", "seed", "restarts", "init", "metric", "max_iter", "tol", "truth", "truth_file", "weights", "columns", "ignore", "numeric",
        "missing", "clean", "scale", "header", "delimiter", "na", "sheet", "pixels", "channels", "as_drawings",
        "runs", "warmup", "sweep", "export_json", "export_csv", "export_html",
    ])]
    pub(in crate::cli) calibrate: bool,

    /// Write all results as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_json: Option<PathBuf>,

    /// Write a line for each device and value, as CSV
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_csv: Option<PathBuf>,

    /// Write a page with a chart, as HTML
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_html: Option<PathBuf>,

    /// Print errors only: no tables, progress, notes or warnings
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
