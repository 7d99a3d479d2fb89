//! JSON: the document itself.

use super::Document;
use super::error::{ExportError, failed};

pub(super) fn text(document: &Document) -> Result<String, ExportError> {
    Ok(serde_json::to_string_pretty(document).map_err(failed)? + "\n")
}
