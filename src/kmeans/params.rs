//! Parameters of a fit, checked in two steps: by themselves, then against the data.

use std::time::Duration;

use ndarray::Array2;

use super::restarts::MOST_OUTCOMES;
use super::search::Search;
use super::{Algorithm, Minibatch};
use crate::data::{Scale, Scaling, first_of_zeros};
use crate::engine::reference::stop::{limit_of, shift_limit};
use crate::engine::{Device, Job, Keep, Metric, Seeding, Sizes};
use crate::lattice::{LatticeError, Moments, Table};
use crate::threads;

/// How the first centroids are found.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Init {
    /// Greedy k-means++.
    #[default]
    KMeansPlusPlus,
    /// Distinct rows, drawn in proportion to their weights.
    Random,
    /// These centroids, in the user's units; only for a single restart. (n_clusters, n_dims)
    Centroids(Array2<f64>),
}

impl Init {
    /// The name used in tables and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::KMeansPlusPlus => "k-means++",
            Self::Random => "random",
            Self::Centroids(_) => "centroids",
        }
    }
}

/// Most restarts of a split: then those of all splits have numbers below 2^64.
const MOST_OF_SPLIT: u64 = 1 << 32;

/// What is wrong with the parameters, by themselves or for this table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// Zero clusters.
    #[error("0 clusters asked for; at least 1 is needed")]
    NoClusters,
    /// Zero restarts.
    #[error("0 restarts asked for; at least 1 is needed")]
    NoRestarts,
    /// Zero iterations.
    #[error("max_iter is 0; at least 1 iteration is needed")]
    NoIterations,
    /// Zero threads.
    #[error("0 threads asked for; at least 1 is needed")]
    NoThreads,
    /// Too many threads.
    #[error("{0} threads asked for; at most {most} are supported", most = threads::MOST)]
    TooManyThreads(usize),
    /// A batch size of zero.
    #[error("0 restarts a batch asked for; at least 1 is needed")]
    NoBatch,
    /// The tolerance is negative or not a number.
    #[error("tol is {0}; it must be a finite number of zero or more")]
    BadTol(f64),
    /// A population of zero.
    #[error("a population of 0 asked for; at least 1 is needed")]
    NoPopulation,
    /// Generations of a search that has none.
    #[error("0 generations without a lower inertia can't end a search; at least 1 is needed")]
    NoPatience,
    /// Refining by another rule than that of means.
    #[error("the metric cosine has no rule by which restarts are refined; leave one of the two out")]
    RefinedDirections,
    /// A search with splits, which have restarts of their own.
    #[error(
        "the algorithm bisecting has independent restarts of each split, which are not refined, evolved or timed"
    )]
    SearchOfSplits,
    /// A search with batches, which follow one fit of a sample.
    #[error(
        "the algorithm minibatch has independent restarts of its sample, which are not refined, evolved or timed; set \
         its batches instead"
    )]
    SearchOfBatches,
    /// No batches, or batches of no rows.
    #[error("{batches} batches of {rows} rows asked for; at least 1 of each is needed")]
    NoBatches {
        /// Rows of a batch.
        rows: u32,
        /// Batches.
        batches: u32,
    },
    /// So many rows in all batches that their sums may not fit.
    #[error(
        "{batches} batches of {rows} rows are {all} rows; at most {most} are supported, so ask for fewer batches or \
         smaller ones",
        all = u64::from(*.rows) * u64::from(*.batches),
        most = Minibatch::MOST_ROWS
    )]
    TooManyBatches {
        /// Rows of a batch.
        rows: u32,
        /// Batches.
        batches: u32,
    },
    /// Limits on sizes that no cluster can keep.
    #[error(
        "clusters of at least {min} rows{} asked for; the least number is 1 or more, and no larger than the most",
        max.map_or_else(String::new, |max| format!(" and at most {max}"))
    )]
    BadSizes {
        /// Fewest rows of a cluster.
        min: u64,
        /// Most rows of a cluster, if given.
        max: Option<u64>,
    },
    /// Limits on sizes with steps that know none.
    #[error(
        "limits on the sizes of clusters ({}) can't be kept with {other}; leave one of the two out",
        limits_in_words(*.min, *.max)
    )]
    SizesOfOther {
        /// Fewest rows of a cluster, if given.
        min: Option<u64>,
        /// Most rows of a cluster, if given.
        max: Option<u64>,
        /// What knows no limits.
        other: &'static str,
    },
    /// Fewer rows than the clusters need at least.
    #[error(
        "{n_clusters} clusters of at least {min} rows need {needed} rows{}, and there are {n_points}; ask for fewer \
         clusters, or at least {possible} rows each",
        of_weight(*.weighted), needed = (*.n_clusters as u128) * u128::from(*.min), possible = .n_points / .n_clusters
    )]
    TooFewRows {
        /// Clusters requested.
        n_clusters: usize,
        /// Fewest rows of a cluster.
        min: u64,
        /// Rows of positive weight.
        n_points: usize,
        /// Whether there are rows of weight zero, which don't count.
        weighted: bool,
    },
    /// More rows than the clusters hold.
    #[error(
        "{n_clusters} clusters of at most {max} rows hold {held} rows, and there are {n_points}{}; ask for more clusters, \
         or at most {possible} rows each",
        of_weight(*.weighted), held = (*.n_clusters as u128) * u128::from(*.max),
        possible = .n_points.div_ceil(*.n_clusters)
    )]
    TooManyRows {
        /// Clusters requested.
        n_clusters: usize,
        /// Most rows of a cluster.
        max: u64,
        /// Rows of positive weight.
        n_points: usize,
        /// Whether there are rows of weight zero, which don't count.
        weighted: bool,
    },
    /// Limits on sizes, and rows of different weights. Rows count from 1.
    #[error(
        "row {row} has {times} times the weight of row {other}, and limits on sizes count rows: a row of several may not \
         fit one cluster; leave the weights out, or repeat rows instead",
        times = *.weight as f64 / *.other_weight as f64
    )]
    UnevenWeights {
        /// A row, from 1.
        row: usize,
        /// Its weight, as an integer.
        weight: u32,
        /// The first row of positive weight, from 1.
        other: usize,
        /// Its weight, as an integer.
        other_weight: u32,
    },
    /// More distances than are held in memory for limits on sizes.
    #[error(
        "{n_points} rows and {n_clusters} clusters are {pairs} pairs, and limits on sizes hold the distances of at most \
         {most}; ask for fewer clusters, or take a sample of the rows",
        pairs = *.n_points as u128 * *.n_clusters as u128, most = Sizes::MOST_PAIRS
    )]
    TooManyPairs {
        /// Rows.
        n_points: usize,
        /// Clusters requested.
        n_clusters: usize,
    },
    /// Patience with independent restarts, which have no generations.
    #[error("patience counts generations, and independent restarts have none; ask for the search evolve")]
    PatienceOfRestarts,
    /// A first restart other than 0 where restarts depend on earlier ones, or there is but one.
    #[error("the first restart is {first}, and {why}; begin with restart 0")]
    FirstRestart {
        /// The first restart asked for.
        first: u64,
        /// Why it must be 0.
        why: &'static str,
    },
    /// Restarts with numbers beyond 2^64 - 1.
    #[error("{n_restarts} restarts from restart {first} on: their numbers must stay below 2^64")]
    RestartNumbers {
        /// The first restart asked for.
        first: u64,
        /// Restarts asked for.
        n_restarts: u64,
    },
    /// Several restarts from the same given centroids.
    #[error(
        "{0} restarts from given centroids would all be the same; ask for 1 restart, or for k-means++ or random starts"
    )]
    RestartsOfOneStart(u64),
    /// The number of given centroids is not the number of clusters.
    #[error("{n_centroids} start centroids for {n_clusters} clusters; give one per cluster")]
    CentroidCount {
        /// Centroids given.
        n_centroids: usize,
        /// Clusters requested.
        n_clusters: usize,
    },
    /// Given centroids for an algorithm that makes its own.
    #[error(
        "given start centroids are of no use to bisecting k-means, which starts from one cluster; leave them out"
    )]
    StartsOfBisecting,
    /// So many restarts of each split that those of all splits can't be counted.
    #[error("{0} restarts of each split asked for; at most {most} are supported", most = MOST_OF_SPLIT)]
    RestartsOfSplit(u64),
    /// The given centroids and the points differ in their number of features.
    #[error("start centroids have {n_centroid_dims} columns and the points {n_dims}; they must agree")]
    CentroidDims {
        /// Features of the centroids.
        n_centroid_dims: usize,
        /// Features of the points.
        n_dims: usize,
    },
    /// A given centroid is not finite, or outside the range of a table that was packed without it.
    #[error(transparent)]
    Centroid(LatticeError),
    /// The rows are not scaled to length 1, which the metric cosine needs.
    #[error(
        "the metric cosine needs rows of length 1, and these are {}; scale them by `unit`",
        scale.map_or_else(|| "not scaled".into(), |scale| format!("scaled by `{scale}`"))
    )]
    NotUnit {
        /// How they are scaled.
        scale: Option<&'static str>,
    },
    /// A row of the table does not have length 1, which the metric cosine needs.
    #[error(
        "row {row} of the table does not have length 1 on the lattice of directions, which the metric cosine needs; \
         pack the table for these parameters"
    )]
    NotADirection {
        /// Row, from 1.
        row: usize,
    },
    /// A given centroid of zeros, with the metric cosine.
    #[error(
        "start centroid {row}: all its values are 0, so that it has no direction; replace it, or use the metric \
         euclidean"
    )]
    NoDirection {
        /// Centroid, from 1.
        row: usize,
    },
    /// More clusters than rows.
    #[error("{n_clusters} clusters for {n_points} rows{}; ask for at most {n_points} clusters", of_weight(*.weighted))]
    TooManyClusters {
        /// Clusters requested.
        n_clusters: usize,
        /// Rows of positive weight.
        n_points: usize,
        /// Whether rows of weight zero were excluded from the count.
        weighted: bool,
    },
}

