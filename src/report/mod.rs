//! An HTML report: what the clusters are, whether they are right, how they were found.
//!
//! | file | what it is about |
//! |---|---|
//! | `input` | what a report is made of |
//! | `facts` | what several sections need: names, sizes, order, the score |
//! | `gather`, `gathered` | the one pass over the rows: a sample, those nearest and farthest, the misread |
//! | `images` | rows and centroids as pictures |
//! | `pca` | the first two principal components |
//! | `chart`, `words` | charts as SVG; numbers and words |
//! | `sections/` | one file a section of the page |
//! | `draw/` | the drawing page, and the section of it |
//!
//! The page is one file: it asks no network for anything, and works on paper. Rows are gone through once, and
//! what is drawn of them is a bounded sample, so the page is small whatever the table.
//!
//! ```
//! use cairn::{data, kmeans, model::Model, report::{self, Report}};
//!
//! let digits = data::digits();
//! let params = kmeans::KMeans::new(10).restarts(2).check()?;
//! let fit = kmeans::fit(&digits, &params)?;
//! let model = Model::from_fit(&fit, &digits, &params)?;
//! let page = report::html(&Report { rows: Some(report::LabelledRows::new(&digits, fit.labels())), ..Report::of(&model) })?;
//! assert!(page.starts_with("<!doctype html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chart;
pub mod draw;
mod error;
mod facts;
mod format;
mod gather;
mod gathered;
mod images;
mod input;
mod pca;
mod sections;

use askama::Template;

pub use error::ReportError;
pub use input::{LabelledRows, Report, RestartSummary, SweepLine};

use error::failed;
use facts::Facts;
use gather::gather;
use images::Ink;
use sections::Section;

#[derive(Template)]
#[template(path = "report/page.html")]
struct ReportPage {
    title: String,
    subtitle: String,
    headline: Vec<(String, &'static str)>,
    sections: Vec<Section>,
    scripts: bool,
    made: String,
}

/// The page.
///
/// # Errors
/// [`ReportError`]: rows that can't be read again, or don't fit the model.
pub fn html(report: &Report<'_>) -> Result<String, ReportError> {
    let facts = facts(report)?;
    let provenance = &report.model.provenance;
    let page = ReportPage {
        title: format::title(&facts),
        subtitle: format::subtitle(&facts),
        headline: format::headline(&facts),
        sections: sections::all(&facts)?,
        scripts: report.drawing.is_some(),
        made: format!("cairn {} · fingerprint {}", provenance.cairn, report.model.fingerprint),
    };
    page.render().map_err(failed)
}

/// All that the sections need: what the model and the labels say, then what the rows do.
fn facts<'a>(report: &'a Report<'a>) -> Result<Facts<'a>, ReportError> {
    let mut facts = Facts::new(report)?;
    facts.gathered = report.rows.map(|rows| gather(&facts, rows)).transpose()?;
    facts.ink = report.model.image.map(|shape| Ink::new(shape, &facts.centroids, facts.gathered.as_ref()));
    Ok(facts)
}
