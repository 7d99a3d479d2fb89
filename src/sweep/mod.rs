//! Sweeps: fits and measures of the same rows for several numbers of clusters and several seeds.
//!
//! | file | what it is about |
//! |---|---|
//! | `gap` | the gap statistic, and the reference sets it needs |
//! | `held_out` | held-out rows: their nearest centroids and their truth |
//! | `spread` | median and range over seeds |
//! | `choice` | the number of clusters that each measure chooses |

mod choice;
mod error;
mod gap;
mod held_out;
mod spread;

use std::ops::ControlFlow;

use crate::data::{Dataset, Truth};
use crate::engine::{Job, Metric, Opened};
use crate::kmeans::{self, Fit, FitError, KMeans, Params, labelled_values};
use crate::lattice::Table;
use crate::score::{Contingency, Partition, ScoreError, Silhouette, accuracy, majority_names, purity};
use crate::warnings::{self, Placed, Warning, WarningCode, of_device};

pub use choice::Choice;
pub use error::SweepError;
pub use held_out::nearest_labels;
pub use spread::MeasureSpread;

use gap::{Expected, GapRows};
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
    /// Whether to compute silhouette, Calinski-Harabasz and Davies-Bouldin indices, and BIC, which take time.
    pub measures: bool,
    /// Number of reference sets of the gap statistic, each of which is fitted once for each number of clusters; without
    /// any, without measures, or by angle ([`Metric::Cosine`]), there is no gap.
    pub reference_sets: usize,
    /// Whether a sweep that is cancelled returns the runs done until then, if there are any.
    pub best_so_far: bool,
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
    /// Number of rows of whose silhouettes that is the mean: all, or a sample.
    pub silhouette_sample: Option<usize>,
    /// Calinski-Harabasz index; `None` likewise.
    pub calinski_harabasz: Option<f64>,
    /// Davies-Bouldin index; `None` likewise.
    pub davies_bouldin: Option<f64>,
    /// The gap statistic: by how much the logarithm of the inertia is less than that of rows without clusters is
    /// expected to be; `None` likewise, and if an inertia is 0.
    pub gap: Option<f64>,
    /// Standard error of the gap, from the number of reference sets.
    pub gap_error: Option<f64>,
    /// Number of rows that were clustered for the gap: all of positive weight, or a sample.
    pub gap_sample: Option<usize>,
    /// Bayesian information criterion, see [`Partition::bic`]; `None` likewise.
    pub bic: Option<f64>,
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
/// [`ControlFlow::Break`]: an error, or with [`SweepPlan::best_so_far`] the runs done, if there are any.
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
        // uniform rows have no direction that is uniform
        let has_gaps = plan.measures && first.metric() == Metric::Euclidean;
        let n_sets = if has_gaps { plan.reference_sets } else { 0 };
        let gaps = GapRows::new(&table, n_sets, first.seed());
        let table = &table;
        let swept = Swept { opened, data, table, doubts, truth: data.truth.as_ref(), points, held_out, gaps };
        let mut runs: Vec<SweepRun> = Vec::with_capacity(jobs.len());
        let mut expected = None;
        for params in &jobs {
            // the reference sets of a number of clusters are the same for all seeds, and fitted with the first
            let is_next = runs.last().is_none_or(|run| run.n_clusters != params.n_clusters());
            let found = if is_next { swept.expected(params, &mut || seen(&runs)) } else { Ok(expected) };
            let run = found.and_then(|found| {
                expected = found;
                swept.run(params, expected.as_ref(), &mut || seen(&runs))
            });
            let run = match run {
                Err(SweepError::Fit(FitError::Cancelled { .. } | FitError::CancelledBatches { .. })) => break,
                run => run?,
            };
            runs.push(run);
            if seen(&runs).is_break() {
                break;
            }
        }
        let is_result = plan.best_so_far && !runs.is_empty();
        if runs.len() < jobs.len() && !is_result {
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

/// Internal measures of a fit.
#[derive(Debug, Clone, Copy, Default)]
struct Measures {
    silhouette: Option<Silhouette>,
    calinski_harabasz: Option<f64>,
    davies_bouldin: Option<f64>,
    bic: Option<f64>,
}

/// Data that all fits share.
struct Swept<'a> {
    opened: &'a Opened,
    data: &'a Dataset<'a>,
    table: &'a Table,
    doubts: Vec<Warning>, // about the table
    truth: Option<&'a Truth>,
    points: Vec<f64>, // (n_points, n_dims); empty if measures were not requested
    held_out: Option<HeldOut>,
    gaps: GapRows<'a>,
}

impl Swept<'_> {
    fn expected(
        &self,
        params: &Params,
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> Result<Option<Expected>, SweepError> {
        Ok(self.gaps.expected(self.opened, params, watch)?)
    }

    fn run(
        &self,
        params: &Params,
        expected: Option<&Expected>,
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> Result<SweepRun, SweepError> {
        let fit = kmeans::fit_table(self.opened, self.table, params, &mut |_| watch())?;
        let warnings = self.warnings(&fit)?;
        let copies = warnings.iter().any(|warning| warning.code == WarningCode::FewDistinctRows);
        let measures = if copies { Measures::default() } else { self.measures(&fit, params)? };
        let gap = match expected.filter(|_| !copies) {
            Some(expected) => self.gaps.gap(expected, fit.best.inertia, (self.opened, params), watch)?,
            None => None,
        };
        let (accuracy, held_out_accuracy) = self.accuracies(&fit, params)?;
        Ok(SweepRun {
            n_clusters: params.n_clusters(),
            seed: params.seed(),
            inertia: fit.inertia(),
            inertia_text: fit.cost_text(fit.best.inertia, INERTIA_DIGITS),
            inertia_exact: fit.best.inertia,
            silhouette: measures.silhouette.map(|silhouette| silhouette.mean),
            silhouette_sample: measures.silhouette.map(|silhouette| silhouette.sample),
            calinski_harabasz: measures.calinski_harabasz,
            davies_bouldin: measures.davies_bouldin,
            gap: gap.map(|gap| gap.gap),
            gap_error: gap.map(|gap| gap.error),
            gap_sample: gap.map(|_| self.gaps.n_rows()),
            bic: measures.bic,
            accuracy,
            held_out_accuracy,
            warnings,
            fingerprint: fit.fingerprint,
        })
    }

    fn warnings(&self, fit: &Fit) -> Result<Vec<Warning>, SweepError> {
        let of_result =
            warnings::of_labels(self.data, &Placed::of(self.table), fit).map_err(FitError::from)?;
        Ok([of_device(&fit.device), self.doubts.clone(), of_result].concat())
    }

    fn measures(&self, fit: &Fit, params: &Params) -> Result<Measures, ScoreError> {
        if self.points.is_empty() {
            return Ok(Measures::default());
        }
        let (points, labels) = labelled_values(&self.points, fit.labels());
        let partition = Partition::new(&points, self.table.n_dims(), &labels, params.n_clusters())?;
        Ok(Measures {
            silhouette: partition.silhouette(params.seed()).ok(),
            calinski_harabasz: partition.calinski_harabasz().ok(),
            davies_bouldin: partition.davies_bouldin().ok(),
            bic: partition.bic().ok(),
        })
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