fn limits_in_words(min: Option<u64>, max: Option<u64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max} rows"),
        (Some(min), None) => format!("at least {min} rows"),
        (None, max) => format!("at most {} rows", max.unwrap_or_default()),
    }
}

fn of_weight(weighted: bool) -> &'static str {
    if weighted { " of positive weight" } else { "" }
}

/// Builder of [`Params`].
///
/// ```
/// use cairn::kmeans::KMeans;
/// let params = KMeans::new(10).restarts(20).seed(7).check()?;
/// # Ok::<(), cairn::kmeans::ParamsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct KMeans {
    n_clusters: usize,
    metric: Metric,
    algorithm: Algorithm,
    n_restarts: u64,
    first_restart: u64,
    seed: u64,
    init: Init,
    max_iter: u32,
    tol: f64,
    device: Device,
    threads: Option<usize>,
    batch: Option<u64>,
    keep: Keep,
    best_so_far: bool,
    refine: bool,
    search: Search,
    time: Option<Duration>,
    patience: Option<u64>,
    min_size: Option<u64>,
    max_size: Option<u64>,
}

impl KMeans {
    /// Defaults: 10 restarts of greedy k-means++, seed 42, at most 300 iterations, tolerance 0, [`Device::Auto`].
    pub fn new(n_clusters: usize) -> Self {
        Self {
            n_clusters,
            metric: Metric::default(),
            algorithm: Algorithm::default(),
            n_restarts: 10,
            first_restart: 0,
            seed: 42,
            init: Init::default(),
            max_iter: 300,
            tol: 0.0,
            device: Device::default(),
            threads: None,
            batch: None,
            keep: Keep::Best,
            best_so_far: false,
            refine: false,
            search: Search::default(),
            time: None,
            patience: None,
            min_size: None,
            max_size: None,
        }
    }

