//! What a report is made of.

use crate::data::Dataset;
use crate::model::Model;

/// What a report is made of. Sections that nothing is known for are left out.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The clusters.
    pub model: &'a Model,
    /// Rows and the cluster of each.
    pub rows: Option<LabelledRows<'a>>,
    /// Author and licence of the data.
    pub origin: Option<&'a str>,
    /// All restarts of the fit.
    pub restarts: Option<RestartSummary>,
    /// Inertia after each iteration of the best restart, in the user's units.
    pub convergence: Option<Vec<f64>>,
    /// The same data with other numbers of clusters, in rising order.
    pub sweep: Vec<SweepLine>,
    /// Device, timings and their like: a name and a text each.
    pub about: Vec<(String, String)>,
    /// The drawing page's part, as HTML that is trusted: [`draw::section`](super::draw::section).
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
pub struct RestartSummary {
    /// Inertia of each, in the user's units.
    pub inertias: Vec<f64>,
    /// Their median.
    pub median: f64,
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
