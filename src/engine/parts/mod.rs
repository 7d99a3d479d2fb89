//! Restarts over a table whose rows come in parts, on any engine: chunks of a file, or rows of several ranks. They are equal to
//! those of the table in memory.
//!
//! An engine finds the nearest centroids of rows ([`NearestSession::labels`], or [`Passes`] of rows in memory); all else is
//! integers, here. Between passes only labels and centroids are held. With several ranks each goes over its own rows, all add up
//! what they found, and then each knows the same: so all make the same calls.
//!
//! | file | step |
//! |---|---|
//! | `rows` | where the rows are, and what ranks tell each other of them |
//! | `seed` | the first centroids |
//! | `assign` | labels of all rows, and their sums |
//! | `empty` | refill of empty clusters |
//! | `distances` | squared distances, for these |
//!
//! [`NearestSession::labels`]: super::nearest_two::NearestSession::labels
//! [`Passes`]: super::Passes

mod assign;
mod distances;
mod empty;
mod rows;
mod seed;

use std::ops::Range;
use std::time::{Duration, Instant};

use super::inertia::inertia;
use super::reference::stop;
use super::reference::update::move_centroids;
use super::times::timed;
use super::{
    Batch, DeviceInfo, Engine, EngineError, FinishedRestart, Job, Keep, Outcome, Session, State, Stop, Times,
    Unfinished, Watch, Work, digest,
};
use crate::comm;
use crate::packed::PackedError;
pub use assign::APART;
use assign::Assign;
pub use rows::RowParts;

/// A job on a table whose rows come in parts.
pub struct PartsSession<'a> {
    job: &'a Job<'a>,
    rows: RowParts<'a>,
    assign: Assign<'a>,
    squares: u128, // sum of w |x|^2, from 0
}

impl<'a> PartsSession<'a> {
    /// A job whose table is the head of `rows`. It runs plain restarts: neither refined ones nor limits on sizes.
    #[must_use]
    pub fn new(engine: &'a dyn Engine, job: &'a Job<'a>, rows: RowParts<'a>) -> Self {
        debug_assert!(std::ptr::eq(job.table, rows.head()) && !job.refine && job.sizes.is_none());
        let squares = rows.moments().from_zero(&rows.head().lattice);
        Self { job, rows, assign: Assign::new(engine, &rows, job.n_clusters), squares }
    }

    /// Runs a restart. `None` if the watch ends it.
    fn restart(
        &mut self,
        restart: u64,
        from: Option<&Unfinished>,
        watch: &Watch<'_>,
    ) -> Result<Option<FinishedRestart>, EngineError> {
        let start = Instant::now();
        let mut labels = vec![0; self.job.table.n_points()];
        let first = match from {
            Some(from) => Some((from.centroids.clone(), from.iterations)),
            None => seed::seed(self.job, &self.rows, restart, &mut labels, watch)?.map(|seeds| (seeds, 0)),
        };
        let Some(first) = first else { return Ok(None) };
        let seed = start.elapsed();
        let Some(mut done) = self.lloyd(restart, first, labels, watch)? else { return Ok(None) };
        let iterate = start.elapsed() - seed;
        let update = iterate.saturating_sub(done.times.assign);
        done.times = Times { seed, iterate, update, ..done.times };
        Ok(Some(done))
    }

