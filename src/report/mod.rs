//! A page to look at and to show: what the clusters are, whether they are right, how they were found.
//!
//! | file | what it is about |
//! |---|---|
//! | `facts` | what several sections need: names, sizes, order, the score |
//! | `gather` | the one pass over the rows: a sample, those nearest and farthest, the misread |
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
mod facts;
mod gather;
mod images;
mod pca;
mod sections;
mod words;

use askama::Template;

use crate::data::{DataError, Dataset};
use crate::model::Model;
use crate::score::ScoreError;

use facts::Facts;

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The rows could not be read again.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Labels and truth don't fit.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The rows are not the model's.
    #[error(
        "{name}: {n_points} rows of {n_dims} columns with {n_labels} labels, and the model has {model_dims} columns; \
         give one label a row, and the model's columns"
    )]
    OtherRows {
        /// The table.
        name: String,
        /// Its rows.
        n_points: usize,
        /// Its columns.
        n_dims: usize,
        /// Labels given.
        n_labels: usize,
        /// Columns of the model.
        model_dims: usize,
    },
    /// A part of the page could not be written.
    #[error("the report could not be written: {0}")]
    Format(String),
}

/// What a report is made of. Sections that nothing is known for are left out.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The clusters.
    pub model: &'a Model,
    /// Rows and the cluster of each.
    pub rows: Option<LabelledRows<'a>>,
    /// Who made the data, and on which terms.
    pub origin: Option<&'a str>,
    /// All restarts of the fit.
    pub restarts: Option<Restarts>,
    /// Inertia after each iteration of the best restart, in the user's units.
    pub convergence: Option<Vec<f64>>,
    /// The same data with other numbers of clusters, in rising order.
    pub sweep: Vec<SweepLine>,
    /// Device, timings and their like: a name and a text each.
    pub about: Vec<(String, String)>,
    /// The drawing page's part, as HTML that is trusted: [`draw::section`].
    pub drawing: Option<String>,
}

impl<'a> Report<'a> {
    /// A report of what a model holds, and nothing else.
    #[must_use]
    pub fn of(model: &'a Model) -> Self {
        Self {
            model,
            rows: None,
            origin: None,
            restarts: None,
            convergence: None,
            sweep: Vec::new(),
            about: Vec::new(),
            drawing: None,
        }
    }
}

/// Rows with the cluster of each.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRows<'a> {
    /// The rows, in the model's columns.
    pub data: &'a Dataset,
    /// Nearest centroid of each. (n_points)
    pub labels: &'a [u32],
    /// Whether the model was fitted to these very rows.
    pub fitted: bool,
}

impl<'a> LabelledRows<'a> {
    /// The rows that were fitted.
    #[must_use]
    pub fn new(data: &'a Dataset, labels: &'a [u32]) -> Self {
        Self { data, labels, fitted: true }
    }
}

/// What is shown of all restarts.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    /// Inertia of each, in the user's units.
    pub inertias: Vec<f64>,
    /// How many reached the least inertia, to the bit.
    pub found_best: usize,
    /// Accuracy of each, clusters named by majority; empty where no truth is known.
    pub accuracies: Vec<f64>,
    /// Why `accuracies` is empty though a truth is known.
    pub unscored: Option<String>,
}

/// One number of clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SweepLine {
    /// The number.
    pub n_clusters: usize,
    /// Least inertia, in the user's units.
    pub inertia: f64,
    /// Mean silhouette.
    pub silhouette: Option<f64>,
    /// Accuracy, clusters named by majority.
    pub accuracy: Option<f64>,
}

/// A section of the page.
pub(crate) struct Section {
    id: &'static str,
    title: &'static str,
    html: String,
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page {
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
    let facts = Facts::new(report)?;
    let provenance = &report.model.provenance;
    let page = Page {
        title: words::title(&facts),
        subtitle: words::subtitle(&facts),
        headline: words::headline(&facts),
        sections: sections::all(&facts)?,
        scripts: report.drawing.is_some(),
        made: format!("cairn {} · fingerprint {}", provenance.cairn, report.model.fingerprint),
    };
    page.render().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> ReportError {
    ReportError::Format(error.to_string())
}
