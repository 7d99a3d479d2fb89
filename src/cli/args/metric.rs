//! `--metric`.

use cairn::engine::Metric;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MetricArgs {
    /// What a distance is: euclidean, or cosine for the angle between rows (spherical k-means). With cosine rows are
    /// scaled to length 1, as by --scale unit, and so are centroids; a row of zeros has no angle, and is an error
    #[arg(long, value_name = "METRIC", value_enum, default_value_t = MetricArg::Euclidean)]
    pub(in crate::cli) metric: MetricArg,
}

/// `--metric`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MetricArg {
    Euclidean,
    Cosine,
}

impl From<MetricArg> for Metric {
    fn from(metric: MetricArg) -> Self {
        match metric {
            MetricArg::Euclidean => Self::Euclidean,
            MetricArg::Cosine => Self::Cosine,
        }
    }
}
