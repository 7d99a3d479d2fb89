//! [`fit()`] and what it returns.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ndarray::Array2;

use super::algorithm::Algorithm;
use super::bisect::{Bisected, Split, bisect};
use super::checkpoint::{Checkpoint, Resumed};
use super::error::{FitError, no_restart};
use super::label_all::{Labelled, label_all};
use super::median::halfway;
use super::memory_plan::StreamedFrom;
use super::minibatch::{Minibatched, minibatch};
use super::pack::{bytes_of_pairs, pack_for_watched};
use super::params::Params;
use super::plan::RunPlan;
use super::pool::in_threads;
use super::ranks::Shared;
use super::restarts::{Restarts, Spread};
use super::run::{CONTINUE, complete, label_outside, lock, run_from};
use super::search::{RunEnd, Search, Searched};
use crate::comm;
use crate::data::{Dataset, Scaling};
use crate::engine::cost::JobSize;
use crate::engine::parts::{self, PartsSession, RowParts};
use crate::engine::{
    self, Batch, DeviceInfo, Engine, Estimates, Job, Keep, Metric, OpenOptions, Opened, Outcome, Session,
    State, Stop, Times, Unfinished, Work, digest,
};
use crate::lattice::{Lattice, Rounding, Table};
use crate::log::info;
use crate::memory;
use crate::numbers;

/// Progress of a fit: after a batch of restarts, or within a long one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Restarts done; of [`Algorithm::Minibatch`] those of its sample, then batches too.
    pub done: u64,
    /// How many of these an earlier process did: see [`Checkpoint::resume`].
    pub earlier: u64,
    /// Restarts requested, and batches.
    pub of: u64,
    /// What they are: `restarts`, or `restarts and batches`.
    pub unit: &'static str,
    /// Least inertia so far, in the user's units; infinite before a restart is done, and until the last split of
    /// [`Algorithm::Bisecting`] or the last batch of [`Algorithm::Minibatch`].
    pub best: f64,
    /// Outcomes of the batch; none within a batch.
    pub batch: &'a [Outcome],
    /// Iterations done so far by all restarts, as far as the device reports them: a GPU reports none.
    pub iterations: u64,
    /// Whether a fit that is cancelled now has a result, with [`KMeans::best_so_far`](super::KMeans::best_so_far).
    pub can_end: bool,
    /// Why the run could not be written to its [`Checkpoint`] the last time, if it could not.
    pub not_written: Option<&'a str>,
    table: &'a Table,
}

impl Progress<'_> {
    /// Converts a cost, such as the inertia of an outcome, to the user's units.
    #[must_use]
    pub fn cost(&self, cost: u128) -> f64 {
        self.table.cost(cost)
    }
}

/// Wall time of each part of a fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Finding the range and placing the rows on the lattice.
    pub pack: Duration,
    /// Opening the device and building its kernels.
    pub open: Duration,
    /// Uploading the points to the device.
    pub upload: Duration,
    /// Running the restarts, by step.
    pub run: Times,
    /// The whole fit.
    pub total: Duration,
}

