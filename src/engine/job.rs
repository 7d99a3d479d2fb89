//! A job: checked parameters and the table.

use crate::lattice::Table;

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

/// Checked parameters, and the table they were checked against.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The points.
    pub table: &'a Table,
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
}
