//! The contents of a fitted model.

use ndarray::Array2;

use crate::data::Scaling;
use crate::engine::Metric;
use crate::kmeans::Algorithm;
use crate::lattice::Lattice;
use crate::numbers;

/// A fitted model: centroids, lattice, names and provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The lattice: scale and offset of the integers.
    pub lattice: Lattice,
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// Weight of the fitted rows of each cluster, as integers. (n_clusters)
    pub counts: Vec<u64>,
    /// The given weight that corresponds to a count of 1; 1 without weights.
    pub weight_unit: f64,
    /// How rows are scaled before they are placed on the lattice.
    pub scaling: Option<Scaling>,
    /// The features' names; `column 3` where there was no header. (n_dims)
    pub columns: Vec<String>,
    /// Number of columns of the fitted table, and the indices of the features among them, if it had others.
    pub table_columns: Option<(usize, Vec<usize>)>,
    /// Names of the clusters. (n_clusters)
    pub names: Vec<Option<ClusterName>>,
    /// The truth column that named the clusters, if any.
    pub truth: Option<String>,
    /// Height and width, if the features are the pixels of a picture, row-major.
    pub image: Option<(usize, usize)>,
    /// Parameters of the fit.
    pub params: ModelParams,
    /// The cluster that each split of bisecting k-means was of, in order: its first half kept the number, and the second
    /// half of split s has the number s + 1, both from 0. (n_clusters - 1), or empty for other algorithms.
    pub splits: Vec<u32>,
    /// Whether one more iteration over all rows would change no centroid; only of minibatch k-means.
    pub fixed_point: Option<bool>,
    /// With limits on sizes: the inertia of the fitted rows without them, each at the nearest centroid, in lattice units. Then
    /// counts and inertia are those within the limits, and a prediction for a fitted row may be another cluster.
    pub unlimited: Option<u128>,
    /// Inertia of the fitted rows, in lattice units.
    pub inertia: u128,
    /// The 99.9% quantile of the fitted rows' squared distances to their centroids, each taken without the row, in
    /// lattice units, by weight, rounded up to 12 significant bits. `None` if each row is a cluster of its own, and
    /// in files of earlier versions.
    pub radius: Option<u128>,
    /// Data, program and device of the fit.
    pub provenance: Provenance,
    /// The fit's fingerprint: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// Parameters of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParams {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Number of restarts.
    pub n_restarts: u64,
    /// Number of the first restart; 0 but for a part of a run.
    pub first_restart: u64,
    /// `k-means++`, `random` or `centroids`.
    pub init: String,
    /// Maximum number of iterations of a restart.
    pub max_iter: u32,
    /// Tolerance; 0 for the fixed point.
    pub tol: f64,
    /// How clusters were found. Batches of 0 rows are those of a [`Stream`](crate::kmeans::Stream), which came from outside.
    pub algorithm: Algorithm,
    /// Limits on the rows of each cluster, the least and the most, if any were set.
    pub sizes: Option<(Option<u64>, Option<u64>)>,
    /// What a distance is. With [`Metric::Cosine`] the rows are scaled to length 1, and one of zeros has no label.
    pub metric: Metric,
}

/// Data, program and device of a fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The table's name, as given.
    pub data: String,
    /// Number of fitted rows.
    pub n_points: usize,
    /// The version of Cairn that fitted it.
    pub cairn: String,
    /// The device that fitted it; no bit of the model depends on it.
    pub device: String,
}

/// A cluster's name.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterName {
    /// The name. Several clusters may have the same.
    pub name: String,
    /// Share of the cluster's rows whose truth is the name; `None` for a name given by hand.
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

    /// Centroids in the user's units; of rows of unit length ([`Scale::Unit`](crate::data::Scale::Unit)), as they are.
    /// (n_clusters, n_dims)
    #[must_use]
    pub fn values(&self) -> Array2<f64> {
        let mut values = self.scaled_values();
        if let (Some(scaling), Some(values)) = (&self.scaling, values.as_slice_mut()) {
            scaling.undo(values);
        }
        values
    }

    /// Centroids as the rows are scaled, from which distances are taken. (n_clusters, n_dims)
    #[must_use]
    pub fn scaled_values(&self) -> Array2<f64> {
        let d = self.n_dims();
        let values = self.lattice.centroid_values(&self.centroids);
        Array2::from_shape_fn((self.n_clusters(), d), |(c, j)| values[c * d + j])
    }

    /// Weight of the fitted rows of a cluster, in the given weights.
    #[must_use]
    pub fn weight(&self, cluster: usize) -> f64 {
        self.counts[cluster] as f64 * self.weight_unit
    }

    /// Inertia of the fitted rows, in the user's units, or those of [`Model::scaling`].
    #[must_use]
    pub fn inertia(&self) -> f64 {
        self.lattice.cost(self.inertia) * self.weight_unit
    }

    /// Inertia of the fitted rows as text, with this many significant digits, also beyond the range of `f64`.
    #[must_use]
    pub fn inertia_text(&self, digits: usize) -> String {
        let least = self.lattice.exponent.iter().copied().min().unwrap_or(0);
        numbers::product(self.inertia, self.weight_unit, least * 2, digits)
    }
}
