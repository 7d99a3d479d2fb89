//! What a fitted model holds.

use ndarray::Array2;

use crate::lattice::Lattice;

/// Centroids, and all that is needed to use and to judge them.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The lattice: scale and offset of the integers.
    pub lattice: Lattice,
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// Weight of the rows fitted, a cluster each, as integers. (n_clusters)
    pub counts: Vec<u64>,
    /// What a count of 1 is worth in the weights that were given; 1 without weights.
    pub weight_unit: f64,
    /// The features' names; `column 3` where there was no header. (n_dims)
    pub columns: Vec<String>,
    /// What each cluster stands for. (n_clusters)
    pub names: Vec<Option<ClusterName>>,
    /// The column that named the clusters, if one did.
    pub truth: Option<String>,
    /// Height and width, if the features are the pixels of a picture, row by row.
    pub image: Option<(usize, usize)>,
    /// What was asked for.
    pub params: ModelParams,
    /// Weighted sum of squared distances of the rows fitted, in lattice units.
    pub inertia: u128,
    /// The squared distance, in lattice units, within which 999 of 1000 rows fitted lie from their centroids as these
    /// are without the row, by weight, rounded up to 12 bits. None where each row is a cluster, and in files of
    /// before this was kept.
    pub radius: Option<u128>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The fit's fingerprint: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// What a fit was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParams {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Number of restarts.
    pub n_restarts: u64,
    /// `k-means++`, `random` or `centroids`.
    pub init: String,
    /// Maximum number of iterations of a restart.
    pub max_iter: u32,
    /// Tolerance; 0 for the fixed point.
    pub tol: f64,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The table's name, as it was given.
    pub data: String,
    /// Rows fitted.
    pub n_points: usize,
    /// The version of Cairn that fitted it.
    pub cairn: String,
    /// The device that fitted it; no bit of the model depends on it.
    pub device: String,
}

/// What a cluster stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterName {
    /// The name. Several clusters may have the same.
    pub name: String,
    /// The share of the cluster's rows that are of that name; none for a name given by hand.
    pub purity: Option<f64>,
}

impl Model {
    /// Number of clusters.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.counts.len()
    }

    /// Number of features.
    #[must_use]
    pub fn n_dims(&self) -> usize {
        self.lattice.n_dims()
    }

    /// Centroids in the user's units. (n_clusters, n_dims)
    #[must_use]
    pub fn values(&self) -> Array2<f64> {
        let d = self.n_dims();
        let values = self.lattice.centroid_values(&self.centroids);
        Array2::from_shape_fn((self.n_clusters(), d), |(c, j)| values[c * d + j])
    }

    /// Weight of the rows fitted in a cluster, in the weights that were given.
    #[must_use]
    pub fn weight(&self, cluster: usize) -> f64 {
        self.counts[cluster] as f64 * self.weight_unit
    }

    /// Inertia of the rows fitted, in the user's units.
    #[must_use]
    pub fn inertia(&self) -> f64 {
        self.lattice.cost(self.inertia) * self.weight_unit
    }
}
