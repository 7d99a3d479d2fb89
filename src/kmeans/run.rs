//! The loop over batches of restarts, and the size of a batch.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoint::{Recorder, Resumed, Start};
use super::plan::RunPlan;
use super::search::Population;
use super::{FitError, Restarts, RunEnd, Searched};
use crate::engine::reference::assign::assign_outside;
use crate::engine::{Batch, EngineError, Job, Keep, NO_LABEL, Outcome, Session, Unfinished, Watch};
use crate::log::debug;

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
    let latest = Mutex::new(None);
    let (all, searched, _) =
        run_from(session, job, plan, (iterations, &latest), (Start::default(), None), &mut |outcomes, _| {
            observer(outcomes)
        })?;
    Ok((all, searched))
}

/// What sees a run: the outcomes of a batch, and why the last checkpoint was not written.
pub(super) type Seen<'a> = &'a mut (dyn FnMut(&[Outcome], Option<&str>) -> ControlFlow<()> + Send);

/// [`run_until`], from where an earlier process left the run, with a recorder that writes it to its checkpoint. Also returns
/// where it went on, if it did. Without a recorder `latest` has the state of the first restart of a large table while none has
/// ended.
pub(super) fn run_from(
    session: &mut dyn Session,
    job: &Job<'_>,
    plan: &RunPlan,
    (iterations, latest): (&AtomicU64, &Mutex<Option<Unfinished>>),
    (start, mut recorder): (Start, Option<Recorder<'_>>),
    observer: Seen<'_>,
) -> Result<(Restarts, Searched, Option<Resumed>), FitError> {
    let RunPlan { first, n_restarts, batch_size, keep, .. } = *plan;
    let Start { restarts: mut all, population, mut unfinished, spent, resumed } = start;
    let mut resumed = resumed.then(|| Resumed { restarts: all.count(), iterations: 0 });
    let begun = Instant::now();
    all.note_earlier(spent);
    let spent = || spent + begun.elapsed();
    let is_over = |done: u64| done > 0 && plan.time.is_some_and(|time| spent() >= time);
    let is_patient =
        |of: &Option<Population>| of.as_ref().zip(plan.patience).is_none_or(|(of, most)| of.idle < most);
    let mut population = population.or_else(|| plan.population(job).map(Population::new));
    let records = recorder.is_some();
    // a process may be killed: then a batch is lost
    let first_batch = if plan.time.is_some() || records { 1 } else { FIRST_BATCH };
    let mut size = batch_size.unwrap_or(first_batch);
    let last = first.saturating_add(n_restarts);
    let mut next = first.saturating_add(all.count());
    let mut ended = match resumed {
        Some(from) if from.restarts > 0 && next < last && !is_patient(&population) => RunEnd::Patience,
        Some(_) if next < last && is_over(next - first) => RunEnd::Time,
        _ => RunEnd::Restarts,
    };
    ended = of_all(session, ended)?;
    while next < last && ended == RunEnd::Restarts {
        let mut end = last.min(next.saturating_add(size.min(session.max_batch())));
        if let Some(population) = &population {
            end = end.min(population.end_of_generation(next));
        }
        let goes_on = unfinished.take().filter(|from| from.restart == next);
        if goes_on.is_some() {
            end = next + 1;
        }
        let start = Instant::now();
        let (mut timed_out, mut cancelled) = (false, false);
        let (mut recording, done, members) = (recorder.as_mut(), &all, population.as_ref());
        let mut within = || {
            timed_out = is_over(next - first);
            let latest = lock(latest);
            let due = recording.as_mut().filter(|recorder| recorder.is_due());
            if let (Some(recorder), Some(latest)) = (due, &*latest) {
                recorder.write(done, members, Some(latest), (None, spent()));
            }
            drop(latest);
            let error = recording.as_ref().and_then(|recorder| recorder.error());
            if timed_out {
                return ControlFlow::Break(());
            }
            let seen = observer(&[], error.as_deref());
            cancelled = seen.is_break();
            seen
        };
        let mut watch = Watch::new(&mut within).counting(iterations);
        // of small tables a restart ends soon
        let first_long = all.count() == 0 && !records && is_long(job);
        if first_long || end - next == 1 && records {
            watch = watch.keeping(latest);
        }
        let ran = run_batch(session, (next..end, goes_on.as_ref(), keep), population.as_ref(), &watch);
        let cut = watch.has_ended();
        let (mut batch, went_on) = match ran {
            Ok(ran) => ran,
            Err(error) => {
                if let Some(recorder) = &mut recorder {
                    recorder.write(&all, population.as_ref(), lock(latest).as_ref(), (None, spent()));
                }
                return Err(error.into());
            }
        };
        if let (Some(resumed), Some(from), true) = (&mut resumed, goes_on, went_on) {
            resumed.iterations = from.iterations;
        }
        if cut {
            batch.keep_first_of(next..end, if population.is_some() { Keep::All } else { keep });
        }
        if let Some(population) = &mut population {
            population.add(&batch.outcomes, &batch.states);
            batch.merge(Batch::new(), keep); // of all states those that are kept
        }
        let wall = start.elapsed();
        let is_empty = batch.outcomes.is_empty();
        if !is_empty {
            *lock(latest) = None;
        }
        let error = recorder.as_ref().and_then(Recorder::error);
        let seen = if cut && is_empty { CONTINUE } else { observer(&batch.outcomes, error.as_deref()) };
        let ran = batch.outcomes.len();
        all.note_fall(&batch.outcomes, spent());
        all.take(batch, keep, wall, (job, n_restarts));
        let least = || all.best().map_or(f64::INFINITY, |best| job.table.cost(best.inertia));
        // looks at all restarts, and is called for a log alone
        debug!("{ran} restarts from {next} on in {wall:?}; {} done, least inertia {}", all.count(), least());
        next = end;
        ended = match seen {
            _ if cancelled => RunEnd::Cancelled,
            ControlFlow::Break(()) if next < last => RunEnd::Cancelled,
            _ if next < last && !is_patient(&population) => RunEnd::Patience,
            // where another rank has ended the run, it says why
            _ if cut || (next < last && is_over(next - first)) => RunEnd::Time,
            _ => RunEnd::Restarts,
        };
        ended = of_all(session, ended)?;
        if ended != RunEnd::Restarts {
            break;
        }
        if let Some(recorder) = recorder.as_mut().filter(|recorder| next < last && recorder.is_due()) {
            recorder.write(&all, population.as_ref(), None, (None, spent()));
        }
        if batch_size.is_none() {
            let wall = if session.is_steady() { wall / STEADY } else { wall };
            size = next_size(size, wall, session.max_batch());
        }
    }
    all.ran_for = spent();
    label_outside(job, &mut all);
    if let Some(recorder) = &mut recorder {
        // time ends a run after a restart at least, and what is left of the one that was cut does not count
        let (latest, done) = match ended {
            RunEnd::Cancelled => (lock(latest).take(), None),
            ended => (None, Some(ended)),
        };
        recorder.write(&all, population.as_ref(), latest.as_ref(), (done, spent()));
        // the one who watches hears of it, and can't end what has ended
        let _ = observer(&[], recorder.error().as_deref());
    }
    let (generations, accepted) = population.map_or((0, 0), |of| (of.generations, of.accepted));
    let searched = Searched { search: plan.search, refine: job.refine, generations, accepted, ended };
    Ok((all, searched, resumed))
}

/// Runs the next batch: what is left of a restart, plain restarts, or children. Also returns whether a restart went on.
fn run_batch(
    session: &mut dyn Session,
    (restarts, from, keep): (Range<u64>, Option<&Unfinished>, Keep),
    population: Option<&Population>,
    watch: &Watch<'_>,
) -> Result<(Batch, bool), EngineError> {
    let keep = if population.is_some() { Keep::All } else { keep };
    if let Some(from) = from
        && let Some(batch) = session.go_on(from, keep, watch)?
    {
        return Ok((batch, true));
    }
    let batch = match population.and_then(Population::members) {
        None => session.run(restarts, keep, watch)?,
        Some(members) => session.evolve(members, restarts, keep, watch)?,
    };
    Ok((batch, false))
}

/// Why the run ends, of all ranks that have it together; [`RunEnd::Restarts`] while it goes on.
fn of_all(session: &mut dyn Session, ended: RunEnd) -> Result<RunEnd, EngineError> {
    const ENDS: [RunEnd; 4] = [RunEnd::Restarts, RunEnd::Patience, RunEnd::Time, RunEnd::Cancelled];
    let own = ENDS.iter().position(|&end| end == ended).unwrap_or(0);
    let most = session.most_of_all(own as u64)?;
    Ok(usize::try_from(most).ok().and_then(|most| ENDS.get(most)).copied().unwrap_or(ended))
}

/// Whether a pass takes so long that the state after each iteration of the first restart is worth keeping.
fn is_long(job: &Job<'_>) -> bool {
    const LONG: usize = 1 << 22; // multiply-adds
    job.table.n_points().saturating_mul(job.table.n_dims()).saturating_mul(job.n_clusters) >= LONG
}

pub(super) fn lock(latest: &Mutex<Option<Unfinished>>) -> MutexGuard<'_, Option<Unfinished>> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
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
