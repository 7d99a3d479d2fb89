//! A fitted clustering that can be kept: named, saved, loaded, and applied to rows it never saw.
//!
//! | file | what it is about |
//! |---|---|
//! | `file` | the model file: a safetensors file with a checksum |
//! | `names` | what clusters stand for |
//! | `image` | whether the features are the pixels of a picture |
//! | `drawn` | which models can name drawings, and how far away is too far |
//! | `columns` | which columns of a table are the model's features |
//! | `predict` | labels, runners-up and distances of new rows |
//! | `reach` | how far from their centroids the rows fitted lie |
//! | `layout` | predictions and distances as CSV, `.npy` and JSON lines |
//! | `error` | all that can be wrong |

mod columns;
mod drawn;
mod error;
mod file;
mod image;
mod layout;
mod names;
mod predict;
mod reach;

use ndarray::Array2;

use crate::data::Dataset;
use crate::kmeans::{Fit, Params};
use crate::lattice::Lattice;

pub use columns::{ColumnError, ColumnOptions};
pub use drawn::DrawnError;
pub use error::ModelError;
pub use file::VERSION;
pub use layout::{Layout, RowFormat};
pub use names::ClusterName;
pub use predict::{PredictError, Prediction, Predictor};
pub use reach::REACH_OF;

/// Centroids, and all that is needed to use and to judge them.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Where the integers lie among the user's numbers.
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
    pub reach: Option<u128>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The fit's fingerprint: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// What a fit was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParams {
    /// Key of the random numbers.
    pub seed: u64,
    /// Number of restarts.
    pub n_restarts: u64,
    /// `k-means++`, `random` or `centroids`.
    pub init: String,
    /// Most iterations of a restart.
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

impl Model {
    /// The best restart of a fit. With a truth column its clusters are named by majority.
    ///
    /// # Errors
    /// [`ModelError::OtherData`] if `data` is not the table that was fitted; [`ModelError::Score`] for more than
    /// 2^32 rows or classes.
    pub fn from_fit(fit: &Fit, data: &Dataset, params: &Params) -> Result<Self, ModelError> {
        let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
        let (fit_points, fit_dims) = (fit.n_points, fit.lattice.n_dims());
        if (n_points, n_dims) != (fit_points, fit_dims) || data.columns.len() != n_dims {
            return Err(ModelError::OtherData { n_points, n_dims, fit_points, fit_dims });
        }
        let n_clusters = fit.state.counts.len();
        let names = match &data.truth {
            Some(truth) => names::by_majority(truth, fit.labels(), n_clusters)?,
            None => vec![None; n_clusters],
        };
        Ok(Self {
            lattice: fit.lattice.clone(),
            centroids: fit.state.centroids.clone(),
            counts: fit.state.counts.clone(),
            weight_unit: fit.weight_unit,
            columns: data.columns.clone(),
            names,
            truth: data.truth.as_ref().map(|truth| truth.column.clone()),
            image: image::shape(&data.columns, &fit.lattice),
            params: ModelParams {
                seed: params.seed(),
                n_restarts: params.n_restarts(),
                init: params.init().name().to_owned(),
                max_iter: params.max_iter(),
                tol: params.tol(),
            },
            inertia: fit.best.inertia,
            reach: reach::of_fit(fit, data)?,
            provenance: Provenance {
                data: data.name.clone(),
                n_points,
                cairn: env!("CARGO_PKG_VERSION").to_owned(),
                device: format!("{} ({})", fit.device.used, fit.device.adapter),
            },
            fingerprint: fit.fingerprint.clone(),
        })
    }

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
