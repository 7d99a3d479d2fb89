//! `--algorithm`, the batches of minibatch, and limits on sizes.

use cairn::kmeans::{Algorithm, Minibatch};
use clap::ValueEnum;

use super::number::positive;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AlgorithmArgs {
    /// How clusters are found: lloyd, all at once; bisecting, which splits the cluster of largest inertia in two
    /// until there are enough, each split the best of --restarts, and then labels rows by the nearest centroid; or
    /// minibatch, which fits a sample, the best of --restarts, moves its centroids by batches of drawn rows, and labels all
    /// rows once: faster on very many rows, and rarely a fixed point
    #[arg(long, value_name = "HOW", value_enum, default_value_t = AlgorithmArg::Lloyd)]
    pub(in crate::cli) algorithm: AlgorithmArg,

    /// Rows of a batch, with --algorithm minibatch [default: 1024]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u32>)]
    pub(in crate::cli) batch_size: Option<u32>,

    /// Number of batches, with --algorithm minibatch [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u32>)]
    pub(in crate::cli) batches: Option<u32>,

    /// Fewest rows of each cluster: rows then go where they cost least within the limits, not to the nearest centroid
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u64>)]
    pub(in crate::cli) min_size: Option<u64>,

    /// Most rows of each cluster
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u64>)]
    pub(in crate::cli) max_size: Option<u64>,
}

/// `--algorithm`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AlgorithmArg {
    Lloyd,
    Bisecting,
    Minibatch,
}

impl AlgorithmArgs {
    /// The algorithm; a text that says what is wrong for batches of another one.
    pub(in crate::cli) fn algorithm(&self) -> Result<Algorithm, String> {
        let usual = Minibatch::default();
        let flags = [("--batch-size", self.batch_size), ("--batches", self.batches)];
        let given = flags.into_iter().find_map(|(flag, value)| Some((flag, value?)));
        match (self.algorithm, given) {
            (AlgorithmArg::Minibatch, _) => Ok(Algorithm::Minibatch(Minibatch {
                rows: self.batch_size.unwrap_or(usual.rows),
                batches: self.batches.unwrap_or(usual.batches),
            })),
            (other, Some((flag, value))) => Err(format!(
                "{flag} {value} with --algorithm {}: only minibatch has batches; leave out {flag}, or use --algorithm \
                 minibatch",
                other.name()
            )),
            (AlgorithmArg::Lloyd, None) => Ok(Algorithm::Lloyd),
            (AlgorithmArg::Bisecting, None) => Ok(Algorithm::Bisecting),
        }
    }
}

impl AlgorithmArg {
    fn name(self) -> &'static str {
        match self {
            Self::Lloyd => "lloyd",
            Self::Bisecting => "bisecting",
            Self::Minibatch => "minibatch",
        }
    }
}
