//! Errors of exports.

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ExportError(String);

pub(super) fn failed(error: impl std::fmt::Display) -> ExportError {
    ExportError(error.to_string())
}
