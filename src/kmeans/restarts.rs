//! Runs restarts in batches and collects outcomes, states, the spread and the fingerprint.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::FitError;
use crate::engine::reference::assign::assign_outside;
use crate::engine::{Batch, Job, Keep, Outcome, Session, State, Times, Work};

/// The batch size grows after a batch shorter than this.
const SHORT: Duration = Duration::from_millis(100);
/// The batch size shrinks after a batch longer than this.
const LONG: Duration = Duration::from_millis(400);
/// How much longer batches of a steady session may be: see [`Session::is_steady`].
const STEADY: u32 = 10;
/// Restarts in the first batch.
const FIRST_BATCH: u64 = 8;

/// Results of all restarts.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    /// One for each restart, in order.
    pub outcomes: Vec<Outcome>,
    /// States with their restart's number: the best one's, or all.
    pub states: Vec<(u64, State)>,
    /// How many labels were decided in floating point, and how many in integers.
    pub work: Work,
    /// Wall time of each step.
    pub times: Times,
}

/// Distribution of the inertias of all restarts, in lattice units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Number of restarts.
    pub count: usize,
    /// Least inertia.
    pub min: u128,
    /// Median: the two central values of an even count, else the central value twice.
    pub median: (u128, u128),
    /// Largest inertia.
    pub max: u128,
    /// Restarts that reached the least inertia.
    pub found_best: usize,
}

/// What an observer returns to continue a run. [`ControlFlow::Break`] cancels it.
pub const CONTINUE: ControlFlow<()> = ControlFlow::Continue(());

/// Runs restarts `0 .. n_restarts` of `job` in batches. Every fit, comparison and check uses this loop.
///
/// `observer` is called after each batch with all outcomes so far. It cancels the run by returning
/// [`ControlFlow::Break`], except after the last batch. Without a `batch_size`, the size follows the time that
/// batches take.
///
/// # Errors
/// [`FitError::Engine`] if the device fails, [`FitError::Cancelled`].
pub fn run(
    session: &mut dyn Session,
    job: &Job<'_>,
    n_restarts: u64,
    batch_size: Option<u64>,
    keep: Keep,
    observer: &mut dyn FnMut(&[Outcome]) -> ControlFlow<()>,
) -> Result<Restarts, FitError> {
    let mut all = Restarts::default();
    let mut size = batch_size.unwrap_or(FIRST_BATCH);
    let mut next = 0;
    while next < n_restarts {
        let end = n_restarts.min(next.saturating_add(size.min(session.max_batch())));
        let start = Instant::now();
        let batch = session.run(next..end, keep)?;
        let wall = start.elapsed();
        all.take(batch, keep, wall);
        let seen = observer(&all.outcomes);
        next = end;
        if seen.is_break() && next < n_restarts {
            return Err(FitError::Cancelled { done: next, of: n_restarts });
        }
        if batch_size.is_none() {
            let wall = if session.is_steady() { wall / STEADY } else { wall };
            size = next_size(size, wall, session.max_batch());
        }
    }
    label_outside(job, &mut all);
    Ok(all)
}

/// Labels the rows of weight zero outside the range, which engines see as zeros.
fn label_outside(job: &Job<'_>, restarts: &mut Restarts) {
    for (_, state) in &mut restarts.states {
        for (row, q) in &job.table.outside {
            state.labels[*row] = assign_outside(job.table, &state.centroids, q);
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

impl Restarts {
    /// Adds the next batch, which took `wall`.
    fn take(&mut self, batch: Batch, keep: Keep, wall: Duration) {
        self.times.merge(batch.times.scaled_to(wall));
        self.work.merge(batch.work);
        self.outcomes.extend(batch.outcomes);
        self.states.extend(batch.states);
        if keep == Keep::Best {
            let best = self.best().map(|best| best.restart);
            self.states.retain(|(restart, _)| Some(*restart) == best);
        }
    }

    /// The best restart: least inertia, then least number.
    #[must_use]
    pub fn best(&self) -> Option<&Outcome> {
        Batch::best(&self.outcomes)
    }

    /// The best restart's state.
    #[must_use]
    pub fn best_state(&self) -> Option<&State> {
        let best = self.best()?.restart;
        self.states.iter().find(|(restart, _)| *restart == best).map(|(_, state)| state)
    }

    /// Distribution of the inertias; `None` without restarts.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut inertias: Vec<u128> = self.outcomes.iter().map(|outcome| outcome.inertia).collect();
        inertias.sort_unstable();
        let count = inertias.len();
        let (&min, &max) = (inertias.first()?, inertias.last()?);
        let median = (inertias[(count - 1) / 2], inertias[count / 2]);
        let found_best = inertias.partition_point(|&inertia| inertia == min);
        Some(Spread { count, min, median, max, found_best })
    }

    /// The fingerprint (docs/DEFINITION.md, section 3.10) as 64 hex digits. It is equal on two machines whose results
    /// are equal.
    #[must_use]
    pub fn fingerprint(&self, job: &Job<'_>) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"cairn-fp-1");
        let sizes = [job.table.n_points(), job.table.n_dims(), job.n_clusters, self.outcomes.len()];
        for size in sizes {
            hasher.update(&(size as u64).to_le_bytes());
        }
        for outcome in &self.outcomes {
            hasher.update(&outcome.iterations.to_le_bytes());
            hasher.update(&[outcome.stop as u8]);
            hasher.update(&outcome.inertia.to_le_bytes());
            hasher.update(&outcome.digest.to_le_bytes());
        }
        if let Some(state) = self.best_state() {
            state.centroids.iter().for_each(|q| {
                hasher.update(&q.to_le_bytes());
            });
            state.labels.iter().for_each(|label| {
                hasher.update(&label.to_le_bytes());
            });
        }
        hasher.finalize().to_hex().to_string()
    }
}
