//! The loop over batches of restarts, and the size of a batch.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::search::Population;
use super::{FitError, Params, Restarts, RunEnd, Search, Searched};
use crate::engine::reference::assign::assign_outside;
use crate::engine::{Batch, Job, Keep, NO_LABEL, Outcome, Session, Watch};

/// The batch size grows after a batch shorter than this.
const SHORT: Duration = Duration::from_millis(100);
/// The batch size shrinks after a batch longer than this.
const LONG: Duration = Duration::from_millis(400);
/// How much longer batches of a steady session may be: see [`Session::is_steady`].
const STEADY: u32 = 10;
/// Restarts in the first batch.
const FIRST_BATCH: u64 = 8;

/// What an observer returns to continue a run. [`ControlFlow::Break`] cancels it.
pub const CONTINUE: ControlFlow<()> = ControlFlow::Continue(());

/// How many restarts run, and how they are chosen.
#[derive(Debug, Clone, Copy)]
pub struct RunPlan {
    /// Number of the first restart; 0 of a search that has a population.
    pub first: u64,
    /// Restarts, the most if `time` or `patience` is set.
    pub n_restarts: u64,
    /// Restarts per batch; by default the size follows the time that batches take.
    pub batch_size: Option<u64>,
    /// Which states are kept.
    pub keep: Keep,
    /// How restarts are chosen.
    pub search: Search,
    /// The time after which the run ends.
    pub time: Option<Duration>,
    /// The generations without a lower inertia after which the run ends.
    pub patience: Option<u64>,
}

impl RunPlan {
    /// So many independent restarts, of which the best state is kept.
    #[must_use]
    pub fn restarts(n_restarts: u64) -> Self {
        let search = Search::Restarts;
        Self { first: 0, n_restarts, batch_size: None, keep: Keep::Best, search, time: None, patience: None }
    }

    /// That of a fit with these parameters.
    #[must_use]
    pub fn of(params: &Params) -> Self {
        Self {
            first: 0,
            n_restarts: params.n_restarts(),
            batch_size: params.batch(),
            keep: params.keep(),
            search: params.search(),
            time: params.time(),
            patience: params.patience(),
        }
    }

    /// The restarts of a generation, of a search that has some.
    fn population(&self, job: &Job<'_>) -> Option<u64> {
        match self.search {
            Search::Evolve { population } if job.n_clusters > 1 => Some(population.min(self.n_restarts)),
            Search::Evolve { .. } | Search::Restarts => None,
        }
    }
}

/// Runs `n_restarts` independent restarts in batches. Without a `batch_size`, the size follows the time that batches take.
///
/// # Errors
/// As [`run_plan`].
pub fn run(
    session: &mut dyn Session,
    job: &Job<'_>,
    n_restarts: u64,
    batch_size: Option<u64>,
    keep: Keep,
    observer: &mut (dyn FnMut(&[Outcome]) -> ControlFlow<()> + Send),
) -> Result<Restarts, FitError> {
    let plan = RunPlan { batch_size, keep, ..RunPlan::restarts(n_restarts) };
    run_plan(session, job, &plan, observer)
}

/// Runs the restarts of `plan` in batches. Every fit, comparison and check uses this loop.
///
/// `observer` is called after each batch with its outcomes, and within long ones every 100 ms with none, from any thread.
/// It cancels the run by returning [`ControlFlow::Break`], except after the last batch.
///
/// # Errors
/// [`FitError::Engine`] if the device fails, [`FitError::Cancelled`].
pub fn run_plan(
    session: &mut dyn Session,
    job: &Job<'_>,
    plan: &RunPlan,
    observer: &mut (dyn FnMut(&[Outcome]) -> ControlFlow<()> + Send),
) -> Result<Restarts, FitError> {
    let (all, searched) = run_until(session, job, plan, &AtomicU64::new(0), observer)?;
    complete(all, searched.ended, plan.n_restarts)
}

/// The restarts, if the run was not cancelled.
pub(super) fn complete(all: Restarts, ended: RunEnd, of: u64) -> Result<Restarts, FitError> {
    match ended {
        RunEnd::Cancelled => Err(FitError::Cancelled { done: all.count(), of }),
        RunEnd::Restarts | RunEnd::Time | RunEnd::Patience => Ok(all),
    }
}

