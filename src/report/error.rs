//! Why no report could be made.

use crate::data::DataError;
use crate::score::ScoreError;

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The rows can't be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Labels and truth don't match.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The rows don't match the model.
    #[error(
        "{name}: {n_points} rows of {n_dims} columns with {n_labels} labels, and the model has {model_dims} columns; \
         give one label a row, and the model's columns"
    )]
    OtherRows {
        /// The table.
        name: String,
        /// Its rows.
        n_points: usize,
        /// Its columns.
        n_dims: usize,
        /// Labels given.
        n_labels: usize,
        /// Columns of the model.
        model_dims: usize,
    },
    /// A part of the page can't be rendered.
    #[error("the report could not be written: {0}")]
    Format(String),
}

/// The error for a part of the page that can't be rendered.
pub(super) fn failed(error: impl std::fmt::Display) -> ReportError {
    ReportError::Format(error.to_string())
}
