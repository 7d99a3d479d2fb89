//! Data for several sections.

use ndarray::Array2;

use super::chart::COLORS;
use super::choice::choose;
use super::gathered::Gathered;
use super::images::Ink;
use super::{LabelledRows, Report, ReportError};
use crate::data::Truth;
use crate::model::Model;
use crate::numbers::count;
use crate::score::{Score, score, score_named};

/// Most clusters shown with pictures or profiles, and with bars.
pub(super) const MOST_CARDS: usize = 40;
pub(super) const MOST_BARS: usize = 100;

/// The report's input and data derived from it.
pub(super) struct Facts<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) model: &'a Model,
    /// Centroids as the rows are scaled. (n_clusters, n_dims)
    pub(super) centroids: Array2<f64>,
    /// Clusters ordered by name (numerically, if names are numbers), then by index.
    pub(super) order: Vec<usize>,
    /// The name of each cluster, or `cluster 3`. (n_clusters)
    pub(super) names: Vec<String>,
    /// Number of rows in each cluster; without rows, the fitted weight. (n_clusters)
    pub(super) sizes: Vec<f64>,
    /// The share of each cluster's rows whose class is its name. (n_clusters)
    pub(super) purities: Vec<Option<f64>>,
    /// The class that names each cluster, as an index into the truth's names. (n_clusters)
    pub(super) classes: Vec<Option<u32>>,
    pub(super) score: Option<Score>,
    /// Data from the rows' values, if there are rows.
    pub(super) gathered: Option<Gathered>,
    /// The grey scale, if the features are the pixels of a picture.
    pub(super) ink: Option<Ink>,
}

impl<'a> Facts<'a> {
    /// The data that need no values of rows.
    pub(super) fn new(report: &'a Report<'a>) -> Result<Self, ReportError> {
        let model = report.model;
        if let Some(rows) = report.rows {
            check(model, rows)?;
        }
        let score = report.rows.map(|rows| score_of(model, rows)).transpose()?.flatten();
        let truth = report.rows.and_then(|rows| rows.data.truth.as_ref());
        let classes = score.as_ref().map_or(vec![None; model.n_clusters()], |s| s.cluster_names.clone());
        let names = names(model, truth, &classes);
        let order = order(&names);
        Ok(Self {
            report,
            model,
            centroids: model.scaled_values(),
            sizes: sizes(report),
            purities: purities(model, score.as_ref(), report.rows),
            order,
            names,
            classes,
            score,
            gathered: None,
            ink: None,
        })
    }

    pub(super) fn truth(&self) -> Option<&'a Truth> {
        self.report.rows.and_then(|rows| rows.data.truth.as_ref())
    }

    /// Whether any cluster has a name.
    pub(super) fn named(&self) -> bool {
        self.model.is_named() || self.score.is_some()
    }

    /// A cluster's name and number, as in files of labels: `9 (cluster 3)`, or `cluster 3` if it has no name.
    pub(super) fn label(&self, cluster: usize) -> String {
        let (name, number) = (&self.names[cluster], self.number(cluster));
        if *name == number { number } else { format!("{name} ({number})") }
    }

    /// `cluster 3`.
    pub(super) fn number(&self, cluster: usize) -> String {
        format!("cluster {cluster}")
    }

    /// A row's class, if known.
    pub(super) fn class_of(&self, row: usize) -> Option<&'a str> {
        let truth = self.truth()?;
        truth.names.get(truth.labels[row] as usize).map(String::as_str)
    }

    /// The colour of a cluster: that of the class that names it, so that maps by cluster and by class can be
    /// compared.
    pub(super) fn color(&self, cluster: usize) -> usize {
        self.classes[cluster].map_or(cluster, |class| class as usize) % COLORS
    }

    /// Whether a row's known class differs from the class that names its cluster.
    pub(super) fn wrong(&self, row: usize, cluster: usize) -> bool {
        self.truth().is_some_and(|truth| self.classes[cluster] != Some(truth.labels[row]))
    }

    /// The clusters shown with pictures, in order.
    pub(super) fn shown(&self) -> Vec<usize> {
        self.chosen(MOST_CARDS)
    }

    /// At most so many clusters, in order: of each name those with the most rows or the most misread rows.
    pub(super) fn chosen(&self, most: usize) -> Vec<usize> {
        let name = |c: usize| if self.named() { self.names[c].as_str() } else { "" };
        let misread = |c: usize| self.sizes[c] * (1.0 - self.purities[c].unwrap_or(1.0));
        choose(&self.order, most, name, |c| self.sizes[c], misread)
    }

    /// The number of a row, from 1, among all rows of its table, those included that lack values.
    pub(super) fn row_number(&self, row: usize) -> usize {
        self.report.rows.map_or(row, |rows| rows.data.reading.dropped.index(row)) + 1
    }

    /// What a row is called in a list of rows: its name, or its number.
    pub(super) fn row_name(&self, row: usize) -> String {
        let names = self.report.rows.map_or(&[][..], |rows| &rows.data.reading.names);
        names.get(row).cloned().unwrap_or_else(|| count(self.row_number(row) as f64))
    }

    /// What a row is called in a sentence: its name, or `row` and its number.
    pub(super) fn row_words(&self, row: usize) -> String {
        let is_named = self.report.rows.is_some_and(|rows| row < rows.data.reading.names.len());
        if is_named { self.row_name(row) } else { format!("row {}", self.row_number(row)) }
    }

    /// A value of feature `j`, as the rows are scaled, in the user's units.
    pub(super) fn in_users_units(&self, j: usize, x: f64) -> f64 {
        self.model.scaling.as_ref().map_or(x, |scaling| scaling.undo_value(j, x))
    }

    /// A sentence on clusters that are left out, if any are.
    pub(super) fn choice_words(&self, most: usize) -> Option<String> {
        let all = self.order.len();
        let misread = || (0..all).any(|c| self.purities[c].is_some_and(|purity| purity < 1.0));
        let which = match self.named() {
            true if misread() => "for each name in turn the largest, then the one with the most misread rows",
            true => "for each name in turn the largest",
            false => "the largest",
        };
        (all > most).then(|| format!("{most} of {all} clusters are shown: {which}."))
    }
}

