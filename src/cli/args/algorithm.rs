//! `--algorithm`.

use cairn::kmeans::Algorithm;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AlgorithmArgs {
    /// How clusters are found: lloyd, all at once; or bisecting, which splits the cluster of largest inertia in two
    /// until there are enough, each split the best of --restarts, and then labels rows by the nearest centroid
    #[arg(long, value_name = "HOW", value_enum, default_value_t = AlgorithmArg::Lloyd)]
    pub(in crate::cli) algorithm: AlgorithmArg,
}

/// `--algorithm`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AlgorithmArg {
    Lloyd,
    Bisecting,
}

impl From<AlgorithmArg> for Algorithm {
    fn from(algorithm: AlgorithmArg) -> Self {
        match algorithm {
            AlgorithmArg::Lloyd => Self::Lloyd,
            AlgorithmArg::Bisecting => Self::Bisecting,
        }
    }
}
