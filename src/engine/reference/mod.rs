//! The definition of the algorithm (docs/DEFINITION.md, section 3), as plain integer loops: the oracle of every
//! other engine.
//!
//! A restart seeds, then assigns and updates until it stops. Nothing here is optimised.
//!
//! Each of the three engines has its own Lloyd loop, on purpose. Here it is the definition: no pass keeps state for the
//! next. The CPU's loop keeps bounds and sums between passes. The GPU's loop is a queue of kernels that serves many
//! restarts at once without waiting for the host. A shared loop would need hooks for both, and the oracle would run
//! the code that it checks. The rules for empty clusters and for stopping are written once, in `empty` and `stop`.

pub mod assign;
pub mod direction;
pub mod empty;
pub mod nearest_two;
pub mod seed;
pub mod stop;
pub mod update;

use std::ops::{ControlFlow, Range};

use super::nearest_two::{Centroids, NearestSession, NearestTwo};
use super::times::timed;
use super::{
    Batch, DeviceInfo, Engine, EngineError, Job, Keep, Outcome, Session, State, Stop, Times, Watch, digest,
};
use crate::lattice::Table;
pub use assign::{Distance, distance};
pub use update::Sums;

/// The engine of plain integer loops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Engine for Reference {
    fn info(&self) -> DeviceInfo {
        DeviceInfo {
            used: "reference",
            adapter: "plain integers, one thread".into(),
            driver: String::new(),
            software: false,
            fallback: None,
        }
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        Ok(Box::new(ReferenceSession { job }))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        Ok(Box::new(ReferenceNearest { centroids }))
    }
}

struct ReferenceNearest<'a> {
    centroids: Centroids<'a>,
}

impl NearestSession for ReferenceNearest<'_> {
    fn info(&self) -> DeviceInfo {
        Reference.info()
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        Ok((0..table.n_points()).map(|row| nearest_two::nearest_two(table, &self.centroids, row)).collect())
    }
}

struct ReferenceSession<'a> {
    job: &'a Job<'a>,
}

impl Session for ReferenceSession<'_> {
    fn info(&self) -> DeviceInfo {
        Reference.info()
    }

    fn max_batch(&self) -> u64 {
        16
    }

    fn is_steady(&self) -> bool {
        false
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        let mut batch = Batch::new();
        for restart in restarts {
            let (outcome, state) = run_restart(self.job, restart, &mut batch, watch);
            if watch.has_ended() {
                break; // in this restart, or right after it
            }
            batch.push(outcome, state, keep);
        }
        Ok(batch)
    }
}

fn run_restart(job: &Job<'_>, restart: u64, batch: &mut Batch, watch: &Watch<'_>) -> (Outcome, State) {
    let mut times = Times::default();
    let seeds = timed(&mut times.seed, || seed::seed(job, restart));
    let mut passes = 0;
    let (state, iterations, stop) = lloyd_timed(job, seeds, &mut times, |_, _| {
        passes += 1;
        if watch.ends() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let inertia = timed(&mut times.update, || assign::inertia(job.table, &state.centroids, &state.labels));
    times.iterate = times.assign + times.update;
    batch.times.merge(times);
    batch.work.pass(true, job.table.n_points() as u64, 0);
    batch.work.pass(false, passes * job.table.n_points() as u64, 0);
    (Outcome { restart, inertia, iterations, stop, digest: digest(&state.centroids) }, state)
}

/// Assigns and updates from `centroids` (n_clusters, n_dims) until it stops (Lloyd 1982).
///
/// Returns the final state, the number of updates, and why it stopped. `seen` is called after each update with the new
/// centroids and their labels.
pub fn lloyd(job: &Job<'_>, centroids: Vec<i32>, mut seen: impl FnMut(&[i32], &[u32])) -> (State, u32, Stop) {
    lloyd_timed(job, centroids, &mut Times::default(), |centroids, labels| {
        seen(centroids, labels);
        ControlFlow::Continue(())
    })
}

/// [`lloyd`], with the times of its steps. Where `seen` breaks, it ends as if that iteration were the last one allowed.
fn lloyd_timed(
    job: &Job<'_>,
    mut centroids: Vec<i32>,
    times: &mut Times,
    mut seen: impl FnMut(&[i32], &[u32]) -> ControlFlow<()>,
) -> (State, u32, Stop) {
    let table = job.table;
    let mut labels = timed(&mut times.assign, || assign::assign(table, &centroids));
    let mut iterations = 0;
    loop {
        iterations += 1;
        let (moved, stop) = timed(&mut times.update, || {
            let mut sums = Sums::of(table, &labels, job.n_clusters);
            empty::refill(table, &centroids, &mut labels, &mut sums);
            let moved = update::move_centroids(job, &sums, &centroids);
            let stop = stop::stop(job, &centroids, &moved, iterations);
            (moved, stop)
        });
        centroids = moved;
        labels = timed(&mut times.assign, || assign::assign(table, &centroids));
        let ended = seen(&centroids, &labels).is_break().then_some(Stop::MaxIter);
        if let Some(stop) = stop.or(ended) {
            let counts = Sums::of(table, &labels, job.n_clusters).counts;
            return (State { centroids, labels, counts }, iterations, stop);
        }
    }
}
