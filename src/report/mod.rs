//! An HTML report of a clustering: the clusters, their quality, and the fit.
//!
//! | file | what it is about |
//! |---|---|
//! | `input` | the input of a report |
//! | `facts` | data for several sections: names, sizes, order, score |
//! | `gather`, `gathered` | one pass over the rows: a sample, nearest and farthest rows, misread rows |
//! | `choice` | which clusters are shown if there are many |
//! | `images` | rows and centroids as pictures |
//! | `pca` | the first two principal components |
//! | `axis`, `chart`, `format` | charts as SVG; numbers and sentences |
//! | `scale` | powers of two that keep squares within the range of floats |
//! | `sections/` | the sections of the page, one file each |
//! | `draw/` | the drawing page and its section |
//!
//! The page is one self-contained file, and can be printed. Rows are read in one pass, and plots show a bounded
//! sample, so the page is small for any table.
//!
//! ```
//! use cairn::{data, kmeans, report::{self, Report}};
//!
//! let digits = data::digits();
//! let params = kmeans::KMeans::new(10).restarts(2).check()?;
//! let fit = kmeans::fit(&digits, &params)?;
//! let model = fit.model(&digits, &params)?;
//! let page = report::html(&Report { rows: Some(report::LabelledRows::new(&digits, fit.labels())),
//! ..Report::of(&model) })?; assert!(page.starts_with("<!doctype html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod chart;
mod choice;
pub mod draw;
mod error;
mod facts;
mod format;
mod gather;
mod gathered;
mod images;
mod input;
mod pca;
mod scale;
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
    headline: Vec<(String, String)>,
    sections: Vec<Section>,
    scripts: bool,
    made: String,
}

/// Renders the page.
///
/// # Errors
/// [`ReportError`]: rows that can't be read, or don't match the model.
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

/// Data for the sections: first from the model and the labels, then from the rows.
fn facts<'a>(report: &'a Report<'a>) -> Result<Facts<'a>, ReportError> {
    let mut facts = Facts::new(report)?;
    facts.gathered = report.rows.map(|rows| gather(&facts, rows)).transpose()?;
    facts.ink = report.model.image.map(|shape| Ink::new(shape, &facts.centroids, facts.gathered.as_ref()));
    Ok(facts)
}
