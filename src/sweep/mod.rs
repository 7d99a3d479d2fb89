//! The same rows clustered with one number of clusters after another, under several seeds, and measured.
//!
//! | file | what it is about |
//! |---|---|
//! | `held_out` | rows that were not fitted: their nearest centroids, their truth |
//! | `spread` | the median, the least and the largest over seeds |

mod error;
mod held_out;
mod spread;

use crate::data::{Dataset, Truth};
use crate::engine::{Job, Opened};
use crate::kmeans::{self, CONTINUE, Fit, FitError, KMeans, Params};
use crate::lattice::Table;
use crate::score::{Contingency, Partition, ScoreError, accuracy, majority_names, purity};

pub use error::SweepError;
pub use held_out::nearest_labels;
pub use spread::MeasureSpread;

use held_out::HeldOut;

/// What to go through: every number of clusters with every seed.
#[derive(Debug, Clone)]
pub struct SweepPlan {
    /// All else: restarts, start, iterations. Its own number of clusters and seed are not used.
    pub kmeans: KMeans,
    /// Numbers of clusters, at least one.
    pub n_clusters: Vec<usize>,
    /// Seeds, at least one.
    pub seeds: Vec<u64>,
    /// Whether silhouette, Calinski-Harabasz and Davies-Bouldin are wanted, which take time.
    pub measures: bool,
}

/// One fit of a sweep.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SweepRun {
    /// Number of clusters.
    pub n_clusters: usize,
    /// Seed. The silhouette's sample, if one is drawn, goes by it too.
    #[serde(serialize_with = "as_text")]
    pub seed: u64,
    /// Inertia of the best restart, in the user's units.
    pub inertia: f64,
    /// Mean silhouette; none where it is undefined or not wanted.
    pub silhouette: Option<f64>,
    /// Calinski-Harabasz index; likewise.
    pub calinski_harabasz: Option<f64>,
    /// Davies-Bouldin index; likewise.
    pub davies_bouldin: Option<f64>,
    /// Share of the fitted rows whose cluster, named by majority, stands for their truth; none without a
    /// truth.
    pub accuracy: Option<f64>,
    /// The same of the rows held out, with the names that the fitted rows gave; none without such rows.
    pub held_out_accuracy: Option<f64>,
    /// Fingerprint of the fit.
    pub fingerprint: String,
}

/// Fits `data` with every number of clusters and every seed of the plan, in that order. `seen` is called
/// after each fit with all so far.
///
/// The rows of `held_out` go to the nearest centroid of each fit, by the exact distances of the lattice, ties to the lowest.
///
/// # Errors
///
/// What a fit says; rows held out that don't fit the others. All that can be checked is checked before
/// the first fit.
pub fn sweep(
    opened: &Opened,
    data: &Dataset,
    held_out: Option<&Dataset>,
    plan: &SweepPlan,
    seen: &mut (dyn FnMut(&[SweepRun]) + Send),
) -> Result<Vec<SweepRun>, SweepError> {
    let jobs = jobs(plan)?;
    let Some(first) = jobs.first() else {
        let (n_clusters, n_seeds) = (plan.n_clusters.len(), plan.seeds.len());
        return Err(SweepError::Nothing { n_clusters, n_seeds });
    };
    kmeans::in_threads(first.threads(), || {
        let table = kmeans::pack(data)?;
        for params in &jobs {
            let _: Job<'_> = params.job(&table).map_err(FitError::from)?;
        }
        let points = if plan.measures { data.points.to_f64().map_err(FitError::from)? } else { Vec::new() };
        let held_out = held_out.map(|rows| HeldOut::new(rows, data, &table)).transpose()?;
        let swept = Swept { opened, table, truth: data.truth.as_ref(), points, held_out };
        let mut runs = Vec::with_capacity(jobs.len());
        for params in &jobs {
            runs.push(swept.run(params)?);
            seen(&runs);
        }
        Ok(runs)
    })
}

/// All fits in order, each checked alone.
fn jobs(plan: &SweepPlan) -> Result<Vec<Params>, FitError> {
    let pairs = plan.n_clusters.iter().flat_map(|&k| plan.seeds.iter().map(move |&seed| (k, seed)));
    pairs.map(|(k, seed)| Ok(plan.kmeans.clone().clusters(k).seed(seed).check()?)).collect()
}

/// What all fits share.
struct Swept<'a> {
    opened: &'a Opened,
    table: Table,
    truth: Option<&'a Truth>,
    points: Vec<f64>, // (n_points, n_dims), or none where nothing is measured
    held_out: Option<HeldOut>,
}

impl Swept<'_> {
    fn run(&self, params: &Params) -> Result<SweepRun, SweepError> {
        let fit = kmeans::fit_table(self.opened, &self.table, params, &mut |_| CONTINUE)?;
        let [silhouette, calinski_harabasz, davies_bouldin] = self.measures(&fit, params)?;
        let (accuracy, held_out_accuracy) = self.accuracies(&fit, params)?;
        Ok(SweepRun {
            n_clusters: params.n_clusters(),
            seed: params.seed(),
            inertia: fit.inertia(),
            silhouette,
            calinski_harabasz,
            davies_bouldin,
            accuracy,
            held_out_accuracy,
            fingerprint: fit.fingerprint,
        })
    }

    fn measures(&self, fit: &Fit, params: &Params) -> Result<[Option<f64>; 3], ScoreError> {
        if self.points.is_empty() {
            return Ok([None; 3]);
        }
        let partition = Partition::new(&self.points, self.table.n_dims(), fit.labels(), params.n_clusters())?;
        Ok([
            partition.silhouette(params.seed()).ok().map(|silhouette| silhouette.mean),
            partition.calinski_harabasz().ok(),
            partition.davies_bouldin().ok(),
        ])
    }

    fn accuracies(&self, fit: &Fit, params: &Params) -> Result<(Option<f64>, Option<f64>), SweepError> {
        let Some(truth) = self.truth else { return Ok((None, None)) };
        let fitted = Contingency::new(&truth.labels, truth.names.len(), fit.labels(), params.n_clusters())?;
        let Some(held_out) = &self.held_out else { return Ok((Some(purity(&fitted)), None)) };
        let labels = nearest_labels(&held_out.table, &fit.state.centroids);
        let met = Contingency::new(&held_out.truth, held_out.n_truth, &labels, params.n_clusters())?;
        Ok((Some(purity(&fitted)), Some(accuracy(&met, &held_out.names(&majority_names(&fitted))))))
    }
}

/// A float, which is all that some readers have, can't hold every u64.
fn as_text<S: serde::Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(seed)
}
