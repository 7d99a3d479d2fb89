//! Doubts about the result.

use askama::Template;

use super::{Facts, ReportError, Section};

#[derive(Template)]
#[template(path = "report/warnings.html")]
struct Warnings {
    texts: Vec<String>,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let texts: Vec<String> = facts.report.warnings.iter().map(|warning| warning.text.clone()).collect();
    if texts.is_empty() {
        return Ok(None);
    }
    super::section::section("warnings", "Warnings", &Warnings { texts })
}
