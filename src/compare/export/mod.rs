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
pub enum Format {
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
pub fn text(document: &Document, format: Format) -> Result<String, ExportError> {
    match format {
        Format::Json => json::text(document),
        Format::Csv => csv::text(document),
        Format::Html => html::text(document),
    }
}
