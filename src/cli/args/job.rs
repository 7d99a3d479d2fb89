//! The flags of a fit, shared by all subcommands that cluster.

use clap::ValueHint;

use super::columns::{ColumnArgs, MissingArgs, ScaleArgs};
use super::device::ThreadsArgs;
use super::metric::MetricArgs;
use super::number::whole;
use super::search::SearchArgs;
use super::table::TableArgs;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct JobArgs {
    /// `digits` (built in), a file of a table: CSV, .npy, .npz, Parquet, Arrow, IDX, .fvecs, Excel or OpenDocument,
    /// compressed by gzip or zstd or not (./digits for a file of that name), a picture or a folder of them, or - for
    /// standard input
    #[arg(default_value = "digits", hide_default_value = true, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) data: String,

    /// Number of clusters; needed, but for the digits [default: 10] and with an --init file [default: its rows]
    #[arg(short = 'k', long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub(in crate::cli) clusters: Option<usize>,

    /// Seed of the random numbers: the same seed gives the same result on every device
    #[arg(long, value_name = "N", default_value_t = 42, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(in crate::cli) seed: u64,

    /// Number of restarts, of which the best is returned [default: 1000 for the digits, 10 for other data,
    /// 1 for an --init file; with --time no limit]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(in crate::cli) restarts: Option<u64>,

    /// Initial centroids: k-means++, random (rows), or a file of them, such as CSV or .npy
    #[arg(long, value_name = "HOW|FILE", default_value = "k-means++", value_parser = init, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) init: InitArg,

    #[command(flatten)]
    pub(in crate::cli) metric: MetricArgs,

    /// Maximum number of iterations of a restart
    #[arg(long, value_name = "N", default_value_t = 300, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub(in crate::cli) max_iter: u32,

    /// Stop when the squared shift of all centroids is at most this fraction of the mean variance; 0: when no
    /// centroid moves
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(in crate::cli) tol: f64,

    #[command(flatten)]
    pub(in crate::cli) search: SearchArgs,

    #[command(flatten)]
    pub(in crate::cli) threads: ThreadsArgs,

    /// Column of known classes to score against, by name or number from 1; it is not used as a feature
    /// [default: digit, for the digits]
    #[arg(long, value_name = "COLUMN", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) truth: Option<String>,

    /// File of the known classes, instead of --truth: one column with a row for each row of DATA, such as the labels of
    /// MNIST (IDX), a .npy vector, or a CSV file with or without a header; - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "truth", help_heading = "Input")]
    pub(in crate::cli) truth_file: Option<String>,

    /// Column of weights, by name or number from 1; it is not used as a feature
    #[arg(long, value_name = "COLUMN", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) weights: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArgs,

    #[command(flatten)]
    pub(in crate::cli) missing: MissingArgs,

    #[command(flatten)]
    pub(in crate::cli) scale: ScaleArgs,

    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,
}

/// `--init`, as typed.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) enum InitArg {
    KMeansPlusPlus,
    Random,
    File(String),
}

fn init(text: &str) -> Result<InitArg, String> {
    match text {
        "" => Err("give k-means++, random, or a file".into()),
        "k-means++" | "kmeans++" => Ok(InitArg::KMeansPlusPlus),
        "random" => Ok(InitArg::Random),
        file => Ok(InitArg::File(file.to_owned())),
    }
}
