//! The flags of `cairn compare`.

use std::path::PathBuf;

use cairn::compare::sweep::Sweep;
use clap::value_parser;

use super::{JobArgs, MemoryArgs};

const EXAMPLES: &str = "\
Examples:
  cairn compare                                   the digits on the CPU and the best GPU
  cairn compare x.npy -k 100 --devices cpu,gpu --export-html x.html
  cairn compare --sweep restarts=1..100000        from which number of restarts on does the GPU win?
  cairn compare x.npy --sweep clusters=2,4,8,16 --export-csv x.csv
  cairn compare --calibrate                       teaches `--device auto` this machine

First every device's result is compared, bit for bit; a difference ends it. Then the devices run in turn.
A time is that of upload, seeding, iterations and reading back; opening a device and building its kernels
stand apart. Ratios are to the first device, with a 95% interval where there are at least 6 runs of each.

Exit codes: 0 done, 1 a device failed or the results differ, 2 used wrongly, 130 stopped by Ctrl-C.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(in crate::cli) job: JobArgs,

    /// Devices, separated by commas: cpu, gpu (the best), reference, parts of GPUs' names, or all (the CPU and
    /// every GPU). The others are held against the first [default: cpu, and gpu if there is one]
    #[arg(long, value_name = "LIST", help_heading = "Comparison")]
    pub(in crate::cli) devices: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) memory: MemoryArgs,

    /// Measured runs of each device [default: 10, fewer (at least 6) where they take long]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..), help_heading = "Comparison")]
    pub(in crate::cli) runs: Option<u32>,

    /// Runs of each device before those that are measured
    #[arg(long, value_name = "N", default_value_t = 2, help_heading = "Comparison")]
    pub(in crate::cli) warmup: u32,

    /// Vary restarts, points or clusters: restarts=1..1000 (1, 2, 5, 10, .., both ends), clusters=2,4,8
    #[arg(long, value_name = "WHAT=VALUES", help_heading = "Comparison")]
    pub(in crate::cli) sweep: Option<Sweep>,

    /// Measure each device on small jobs of its own, and keep what was learnt for `--device auto`; takes
    /// --devices, --threads and --quiet
    #[arg(long, help_heading = "Comparison")]
    #[arg(conflicts_with_all = [
        "data", "clusters", "seed", "restarts", "init", "max_iter", "tol", "truth", "weights", "header", "delimiter",
        "runs", "warmup", "sweep", "export_json", "export_csv", "export_html",
    ])]
    pub(in crate::cli) calibrate: bool,

    /// Write all of it, for programs
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_json: Option<PathBuf>,

    /// Write a line a device and value, for spreadsheets
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_csv: Option<PathBuf>,

    /// Write one page with its chart, for people
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) export_html: Option<PathBuf>,

    /// Errors only: no tables, no progress, no notes, no warnings
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
