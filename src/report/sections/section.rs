//! Common parts of the sections.

use askama::Template;

use super::super::ReportError;
use super::super::error::failed;

/// A section of the page.
pub(in crate::report) struct Section {
    pub(in crate::report) id: &'static str,
    pub(in crate::report) title: &'static str,
    pub(in crate::report) html: String,
}

/// A chart with a text.
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) svg: String,
    pub(super) text: String,
}

/// Text, then charts, side by side if there is room.
#[derive(Template)]
#[template(path = "report/figures.html")]
pub(super) struct Figures {
    pub(super) words: Vec<String>,
    pub(super) figures: Vec<Figure>,
}

/// Renders a section from a template.
pub(super) fn section(
    id: &'static str,
    title: &'static str,
    template: &impl Template,
) -> Result<Option<Section>, ReportError> {
    Ok(Some(Section { id, title, html: template.render().map_err(failed)? }))
}
