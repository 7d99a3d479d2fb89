//! A comparison as a file: one module a format.

mod chart;
mod csv;
mod html;
mod json;

use super::Document;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// All of it, for programs.
    Json,
    /// A line a device and value, for spreadsheets.
    Csv,
    /// One page with its chart, for people; it needs no network.
    Html,
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ExportError(String);

/// The content of a file.
///
/// # Errors
/// None that a person can cause.
pub fn text(document: &Document, format: Format) -> Result<String, ExportError> {
    match format {
        Format::Json => json::text(document),
        Format::Csv => csv::text(document),
        Format::Html => html::text(document),
    }
}

fn failed(error: impl std::fmt::Display) -> ExportError {
    ExportError(error.to_string())
}
