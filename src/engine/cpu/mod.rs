//! The CPU engine: `f32` guesses, certified and repaired in integers; threads over restarts or over points.
//!
//! Unlike the reference's, Lloyd's loop here keeps state between passes: bounds, which prove labels without distances,
//! and sums, which are updated for the labels that changed. The head of `reference` says why the loop is not shared.

mod assign;
mod bounds;
mod child;
mod columns;
mod costs;
mod guess;
mod info;
mod kernel;
mod narrow;
mod nearest_two;
mod pass;
mod passes;
mod pause;
mod peak;
mod prune;
mod refine;
mod scorer;
mod seed;
mod sizes;
mod tile_result;
mod tiles;
mod update;

use std::ops::Range;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::certify::Bound;
use super::inertia::{inertia, squares};
use super::nearest_two::{Centroids, NearestSession};
use super::reference::refine::location_weights;
use super::reference::{empty, stop};
use super::times::timed;
use super::{
    Batch, DeviceInfo, Engine, EngineError, FinishedRestart, Job, Keep, OpenOptions, Outcome, Passes, Peak,
    Session, State, Stop, Times, Unfinished, Watch, Work, digest,
};
use crate::lattice::Table;
use guess::Guesser;
use info::info;
use kernel::{Instructions, Kernel};
use nearest_two::CpuNearest;
use passes::{CpuPasses, Following};
use seed::Seeder;
use update::Updater;

/// Largest state of a restart, in bytes, for which each thread runs its own restarts: it fits a core's cache.
const OWN: usize = 1 << 20;

/// The CPU engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    bound: Bound,
    instructions: Option<Instructions>, // None: the widest
}

impl Cpu {
    /// The engine with the kernel named in `options`.
    ///
    /// # Errors
    /// [`EngineError::CpuKernel`] if this processor can't run it.
    pub fn open(options: &OpenOptions) -> Result<Self, EngineError> {
        let instructions = options.cpu_kernel.as_deref().map(Instructions::named).transpose()?;
        Ok(Self { bound: options.testing.bound, instructions })
    }

    /// The engine with this error bound. Bounds other than the default are for tests.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(bound: Bound) -> Self {
        Self { bound, instructions: None }
    }

    fn instructions(&self) -> Instructions {
        self.instructions.unwrap_or_else(Instructions::widest)
    }

    /// Loads a job.
    pub(super) fn session<'a>(&self, job: &'a Job<'a>) -> CpuSession<'a> {
        let instructions = self.instructions();
        let kernel = instructions.kernel;
        let guesser = Guesser::new(job.table, instructions, self.bound, job.n_clusters);
        CpuSession {
            cpu: *self,
            job,
            kernel,
            seeder: Seeder::new(&guesser, self.bound),
            guesser,
            squares: squares(job.table, &vec![0; job.table.n_dims()]),
            locations: job.refine.then(|| location_weights(job.table)),
        }
    }
}

impl Engine for Cpu {
    fn info(&self) -> DeviceInfo {
        info(self.instructions())
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        Ok(Box::new(self.session(job)))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        Ok(Box::new(CpuNearest { centroids, instructions: self.instructions(), bound: self.bound }))
    }

    fn passes<'a>(&'a self, table: &'a Table, n_clusters: usize) -> Option<Box<dyn Passes + 'a>> {
        Some(Box::new(CpuPasses::new((self.instructions(), self.bound), table, n_clusters)))
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        peak::measure(self.instructions().kernel).map(Some)
    }
}

/// Sums in integers, by the widest instructions of this processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Integers(Kernel);

impl Integers {
    pub(super) fn widest() -> Self {
        Self(Instructions::widest().kernel)
    }

    /// The squared distance of two rows of a uniform lattice. (n_dims)
    pub(super) fn distance(self, a: &[i32], b: &[i32]) -> u128 {
        self.0.distance(a, b)
    }

    /// Adds a row to a sum, so many times. (n_dims)
    pub(super) fn add(self, sum: &mut [i64], row: &[i32], weight: i64) {
        self.0.add_point_exactly(sum, row, weight);
    }
}

/// A job on the CPU.
pub(super) struct CpuSession<'a> {
    cpu: Cpu,
    job: &'a Job<'a>,
    kernel: Kernel,
    guesser: Guesser<'a>,
    seeder: Seeder<'a>,
    squares: u128,               // sum of w |x|^2, from 0
    locations: Option<Vec<u64>>, // the weights of the rows' locations, to refine
}

impl Session for CpuSession<'_> {
    fn info(&self) -> DeviceInfo {
        self.cpu.info()
    }

    fn max_batch(&self) -> u64 {
        4096
    }

    fn is_steady(&self) -> bool {
        false
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        Ok(self.run_from(restarts, keep, watch, |restart, shared| {
            self.seeder.seed(self.job, &self.guesser, restart, shared, watch)
        }))
    }

    fn evolve(
        &mut self,
        members: &[Vec<i32>],
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Batch, EngineError> {
        Ok(self
            .run_from(restarts, keep, watch, |restart, shared| self.child(members, restart, shared, watch)))
    }

    fn go_on(
        &mut self,
        from: &Unfinished,
        keep: Keep,
        watch: &Watch<'_>,
    ) -> Result<Option<Batch>, EngineError> {
        let mut batch = Batch::new();
        let shared = rayon::current_num_threads() > 1;
        let first = |_, _| Some((from.centroids.clone(), from.iterations));
        if let Some(done) = self.restart(from.restart, shared, watch, first) {
            done.add_to(&mut batch, keep);
        }
        Ok(Some(batch))
    }
}

