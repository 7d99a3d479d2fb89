//! The flags, as typed. Shared flags, and subcommands with many flags, have files of their own.

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

    /// When to use colour; auto: in a terminal, unless NO_COLOR is set
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
    /// Time devices on the same work, after checking that their results are identical
    Compare(Box<CompareArgs>),
    /// Assign each row of a table to its nearest cluster in a model
    Predict(Box<PredictArgs>),
    /// Write the distance of each row to every centroid of a model
    Transform(Box<TransformArgs>),
    /// Measure how well the clusters of a model match the known classes of a table
    Score(Box<ScoreArgs>),
    /// List or change the names of a model's clusters
    Name(NameArgs),
    /// Cluster a table with several numbers of clusters, and measure each
    Sweep(Box<sweep::SweepArgs>),
    /// Write an HTML page about a model, or about data to cluster
    Report(Box<ReportArgs>),
    /// Write an HTML page on which you draw digits that a model classifies
    Draw(draw::DrawArgs),
    /// Read handwritten digits in a scan or a photograph, with a model
    Read(ReadArgs),
    /// List the GPUs that can be used, and the device that `auto` chooses
    Devices(DevicesArgs),
}

const FIT_EXAMPLES: &str = "\
Examples:
  cairn fit
    Cluster the digits, with 1000 restarts
  cairn fit points.csv -k 8 --truth species
    Cluster a table of your own, and score the clusters
  cairn fit x.npy -k 100 --labels labels.npy --centroids c.npy
    Write the results as arrays
  zcat x.csv.gz | cairn fit - --json
    Read a pipe, and write JSON
  cairn fit x.csv -k 20 --model x.safetensors
    Save a model for `cairn predict`
  cairn fit x.npy --init c.npy --max-iter 50
    Continue from the centroids of an earlier run

Exit codes: 0 success, 1 failure, 2 usage error.";

#[derive(Debug, clap::Args)]
#[command(after_help = FIT_EXAMPLES)]
pub(super) struct FitArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,

    #[command(flatten)]
    pub(super) device: DeviceArgs,

    #[command(flatten)]
    pub(super) memory: MemoryArgs,

    /// Write the cluster of each row (.csv or .npy, by file name)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) labels: Option<PathBuf>,

    /// Write the centroids, in the units of the data (.csv or .npy)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) centroids: Option<PathBuf>,

    /// Write restart, inertia, iterations and stop reason of all restarts (.csv or .npy)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) restarts_out: Option<PathBuf>,

    /// Write the model, for `cairn predict`, other subcommands and Python (a safetensors file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) model: Option<PathBuf>,

    /// Write a report of the clusters (one HTML file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) report: Option<PathBuf>,

    /// Compute slower measures too: silhouette, Calinski-Harabasz, Davies-Bouldin and, with --truth, the confusion
    /// matrix
    #[arg(long, help_heading = "Output")]
    pub(super) measures: bool,

    /// Print the summary as JSON
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,

    /// Print errors only: no summary (except with --json), progress, notes or warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,

    /// Print more on standard error: why the device was chosen, how many labels were decided in integers
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,
}

const DEVICES_HELP: &str = "\
`cairn fit --device` takes the name of a GPU, or part of it.

Environment variables of all subcommands:
  CAIRN_CPU
    CPU kernel: amx, avx512, avx2, neon, portable [default: the fastest that this CPU supports]
  CAIRN_GPU
    GPU kernel: plain, small, tiled, low, matrix, trial, f32 [default: the fastest]
  WGPU_BACKEND
    Graphics APIs to search for GPUs, separated by commas: vulkan, metal, dx12, gl [default: all]
  CAIRN_CACHE
    Folder of measured costs and compiled kernels [default: cairn in the cache folder of the user]";

#[derive(Debug, clap::Args)]
#[command(after_help = DEVICES_HELP)]
pub(super) struct DevicesArgs {
    /// Check every step on the CPU and every GPU against the definition, bit for bit, on small tables. Takes about
    /// ten seconds per device. Exit code 1 if a check fails
    #[arg(long, conflicts_with = "json")]
    pub(super) test: bool,

    /// With --test, print a line for each check, and the GPU kernels that were checked
    #[arg(short, long, requires = "test")]
    pub(super) verbose: bool,

    /// Print JSON
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

    /// Text wrapped by hand would be wrapped twice in a narrow terminal.
    #[test]
    fn only_clap_wraps_the_text_below_the_help() {
        let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
        for command in Args::command().get_subcommands() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let broken = lines.windows(2).find(|pair| is_prose(pair[0]) && is_prose(pair[1]));
            assert_eq!(broken, None, "{}", command.get_name());
        }
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
