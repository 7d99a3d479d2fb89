//! Why a sweep failed.

use crate::kmeans::{ColumnNamesError, FitError};
use crate::score::ScoreError;

/// Why a sweep failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A fit failed, or could not start.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The observer cancelled the sweep.
    #[error("cancelled after {done} of {of} fits")]
    Cancelled {
        /// Fits done.
        done: usize,
        /// Fits requested.
        of: usize,
    },
    /// Labels and truth don't match.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// No numbers of clusters, or no seeds.
    #[error(
        "nothing to sweep: {n_clusters} numbers of clusters and {n_seeds} seeds; give at least one of each"
    )]
    Nothing {
        /// Numbers of clusters.
        n_clusters: usize,
        /// Seeds.
        n_seeds: usize,
    },
    /// The held-out rows have another number of columns.
    #[error("{name} has {found} columns of features, and the fitted rows {needed}; they must agree")]
    Columns {
        /// The held-out table.
        name: String,
        /// Its columns.
        found: usize,
        /// Columns of the fitted rows.
        needed: usize,
    },
    /// The held-out rows have columns of other names.
    #[error("{name}: its columns are not those of the fitted rows: {reason}")]
    Names {
        /// The held-out table.
        name: String,
        /// How they differ.
        reason: ColumnNamesError,
    },
    /// A table has no truth, which accuracy on held-out rows needs.
    #[error("{name} has no truth column; accuracy on rows held out needs one in both tables")]
    NoTruth {
        /// The table without a truth.
        name: String,
    },
}