impl CpuSession<'_> {
    /// Whether each thread runs its own restarts: if there are enough restarts and their state is small. Otherwise all
    /// threads share the points of one restart at a time.
    fn apart(&self, n_restarts: u64, threads: usize) -> bool {
        let (n, d, k) = (self.job.table.n_points(), self.job.table.n_dims(), self.job.n_clusters);
        threads > 1 && n_restarts >= threads as u64 && n * 8 + k * d * 24 <= OWN
    }

    /// Runs restarts from the centroids that `first` finds for each; its second argument is whether all threads share the
    /// restart.
    fn run_from(
        &self,
        restarts: Range<u64>,
        keep: Keep,
        watch: &Watch<'_>,
        first: impl Fn(u64, bool) -> Option<Vec<i32>> + Sync,
    ) -> Batch {
        let threads = rayon::current_num_threads();
        let begin = |restart, shared| first(restart, shared).map(|centroids| (centroids, 0));
        let mut batch = Batch::new();
        if !self.apart(restarts.end - restarts.start, threads) {
            for restart in restarts {
                let Some(done) = self.restart(restart, threads > 1, watch, begin) else { break };
                done.add_to(&mut batch, keep);
            }
            return batch;
        }
        // a few restarts per thread at a time, so that few states are held at once
        let all: Vec<u64> = restarts.collect();
        for some in all.chunks(16 * threads) {
            let done: Vec<Option<FinishedRestart>> =
                some.par_iter().with_max_len(1).map(|&r| self.restart(r, false, watch, begin)).collect();
            for done in done {
                let Some(done) = done else { return batch };
                done.add_to(&mut batch, keep);
            }
        }
        batch
    }

    /// Runs a restart from the centroids and after the iterations that `first` gives. `None` if the watch ends it.
    fn restart(
        &self,
        restart: u64,
        shared: bool,
        watch: &Watch<'_>,
        first: impl Fn(u64, bool) -> Option<(Vec<i32>, u32)>,
    ) -> Option<FinishedRestart> {
        let start = Instant::now();
        let seeds = first(restart, shared)?;
        let seed = start.elapsed();
        let mut done = match self.job.sizes {
            None => self.lloyd(restart, seeds, shared, watch)?,
            Some(sizes) => self.within_sizes(restart, seeds, sizes, shared, watch)?,
        };
        if let Some(locations) = &self.locations {
            done = self.refine(done, locations, shared, watch)?;
        }
        let iterate = start.elapsed() - seed;
        let update = iterate.saturating_sub(done.times.assign);
        done.times = Times { seed, iterate, update, ..done.times };
        Some(done)
    }

    fn lloyd(
        &self,
        restart: u64,
        (mut centroids, mut iterations): (Vec<i32>, u32),
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<FinishedRestart> {
        let (table, k) = (self.job.table, self.job.n_clusters);
        let (mut work, mut assigning) = (Work::default(), Duration::ZERO);
        watch.keep(restart, iterations, &centroids);
        let mut following = Following::new(&self.guesser, k, self.cpu.bound);
        let mut pass = |before: &[i32],
                        centroids: &[i32],
                        labels: &mut [u32],
                        following: &mut Following,
                        work: &mut Work| {
            let examined = timed(&mut assigning, || {
                following.assign(&self.guesser, (before, centroids), labels, (shared, watch))
            })?;
            work.pass(work.assigned_points == 0, labels.len() as u64, examined.repaired);
            let distances = examined.points * k as u64 + examined.to_movers;
            work.skipped_distances += ((labels.len() * k) as u64).saturating_sub(distances);
            Some(distances)
        };
        let mut labels = vec![0; table.n_points()];
        let mut moved = vec![0; centroids.len()];
        pass(&centroids, &centroids, &mut labels, &mut following, &mut work)?;
        let mut updater = Updater::new(table, self.kernel, &labels, k, shared);
        loop {
            if updater.any_empty() {
                updater.change(|labels, sums| {
                    empty::refill(table, &centroids, labels, sums);
                });
            }
            updater.move_centroids(self.job, &centroids, &mut moved);
            iterations += 1;
            watch.iterated();
            let stop = stop::stop(self.job, &centroids, &moved, iterations);
            if stop.is_none() {
                watch.keep(restart, iterations, &moved);
            }
            std::mem::swap(&mut centroids, &mut moved);
            let distances = if stop == Some(Stop::FixedPoint) {
                // the labels of the last pass are those of these centroids
                work.pass(false, labels.len() as u64, 0);
                work.skipped_distances += (labels.len() * k) as u64;
                0
            } else {
                pass(&moved, &centroids, &mut labels, &mut following, &mut work)?
            };
            let changed = updater.follow(&labels, shared);
            following.decide(distances, changed);
            if let Some(stop) = stop {
                let sums = updater.sums();
                let inertia = inertia(table, self.squares, &centroids, &sums);
                let outcome = Outcome { restart, inertia, iterations, stop, digest: digest(&centroids) };
                let state = State { centroids, labels, counts: sums.counts };
                let times = Times { assign: assigning, ..Times::default() };
                return Some(FinishedRestart { outcome, state, work, times });
            }
        }
    }
}
