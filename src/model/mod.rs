//! Models: fitted clusterings that can be named, saved, loaded and applied to new rows.
//!
//! | file | what it is about |
//! |---|---|
//! | `file` | the model file: a safetensors file with a checksum |
//! | `names` | names of clusters |
//! | `image` | features that are the pixels of a picture |
//! | `drawn` | models that can name drawings, and the limit of their distance |
//! | `columns` | matching of a table's columns with the features |
//! | `predict` | labels, runners-up and distances of new rows |
//! | `radius` | how far the fitted rows lie from their centroids |
//! | `layout`, `parquet` | predictions and distances as CSV, `.npy` and JSON lines; as columns of a Parquet file |
//! | `error` | errors |

mod columns;
mod drawn;
mod error;
mod file;
mod fitted;
mod image;
mod layout;
mod names;
#[cfg(feature = "parquet")]
pub mod parquet;
mod predict;
mod radius;

use crate::comm::Comm;
use crate::data::Dataset;
use crate::engine::Stop;
use crate::kmeans::{Algorithm, Fit, Minibatch, Params, Stream};

pub use columns::{ColumnError, ColumnOptions};
pub use drawn::DrawnError;
pub use error::ModelError;
pub use file::VERSION;
pub use fitted::{ClusterName, Model, ModelParams, Provenance};
pub use layout::{Layout, NO_LABEL, RowFormat};
pub use predict::{PredictError, Prediction, Predictor, RowErrors};
pub use radius::RADIUS_OF;

/// 400 clusters of `data/digits-writers30.csv`; data/README.md has the command that makes it.
const DIGITS: &[u8] = include_bytes!("../../data/digits.safetensors");

impl Model {
    /// The built-in model of handwritten digits: 400 clusters of the digits of 30 writers, named by majority. Its rows
    /// are pictures of 8 x 8 counts, as [`data::digits`](crate::data::digits), whose 13 writers are others.
    ///
    /// ```
    /// let model = cairn::model::Model::digits();
    /// assert_eq!((model.n_clusters(), model.n_dims()), (400, 64));
    /// ```
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the embedded model is checked by a test")]
    pub fn digits() -> Self {
        Self::from_bytes("digits", DIGITS).expect("the embedded model is checked by a test")
    }
}

impl Fit {
    /// The model of the best restart, from the table and the parameters that were fitted. With a truth column its clusters are named by majority.
    ///
    /// ```
    /// use cairn::data::Dataset;
    /// use cairn::kmeans::{KMeans, fit};
    ///
    /// let data = Dataset::from(&[[0.0, 0.5], [0.5, 0.0], [9.0, 8.5]][..]);
    /// let params = KMeans::new(2).check()?;
    /// let model = fit(&data, &params)?.model(&data, &params)?;
    /// assert_eq!((model.n_clusters(), model.n_dims()), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ModelError::OtherData`] if `data` is not the table that was fitted; [`ModelError::Score`] for more than
    /// 2^32 rows or classes.
    pub fn model(&self, data: &Dataset<'_>, params: &Params) -> Result<Model, ModelError> {
        self.model_with(data, params, data.points.n_points(), &mut || radius::of_fit(self, data))
    }

    /// The model of a fit by [`fit_on_ranks`](crate::kmeans::fit_on_ranks()), which all ranks call, each with its own rows. It is
    /// that of one process with all rows, but that clusters have no names.
    ///
    /// # Errors
    /// As [`Fit::model`]; [`ModelError::Comm`].
    pub fn model_on_ranks(
        &self,
        own: &Dataset<'_>,
        params: &Params,
        comm: &dyn Comm,
    ) -> Result<Model, ModelError> {
        self.model_with(own, params, self.n_points, &mut || radius::of_ranks(self, own, comm))
    }

