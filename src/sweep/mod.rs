//! Sweeps: fits and measures of the same rows for several numbers of clusters and several seeds.
//!
//! | file | what it is about |
//! |---|---|
//! | `held_out` | held-out rows: their nearest centroids and their truth |
//! | `spread` | median and range over seeds |

mod error;
mod held_out;
mod spread;

use std::ops::ControlFlow;

use crate::data::{Dataset, Truth};
use crate::engine::{Job, Opened};
use crate::kmeans::{self, Fit, FitError, KMeans, Params, labelled_values};
use crate::lattice::Table;
use crate::score::{Contingency, Partition, ScoreError, accuracy, majority_names, purity};
use crate::warnings::{self, Placed, Warning, WarningCode, of_device};

pub use error::SweepError;
pub use held_out::nearest_labels;
pub use spread::MeasureSpread;

use held_out::HeldOut;

/// Significant digits of an inertia as text.
const INERTIA_DIGITS: usize = 10;

/// Parameters of a sweep: every number of clusters is fitted with every seed.
#[derive(Debug, Clone)]
pub struct SweepPlan {
    /// All other parameters. Its own number of clusters and seed are ignored.
    pub kmeans: KMeans,
    /// Numbers of clusters, at least one.
    pub n_clusters: Vec<usize>,
    /// Seeds, at least one.
    pub seeds: Vec<u64>,
    /// Whether to compute silhouette, Calinski-Harabasz and Davies-Bouldin indices, which take time.
    pub measures: bool,
}

/// One fit of a sweep.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SweepRun {
    /// Number of clusters.
    pub n_clusters: usize,
    /// Seed of the fit, and of the silhouette's sample.
    #[serde(serialize_with = "as_text")]
    pub seed: u64,
    /// Inertia of the best restart, in the user's units.
    pub inertia: f64,
    /// The same as text, also beyond the range of `f64`.
    pub inertia_text: String,
    /// The same in lattice units.
    #[serde(serialize_with = "as_text")]
    pub inertia_exact: u128,
    /// Mean silhouette; `None` if it is undefined or was not requested, or if there are fewer distinct rows than
    /// clusters.
    pub silhouette: Option<f64>,
    /// Calinski-Harabasz index; `None` likewise.
    pub calinski_harabasz: Option<f64>,
    /// Davies-Bouldin index; `None` likewise.
    pub davies_bouldin: Option<f64>,
    /// Accuracy on the fitted rows, with clusters named by majority; `None` without a truth.
    pub accuracy: Option<f64>,
    /// Accuracy on the held-out rows, with the same names; `None` without held-out rows.
    pub held_out_accuracy: Option<f64>,
    /// Doubts about the fit.
    pub warnings: Vec<Warning>,
    /// Fingerprint of the fit.
    pub fingerprint: String,
}

/// Fits `data` with every number of clusters and every seed of the plan, in that order. `seen` is called with all runs
/// so far after each fit, and now and then within one (see [`kmeans::fit_with`]). It cancels the sweep by
/// [`ControlFlow::Break`].
///
/// The rows of `held_out` are assigned to the nearest centroid of each fit, by exact lattice distances; ties go to
/// the lowest index.
///
/// # Errors
///
/// [`SweepError`]: a fit fails or is cancelled, or the held-out rows don't match the fitted rows. Parameters are checked before the
/// first fit.
pub fn sweep(
    opened: &Opened,
    data: &Dataset<'_>,
    held_out: Option<&Dataset<'_>>,
    plan: &SweepPlan,
    seen: &mut (dyn FnMut(&[SweepRun]) -> ControlFlow<()> + Send),
) -> Result<Vec<SweepRun>, SweepError> {
    let jobs = jobs(plan)?;
    let Some(first) = jobs.first() else {
        let (n_clusters, n_seeds) = (plan.n_clusters.len(), plan.seeds.len());
        return Err(SweepError::Nothing { n_clusters, n_seeds });
    };
    kmeans::in_threads(first.threads(), || {
        let table = kmeans::pack_for(data, first)?;
        for params in &jobs {
            let _: Job<'_> = params.job(&table).map_err(FitError::from)?;
        }
        let points = if plan.measures { data.points.to_f64().map_err(FitError::from)? } else { Vec::new() };
        let held_out = held_out.map(|rows| HeldOut::new(rows, data, &table, first.metric())).transpose()?;
        let doubts = warnings::of_table(data, &Placed::of(&table)).map_err(FitError::from)?;
        let swept = Swept { opened, data, table, doubts, truth: data.truth.as_ref(), points, held_out };
        let mut runs = Vec::with_capacity(jobs.len());
        for params in &jobs {
            let run = match swept.run(params, &mut || seen(&runs)) {
                Err(SweepError::Fit(FitError::Cancelled { .. })) => break,
                run => run?,
            };
            runs.push(run);
            if seen(&runs).is_break() {
                break;
            }
        }
        if runs.len() < jobs.len() {
            return Err(SweepError::Cancelled { done: runs.len(), of: jobs.len() });
        }
        Ok(runs)
    })
}

