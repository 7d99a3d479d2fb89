//! Minibatch k-means (docs/DEFINITION.md, section 3.16): a sample is fitted, then batches of drawn rows move its centroids,
//! and all rows are labelled once. The batches of a stream come from outside: see [`Stream`](super::Stream).

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::error::no_restart;
use super::label_all::{Labelled, label_all, nearest_of_all};
use super::plan::RunPlan;
use super::run::{label_outside, run_until};
use super::{FitError, Minibatch, Params, Restarts};
use crate::engine::draws::{Draws, STREAM_OF_ROWS};
use crate::engine::nearest_two::NearestTwo;
use crate::engine::reference::Sums;
use crate::engine::reference::empty::refill;
use crate::engine::reference::stop::shift_limit;
use crate::engine::reference::update::centroids_of;
use crate::engine::rows::RowsByWeight;
use crate::engine::{Batch, DeviceInfo, Engine, Job, Metric, Outcome, State, Stop, digest};
use crate::lattice::Table;

/// The result of a minibatch run.
#[derive(Debug, Clone)]
pub struct Minibatched {
    /// One outcome and its state. Its iterations are the batches, and it stopped at [`Stop::FixedPoint`] only if one more
    /// iteration over all rows would change no centroid.
    pub restarts: Restarts,
    /// Weight of the rows of the sample.
    pub sample: u64,
    /// Whether it was cancelled after fewer batches than asked for; then it is the result of these.
    pub cancelled: bool,
    /// What it ran on.
    pub device: DeviceInfo,
    /// Time for loading the sample, of which the second is for building kernels.
    pub loading: [Duration; 2],
}

/// Centroids, and the sums of all rows that have ever been assigned to them.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) centroids: Vec<i32>, // (n_clusters, n_dims)
    pub(super) sums: Sums,
}

/// The first batch of all, fitted.
pub(super) struct First {
    pub(super) running: Running,
    pub(super) labels: Vec<u32>, // (n_points)
    pub(super) inertia: u128,
    pub(super) batch: Batch, // work and times
    pub(super) device: DeviceInfo,
    pub(super) loading: [Duration; 2],
}

/// Fits a sample, moves its centroids by batches of drawn rows, and labels all rows.
///
/// `seen` is called with the restarts and batches done, from any thread; it cancels the run by returning
/// [`ControlFlow::Break`]. With [`KMeans::best_so_far`](super::KMeans::best_so_far) a run that is cancelled after a batch
/// ends as one of so many batches does.
///
/// # Errors
/// [`FitError::Params`]; [`FitError::Engine`] if the device fails; [`FitError::CancelledBatches`].
pub fn minibatch(
    engine: &dyn Engine,
    table: &Table,
    params: &Params,
    plan: Minibatch,
    seen: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<Minibatched, FitError> {
    let job = params.job(table)?;
    let rows = RowsByWeight::new(table);
    let mut draws = Draws::new(job.seed, STREAM_OF_ROWS);
    let mut draw = |n: usize| table.draw(&(0..n).map(|_| rows.draw(&mut draws) as u32).collect::<Vec<_>>());
    let size = plan.sample(job.n_clusters);
    let sample =
        if size as u64 >= table.weights.total() { table.select(&table.weighted_rows()) } else { draw(size) };
    let First { mut running, batch, mut device, loading, .. } =
        fit_first(engine, &sample, params, &job, seen)?;
    let sample = sample.weights.total();
    let start = Instant::now();
    let (mut done, mut cancelled) = (0, false);
    while done < plan.batches && !cancelled {
        let rows = draw(plan.rows as usize);
        let (_, used) = running.follow(engine, &rows, job.metric)?;
        device = if used.fallback.is_some() { used } else { device };
        done += 1;
        cancelled = seen(params.n_restarts() + u64::from(done)).is_break() && done < plan.batches;
    }
    if cancelled && !params.best_so_far() {
        return Err(FitError::CancelledBatches { done, of: plan.batches });
    }
    let mut batch = batch;
    batch.times.iterate += start.elapsed();
    let Labelled { state, inertia, device: used } = label_all(engine, table, running.centroids)?;
    let device = if used.fallback.is_some() { used } else { device };
    let stop = if is_fixed_point(&job, &state) { Stop::FixedPoint } else { Stop::MaxIter };
    let outcome = Outcome { restart: 0, inertia, iterations: done, stop, digest: digest(&state.centroids) };
    let mut restarts = Restarts::of_one(outcome, state, batch);
    label_outside(&job, &mut restarts);
    Ok(Minibatched { restarts, sample, cancelled, device, loading })
}

/// The best restart of a table, with the sums of its labels. `whole` is the job of which the table is a part.
pub(super) fn fit_first(
    engine: &dyn Engine,
    table: &Table,
    params: &Params,
    whole: &Job<'_>,
    seen: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<First, FitError> {
    let job = Job { table, shift_limit: shift_limit(table, params.tol()), ..whole.clone() };
    let start = Instant::now();
    let mut session = engine.load(&job)?;
    let loading = [start.elapsed(), session.build_time()];
    let n = params.n_restarts();
    let mut done = 0;
    let mut observer = |batch: &[Outcome]| {
        done += batch.len() as u64;
        seen(done)
    };
    let plan = RunPlan { batch_size: params.batch(), ..RunPlan::restarts(n) };
    let (mut ran, _) = run_until(session.as_mut(), &job, &plan, &AtomicU64::new(0), &mut observer)?;
    if ran.count() < n {
        return Err(match params.algorithm().minibatch() {
            Some(plan) => FitError::CancelledBatches { done: 0, of: plan.batches },
            None => FitError::Cancelled { done: ran.count(), of: n },
        });
    }
    let device = session.info();
    let inertia = ran.best().ok_or_else(|| no_restart(&device))?.inertia;
    let (_, State { centroids, labels, .. }) = ran.states.pop().ok_or_else(|| no_restart(&device))?;
    let sums = Sums::of(table, &labels, job.n_clusters);
    let batch = Batch { work: ran.work, times: ran.times, ..Batch::new() };
    Ok(First { running: Running { centroids, sums }, labels, inertia, batch, device, loading })
}

impl Running {
    /// Adds each row of a table to the sums of its nearest centroid, and moves the centroids to what the sums say. Returns
    /// what was nearest before that, and what it ran on.
    pub(super) fn follow(
        &mut self,
        engine: &dyn Engine,
        table: &Table,
        metric: Metric,
    ) -> Result<(Vec<NearestTwo>, DeviceInfo), FitError> {
        let (found, device) = nearest_of_all(engine, table, &self.centroids)?;
        self.sums.add_table(table, found.iter().map(|found| found.label));
        self.centroids = centroids_of(metric, &table.lattice, &self.sums, &self.centroids);
        Ok((found, device))
    }
}

/// Whether one more iteration over all rows would change no centroid.
fn is_fixed_point(job: &Job<'_>, state: &State) -> bool {
    let mut labels = state.labels.clone();
    let mut sums = Sums::of(job.table, &labels, job.n_clusters);
    refill(job.table, &state.centroids, &mut labels, &mut sums);
    centroids_of(job.metric, &job.table.lattice, &sums, &state.centroids) == state.centroids
}