    /// Number of clusters.
    pub fn clusters(self, n_clusters: usize) -> Self {
        Self { n_clusters, ..self }
    }

    /// What a distance is; by default [`Metric::Euclidean`]. [`Metric::Cosine`] needs a table scaled by
    /// [`Scale::Unit`](crate::data::Scale::Unit); given centroids are scaled too.
    pub fn metric(self, metric: Metric) -> Self {
        Self { metric, ..self }
    }

    /// How clusters are found; by default [`Algorithm::Lloyd`].
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// Independent restarts; the one of least inertia is kept. Of [`Algorithm::Bisecting`] those of each split, of
    /// [`Algorithm::Minibatch`] those of the sample.
    pub fn restarts(self, n_restarts: u64) -> Self {
        Self { n_restarts, ..self }
    }

    /// Number of the first restart, so that the restarts of one run can be spread over several processes: of a run of 100,
    /// one computes restarts 0 to 49, and another 50 to 99. [`SavedRun::merge`](super::SavedRun::merge) joins them. Default: 0.
    pub fn first_restart(self, first_restart: u64) -> Self {
        Self { first_restart, ..self }
    }

    /// Seed of the random numbers.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How the first centroids are found. Given centroids mean one restart.
    pub fn init(self, init: Init) -> Self {
        Self { init, ..self }
    }

