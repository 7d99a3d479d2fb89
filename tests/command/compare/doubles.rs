//! Test doubles: a simulated clock, and engines that advance it, return wrong results, or fail.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cairn::compare::sweep::Sweep;
use cairn::compare::{Clock, CompareError, Comparison, Contestant, Document, Method, Runner, Step};
use cairn::data::Dataset;
use cairn::engine::cpu::Cpu;
use cairn::engine::nearest_two::{Centroids, NearestSession};
use cairn::engine::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Session, Times, Watch};
use cairn::kmeans::Params;

/// A simulated clock, in microseconds.
#[derive(Default)]
pub(crate) struct FakeClock(AtomicU64);

impl FakeClock {
    pub(crate) fn wind(&self, us: u64) {
        self.0.fetch_add(us, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// The CPU engine with simulated times.
pub(crate) struct Double<'c> {
    pub(crate) clock: &'c FakeClock,
    /// Microseconds of the restarts of run `run` (from 0, over all sizes), given their number.
    pub(crate) run_us: Box<dyn Fn(u64, u64) -> u64 + Send + Sync + 'c>,
    /// Microseconds of building kernels, and of uploading.
    pub(crate) load_us: (u64, u64),
    /// Called before each batch; its error is the device's.
    pub(crate) trouble: Box<dyn Fn(u64) -> Result<(), EngineError> + Send + Sync + 'c>,
    /// Changes the result of a batch of run `run`.
    pub(crate) spoil: fn(u64, &mut Batch),
    /// Result of [`Session::is_steady`].
    pub(crate) steady: bool,
    /// Number of runs started.
    pub(crate) runs: AtomicU64,
}

impl<'c> Double<'c> {
    pub(crate) fn new(clock: &'c FakeClock, run_us: impl Fn(u64, u64) -> u64 + Send + Sync + 'c) -> Self {
        Self {
            clock,
            run_us: Box::new(run_us),
            load_us: (0, 0),
            trouble: Box::new(|_| Ok(())),
            spoil: |_, _| {},
            steady: false,
            runs: AtomicU64::new(0),
        }
    }

    pub(crate) fn made(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }
}

impl Engine for Double<'_> {
    fn info(&self) -> DeviceInfo {
        let adapter = "a test double".into();
        DeviceInfo { used: "cpu", adapter, driver: String::new(), software: false, fallback: None }
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        let (build, upload) = self.load_us;
        self.clock.wind(build + upload);
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(DoubleSession { inner: CPU.load(job)?, of: self, run }))
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        CPU.nearest(centroids)
    }
}

static CPU: Cpu = Cpu::new(cairn::engine::certify::Bound::Sound);

struct DoubleSession<'a> {
    inner: Box<dyn Session + 'a>,
    of: &'a Double<'a>,
    run: u64,
}

impl Session for DoubleSession<'_> {
    fn info(&self) -> DeviceInfo {
        self.of.info()
    }

    fn max_batch(&self) -> u64 {
        4096
    }

    fn is_steady(&self) -> bool {
        self.of.steady
    }

    fn build_time(&self) -> Duration {
        Duration::from_micros(self.of.load_us.0)
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError> {
        (self.of.trouble)(self.run)?;
        let n = restarts.end - restarts.start;
        let us = (self.of.run_us)(self.run, n);
        self.of.clock.wind(us);
        let mut batch = self.inner.run(restarts, keep, watch)?;
        // a quarter seeding, half assigning, a quarter updating
        let quarter = Duration::from_micros(us) / 4;
        batch.times = Times {
            seed: quarter,
            iterate: 3 * quarter,
            assign: 2 * quarter,
            update: quarter,
            ..Times::default()
        };
        (self.of.spoil)(self.run, &mut batch);
        Ok(batch)
    }
}

/// An engine that the test inspects afterwards.
struct Borrowed<'a>(&'a dyn Engine);

impl Engine for Borrowed<'_> {
    fn info(&self) -> DeviceInfo {
        self.0.info()
    }

    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError> {
        self.0.load(job)
    }

    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError> {
        self.0.nearest(centroids)
    }
}

/// Compares the devices on a small table.
pub(crate) fn compare(
    clock: &FakeClock,
    devices: &[(&str, &dyn Engine)],
    params: &Params,
    sweep: Option<&str>,
    method: Method,
) -> Result<Document, CompareError> {
    compare_until(clock, devices, params, sweep, method, &AtomicBool::new(false))
}

pub(crate) fn compare_until(
    clock: &FakeClock,
    devices: &[(&str, &dyn Engine)],
    params: &Params,
    sweep: Option<&str>,
    method: Method,
    stop: &AtomicBool,
) -> Result<Document, CompareError> {
    run(&Runner { clock, stop, say: &|_| {} }, devices, params, sweep, method)
}

pub(crate) fn compare_saying(
    clock: &FakeClock,
    devices: &[(&str, &dyn Engine)],
    params: &Params,
    sweep: Option<&str>,
    method: Method,
    say: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Document, CompareError> {
    run(&Runner { clock, stop: &AtomicBool::new(false), say }, devices, params, sweep, method)
}

fn run(
    runner: &Runner<'_>,
    devices: &[(&str, &dyn Engine)],
    params: &Params,
    sweep: Option<&str>,
    method: Method,
) -> Result<Document, CompareError> {
    let data = table();
    let sweep: Option<Sweep> = sweep.map(|sweep| sweep.parse().unwrap());
    let comparison = Comparison { data: &data, read: Duration::ZERO, params, sweep: sweep.as_ref(), method };
    let enter = |&(name, engine): &(&str, _)| Contestant::new(name, Box::new(Borrowed(engine)), 0.0);
    let mut contestants: Vec<Contestant<'_>> = devices.iter().map(enter).collect();
    comparison.run(&mut contestants, runner)
}

pub(crate) fn table() -> Dataset<'static> {
    let rows = (0..30).map(|i| [f64::from(i % 3) * 10.0 + f64::from(i) * 0.01, f64::from(i % 5)]);
    let values: Vec<f64> = rows.flatten().collect();
    let points = ndarray::Array2::from_shape_vec((30, 2), values).unwrap();
    Dataset {
        name: "thirty rows".into(),
        points: points.into(),
        columns: vec!["x".into(), "y".into()],
        truth: None,
        weights: None,
        reading: cairn::data::Reading::default(),
    }
}