/// A fitted clustering.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Number of rows.
    pub n_points: usize,
    /// The lattice: scale and offset of the integers.
    pub lattice: Lattice,
    /// How the rows were scaled before they were placed on the lattice; `None` too for a table that was packed before.
    pub scaling: Option<Scaling>,
    /// How its centroids follow from their rows.
    pub metric: Metric,
    /// The splits by which its clusters came about, in order, of [`Algorithm::Bisecting`]; else none.
    pub splits: Vec<Split>,
    /// Weight of the rows of the sample of [`Algorithm::Minibatch`]; else `None`.
    pub sample: Option<u64>,
    /// With limits on sizes ([`KMeans::sizes`](super::KMeans::sizes)): the inertia of the same centroids without them, each row at the nearest. In
    /// lattice units.
    pub unlimited: Option<u128>,
    /// Rounding errors from placing the rows on the lattice.
    pub rounding: Rounding,
    /// The given weight that corresponds to an integer weight of 1.
    pub weight_unit: f64,
    /// By how much rounding to integers changed the weights, relative to their sum; 0 if they are exact. See
    /// [`Weights::rounding`](crate::lattice::Weights::rounding).
    pub weights_rounding: f64,
    /// Outcomes of all restarts; with their states under [`Keep::All`].
    pub restarts: Restarts,
    /// The best restart.
    pub best: Outcome,
    /// The best restart's centroids, labels and counts.
    pub state: State,
    /// Distribution of the inertias.
    pub spread: Spread,
    /// How the restarts were chosen, and why there were no more.
    pub searched: Searched,
    /// Where the run went on, if it did: see [`Checkpoint::resume`].
    pub resumed: Option<Resumed>,
    /// Whether the fit was cancelled before a restart had ended: then it is the result of the iterations of one, as if these were
    /// the most allowed.
    pub unfinished: bool,
    /// The file that the table was streamed from, if it was: see [`fit_streamed`](super::fit_streamed()).
    pub streamed: Option<StreamedFrom>,
    /// How it was shared by processes, if it was: see [`fit_on_ranks`](super::fit_on_ranks()).
    pub shared: Option<Shared>,
    /// Hash of all results: two runs have the same fingerprint if and only if their results are equal, barring
    /// collisions.
    pub fingerprint: String,
    /// The device it was computed on.
    pub device: DeviceInfo,
    /// Which device was chosen and why, in one line.
    pub device_reason: String,
    /// The estimated times from which [`engine::Device::Auto`] chose, if it did.
    pub estimates: Option<Estimates>,
    /// Wall time of each part.
    pub timings: Timings,
}

impl Fit {
    /// Inertia of the best restart, in the user's units.
    #[must_use]
    pub fn inertia(&self) -> f64 {
        self.cost(self.best.inertia)
    }

    /// The mean cosine of a row and its centroid, by weight, of rows and centroids of length 1.
    #[must_use]
    pub fn mean_cosine(&self) -> f64 {
        let weight: u64 = self.state.counts.iter().sum();
        1.0 - self.lattice.cost(self.best.inertia) / (2.0 * weight as f64)
    }

    /// Converts a cost (weighted squared distance) to the user's units.
    #[must_use]
    pub fn cost(&self, cost: u128) -> f64 {
        self.lattice.cost(cost) * self.weight_unit
    }

    /// A cost in the user's units as text, with this many significant digits, also beyond the range of `f64`.
    #[must_use]
    pub fn cost_text(&self, cost: u128, digits: usize) -> String {
        numbers::product(cost, self.weight_unit, self.least_exponent() * 2, digits)
    }

    /// Median inertia of all restarts as text, as [`Fit::cost_text`].
    #[must_use]
    pub fn median_text(&self, digits: usize) -> String {
        let (low, high) = self.spread.median;
        match low == high {
            true => self.cost_text(low, digits),
            false => numbers::product(low + high, self.weight_unit, self.least_exponent() * 2 - 1, digits),
        }
    }

    /// An exponent e for which the inertias of all restarts, in units of 2^e, are ordinary floats; 0 if they are so in
    /// the user's units.
    #[must_use]
    pub fn cost_scale(&self) -> i32 {
        let ordinary = |cost: u128| cost == 0 || self.cost(cost).is_normal();
        if ordinary(self.spread.min) && ordinary(self.spread.max) {
            return 0;
        }
        self.least_exponent() * 2 + libm::ilogb(self.spread.max as f64) + libm::ilogb(self.weight_unit)
    }

    /// A cost in units of 2^`scale`.
    #[must_use]
    pub fn scaled_cost(&self, cost: u128, scale: i32) -> f64 {
        if scale == 0 {
            return self.cost(cost);
        }
        let (unit, power) = libm::frexp(self.weight_unit);
        libm::ldexp(cost as f64 * unit, self.least_exponent() * 2 + power - scale)
    }