fn check(model: &Model, rows: LabelledRows<'_>) -> Result<(), ReportError> {
    let (n_points, n_dims) = (rows.data.points.n_points(), rows.data.points.n_dims());
    let inside = || rows.labels.iter().all(|&label| (label as usize) < model.n_clusters());
    if n_dims == model.n_dims() && rows.labels.len() == n_points && inside() {
        return Ok(());
    }
    let (name, n_labels) = (rows.data.name.clone(), rows.labels.len());
    Err(ReportError::OtherRows { name, n_points, n_dims, n_labels, model_dims: model.n_dims() })
}

/// The score with the model's names if it has any, else with names by majority of these rows.
fn score_of(model: &Model, rows: LabelledRows<'_>) -> Result<Option<Score>, ReportError> {
    let Some(truth) = &rows.data.truth else { return Ok(None) };
    let (n_classes, k) = (truth.names.len(), model.n_clusters());
    if !model.is_named() {
        return Ok(Some(score(&truth.labels, n_classes, rows.labels, k)?));
    }
    let class = |name: &str| truth.names.iter().position(|class| class == name).map(|at| at as u32);
    let names: Vec<Option<u32>> = (0..k).map(|c| class(model.name(c)?)).collect();
    Ok(Some(score_named(&truth.labels, n_classes, rows.labels, k, &names)?))
}

fn names(model: &Model, truth: Option<&Truth>, classes: &[Option<u32>]) -> Vec<String> {
    let by_majority = |c: usize| truth?.names.get(classes[c]? as usize).cloned();
    let name = |c: usize| model.name(c).map(str::to_owned).or_else(|| by_majority(c));
    (0..model.n_clusters()).map(|c| name(c).unwrap_or_else(|| format!("cluster {c}"))).collect()
}

fn order(names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    let number = |c: usize| names[c].rsplit(' ').next().and_then(|text| text.parse::<f64>().ok());
    order.sort_by(|&a, &b| match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then(a.cmp(&b)),
        _ => names[a].cmp(&names[b]).then(a.cmp(&b)),
    });
    order
}

fn sizes(report: &Report<'_>) -> Vec<f64> {
    let k = report.model.n_clusters();
    let Some(rows) = report.rows else { return (0..k).map(|c| report.model.weight(c)).collect() };
    let mut sizes = vec![0.0; k];
    rows.labels.iter().for_each(|&label| sizes[label as usize] += 1.0);
    sizes
}

fn purities(model: &Model, score: Option<&Score>, rows: Option<LabelledRows<'_>>) -> Vec<Option<f64>> {
    let own = |c: usize| model.names[c].as_ref().and_then(|name| name.purity);
    match (score, rows.and_then(|rows| rows.data.truth.as_ref().map(|truth| (rows, truth)))) {
        (Some(score), Some((rows, truth))) => share_named(score, rows.labels, truth, model.n_clusters()),
        _ => (0..model.n_clusters()).map(own).collect(),
    }
}

/// The share of each cluster's rows whose class is the cluster's name.
fn share_named(score: &Score, labels: &[u32], truth: &Truth, n_clusters: usize) -> Vec<Option<f64>> {
    let (mut right, mut all) = (vec![0u64; n_clusters], vec![0u64; n_clusters]);
    for (&label, &class) in labels.iter().zip(&truth.labels) {
        all[label as usize] += 1;
        right[label as usize] += u64::from(score.cluster_names[label as usize] == Some(class));
    }
    let share = |c: usize| (all[c] > 0).then(|| right[c] as f64 / all[c] as f64);
    (0..n_clusters).map(share).collect()
}
