//! Errors of models and model files. Each message says what is wrong, where, and what to do.

use std::io;

use thiserror::Error;

use crate::comm::CommError;
use crate::data::DataError;
use crate::score::ScoreError;

/// Why a model can't be made, read or written. `path` is the file as given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No file has that path.
    #[error("{path}: no such file")]
    NotFound {
        /// The path.
        path: String,
    },
    /// The operating system refused to read it.
    #[error("{path}: can't be read: {reason}")]
    Read {
        /// The path.
        path: String,
        /// The message of the operating system.
        reason: io::Error,
    },
    /// Not a model file.
    #[error("{path}: is not a Cairn model ({reason})")]
    NotAModel {
        /// The path.
        path: String,
        /// How that was detected.
        reason: String,
    },
    /// Written by a later version of Cairn.
    #[error(
        "{path}: is a Cairn model of version {version}, and this is Cairn {own}, which reads versions up to {reads}; \
         update Cairn, or fit again"
    )]
    Newer {
        /// The path.
        path: String,
        /// The file's version.
        version: String,
        /// The version of this program.
        own: &'static str,
        /// The latest version of the format that this program reads.
        reads: u32,
    },
    /// Bytes are missing or were changed.
    #[error("{path}: is a damaged Cairn model ({reason}); copy it again, or fit again")]
    Damaged {
        /// The path.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The processes of a fit can't go on together.
    #[error(transparent)]
    Comm(#[from] CommError),
    /// The file can't be written.
    #[error(transparent)]
    Write(#[from] DataError),
    /// A header longer than the format allows, or fields that contradict each other.
    #[error(
        "the model can't be written: its names and columns take more than 100 MB, or its parts differ in size"
    )]
    TooLarge,
    /// The clusters can't be named by the truth.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The table is not the one that was fitted.
    #[error(
        "the table has {n_points} rows of {n_dims} columns and the fit {fit_points} of {fit_dims}; \
         give the table that was fitted"
    )]
    OtherData {
        /// Rows of the table.
        n_points: usize,
        /// Features of the table.
        n_dims: usize,
        /// Number of fitted rows.
        fit_points: usize,
        /// Features fitted.
        fit_dims: usize,
    },
    /// No such cluster.
    #[error("cluster {cluster}: the model has clusters 0 to {}; name one of them", n_clusters - 1)]
    NoSuchCluster {
        /// The requested cluster.
        cluster: usize,
        /// Clusters of the model.
        n_clusters: usize,
    },
}