    /// Maximum number of iterations of a restart.
    pub fn max_iter(self, max_iter: u32) -> Self {
        Self { max_iter, ..self }
    }

    /// Tolerance: a restart stops when the squared shift of all centroids is at most `tol` times the mean variance of
    /// the features. With 0 it stops at the fixed point.
    pub fn tol(self, tol: f64) -> Self {
        Self { tol, ..self }
    }

    /// Where to run. [`OpenOptions::fallback`](crate::engine::OpenOptions::fallback) lets the CPU take the place of a GPU
    /// that is missing or fails.
    pub fn device(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// Threads on the CPU; by default one per logical processor.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// Restarts per batch; by default chosen for the engine. No result depends on it.
    pub fn batch(self, batch: u64) -> Self {
        Self { batch: Some(batch), ..self }
    }

    /// Whether to keep the states of all restarts or only the best one's; by default the best one's.
    pub fn keep(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Whether each restart is refined: after its fixed point rows move to the cluster where they raise the inertia least
    /// (Hartigan's rule), all at once, while that lowers the inertia, and iterations go on from there. A refined restart is
    /// never worse than a plain one. Default: no. See docs/DEFINITION.md, section 3.14.
    pub fn refine(self, refine: bool) -> Self {
        Self { refine, ..self }
    }

    /// Limits on the number of rows of each cluster, of which either may be left out: then it is at least 1, or there is no
    /// most. Labels are then those of least inertia within the limits, not those of the nearest centroids (Bradley, Bennett
    /// and Demiriz 2000). All rows have one weight, or 0. See docs/DEFINITION.md, section 3.18.
    pub fn sizes(self, min: Option<u64>, max: Option<u64>) -> Self {
        Self { min_size: min, max_size: max, ..self }
    }

    /// How restarts are chosen; by default they are independent.
    pub fn search(self, search: Search) -> Self {
        Self { search, ..self }
    }

    /// Ends the run when this time is over, after the restart that runs then; at least one is done. The result is that of a
    /// run of so many restarts, of which there are at most [`MOST_OUTCOMES`]. The time of reading and packing does not count.
    /// Default: no limit.
    pub fn time(self, time: Duration) -> Self {
        Self { time: Some(time), ..self }
    }

    /// Ends a [`Search::Evolve`] after so many generations in a row without a lower inertia, at least 1. Default: no limit.
    pub fn patience(self, generations: u64) -> Self {
        Self { patience: Some(generations), ..self }
    }

    /// Whether a fit that its observer cancels returns the best of the restarts done until then, as if no more had been
    /// requested, instead of [`FitError::Cancelled`](super::FitError::Cancelled). Default: no.
    ///
    /// One of [`Algorithm::Minibatch`] returns the result of the batches done until then, likewise.
    ///
    /// Only if there are any, and only of the first [`MOST_OUTCOMES`](super::MOST_OUTCOMES) restarts: a fit cancelled after more of them is an error
    /// all the same, since its fingerprint would be that of no fit.
    pub fn best_so_far(self, best_so_far: bool) -> Self {
        Self { best_so_far, ..self }
    }

    /// The first check: what needs no data.
    ///
    /// # Errors
    /// [`ParamsError`] for the first invalid parameter.
    pub fn check(self) -> Result<Params, ParamsError> {
        let (min, max) = (self.min_size.unwrap_or(1), self.max_size);
        let limited = self.min_size.is_some() || max.is_some();
        let other = match self.algorithm {
            Algorithm::Bisecting => Some("the algorithm bisecting"),
            Algorithm::Minibatch(_) => Some("the algorithm minibatch"),
            Algorithm::Lloyd if self.search != Search::Restarts => Some("the search evolve"),
            Algorithm::Lloyd => self.refine.then_some("restarts that are refined"),
        };
        let batches = self.algorithm.minibatch();
        let Minibatch { rows, batches: n_batches } = batches.unwrap_or_default();
        let searches = self.refine || self.time.is_some() || self.search != Search::Restarts;
        let refused = [
            (self.n_clusters == 0, ParamsError::NoClusters),
            (self.n_restarts == 0, ParamsError::NoRestarts),
            (
                self.algorithm == Algorithm::Bisecting && self.n_restarts > MOST_OF_SPLIT,
                ParamsError::RestartsOfSplit(self.n_restarts),
            ),
            (self.max_iter == 0, ParamsError::NoIterations),
            (min == 0 || max.is_some_and(|max| max < min), ParamsError::BadSizes { min, max }),
            (
                limited && other.is_some(),
                ParamsError::SizesOfOther { min: self.min_size, max, other: other.unwrap_or_default() },
            ),
            (self.threads == Some(0), ParamsError::NoThreads),
            (self.threads > Some(threads::MOST), ParamsError::TooManyThreads(self.threads.unwrap_or(0))),
            (self.batch == Some(0), ParamsError::NoBatch),
            (self.search == Search::Evolve { population: 0 }, ParamsError::NoPopulation),
            (self.refine && self.metric == Metric::Cosine, ParamsError::RefinedDirections),
            (self.algorithm == Algorithm::Bisecting && searches, ParamsError::SearchOfSplits),
            (batches.is_some() && searches, ParamsError::SearchOfBatches),
            (rows == 0 || n_batches == 0, ParamsError::NoBatches { rows, batches: n_batches }),
            (
                batches.is_some_and(|batches| batches.all_rows() > Minibatch::MOST_ROWS),
                ParamsError::TooManyBatches { rows, batches: n_batches },
            ),
            (self.patience == Some(0), ParamsError::NoPatience),
            (self.patience.is_some() && self.search == Search::Restarts, ParamsError::PatienceOfRestarts),
            (!(self.tol.is_finite() && self.tol >= 0.0), ParamsError::BadTol(self.tol)),
        ];
        self.check_first()?;
        if let Some((_, error)) = refused.into_iter().find(|(bad, _)| *bad) {
            return Err(error);
        }
        if let Init::Centroids(rows) = &self.init {
            if self.algorithm == Algorithm::Bisecting {
                return Err(ParamsError::StartsOfBisecting);
            }
            if rows.nrows() != self.n_clusters {
                return Err(ParamsError::CentroidCount {
                    n_centroids: rows.nrows(),
                    n_clusters: self.n_clusters,
                });
            }
            if self.n_restarts > 1 {
                return Err(ParamsError::RestartsOfOneStart(self.n_restarts));
            }
        }
        Ok(Params(self))
    }

    /// Checks the first restart.
    fn check_first(&self) -> Result<(), ParamsError> {
        let (first, n_restarts) = (self.first_restart, self.n_restarts);
        let reasons = [
            (
                self.search != Search::Restarts,
                "those of an evolving search are children of the ones before them",
            ),
            (self.algorithm == Algorithm::Bisecting, "the algorithm bisecting has restarts of each split"),
            (self.algorithm.minibatch().is_some(), "the algorithm minibatch has restarts of a sample"),
            (matches!(self.init, Init::Centroids(_)), "given centroids have one restart"),
        ];
        match reasons.into_iter().find(|(bad, _)| *bad && first > 0) {
            Some((_, why)) => Err(ParamsError::FirstRestart { first, why }),
            None if first.checked_add(n_restarts).is_none() => {
                Err(ParamsError::RestartNumbers { first, n_restarts })
            }
            None => Ok(()),
        }
    }
}

/// Parameters that passed the first check: see [`KMeans::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct Params(KMeans);

impl From<Params> for KMeans {
    fn from(params: Params) -> Self {
        params.0
    }
}

impl Params {
    /// Number of clusters.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.0.n_clusters
    }

    /// What a distance is.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.0.metric
    }

