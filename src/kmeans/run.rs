//! The loop over batches of restarts, and the size of a batch.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{FitError, Restarts};
use crate::engine::reference::assign::assign_outside;
use crate::engine::{Job, Keep, NO_LABEL, Outcome, Session, Watch};

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

/// Runs restarts `0 .. n_restarts` of `job` in batches. Every fit, comparison and check uses this loop.
///
/// `observer` is called after each batch with its outcomes, and within long ones every 100 ms with none, from any thread.
/// It cancels the run by returning [`ControlFlow::Break`], except after the last batch. Without a `batch_size`, the size
/// follows the time that batches take.
///
/// # Errors
/// [`FitError::Engine`] if the device fails, [`FitError::Cancelled`].
pub fn run(
    session: &mut dyn Session,
    job: &Job<'_>,
    n_restarts: u64,
    batch_size: Option<u64>,
    keep: Keep,
    observer: &mut (dyn FnMut(&[Outcome]) -> ControlFlow<()> + Send),
) -> Result<Restarts, FitError> {
    complete(run_until(session, job, n_restarts, batch_size, keep, observer)?, n_restarts)
}

/// The restarts, if these are all that were requested.
pub(super) fn complete(all: Restarts, n_restarts: u64) -> Result<Restarts, FitError> {
    match all.count() {
        done if done < n_restarts => Err(FitError::Cancelled { done, of: n_restarts }),
        _ => Ok(all),
    }
}

/// [`run`], which when it is cancelled returns the restarts done until then, perhaps none.
pub(super) fn run_until(
    session: &mut dyn Session,
    job: &Job<'_>,
    n_restarts: u64,
    batch_size: Option<u64>,
    keep: Keep,
    observer: &mut (dyn FnMut(&[Outcome]) -> ControlFlow<()> + Send),
) -> Result<Restarts, FitError> {
    let mut all = Restarts::default();
    let mut size = batch_size.unwrap_or(FIRST_BATCH);
    let mut next = 0;
    while next < n_restarts {
        let end = n_restarts.min(next.saturating_add(size.min(session.max_batch())));
        let start = Instant::now();
        let mut within = || observer(&[]);
        let watch = Watch::new(&mut within);
        let mut batch = session.run(next..end, keep, &watch)?;
        let ended = watch.has_ended();
        if ended {
            batch.keep_first_of(next..end, keep);
        }
        let wall = start.elapsed();
        let seen = if ended && batch.outcomes.is_empty() { CONTINUE } else { observer(&batch.outcomes) };
        all.take(batch, keep, wall, (job, n_restarts));
        next = end;
        if ended || seen.is_break() {
            break;
        }
        if batch_size.is_none() {
            let wall = if session.is_steady() { wall / STEADY } else { wall };
            size = next_size(size, wall, session.max_batch());
        }
    }
    label_outside(job, &mut all);
    Ok(all)
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