    fn lloyd(
        &mut self,
        restart: u64,
        (mut centroids, mut iterations): (Vec<i32>, u32),
        mut labels: Vec<u32>,
        watch: &Watch<'_>,
    ) -> Result<Option<FinishedRestart>, EngineError> {
        let (n, k) = (labels.len() as u64, self.job.n_clusters);
        let (mut work, mut assigning) = (Work::default(), Duration::ZERO);
        watch.keep(restart, iterations, &centroids);
        let mut pass = |assign: &mut Assign<'_>, centroids: &[i32], labels: &mut [u32], work: &mut Work| {
            let first = work.assigned_points == 0;
            let passed =
                timed(&mut assigning, || assign.pass(&self.rows, (first, centroids), labels, watch))?;
            Ok::<_, EngineError>(passed.map(|passed| {
                work.pass(first, n, passed.repaired);
                work.skipped_distances += passed.skipped;
                passed.sums
            }))
        };
        let Some(mut sums) = pass(&mut self.assign, &centroids, &mut labels, &mut work)? else {
            return Ok(None);
        };
        loop {
            let refilled = empty::refill(&self.rows, &centroids, &labels, &mut sums, watch)?;
            let Some(refilled) = refilled else { return Ok(None) };
            let moved = move_centroids(self.job, &sums, &centroids);
            iterations += 1;
            watch.iterated();
            let stop = stop::stop(self.job, &centroids, &moved, iterations);
            if stop.is_none() {
                watch.keep(restart, iterations, &moved);
            }
            centroids = moved;
            if stop == Some(Stop::FixedPoint) && refilled == 0 {
                // the labels of the last pass are those of these centroids
                work.pass(false, n, 0);
                work.skipped_distances += n * k as u64;
            } else {
                match pass(&mut self.assign, &centroids, &mut labels, &mut work)? {
                    Some(now) => sums = now,
                    None => return Ok(None),
                }
            }
            if let Some(stop) = stop {
                let inertia = inertia(self.job.table, self.squares, &centroids, &sums);
                let outcome = Outcome { restart, inertia, iterations, stop, digest: digest(&centroids) };
                self.rows.gather_labels(&mut labels)?;
                let state = State { centroids, labels, counts: sums.counts };
                let times = Times { assign: assigning, ..Times::default() };
                return Ok(Some(FinishedRestart { outcome, state, work, times }));
            }
        }
    }
}

/// Centroids (n_clusters, n_dims) with the labels and counts of all rows, and their inertia.
///
/// # Errors
/// [`EngineError`] if the device fails, the file can't be read, or a rank is lost.
pub fn label_all(
    engine: &dyn Engine,
    rows: &RowParts<'_>,
    centroids: Vec<i32>,
) -> Result<(State, u128), EngineError> {
    let (head, mut labels) = (rows.head(), vec![0; rows.head().n_points()]);
    let mut assign = Assign::new(engine, rows, centroids.len() / head.n_dims());
    let passed = assign.pass(rows, (true, &centroids), &mut labels, &Watch::default())?;
    let no_one = "no watch ends the pass";
    let Some(passed) = passed else { return Err(EngineError::Packed(no_one.into())) };
    rows.gather_labels(&mut labels)?;
    let squares = rows.moments().from_zero(&head.lattice);
    let inertia = inertia(head, squares, &centroids, &passed.sums);
    Ok((State { centroids, labels, counts: passed.sums.counts }, inertia))
}

impl Session for PartsSession<'_> {
    fn info(&self) -> DeviceInfo {
        self.assign.info()
    }

    fn max_batch(&self) -> u64 {
        1 // a restart takes many passes
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        let mut batch = Batch::new();
        for restart in restarts {
            let Some(done) = self.restart(restart, None, watch)? else { break };
            done.add_to(&mut batch, keep);
        }
        Ok(batch)
    }

    fn go_on(
        &mut self,
        from: &Unfinished,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Option<Batch>, EngineError> {
        let mut batch = Batch::new();
        if let Some(done) = self.restart(from.restart, Some(from), watch)? {
            done.add_to(&mut batch, keep);
        }
        Ok(Some(batch))
    }

    fn is_steady(&self) -> bool {
        false
    }

    fn most_of_all(&mut self, number: u64) -> Result<u64, EngineError> {
        let all = comm::gather_words::<EngineError>(self.rows.comm(), Ok(vec![number]))?;
        Ok(all.into_iter().flatten().max().unwrap_or(number))
    }
}

impl From<PackedError> for EngineError {
    fn from(error: PackedError) -> Self {
        Self::Packed(error.to_string())
    }
}
