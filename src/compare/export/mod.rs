//! Export of a comparison, one module per format.

mod chart;
mod csv;
mod error;
mod html;
mod json;

use super::Document;

pub use error::ExportError;

/// Format of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// The whole document, for programs.
    Json,
    /// A line for each device and value, for spreadsheets.
    Csv,
    /// One self-contained page with a chart, for people.
    Html,
}

/// The content of a file.
///
/// # Errors
/// [`ExportError`], which no input causes.
pub fn text(document: &Document, format: ExportFormat) -> Result<String, ExportError> {
    match format {
        ExportFormat::Json => json::text(document),
        ExportFormat::Csv => csv::text(document),
        ExportFormat::Html => html::text(document),
    }
}