    /// How clusters are found.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// Number of restarts that run in all: [`Algorithm::Bisecting`] has as many for each split. The batches of
    /// [`Algorithm::Minibatch`] count as restarts.
    #[must_use]
    pub fn restarts_run(&self) -> u64 {
        match self.0.algorithm {
            Algorithm::Lloyd => self.n_restarts(),
            Algorithm::Bisecting => (self.0.n_clusters as u64 - 1).saturating_mul(self.0.n_restarts),
            Algorithm::Minibatch(plan) => self.n_restarts().saturating_add(plan.batches.into()),
        }
    }

    /// Number of outcomes of a fit: one for each restart, or a single one of [`Algorithm::Bisecting`] and
    /// [`Algorithm::Minibatch`].
    #[must_use]
    pub fn n_outcomes(&self) -> u64 {
        match self.0.algorithm {
            Algorithm::Lloyd => self.n_restarts(),
            Algorithm::Bisecting | Algorithm::Minibatch(_) => 1,
        }
    }

    /// Number of restarts: the most there may be, if time or patience may end the run earlier.
    #[must_use]
    pub fn n_restarts(&self) -> u64 {
        match self.ends_early() {
            true => self.0.n_restarts.min(MOST_OUTCOMES as u64),
            false => self.0.n_restarts,
        }
    }

