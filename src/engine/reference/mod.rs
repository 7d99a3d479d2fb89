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
pub mod child;
pub mod direction;
pub mod empty;
pub mod minibatch;
pub mod nearest_two;
pub mod refine;
pub mod seed;
pub mod sizes;
pub mod stop;
pub mod update;

use std::ops::{ControlFlow, Range};

use super::nearest_two::{Centroids, Labels, NearestSession, NearestTwo};
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

    fn labels(&mut self, table: &Table) -> Result<Labels, EngineError> {
        Ok(Labels { labels: assign::assign(table, self.centroids.values), repaired: 0 })
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
        Ok(run(self.job, restarts, keep, watch, |restart| seed::seed(self.job, restart)))
    }

    fn evolve(
        &mut self,
        members: &[Vec<i32>],
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Batch, EngineError> {
        Ok(run(self.job, restarts, keep, watch, |restart| child::child(self.job, members, restart)))
    }
}

/// Runs restarts from these first centroids.
fn run(
    job: &Job<'_>,
    restarts: Range<u64>,
    keep: Keep,
    watch: &Watch<'_>,
    first: impl Fn(u64) -> Vec<i32>,
) -> Batch {
    let mut batch = Batch::new();
    for restart in restarts {
        let (outcome, state) = run_restart(job, restart, &mut batch, watch, &first);
        if watch.has_ended() {
            break; // in this restart, or right after it
        }
        batch.push(outcome, state, keep);
    }
    batch
}

fn run_restart(
    job: &Job<'_>,
    restart: u64,
    batch: &mut Batch,
    watch: &Watch<'_>,
    first: impl Fn(u64) -> Vec<i32>,
) -> (Outcome, State) {
    let mut times = Times::default();
    let seeds = timed(&mut times.seed, || first(restart));
    let mut passes = 0;
    let mut seen = |_: &[i32], _: &[u32]| {
        passes += 1;
        watch.iterated();
        if watch.ends() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut run = lloyd_timed(job, (seeds, 0), &mut times, &mut seen);
    if job.refine && job.n_clusters > 1 {
        let locations = refine::location_weights(job.table);
        while let Some((centroids, iterations)) = refined(job, &run, &locations, &mut times, watch) {
            run = lloyd_timed(job, (centroids, iterations), &mut times, &mut seen);
        }
    }
    let (state, iterations, stop) = run;
    let inertia = timed(&mut times.update, || assign::inertia(job.table, &state.centroids, &state.labels));
    times.iterate = times.assign + times.update;
    batch.times.merge(times);
    batch.work.pass(true, job.table.n_points() as u64, 0);
    batch.work.pass(false, passes * job.table.n_points() as u64, 0);
    (Outcome { restart, inertia, iterations, stop, digest: digest(&state.centroids) }, state)
}

/// Rounds of moves after a run of [`lloyd`], while each lowers the inertia: the centroids, and the iterations with a round
/// as one. `None` if no round does, or if the run ended by the maximum number of iterations.
fn refined(
    job: &Job<'_>,
    (state, iterations, stop): &(State, u32, Stop),
    locations: &[u64],
    times: &mut Times,
    watch: &Watch<'_>,
) -> Option<(Vec<i32>, u32)> {
    let (table, mut iterations) = (job.table, *iterations);
    let mut inertia = assign::inertia(table, &state.centroids, &state.labels);
    let mut best: Option<refine::Round> = None;
    while *stop != Stop::MaxIter && refine::has_room(iterations, job.max_iter) && !watch.has_ended() {
        let (centroids, labels) = match &best {
            Some(round) => (&round.centroids, &round.labels),
            None => (&state.centroids, &state.labels),
        };
        let round = timed(&mut times.update, || refine::round(table, centroids, labels, inertia, locations));
        let Some(round) = round else { break };
        (inertia, iterations) = (round.inertia, iterations + 1);
        best = Some(round);
    }
    best.map(|round| (round.centroids, iterations))
}

/// Assigns and updates from `centroids` (n_clusters, n_dims) until it stops (Lloyd 1982).
///
/// Returns the final state, the number of updates, and why it stopped. `seen` is called after each update with the new
/// centroids and their labels.
pub fn lloyd(job: &Job<'_>, centroids: Vec<i32>, mut seen: impl FnMut(&[i32], &[u32])) -> (State, u32, Stop) {
    lloyd_timed(job, (centroids, 0), &mut Times::default(), |centroids, labels| {
        seen(centroids, labels);
        ControlFlow::Continue(())
    })
}

/// [`lloyd`] after this many iterations, with the times of its steps. Where `seen` breaks, it ends as if that iteration were
/// the last one allowed.
fn lloyd_timed(
    job: &Job<'_>,
    (mut centroids, mut iterations): (Vec<i32>, u32),
    times: &mut Times,
    mut seen: impl FnMut(&[i32], &[u32]) -> ControlFlow<()>,
) -> (State, u32, Stop) {
    let table = job.table;
    let assign = |centroids: &[i32]| match job.sizes {
        None => assign::assign(table, centroids),
        Some(sizes) => sizes::assign_within(table, centroids, sizes),
    };
    let mut labels = timed(&mut times.assign, || assign(&centroids));
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
        labels = timed(&mut times.assign, || assign(&centroids));
        let ended = seen(&centroids, &labels).is_break().then_some(Stop::MaxIter);
        if let Some(stop) = stop.or(ended) {
            let counts = Sums::of(table, &labels, job.n_clusters).counts;
            return (State { centroids, labels, counts }, iterations, stop);
        }
    }
}