    fn least_exponent(&self) -> i32 {
        self.lattice.exponent.iter().copied().min().unwrap_or(0)
    }

    /// Centroids in the user's units; of rows of unit length ([`Scale::Unit`](crate::data::Scale::Unit)), as they are.
    /// (n_clusters, n_dims)
    #[must_use]
    pub fn centroids(&self) -> Array2<f64> {
        let d = self.lattice.n_dims();
        let mut values = self.lattice.centroid_values(&self.state.centroids);
        self.scaling.iter().for_each(|scaling| scaling.undo(&mut values));
        Array2::from_shape_fn((values.len() / d, d), |(c, j)| values[c * d + j])
    }

    /// Nearest centroid of each row; [`engine::NO_LABEL`] for a row of weight zero that lies too far outside for the
    /// lattice. (n_points)
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.state.labels
    }

    /// Median inertia of all restarts, in the user's units.
    #[must_use]
    pub fn median_inertia(&self) -> f64 {
        let (low, high) = (self.cost(self.spread.median.0), self.cost(self.spread.median.1));
        halfway(low, high)
    }

    /// Restarts per second, without packing, opening the device and uploading.
    #[must_use]
    pub fn restarts_per_second(&self) -> f64 {
        self.spread.count as f64 / self.timings.run.sum().as_secs_f64()
    }

    /// Rows without a label.
    #[must_use]
    pub fn unlabelled(&self) -> Vec<usize> {
        (0..self.n_points).filter(|&row| self.labels()[row] == engine::NO_LABEL).collect()
    }

    /// Number of clusters without a row of positive weight.
    #[must_use]
    pub fn empty(&self) -> usize {
        self.state.counts.iter().filter(|&&n| n == 0).count()
    }

    /// How many labels were decided in floating point, and how many in integers.
    #[must_use]
    pub fn work(&self) -> Work {
        self.restarts.work
    }
}

/// Clusters the rows of `data`.
///
/// By the angle between rows, whatever their lengths:
///
/// ```
/// use cairn::data::{Dataset, Scale};
/// use cairn::engine::Metric;
/// use cairn::kmeans::{KMeans, fit};
///
/// let rows = [[1.0, 0.1], [90.0, 8.0], [0.2, 3.0], [0.1, 2.0]];
/// let data = Dataset::from(&rows[..]).scaled(Scale::Unit)?;
/// let fit = fit(&data, &KMeans::new(2).metric(Metric::Cosine).check()?)?;
/// assert_eq!(fit.labels()[0], fit.labels()[1]);
/// assert_ne!(fit.labels()[1], fit.labels()[2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FitError`]: rows that can't be read or are invalid, parameters that don't fit them, a device that fails.
pub fn fit(data: &Dataset<'_>, params: &Params) -> Result<Fit, FitError> {
    fit_with(data, params, &OpenOptions::default(), &mut |_| CONTINUE)
}

