//! The sections of the page, one file each. Sections without data are left out.

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
mod section;
mod silhouette;
mod sweep;
mod warnings;

use super::ReportError;
use super::facts::Facts;

pub(super) use section::Section;

/// All sections that have data, in the order of the page.
pub(super) fn all(facts: &Facts<'_>) -> Result<Vec<Section>, ReportError> {
    let makers = [
        warnings::section,
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
