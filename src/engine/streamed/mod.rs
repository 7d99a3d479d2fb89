//! Restarts over a table that lies in a file, chunk by chunk, on any engine: equal to those of the table in memory.
//!
//! An engine finds the nearest centroids of a chunk ([`NearestSession::labels`]); all else is integers, here. Between passes
//! only labels and centroids are held.
//!
//! | file | step |
//! |---|---|
//! | `seed` | the first centroids |
//! | `assign` | labels of all rows, and their sums |
//! | `empty` | refill of empty clusters |
//! | `distances` | squared distances, for these |
//!
//! [`NearestSession::labels`]: super::nearest_two::NearestSession::labels

mod assign;
mod distances;
mod empty;
mod seed;

use std::ops::Range;
use std::time::{Duration, Instant};

use super::inertia::inertia;
use super::reference::update::move_centroids;
use super::reference::{Sums, stop};
use super::times::timed;
use super::{
    Batch, DeviceInfo, Engine, EngineError, FinishedRestart, Job, Keep, Outcome, Session, State, Stop, Times,
    Unfinished, Watch, Work, digest,
};
use crate::packed::{PackedError, PackedTable};
use assign::Passed;

/// A job on a table in a file.
pub struct Streamed<'a> {
    engine: &'a dyn Engine,
    job: &'a Job<'a>,
    table: &'a PackedTable,
    squares: u128, // sum of w |x|^2, from 0
    info: DeviceInfo,
}

impl<'a> Streamed<'a> {
    /// A job whose table is the head of `table`. It runs plain restarts: neither refined ones nor limits on sizes.
    #[must_use]
    pub fn new(engine: &'a dyn Engine, job: &'a Job<'a>, table: &'a PackedTable) -> Self {
        debug_assert!(std::ptr::eq(job.table, table.head()) && !job.refine && job.sizes.is_none());
        let squares = table.moments().from_zero(&table.head().lattice);
        Self { engine, job, table, squares, info: engine.info() }
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
            None => seed::seed(self.job, self.table, restart, &mut labels, watch)?.map(|seeds| (seeds, 0)),
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
        let pass = timed(&mut assigning, || self.pass(&centroids, &mut labels, &mut work, watch));
        let Some(mut sums) = pass? else {
            return Ok(None);
        };
        loop {
            let refilled = empty::refill(self.table, &centroids, &labels, &mut sums, watch)?;
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
                match timed(&mut assigning, || self.pass(&centroids, &mut labels, &mut work, watch))? {
                    Some(now) => sums = now,
                    None => return Ok(None),
                }
            }
            if let Some(stop) = stop {
                let inertia = inertia(self.job.table, self.squares, &centroids, &sums);
                let outcome = Outcome { restart, inertia, iterations, stop, digest: digest(&centroids) };
                let state = State { centroids, labels, counts: sums.counts };
                let times = Times { assign: assigning, ..Times::default() };
                return Ok(Some(FinishedRestart { outcome, state, work, times }));
            }
        }
    }
}

impl Streamed<'_> {
    /// A pass: labels, and the sums of the clusters. `None` if the watch ends it.
    fn pass(
        &mut self,
        centroids: &[i32],
        labels: &mut [u32],
        work: &mut Work,
        watch: &Watch<'_>,
    ) -> Result<Option<Sums>, EngineError> {
        let passed = assign::pass(self.engine, self.table, centroids, labels, watch)?;
        let Some(Passed { sums, repaired, device }) = passed else { return Ok(None) };
        if device.fallback.is_some() {
            self.info = device;
        }
        let first = work.assigned_points == 0;
        work.pass(first, labels.len() as u64, repaired);
        Ok(Some(sums))
    }
}

/// Centroids (n_clusters, n_dims) with the labels and counts of all rows of a table in a file, and their inertia.
///
/// # Errors
/// [`EngineError`] if the device fails, or the file can't be read.
pub fn label_all(
    engine: &dyn Engine,
    table: &PackedTable,
    centroids: Vec<i32>,
) -> Result<(State, u128), EngineError> {
    let mut labels = vec![0; table.head().n_points()];
    let passed = assign::pass(engine, table, &centroids, &mut labels, &Watch::default())?;
    let no_one = "no watch ends the pass";
    let Some(Passed { sums, .. }) = passed else { return Err(EngineError::Packed(no_one.into())) };
    let squares = table.moments().from_zero(&table.head().lattice);
    let inertia = inertia(table.head(), squares, &centroids, &sums);
    let counts = sums.counts;
    Ok((State { centroids, labels, counts }, inertia))
}

impl Session for Streamed<'_> {
    fn info(&self) -> DeviceInfo {
        self.info.clone()
    }

    fn max_batch(&self) -> u64 {
        1 // a restart takes many passes over the file
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
}

impl From<PackedError> for EngineError {
    fn from(error: PackedError) -> Self {
        Self::Packed(error.to_string())
    }
}
