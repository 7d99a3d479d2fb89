//! The drawing section, which the caller renders.

use super::{Facts, ReportError, Section};

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let html = facts.report.drawing.clone();
    Ok(html.map(|html| Section { id: "draw", title: "Draw one yourself", html }))
}
