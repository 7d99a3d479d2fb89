//! A job: checked parameters and the table.

use crate::lattice::Table;

/// What a distance is, and with it how a centroid follows from the rows of its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// Squared distances; a centroid is the mean of its rows.
    #[default]
    Euclidean,
    /// The cosine of the angle between rows: all rows have length 1, and a centroid is the direction of their sum, of
    /// length 1 too (spherical k-means, Dhillon and Modha 2001). The squared distance of two is 2 - 2 cos.
    Cosine,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 2] = [Metric::Euclidean, Metric::Cosine];

    /// Its name: `euclidean` or `cosine`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Euclidean => "euclidean",
            Metric::Cosine => "cosine",
        }
    }
}

/// How the first centroids are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seeding {
    /// Greedy k-means++ (Arthur and Vassilvitskii 2007, section 2.2; the greedy variant is from their conclusion).
    KMeansPlusPlus,
    /// Distinct rows, drawn in proportion to their weights.
    Random,
    /// These lattice coordinates. (n_clusters, n_dims)
    Given(Vec<i32>),
}

/// Limits on the number of rows of each cluster (docs/DEFINITION.md, section 3.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Fewest rows of a cluster, at least 1.
    pub min: u64,
    /// Most rows of a cluster.
    pub max: u64,
}

impl Sizes {
    /// Most pairs of a row and a cluster: their distances are all in memory at once.
    pub const MOST_PAIRS: u64 = 1 << 25;
}

/// Checked parameters, and the table they were checked against.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The points.
    pub table: &'a Table,
    /// How a centroid follows from its rows.
    pub metric: Metric,
    /// Number of clusters, 1 ..= rows of positive weight.
    pub n_clusters: usize,
    /// How the first centroids are found.
    pub seeding: Seeding,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Maximum number of updates, at least 1.
    pub max_iter: u32,
    /// Stop when the sum of squared shifts, in lattice units, is at most this; `None` for the fixed point.
    pub shift_limit: Option<f64>,
    /// Whether restarts are refined (docs/DEFINITION.md, section 3.14).
    pub refine: bool,
    /// Limits on the rows of each cluster; then all positive weights are 1.
    pub sizes: Option<Sizes>,
}