    /// Number of the first restart.
    #[must_use]
    pub fn first_restart(&self) -> u64 {
        self.0.first_restart
    }

    /// Whether time or patience may end the run before all restarts are done.
    #[must_use]
    pub fn ends_early(&self) -> bool {
        self.0.time.is_some() || self.0.patience.is_some()
    }

    /// How restarts are chosen.
    #[must_use]
    pub fn search(&self) -> Search {
        self.0.search
    }

    /// Whether each restart is refined.
    #[must_use]
    pub fn refine(&self) -> bool {
        self.0.refine
    }

    /// Limits on the rows of each cluster, the least and the most, if any is set.
    #[must_use]
    pub fn sizes(&self) -> Option<(Option<u64>, Option<u64>)> {
        let sizes = (self.0.min_size, self.0.max_size);
        (sizes != (None, None)).then_some(sizes)
    }

    /// The time after which the run ends, if set.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.0.time
    }

    /// The generations without a lower inertia after which the run ends, if set.
    #[must_use]
    pub fn patience(&self) -> Option<u64> {
        self.0.patience
    }

    /// Seed of the random numbers.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// How the first centroids are found.
    #[must_use]
    pub fn init(&self) -> &Init {
        &self.0.init
    }

    /// The start centroids, if they are given. (n_clusters, n_dims)
    #[must_use]
    pub fn starts(&self) -> Option<&Array2<f64>> {
        match &self.0.init {
            Init::Centroids(rows) => Some(rows),
            Init::KMeansPlusPlus | Init::Random => None,
        }
    }

    /// Maximum number of iterations of a restart.
    #[must_use]
    pub fn max_iter(&self) -> u32 {
        self.0.max_iter
    }

    /// Tolerance; 0 for the fixed point.
    #[must_use]
    pub fn tol(&self) -> f64 {
        self.0.tol
    }

    /// Where to run.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// Threads on the CPU, if set.
    #[must_use]
    pub fn threads(&self) -> Option<usize> {
        self.0.threads
    }

    /// Restarts per batch, if set.
    #[must_use]
    pub fn batch(&self) -> Option<u64> {
        self.0.batch
    }

    /// Which states are kept.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.0.keep
    }

    /// Whether a cancelled fit returns the best of the restarts done until then.
    #[must_use]
    pub fn best_so_far(&self) -> bool {
        self.0.best_so_far
    }

    /// The second check: the parameters against the data.
    ///
    /// # Errors
    /// [`ParamsError`]: too many clusters for the rows; given centroids that don't fit the points; for
    /// [`Metric::Cosine`] a table that was not packed by [`pack_for`](super::pack_for).
    pub fn job<'a>(&self, table: &'a Table) -> Result<Job<'a>, ParamsError> {
        self.job_of(table, None)
    }

    /// [`Params::job`]; with moments, of the head of a table that lies in a file.
    pub(super) fn job_of<'a>(
        &self,
        table: &'a Table,
        moments: Option<&Moments>,
    ) -> Result<Job<'a>, ParamsError> {
        let n_clusters = self.0.n_clusters;
        let positive = table.weights.positive();
        if n_clusters > positive {
            let weighted = positive < table.n_points();
            return Err(ParamsError::TooManyClusters { n_clusters, n_points: positive, weighted });
        }
        if let (Metric::Cosine, Some(row)) = (self.0.metric, table.first_without_direction()) {
            return Err(ParamsError::NotADirection { row: row + 1 });
        }
        Ok(Job {
            table,
            metric: self.0.metric,
            n_clusters,
            seeding: self.seeding(table)?,
            seed: self.0.seed,
            max_iter: self.0.max_iter,
            shift_limit: match moments {
                Some(moments) if self.0.tol > 0.0 => Some(limit_of(table, moments, self.0.tol)),
                Some(_) => None,
                None => shift_limit(table, self.0.tol),
            },
            refine: self.0.refine,
            sizes: self.sizes_for(table)?,
        })
    }

    /// The limits on sizes for a table that can keep them.
    fn sizes_for(&self, table: &Table) -> Result<Option<Sizes>, ParamsError> {
        let Some((min, max)) = self.sizes() else { return Ok(None) };
        let (n_clusters, n_points) = (self.0.n_clusters, table.weights.positive());
        let weighted = n_points < table.n_points();
        let sizes = Sizes { min: min.unwrap_or(1), max: max.unwrap_or(n_points as u64) };
        let all = n_points as u128;
        if n_clusters as u128 * u128::from(sizes.min) > all {
            return Err(ParamsError::TooFewRows { n_clusters, min: sizes.min, n_points, weighted });
        }
        if n_clusters as u128 * u128::from(sizes.max) < all {
            return Err(ParamsError::TooManyRows { n_clusters, max: sizes.max, n_points, weighted });
        }
        let weight = |row: usize| table.weights.get(row);
        let mut heavy = (0..table.n_points()).filter(|&row| weight(row) > 0);
        let first = heavy.next().unwrap_or(0);
        if let Some(row) = heavy.find(|&row| weight(row) != weight(first)) {
            let (weight, other_weight) = (weight(row), weight(first));
            let (row, other) = (row + 1, first + 1);
            return Err(ParamsError::UnevenWeights { row, weight, other, other_weight });
        }
        if table.n_points() as u128 * n_clusters as u128 > Sizes::MOST_PAIRS.into() {
            return Err(ParamsError::TooManyPairs { n_points: table.n_points(), n_clusters });
        }
        Ok(Some(sizes))
    }

    fn seeding(&self, table: &Table) -> Result<Seeding, ParamsError> {
        let rows = match &self.0.init {
            Init::KMeansPlusPlus => return Ok(Seeding::KMeansPlusPlus),
            Init::Random => return Ok(Seeding::Random),
            Init::Centroids(rows) => rows,
        };
        let mut values = values_of(rows, table.n_dims())?;
        if self.0.metric == Metric::Cosine {
            to_unit(&mut values, table.n_dims())?;
        }
        table.lattice.place_centroids(&values).map(Seeding::Given).map_err(ParamsError::Centroid)
    }
}

/// Scales start centroids to length 1. (n_clusters, n_dims), row-major
fn to_unit(values: &mut [f64], n_dims: usize) -> Result<(), ParamsError> {
    if let Some(row) = first_of_zeros(values, n_dims) {
        return Err(ParamsError::NoDirection { row: row + 1 });
    }
    if let Some(unit) = Scaling::new(Scale::Unit, n_dims, Vec::new(), Vec::new()) {
        unit.apply(values);
    }
    Ok(())
}

/// The values of given start centroids for points of `n_dims` features, row-major.
pub(super) fn values_of(starts: &Array2<f64>, n_dims: usize) -> Result<Vec<f64>, ParamsError> {
    if starts.ncols() != n_dims {
        return Err(ParamsError::CentroidDims { n_centroid_dims: starts.ncols(), n_dims });
    }
    Ok(starts.iter().copied().collect()) // row-major, whatever the memory layout
}