/// [`fit`] with options for opening the device. `progress` is called after each batch of restarts, and every 100 ms
/// within long ones. It cancels the fit if it returns [`ControlFlow::Break`], also within a restart: an error, or with
/// [`KMeans::best_so_far`](super::KMeans::best_so_far) a fit of the restarts done; or if none is, and the table is large,
/// of the iterations of the first one, where the device tells of them, as the CPU does.
///
/// A GPU if there is one, else the CPU, which says why; and an observer that cancels:
///
/// ```
/// use std::ops::ControlFlow;
///
/// use cairn::data;
/// use cairn::engine::{Device, OpenOptions};
/// use cairn::kmeans::{KMeans, fit_with};
///
/// let params = KMeans::new(10).restarts(1000).batch(20).device(Device::Gpu).best_so_far(true).check()?;
/// let options = OpenOptions { fallback: Some(true), ..OpenOptions::default() };
/// let mut watch = |progress: &cairn::kmeans::Progress<'_>| match progress.done {
///     0..40 => ControlFlow::Continue(()),
///     _ => ControlFlow::Break(()),
/// };
/// let fit = fit_with(&data::digits(), &params, &options, &mut watch)?;
/// assert_eq!(fit.spread.count, 40);
/// if let Some(why) = &fit.device.fallback {
///     println!("on the CPU, since {why}");
/// }
/// # Ok::<(), cairn::kmeans::FitError>(())
/// ```
///
/// Within a single restart that takes long, here one that may take a minute:
///
/// ```
/// use std::ops::ControlFlow;
/// use std::time::{Duration, Instant};
///
/// use cairn::data::Dataset;
/// use cairn::engine::{Device, OpenOptions};
/// use cairn::kmeans::{FitError, KMeans, fit_with};
/// use cairn::ndarray::Array2;
///
/// let table = Array2::from_shape_fn((50_000, 8), |(i, j)| (i * (j + 7) % 997) as f64);
/// let params = KMeans::new(5000).restarts(1).device(Device::Cpu).check()?;
/// let start = Instant::now();
/// let mut watch = |_: &cairn::kmeans::Progress<'_>| match start.elapsed() < Duration::from_millis(250) {
///     true => ControlFlow::Continue(()),
///     false => ControlFlow::Break(()),
/// };
/// let cancelled = fit_with(&Dataset::from(&table), &params, &OpenOptions::default(), &mut watch);
/// assert!(matches!(cancelled, Err(FitError::Cancelled { done: 0, of: 1 })));
/// assert!(start.elapsed() < Duration::from_secs(10));
/// # Ok::<(), cairn::kmeans::FitError>(())
/// ```
///
/// Device and threads are those of `params`; all else about the device is in `options`.
///
/// # Errors
/// As [`fit`]; [`FitError::Cancelled`].
pub fn fit_with(
    data: &Dataset<'_>,
    params: &Params,
    options: &OpenOptions,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    let options =
        OpenOptions { size: Some(job_size(data, params)), threads: params.threads(), ..options.clone() };
    fit_on(&engine::open(params.device(), &options)?, data, params, progress)
}

/// The size of a job before it runs, from which [`engine::Device::Auto`] chooses.
#[must_use]
pub fn job_size(data: &Dataset<'_>, params: &Params) -> JobSize {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    let (n_clusters, n_restarts) = (params.n_clusters(), params.n_restarts());
    let of = |n_points| JobSize::before(n_points, n_dims, n_clusters, n_restarts, params.max_iter());
    match params.algorithm().minibatch() {
        Some(plan) => {
            let once = plan.all_rows().saturating_add(n_points as u64);
            JobSize { once, ..of(plan.sample(n_clusters).min(n_points)) }
        }
        None => {
            let cpu_only = params.sizes().map(|_| "limits on sizes are kept there, whatever the device");
            JobSize { cpu_only, ..of(n_points) }
        }
    }
}

/// [`fit_with`] on an open device.
///
/// # Errors
/// As [`fit_with`].
pub fn fit_on(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    fit_in_steps(opened, data, params, &mut |step| match step {
        Step::Pack { .. } => CONTINUE,
        Step::Restarts(restarts) => progress(&restarts),
    })
}

/// A step of a fit.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Rows are placed on the lattice. It can't be cancelled.
    Pack {
        /// Rows visited, each of them twice.
        done: u64,
        /// Visits in all.
        of: u64,
    },
    /// Restarts run.
    Restarts(Progress<'a>),
}

/// [`fit_on`], which tells about packing too.
///
/// # Errors
/// As [`fit_with`].
pub fn fit_in_steps(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    fit_of_data(opened, data, params, None, seen)
}

