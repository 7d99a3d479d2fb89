//! What to compute: the flags of every subcommand that clusters.

use super::device::ThreadsArgs;
use super::table::TableArgs;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct JobArgs {
    /// `digits` (inside the program), a CSV or .npy file (./digits is a file), or - for standard input
    #[arg(default_value = "digits", hide_default_value = true)]
    pub(in crate::cli) data: String,

    /// Clusters [default: 10, or as many as the rows of the --init file]
    #[arg(short = 'k', long, value_name = "N")]
    pub(in crate::cli) clusters: Option<usize>,

    /// Key of the random numbers: the same seed gives the same result, everywhere
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(in crate::cli) seed: u64,

    /// Independent starts, the best of which is kept [default: 1000 for the digits, 10 for other data,
    /// 1 for an --init file]
    #[arg(short, long, value_name = "N")]
    pub(in crate::cli) restarts: Option<u64>,

    /// First centroids: k-means++, random (rows), or a CSV or .npy file of them
    #[arg(long, value_name = "HOW|FILE", default_value = "k-means++", value_parser = init)]
    pub(in crate::cli) init: InitArg,

    /// Most iterations of a restart
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(in crate::cli) max_iter: u32,

    /// Stop once the squared shift of all centroids is at most this share of the mean variance; 0 goes on
    /// until nothing moves
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(in crate::cli) tol: f64,

    #[command(flatten)]
    pub(in crate::cli) threads: ThreadsArgs,

    /// Column of known classes to score against, by name or number from 1; no feature then
    /// [default: digit, for the digits]
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub(in crate::cli) truth: Option<String>,

    /// Column of weights, by name or number from 1; no feature then
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub(in crate::cli) weights: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,
}

/// How the first centroids are found, as typed.
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
