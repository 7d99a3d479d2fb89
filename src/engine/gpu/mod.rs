//! The GPU, through wgpu: a batch of restarts is one grid.
//!
//! Each restart of a batch has a lane: centroids, sums, labels and a status in the device's memory. A round
//! assigns, sums, moves and decides for all lanes that still run; the host looks in every few rounds.

mod assign;
mod buffers;
mod clock;
mod context;
pub mod kernel;
mod nearest_two;
mod peak;
mod probe;
mod rounds;
mod seed;
mod stop;
mod update;

use std::ops::Range;
use std::time::{Duration, Instant};

use super::certify::{self, Bound};
use super::inertia::{inertia, squares};
use super::nearest_two::{Centroids, NearestSession};
use super::times::timed;
use super::{
    Batch, DeviceInfo, Engine, EngineError, Job, Keep, OpenOptions, Outcome, Peak, Seeding, Session, State,
    digest,
};
use assign::{Assign, Wish};
pub use buffers::{Lane, Sizes};
use buffers::{Lanes, Shared};
use context::Context;
pub use context::{AdapterInfo, Fault, FaultKind, adapters};
pub(in crate::engine) use context::{why_none, why_not};
use nearest_two::GpuNearest;
pub use nearest_two::Nearest;
use rounds::Rounds;
use seed::SeedKernels;

/// Most restarts of a batch.
const MAX_LANES: u64 = 4096;
/// Multiply-adds of a dispatch: well under the 50 ms after which a desktop's watchdog may wake, on a small GPU.
const DISPATCH: u128 = 1 << 34;
/// Most bytes that the lanes of a batch take.
const LANE_BYTES: u64 = 512 << 20;

/// The engine of a GPU.
#[derive(Debug)]
pub struct Gpu {
    context: Context,
    bound: Bound,
    wish: Wish,
    most_rounds: u64,
}

impl Gpu {
    /// Opens an adapter.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn open(adapter: &AdapterInfo, options: &OpenOptions) -> Result<Self, EngineError> {
        let wish = Wish::new(options.kernel.as_deref())?;
        let mut context = Context::open(adapter)?;
        let most_rounds = probe::most_rounds(&context)?;
        context.arm(options.fault);
        Ok(Self { context, bound: options.bound, wish, most_rounds })
    }

    /// Refuses a job whose kernels go more rounds than this driver lets them: it would be wrong without a word.
    fn check_rounds(&self, rounds: u64) -> Result<(), EngineError> {
        let most = self.most_rounds;
        if rounds <= most {
            return Ok(());
        }
        let why = format!("its driver ends loops after {most} rounds, and this job may need {rounds}");
        Err(self.context.failed(why))
    }
}

impl Engine for Gpu {
    fn info(&self) -> DeviceInfo {
        let AdapterInfo { name, backend, driver, software, .. } = &self.context.info;
        DeviceInfo {
            used: "gpu",
            adapter: format!("{name}, {backend}"),
            driver: driver.clone(),
            software: *software,
            fallback: None,
        }
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        let context = &self.context;
        context.check()?;
        let (for_points, for_centroids) = self.bound.gammas(job.table.n_dims(), certify::UNIT_WGSL);
        let sizes = Sizes::new(job, for_centroids);
        self.check_rounds(sizes.rounds())?;
        let shared = Shared::upload(context, job.table, &sizes, for_points)?;
        let start = Instant::now();
        let assign = Assign::new(context, &sizes, self.wish, self.most_rounds)?;
        let rounds = Rounds::build(context, &sizes, assign);
        let seeding = (job.seeding == Seeding::KMeansPlusPlus).then(|| SeedKernels::build(context));
        context.check()?;
        let build_time = start.elapsed();
        let squares = squares(job.table);
        Ok(Box::new(GpuSession { gpu: self, job, sizes, shared, rounds, seeding, squares, build_time }))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        Ok(Box::new(GpuNearest::new(self, centroids)?))
    }

    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        peak::measure(&self.context).map(Some)
    }
}

struct GpuSession<'a> {
    gpu: &'a Gpu,
    job: &'a Job<'a>,
    sizes: Sizes,
    shared: Shared,
    rounds: Rounds,
    seeding: Option<SeedKernels>,
    squares: u128, // sum of w |x|^2
    build_time: Duration,
}

impl Session for GpuSession<'_> {
    fn info(&self) -> DeviceInfo {
        self.gpu.info()
    }

    fn max_batch(&self) -> u64 {
        let (largest, all) = Lanes::bytes(&self.sizes);
        let (n, d, k) = (self.job.table.n_points(), self.job.table.n_dims(), self.job.n_clusters);
        let short = (DISPATCH / (n as u128 * (d * k) as u128)).clamp(1, MAX_LANES.into()) as u64;
        (self.gpu.context.max_binding() / largest).min(LANE_BYTES / all).min(short).max(1)
    }

    fn build_time(&self) -> Duration {
        self.build_time
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep) -> Result<Batch, EngineError> {
        let restarts: Vec<u64> = restarts.collect();
        let mut batch = Batch::new();
        for some in restarts.chunks(self.max_batch() as usize) {
            self.run_lanes(some, keep, &mut batch)?;
        }
        Ok(batch)
    }
}

impl GpuSession<'_> {
    fn run_lanes(&self, restarts: &[u64], keep: Keep, batch: &mut Batch) -> Result<(), EngineError> {
        let (context, job, sizes) = (&self.gpu.context, self.job, &self.sizes);
        let start = Instant::now();
        let seeds = seed::seed(context, self.seeding.as_ref(), &self.shared, job, restarts)?;
        let lanes = Lanes::new(context, sizes, restarts.len())?;
        seed::place(context, job.table, sizes, &lanes, &seeds);
        batch.times.seed += start.elapsed();
        let ended = timed(&mut batch.times.iterate, || {
            self.rounds.run(context, job, sizes, &self.shared, &lanes, restarts.len())
        })?;
        let start = Instant::now();
        self.collect(&lanes, &ended, restarts, keep, batch)?;
        batch.times.read_back += start.elapsed();
        Ok(())
    }

    /// Reads what the lanes ended with.
    fn collect(
        &self,
        lanes: &Lanes,
        ended: &[Lane],
        restarts: &[u64],
        keep: Keep,
        batch: &mut Batch,
    ) -> Result<(), EngineError> {
        let (context, table) = (&self.gpu.context, self.job.table);
        let results = lanes.read_results(context, &self.sizes, ended.len())?;
        let outcomes: Vec<Outcome> = results
            .iter()
            .zip(ended)
            .zip(restarts)
            .map(|(((centroids, sums), lane), &restart)| Outcome {
                restart,
                inertia: inertia(table, self.squares, centroids, sums),
                iterations: lane.iterations,
                stop: lane.why(),
                digest: digest(centroids),
            })
            .collect();
        let best = Batch::best(&outcomes).map(|best| best.restart);
        for (lane, (outcome, (centroids, sums))) in outcomes.into_iter().zip(results).enumerate() {
            let labels = if keep == Keep::All || Some(outcome.restart) == best {
                lanes.read_labels(context, &self.sizes, &[lane])?
            } else {
                Vec::new()
            };
            let passes = u64::from(outcome.iterations) * table.n_points() as u64;
            batch.work.pass(true, table.n_points() as u64, ended[lane].repaired_first.into());
            batch.work.pass(false, passes, ended[lane].repaired.into());
            batch.push(outcome, State { centroids, labels, counts: sums.counts }, keep);
        }
        Ok(())
    }
}
