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
//! | `layout` | predictions and distances as CSV, `.npy` and JSON lines |
//! | `error` | errors |

mod columns;
mod drawn;
mod error;
mod file;
mod fitted;
mod image;
mod layout;
mod names;
mod predict;
mod radius;

use crate::data::Dataset;
use crate::kmeans::{Fit, Params};

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

    /// The best restart of a fit. With a truth column its clusters are named by majority.
    ///
    /// ```
    /// use cairn::data::Dataset;
    /// use cairn::kmeans::{KMeans, fit};
    /// use cairn::model::Model;
    ///
    /// let data = Dataset::from(&[[0.0, 0.5], [0.5, 0.0], [9.0, 8.5]][..]);
    /// let params = KMeans::new(2).check()?;
    /// let model = Model::from_fit(&fit(&data, &params)?, &data, &params)?;
    /// assert_eq!((model.n_clusters(), model.n_dims()), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ModelError::OtherData`] if `data` is not the table that was fitted; [`ModelError::Score`] for more than
    /// 2^32 rows or classes.
    pub fn from_fit(fit: &Fit, data: &Dataset<'_>, params: &Params) -> Result<Self, ModelError> {
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
            table_columns: data.reading.features.clone().filter(|(n_columns, _)| *n_columns > n_dims),
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
            radius: radius::of_fit(fit, data)?,
            provenance: Provenance {
                data: data.name.clone(),
                n_points,
                cairn: env!("CARGO_PKG_VERSION").to_owned(),
                device: format!("{} ({})", fit.device.used, fit.device.adapter),
            },
            fingerprint: fit.fingerprint.clone(),
        })
    }
}
