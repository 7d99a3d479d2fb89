//! A comparison as a file: one module a format.

mod chart;
mod csv;
mod error;
mod html;
mod json;

use super::Document;

pub use error::ExportError;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// All of it, for programs.
    Json,
    /// A line a device and value, for spreadsheets.
    Csv,
    /// One page with its chart, for people; it needs no network.
    Html,
}

/// The content of a file.
///
/// # Errors
/// None that a person can cause.
pub fn text(document: &Document, format: ExportFormat) -> Result<String, ExportError> {
    match format {
        ExportFormat::Json => json::text(document),
        ExportFormat::Csv => csv::text(document),
        ExportFormat::Html => html::text(document),
    }
}
