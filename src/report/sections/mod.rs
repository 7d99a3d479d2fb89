//! The sections of the page, one file each. A section that nothing is known for is left out.

mod about;
mod clusters;
mod confusion;
mod counts;
mod drawing;
mod map;
mod misread;
mod profile;
mod restarts;
mod rows;
mod silhouette;
mod sweep;

use askama::Template;

use super::facts::Facts;
use super::{ReportError, Section, failed};

/// All sections that there is something to say for, in the order of the page.
pub(super) fn all(facts: &Facts<'_>) -> Result<Vec<Section>, ReportError> {
    let makers = [
        rows::section,
        clusters::section,
        drawing::section,
        profile::section,
        counts::section,
        confusion::section,
        misread::section,
        map::section,
        silhouette::section,
        restarts::section,
        sweep::section,
        about::section,
    ];
    let made: Result<Vec<Option<Section>>, ReportError> = makers.iter().map(|make| make(facts)).collect();
    Ok(made?.into_iter().flatten().collect())
}

/// A chart with words.
struct Figure {
    title: &'static str,
    svg: String,
    text: String,
}

/// Words, then charts side by side where there is room.
#[derive(Template)]
#[template(path = "report/figures.html")]
struct Figures {
    words: Vec<String>,
    figures: Vec<Figure>,
}

fn section(
    id: &'static str,
    title: &'static str,
    template: &impl Template,
) -> Result<Option<Section>, ReportError> {
    Ok(Some(Section { id, title, html: template.render().map_err(failed)? }))
}
