//! The input of a report.

use crate::data::Dataset;
use crate::model::Model;
use crate::warnings::Warning;

/// The input of a report. Sections without data are left out.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The clusters.
    pub model: &'a Model,
    /// Rows and their labels.
    pub rows: Option<LabelledRows<'a>>,
    /// Doubts about the result.
    pub warnings: Vec<Warning>,
    /// Author and licence of the data.
    pub origin: Option<&'a str>,
    /// All restarts of the fit.
    pub restarts: Option<RestartSummary>,
    /// Inertia after each iteration of the best restart, in units of 2^[`inertia_scale`](Self::inertia_scale).
    pub convergence: Option<Vec<f64>>,
    /// The inertias of `restarts` and `convergence` are in units of 2^`inertia_scale`: see
    /// [`Fit::cost_scale`](crate::kmeans::Fit::cost_scale).
    pub inertia_scale: i32,
    /// Fits of the same data with other numbers of clusters, in ascending order.
    pub sweep: Vec<SweepLine>,
    /// The numbers of clusters that the measures of these fits choose, in a line.
    pub choice: Option<String>,
    /// Device, timings and so on: pairs of name and text.
    pub about: Vec<(String, String)>,
    /// The drawing section, as trusted HTML: [`draw::section`](super::draw::section).
    pub drawing: Option<String>,
}

impl<'a> Report<'a> {
    /// A report of a model alone.
    #[must_use]
    pub fn of(model: &'a Model) -> Self {
        Self {
            model,
            rows: None,
            origin: None,
            restarts: None,
            convergence: None,
            inertia_scale: 0,
            warnings: Vec::new(),
            sweep: Vec::new(),
            choice: None,
            about: Vec::new(),
            drawing: None,
        }
    }
}

/// Rows and their labels.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRows<'a> {
    /// The rows, with the model's columns.
    pub data: &'a Dataset<'a>,
    /// Nearest centroid of each. (n_points)
    pub labels: &'a [u32],
    /// Whether these are the rows that the model was fitted to.
    pub fitted: bool,
}

impl<'a> LabelledRows<'a> {
    /// The fitted rows.
    #[must_use]
    pub fn new(data: &'a Dataset<'a>, labels: &'a [u32]) -> Self {
        Self { data, labels, fitted: true }
    }
}

/// Data on all restarts.
#[derive(Debug, Clone, Default)]
pub struct RestartSummary {
    /// Number of all restarts.
    pub count: u64,
    /// Inertia of each, or of the first ones if there are very many, in units of 2^[`Report::inertia_scale`].
    pub inertias: Vec<f64>,
    /// Least inertia of all restarts, in these units.
    pub min: f64,
    /// Median of `inertias`.
    pub median: f64,
    /// Largest inertia of all restarts.
    pub max: f64,
    /// Number of restarts that reached the least inertia exactly.
    pub found_best: u64,
    /// Accuracy of each, with clusters named by majority; empty without a truth.
    pub accuracies: Vec<f64>,
    /// Why `accuracies` is empty although there is a truth.
    pub unscored: Option<String>,
    /// How the least inertia fell: seconds from the begin of the run, and the inertia, in units of 2^[`Report::inertia_scale`].
    /// The last is at the end of the run. Empty where it is not known.
    pub falls: Vec<(f64, f64)>,
    /// Restarts from seeds of their own that come before those that begin with centroids of others. 0 if there are no others.
    pub first_generation: u64,
}

/// Measures for one number of clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SweepLine {
    /// Number of clusters.
    pub n_clusters: usize,
    /// Least inertia, in the user's units.
    pub inertia: f64,
    /// Mean silhouette.
    pub silhouette: Option<f64>,
    /// Calinski-Harabasz index.
    pub calinski_harabasz: Option<f64>,
    /// Gap statistic.
    pub gap: Option<f64>,
    /// Bayesian information criterion.
    pub bic: Option<f64>,
    /// Accuracy, with clusters named by majority.
    pub accuracy: Option<f64>,
}