/// The parameters of all fits, in order.
fn jobs(plan: &SweepPlan) -> Result<Vec<Params>, FitError> {
    let pairs = plan.n_clusters.iter().flat_map(|&k| plan.seeds.iter().map(move |&seed| (k, seed)));
    pairs.map(|(k, seed)| Ok(plan.kmeans.clone().clusters(k).seed(seed).check()?)).collect()
}

/// Data that all fits share.
struct Swept<'a> {
    opened: &'a Opened,
    data: &'a Dataset<'a>,
    table: Table,
    doubts: Vec<Warning>, // about the table
    truth: Option<&'a Truth>,
    points: Vec<f64>, // (n_points, n_dims); empty if measures were not requested
    held_out: Option<HeldOut>,
}

impl Swept<'_> {
    fn run(
        &self,
        params: &Params,
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> Result<SweepRun, SweepError> {
        let fit = kmeans::fit_table(self.opened, &self.table, params, &mut |_| watch())?;
        let warnings = self.warnings(&fit)?;
        let copies = warnings.iter().any(|warning| warning.code == WarningCode::FewDistinctRows);
        let [silhouette, calinski_harabasz, davies_bouldin] =
            if copies { [None; 3] } else { self.measures(&fit, params)? };
        let (accuracy, held_out_accuracy) = self.accuracies(&fit, params)?;
        Ok(SweepRun {
            n_clusters: params.n_clusters(),
            seed: params.seed(),
            inertia: fit.inertia(),
            inertia_text: fit.cost_text(fit.best.inertia, INERTIA_DIGITS),
            inertia_exact: fit.best.inertia,
            silhouette,
            calinski_harabasz,
            davies_bouldin,
            accuracy,
            held_out_accuracy,
            warnings,
            fingerprint: fit.fingerprint,
        })
    }

    fn warnings(&self, fit: &Fit) -> Result<Vec<Warning>, SweepError> {
        let of_result =
            warnings::of_labels(self.data, &Placed::of(&self.table), fit).map_err(FitError::from)?;
        Ok([of_device(&fit.device), self.doubts.clone(), of_result].concat())
    }

    fn measures(&self, fit: &Fit, params: &Params) -> Result<[Option<f64>; 3], ScoreError> {
        if self.points.is_empty() {
            return Ok([None; 3]);
        }
        let (points, labels) = labelled_values(&self.points, fit.labels());
        let partition = Partition::new(&points, self.table.n_dims(), &labels, params.n_clusters())?;
        Ok([
            partition.silhouette(params.seed()).ok().map(|silhouette| silhouette.mean),
            partition.calinski_harabasz().ok(),
            partition.davies_bouldin().ok(),
        ])
    }

    fn accuracies(&self, fit: &Fit, params: &Params) -> Result<(Option<f64>, Option<f64>), SweepError> {
        let Some(truth) = self.truth else { return Ok((None, None)) };
        let (classes, labels) = labelled_values(&truth.labels, fit.labels());
        let fitted = Contingency::new(&classes, truth.names.len(), &labels, params.n_clusters())?;
        let Some(held_out) = &self.held_out else { return Ok((Some(purity(&fitted)), None)) };
        let labels = nearest_labels(&held_out.table, &fit.state.centroids);
        let (classes, labels) = labelled_values(&held_out.truth, &labels);
        let met = Contingency::new(&classes, held_out.n_truth, &labels, params.n_clusters())?;
        Ok((Some(purity(&fitted)), Some(accuracy(&met, &held_out.names(&majority_names(&fitted))))))
    }
}

/// Some JSON readers have only floats, which can't hold every integer.
fn as_text<N: std::fmt::Display, S: serde::Serializer>(number: &N, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