/// [`run_plan`], which when it is cancelled returns the restarts done until then, perhaps none. Counts iterations.
pub(super) fn run_until(
    session: &mut dyn Session,
    job: &Job<'_>,
    plan: &RunPlan,
    iterations: &AtomicU64,
    observer: &mut (dyn FnMut(&[Outcome]) -> ControlFlow<()> + Send),
) -> Result<(Restarts, Searched), FitError> {
    let RunPlan { first, n_restarts, batch_size, keep, .. } = *plan;
    let begun = Instant::now();
    let is_over = |done: u64| done > 0 && plan.time.is_some_and(|time| begun.elapsed() >= time);
    let mut all = Restarts::default();
    let mut population = plan.population(job).map(Population::new);
    let first_batch = if plan.time.is_some() { 1 } else { FIRST_BATCH };
    let mut size = batch_size.unwrap_or(first_batch);
    let last = first.saturating_add(n_restarts);
    let (mut next, mut ended) = (first, RunEnd::Restarts);
    while next < last {
        let mut end = last.min(next.saturating_add(size.min(session.max_batch())));
        let start = Instant::now();
        let mut timed_out = false;
        let mut within = || {
            timed_out = is_over(next - first);
            if timed_out { ControlFlow::Break(()) } else { observer(&[]) }
        };
        let watch = Watch::new(&mut within).counting(iterations);
        let mut batch = match &population {
            None => session.run(next..end, keep, &watch)?,
            Some(population) => {
                end = end.min(population.end_of_generation(next));
                match population.members() {
                    None => session.run(next..end, Keep::All, &watch)?,
                    Some(members) => session.evolve(members, next..end, Keep::All, &watch)?,
                }
            }
        };
        let cut = watch.has_ended();
        if cut {
            batch.keep_first_of(next..end, if population.is_some() { Keep::All } else { keep });
        }
        if let Some(population) = &mut population {
            population.add(&batch.outcomes, &batch.states);
            batch.merge(Batch::new(), keep); // of all states those that are kept
        }
        let wall = start.elapsed();
        let is_empty = batch.outcomes.is_empty();
        let seen = if cut && is_empty { CONTINUE } else { observer(&batch.outcomes) };
        all.take(batch, keep, wall, (job, n_restarts));
        next = end;
        let patient =
            population.as_ref().zip(plan.patience).is_none_or(|(population, of)| population.idle < of);
        let early = match (cut, seen) {
            (true, _) if !timed_out => Some(RunEnd::Cancelled),
            (_, ControlFlow::Break(())) if next < last => Some(RunEnd::Cancelled),
            _ if next < last && !patient => Some(RunEnd::Patience),
            _ if cut || (next < last && is_over(next - first)) => Some(RunEnd::Time),
            _ => None,
        };
        if let Some(early) = early {
            ended = early;
            break;
        }
        if batch_size.is_none() {
            let wall = if session.is_steady() { wall / STEADY } else { wall };
            size = next_size(size, wall, session.max_batch());
        }
    }
    label_outside(job, &mut all);
    let (generations, accepted) = population.map_or((0, 0), |of| (of.generations, of.accepted));
    let searched = Searched { search: plan.search, refine: job.refine, generations, accepted, ended };
    Ok((all, searched))
}

/// Labels the rows of weight zero outside the range, which engines see as zeros: with [`NO_LABEL`] where they have no
/// coordinates.
pub(super) fn label_outside(job: &Job<'_>, restarts: &mut Restarts) {
    for (_, state) in &mut restarts.states {
        for (row, q) in &job.table.outside {
            state.labels[*row] = assign_outside(job.table, &state.centroids, q);
        }
        for &row in &job.table.unplaced {
            state.labels[row] = NO_LABEL;
        }
    }
}

fn next_size(size: u64, wall: Duration, most: u64) -> u64 {
    match wall {
        wall if wall < SHORT => (size * 2).min(most),
        wall if wall > LONG => (size / 2).max(1),
        _ => size,
    }
}