    fn model_with(
        &self,
        data: &Dataset<'_>,
        params: &Params,
        n_points: usize,
        radius: &mut dyn FnMut() -> Result<Option<u128>, ModelError>,
    ) -> Result<Model, ModelError> {
        let n_dims = data.points.n_dims();
        let (fit_points, fit_dims) = (self.n_points, self.lattice.n_dims());
        if (n_points, n_dims) != (fit_points, fit_dims) || data.columns.len() != n_dims {
            return Err(ModelError::OtherData { n_points, n_dims, fit_points, fit_dims });
        }
        let n_clusters = self.state.counts.len();
        let names = match &data.truth {
            Some(truth) => names::by_majority(truth, self.labels(), n_clusters)?,
            None => vec![None; n_clusters],
        };
        Ok(Model {
            lattice: self.lattice.clone(),
            centroids: self.state.centroids.clone(),
            counts: self.state.counts.clone(),
            weight_unit: self.weight_unit,
            scaling: self.scaling.clone(),
            columns: data.columns.clone(),
            table_columns: data.reading.features.clone().filter(|(n_columns, _)| *n_columns > n_dims),
            names,
            truth: data.truth.as_ref().map(|truth| truth.column.clone()),
            // scaled features have different units, and so no common grey
            image: self.scaling.is_none().then(|| image::shape(&data.columns, &self.lattice)).flatten(),
            params: ModelParams {
                seed: params.seed(),
                n_restarts: params.n_restarts(),
                first_restart: params.first_restart(),
                init: params.init().name().to_owned(),
                max_iter: params.max_iter(),
                tol: params.tol(),
                algorithm: params.algorithm(),
                sizes: params.sizes(),
                metric: self.metric,
            },
            unlimited: self.unlimited,
            fixed_point: self.sample.map(|_| self.best.stop == Stop::FixedPoint),
            splits: self.splits.iter().map(|split| split.cluster).collect(),
            inertia: self.best.inertia,
            radius: radius()?,
            provenance: Provenance {
                data: data.name.clone(),
                n_points,
                cairn: env!("CARGO_PKG_VERSION").to_owned(),
                device: format!("{} ({})", self.device.used, self.device.adapter),
            },
            fingerprint: self.fingerprint.clone(),
        })
    }
}

impl Stream {
    /// The model of the centroids so far, to label other rows and to be saved; `None` before the first batch. Its inertia is
    /// [`Stream::cost`], it has no radius, and its clusters have no names. `columns` are the features' names, `name` is that
    /// of the data. (n_dims)
    #[must_use]
    pub fn model(&self, columns: &[String], name: &str) -> Option<Model> {
        let lattice = self.lattice().filter(|lattice| lattice.n_dims() == columns.len())?.clone();
        let device = self.device()?;
        let params = self.params();
        Some(Model {
            image: self.scaling().is_none().then(|| image::shape(columns, &lattice)).flatten(),
            lattice,
            centroids: self.coordinates().to_vec(),
            counts: self.counts().to_vec(),
            weight_unit: 1.0,
            scaling: self.scaling().cloned(),
            columns: columns.to_vec(),
            table_columns: None,
            names: vec![None; self.n_clusters()],
            truth: None,
            params: ModelParams {
                seed: params.seed(),
                n_restarts: params.n_restarts(),
                first_restart: 0,
                init: params.init().name().to_owned(),
                max_iter: params.max_iter(),
                tol: params.tol(),
                // 0: its rows came from outside
                algorithm: Algorithm::Minibatch(Minibatch {
                    rows: 0,
                    batches: u32::try_from(self.n_batches()).unwrap_or(u32::MAX),
                }),
                sizes: None,
                metric: params.metric(),
            },
            unlimited: None,
            fixed_point: Some(false),
            splits: Vec::new(),
            inertia: self.cost(),
            radius: None,
            provenance: Provenance {
                data: name.to_owned(),
                n_points: usize::try_from(self.n_rows()).unwrap_or(usize::MAX),
                cairn: env!("CARGO_PKG_VERSION").to_owned(),
                device: format!("{} ({})", device.used, device.adapter),
            },
            fingerprint: self.fingerprint(),
        })
    }
}
