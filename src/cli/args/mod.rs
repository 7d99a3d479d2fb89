//! The flags, as typed. What several subcommands share, and those with many flags, have files of their own.

mod compare;
pub(super) mod device;
pub(super) mod draw;
mod job;
mod model;
mod read;
mod report;
pub(super) mod sweep;
mod table;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(super) use device::{DeviceArgs, MemoryArgs};
pub(super) use model::{FormatArg, NameArgs, OutArgs, PredictArgs, RowsArgs, ScoreArgs, TransformArgs};

/// k-means that gives the same answer, to the last bit, on every GPU and CPU.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Colour: auto is on in a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    #[arg(help_heading = "Output")]
    pub(super) color: Color,
}

pub(super) use compare::CompareArgs;
pub(super) use job::{InitArg, JobArgs};
pub(super) use read::ReadArgs;
pub(super) use report::ReportArgs;

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Cluster a table: the handwritten digits, a CSV or .npy file, or standard input
    Fit(Box<FitArgs>),
    /// Time devices against each other on equal work, proven equal first
    Compare(Box<CompareArgs>),
    /// Find the cluster of each row of a table, as a model has it
    Predict(Box<PredictArgs>),
    /// Write the distance of each row to every centroid of a model
    Transform(Box<TransformArgs>),
    /// Measure how well a model tells the known classes of a table apart
    Score(Box<ScoreArgs>),
    /// List or change the names of a model's clusters
    Name(NameArgs),
    /// Cluster a table with one number of clusters after another, and measure each
    Sweep(Box<sweep::SweepArgs>),
    /// Make a page to look at and to show: of a model, or of data clustered now
    Report(Box<ReportArgs>),
    /// Write a page on which digits are drawn, and named by a model
    Draw(draw::DrawArgs),
    /// Read handwritten digits in a scan or a photograph, by a model
    Read(ReadArgs),
    /// List the GPUs that can be used, and say which device `auto` takes
    Devices(DevicesArgs),
}

const FIT_EXAMPLES: &str = "\
Examples:
  cairn fit                                    the digits, 1000 restarts
  cairn fit points.csv -k 8 --truth species    a table of your own, scored
  cairn fit x.npy -k 100 --labels labels.npy --centroids c.npy
  zcat x.csv.gz | cairn fit - --json           from a pipe, for a program
  cairn fit x.csv -k 20 --model x.safetensors  to be used by `cairn predict`
  cairn fit x.npy --init c.npy --max-iter 50   on from centroids of before

Exit codes: 0 done, 1 failed, 2 used wrongly.";

#[derive(Debug, clap::Args)]
#[command(after_help = FIT_EXAMPLES)]
pub(super) struct FitArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    #[command(flatten)]
    pub(super) device: DeviceArgs,

    #[command(flatten)]
    pub(super) memory: MemoryArgs,

    /// Write the cluster of each row (.csv or .npy, by name)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) labels: Option<PathBuf>,

    /// Write the centroids, in the units of the data (.csv or .npy)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) centroids: Option<PathBuf>,

    /// Write restart, inertia, iterations, stopped of all restarts (.csv or .npy)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) restarts_out: Option<PathBuf>,

    /// Write the model, for `cairn predict` and its like, and for Python (a safetensors file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) model: Option<PathBuf>,

    /// Write a page that shows the clusters, for a browser (one HTML file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) report: Option<PathBuf>,

    /// Measure more, which takes time: silhouette, Calinski-Harabasz, Davies-Bouldin; with a truth also the
    /// confusion matrix
    #[arg(long, help_heading = "Output")]
    pub(super) measures: bool,

    /// Summary as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,

    /// Errors only: no summary, no progress, no notes, no warnings (--json still prints its summary)
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,

    /// Say more on standard error: why this device, how much was decided in integers
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,
}

const DEVICES_HELP: &str = "\
The name of a GPU, or part of it, can be given to `cairn fit --device`.

Environment variables, for all subcommands:
  CAIRN_CPU     kernel of the CPU: amx, avx512, avx2, neon, portable [default: the fastest it can run]
  CAIRN_GPU     kernel of a GPU: plain, small, tiled, low, matrix, trial, f32 [default: the fastest]
  WGPU_BACKEND  interfaces to look for GPUs by: vulkan, metal, dx12, gl, separated by commas [default: all]
  CAIRN_CACHE   folder for measured costs and compiled kernels [default: cairn in the user's cache folder]";

#[derive(Debug, clap::Args)]
#[command(after_help = DEVICES_HELP)]
pub(super) struct DevicesArgs {
    /// Check the CPU and every GPU in about ten seconds each: every step on small tables against the
    /// definition, bit for bit. Exit code 1 if one fails
    #[arg(long, conflicts_with = "json")]
    pub(super) test: bool,

    /// With --test, a line for each check, and the kernels that a GPU was checked with
    #[arg(short, long, requires = "test")]
    pub(super) verbose: bool,

    /// As JSON
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use cairn::engine::Device;
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn device_words_in_any_case() {
        let device = |text: &str| match Args::parse_from(["cairn", "fit", "--device", text]).command {
            Command::Fit(args) => args.device.device(),
            _ => unreachable!("fit was asked for"),
        };
        assert_eq!(device("CPU"), Device::Cpu);
        assert_eq!(device("GeForce"), Device::Named("GeForce".into()));
    }
}