/// [`fit_in_steps`], which writes the run to a file while it goes on, or goes on with the run in that file: see
/// [`Checkpoint`]. The fit is the same, to the last bit. Where the file can't be written, the run goes on:
/// [`Progress::not_written`] says so then, and [`Checkpoint::finish`] at the end.
///
/// The whole table is hashed, which takes about as long as packing it. Between the iterations of a restart only the CPU
/// writes it; a restart of a GPU that was stopped begins again.
///
/// # Errors
/// As [`fit_with`]; [`FitError::Saved`] for another run's file, and for what no file holds: the algorithms bisecting and
/// minibatch, [`Keep::All`], and more than [`MOST_OUTCOMES`](super::MOST_OUTCOMES) restarts.
pub fn fit_with_checkpoint(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    checkpoint: &mut Checkpoint,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    checkpoint.check(params)?;
    fit_of_data(opened, data, params, Some(checkpoint), seen)
}

fn fit_of_data(
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
    checkpoint: Option<&mut Checkpoint>,
    seen: &mut (dyn FnMut(Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    in_threads(params.threads(), || {
        let start = Instant::now();
        let table = pack_for_watched(data, params, &mut |done, of| {
            let _ = seen(Step::Pack { done, of });
        })?;
        let packed = start.elapsed();
        info!("placed {} rows of {} features on the lattice in {packed:?}", table.n_points(), table.n_dims());
        let kept = checkpoint.map(|checkpoint| (checkpoint, &*data.name));
        let mut fit = fit_packed(opened, (&table, None), params, kept, &mut |progress| {
            seen(Step::Restarts(*progress))
        })?;
        fit.scaling = data.points.scaling().cloned();
        fit.timings.pack = packed;
        fit.timings.total += packed;
        Ok(fit)
    })
}

/// Clusters a packed table.
///
/// # Errors
/// [`FitError::Params`], [`FitError::Engine`], [`FitError::Cancelled`], [`FitError::Memory`].
pub fn fit_table(
    opened: &Opened,
    table: &Table,
    params: &Params,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    fit_packed(opened, (table, None), params, None, progress)
}

/// A checkpoint, and the name of the table.
type Kept<'a> = Option<(&'a mut Checkpoint, &'a str)>;

/// The rows of a table that is not in the memory of this process as a whole, and the hashes of its blocks.
pub(super) type Elsewhere<'a> = Option<(RowParts<'a>, &'a [blake3::Hash])>;

/// Clusters a packed table, or one whose rows are elsewhere, of which the table is the head.
pub(super) fn fit_packed(
    opened: &Opened,
    (table, elsewhere): (&Table, Elsewhere<'_>),
    params: &Params,
    checkpoint: Kept<'_>,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Fit, FitError> {
    let start = Instant::now();
    let job = params.job_of(table, elsewhere.map(|(rows, _)| rows.moments()))?;
    if job.sizes.is_some() {
        memory::check(bytes_of_pairs(table.n_points(), job.n_clusters))?;
    }
    let Ran {
        mut restarts,
        searched,
        resumed,
        splits,
        sample,
        unfinished,
        mut device,
        loading: [loaded, built],
    } = match params.algorithm() {
        Algorithm::Lloyd => lloyd(opened, (&job, elsewhere), params, checkpoint, progress)?,
        Algorithm::Bisecting | Algorithm::Minibatch(_) => of_one(opened, table, params, progress)?,
    };
    let missing = || no_restart(&opened.engine.info());
    let best = *restarts.best().ok_or_else(missing)?;
    let fingerprint = restarts.fingerprint(&job);
    let state = match params.keep() {
        Keep::All => restarts.best_state().cloned(),
        Keep::Best => restarts.states.pop().map(|(_, state)| state), // a move: the labels may be large
    };
    let state = state.ok_or_else(missing)?;
    let (count, took) = (restarts.count(), start.elapsed());
    info!(
        "{count} restarts in {took:?}: the best is {}, of inertia {}",
        best.restart,
        table.cost(best.inertia)
    );
    let spread = restarts.spread().ok_or_else(missing)?;
    let unlimited = match job.sizes {
        None => None,
        Some(_) => {
            let engine = opened.engine.as_ref();
            Some(label_all(engine, table, state.centroids.clone())?.inertia)
        }
    };
    let timings = Timings {
        open: opened.took + built,
        upload: loaded.saturating_sub(built),
        run: restarts.times,
        total: opened.took + start.elapsed(),
        ..Timings::default()
    };
    device.fallback = device.fallback.or_else(|| opened.fallback.clone());
    Ok(Fit {
        n_points: table.n_points(),
        lattice: table.lattice.clone(),
        scaling: None,
        metric: params.metric(),
        splits,
        sample,
        unlimited,
        rounding: table.rounding.clone(),
        weight_unit: table.weights.unit(),
        weights_rounding: table.weights.rounding(),
        fingerprint,
        restarts,
        best,
        state,
        spread,
        searched,
        resumed,
        unfinished,
        streamed: None,
        shared: None,
        device_reason: format!("{} ({}): {}", device.used, device.adapter, opened.why),
        device,
        estimates: opened.estimates.clone(),
        timings,
    })
}

/// What an algorithm leaves of a fit.
struct Ran {
    restarts: Restarts,
    searched: Searched,
    resumed: Option<Resumed>,
    splits: Vec<Split>,
    sample: Option<u64>,
    unfinished: bool, // the only restart
    device: DeviceInfo,
    loading: [Duration; 2], // all of it, and the part for building kernels
}

fn lloyd(
    opened: &Opened,
    (job, elsewhere): (&Job<'_>, Elsewhere<'_>),
    params: &Params,
    checkpoint: Kept<'_>,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Ran, FitError> {
    let table = job.table;
    let hashes = elsewhere.map(|(_, hashes)| hashes);
    let kept = checkpoint.map(|(checkpoint, data)| checkpoint.begin(params, (job, hashes), data)).transpose();
    // the file of the first rank may be one that can't be written now
    let kept = match elsewhere {
        Some((rows, _)) => comm::agree(rows.comm(), kept.map_err(FitError::from))?,
        None => kept?,
    };
    let (from, recorder) = kept.map_or_else(Default::default, |(from, recorder)| (from, Some(recorder)));
    let start = Instant::now();
    let mut session = match elsewhere {
        Some((rows, _)) => {
            Box::new(PartsSession::new(opened.engine.as_ref(), job, rows)) as Box<dyn Session + '_>
        }
        None => opened.engine.load(job)?,
    };
    let loading = [start.elapsed(), session.build_time()];
    let n_restarts = params.n_restarts();
    let (mut done, mut least, iterations) = (0, u128::MAX, AtomicU64::new(0));
    let latest = Mutex::new(None);
    // what the state of a plain restart after an iteration is worth: the result of so many iterations
    let is_plain =
        recorder.is_none() && !job.refine && job.sizes.is_none() && params.search() == Search::Restarts;
    let begun = |latest: &Option<Unfinished>| latest.as_ref().is_some_and(|from| from.iterations > 0);
    let earlier = from.restarts.count();
    let mut seen = |batch: &[Outcome], not_written: Option<&str>| {
        done += batch.len() as u64;
        least = batch.iter().map(|outcome| outcome.inertia).fold(least, u128::min);
        let best = if done == 0 { f64::INFINITY } else { table.cost(least) };
        let iterations = iterations.load(Ordering::Relaxed);
        let (of, unit) = (n_restarts, "restarts");
        let can_end = done > 0 || is_plain && begun(&lock(&latest));
        progress(&Progress { done, earlier, of, unit, best, batch, iterations, can_end, not_written, table })
    };
    if recorder.is_some() {
        // of the process before; the first batch asks whether to go on
        let _ = seen(&from.restarts.outcomes, None);
    }
    let plan = RunPlan::of(params);
    let (mut restarts, searched, resumed) =
        run_from(session.as_mut(), job, &plan, (&iterations, &latest), (from, recorder), &mut seen)?;
    let device = session.info();
    drop(session); // with what it knows of the rows
    let mut unfinished = false;
    if params.best_so_far()
        && restarts.count() == 0
        && is_plain
        && let Some(from) = lock(&latest).take().filter(|from| from.iterations > 0)
    {
        restarts = so_far(opened.engine.as_ref(), (job, elsewhere), from, start.elapsed())?;
        unfinished = true;
        // the one who watches hears of it, and can't end what has ended
        let _ = seen(&restarts.outcomes, None);
    }
    if !(params.best_so_far() && restarts.count() > 0 && restarts.are_all_kept()) {
        restarts = complete(restarts, searched.ended, n_restarts)?;
    }
    let splits = Vec::new();
    Ok(Ran { restarts, searched, resumed, splits, sample: None, unfinished, device, loading })
}

/// A restart that was cancelled, as if its last iteration were the last one allowed.
fn so_far(
    engine: &dyn Engine,
    (job, elsewhere): (&Job<'_>, Elsewhere<'_>),
    from: Unfinished,
    took: Duration,
) -> Result<Restarts, FitError> {
    let Unfinished { restart, iterations, centroids } = from;
    let (state, inertia) = match elsewhere {
        Some((rows, _)) => parts::label_all(engine, &rows, centroids)?,
        None => {
            let Labelled { state, inertia, .. } = label_all(engine, job.table, centroids)?;
            (state, inertia)
        }
    };
    let digest = digest(&state.centroids);
    let outcome = Outcome { restart, inertia, iterations, stop: Stop::MaxIter, digest };
    let times = Times { iterate: took, ..Times::default() };
    let mut restarts = Restarts::of_one(outcome, state, Batch { times, ..Batch::new() });
    label_outside(job, &mut restarts);
    Ok(restarts)
}

/// An algorithm of one outcome, which is told of at the end.
fn of_one(
    opened: &Opened,
    table: &Table,
    params: &Params,
    progress: &mut (dyn FnMut(&Progress<'_>) -> ControlFlow<()> + Send),
) -> Result<Ran, FitError> {
    let of = params.restarts_run();
    let best = f64::INFINITY;
    let unit = if params.algorithm().minibatch().is_some() { "restarts and batches" } else { "restarts" };
    let begun = Progress {
        done: 0,
        earlier: 0,
        of,
        unit,
        best,
        batch: &[],
        iterations: 0,
        can_end: false,
        not_written: None,
        table,
    };
    let mut done = 0;
    let mut seen = |so_far: u64| {
        done = so_far;
        progress(&Progress { done, can_end: done > 0, ..begun })
    };
    let (engine, searched) = (opened.engine.as_ref(), Searched::plain());
    let ran = if let Some(plan) = params.algorithm().minibatch() {
        let Minibatched { restarts, sample, cancelled, device, loading } =
            minibatch(engine, table, params, plan, &mut seen)?;
        let splits = Vec::new();
        let ended = if cancelled { RunEnd::Cancelled } else { RunEnd::Restarts };
        let searched = Searched { ended, ..searched };
        Ran {
            restarts,
            searched,
            resumed: None,
            splits,
            sample: Some(sample),
            unfinished: false,
            device,
            loading,
        }
    } else {
        let Bisected { restarts, splits, device, loading } = bisect(engine, table, params, &mut seen)?;
        Ran { restarts, searched, resumed: None, splits, sample: None, unfinished: false, device, loading }
    };
    let best = table.cost(ran.restarts.best().map_or(0, |best| best.inertia));
    let batch = &ran.restarts.outcomes;
    let done = match ran.searched.ended {
        RunEnd::Cancelled => done,
        RunEnd::Restarts | RunEnd::Time | RunEnd::Patience => of,
    };
    let _ = progress(&Progress { done, can_end: done > 0, best, batch, ..begun });
    Ok(ran)
}
