//! One job on several devices: verified, warmed up, and measured in turn (A B A B ..), so that whatever
//! drifts meanwhile hits all alike.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::clock::Clock;
use super::verify::{Difference, first_difference};
use crate::engine::{Batch, DeviceInfo, Engine, EngineError, Job, Keep, Session, Times};
use crate::kmeans::{self, Restarts};

/// A device that takes part.
pub struct Contestant<'a> {
    /// What the person called it.
    pub name: String,
    /// The device, open.
    pub engine: &'a dyn Engine,
    /// Why it is out: it failed. A device that failed once runs no more.
    pub failure: Option<String>,
}

impl<'a> Contestant<'a> {
    /// A device that has not failed yet.
    pub fn new(name: impl Into<String>, engine: &'a dyn Engine) -> Self {
        Self { name: name.into(), engine, failure: None }
    }
}

/// How often the devices run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Measured runs of each device, at least 1.
    pub runs: u32,
    /// Runs of each device before, that don't count.
    pub warmup: u32,
    /// Time for all runs of a job, if fewer runs are to be made where runs are long: at least
    /// [`Method::LEAST_RUNS`].
    pub budget: Option<Duration>,
}

impl Method {
    /// Measured runs that are made however long they take.
    pub const LEAST_RUNS: u32 = 3;

    /// The same, for a job of which one run on every device takes `round`.
    fn within_budget(self, round: Duration) -> Self {
        let Some(budget) = self.budget else { return self };
        let fit = (budget.as_secs_f64() / round.as_secs_f64().max(1e-9)) as u32;
        let runs = fit.max(Self::LEAST_RUNS).min(self.runs);
        // the run that verifies has warmed the device up already
        Self { runs, warmup: self.warmup.min(fit / 4), ..self }
    }
}

/// What is run: restarts `0 .. n_restarts` of a job.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The job.
    pub job: &'a Job<'a>,
    /// Number of restarts.
    pub n_restarts: u64,
}

/// One run of one device: the points are on the host, packed; the results are back on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Building kernels for the job. Not part of [`Run::time`]: it is done once however many fits follow.
    pub build: Duration,
    /// Handing the points over.
    pub upload: Duration,
    /// The restarts, step by step.
    pub steps: Times,
}

impl Run {
    /// What is compared: upload, seeding, iterations, reading back.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.upload + self.steps.sum()
    }
}

/// The runs of one device.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Those that are measured, in order.
    pub runs: Vec<Run>,
    /// Why there are fewer than for the others.
    pub failure: Option<String>,
}

/// What came of one job.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What all devices computed; none if every device failed, or it was stopped before.
    pub fingerprint: Option<String>,
    /// Updates of all restarts together.
    pub iterations: u64,
    /// One for each contestant.
    pub rows: Vec<Row>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Why a comparison ended without one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The devices do not compute the same.
    #[error("{0}; nothing was timed: please report this, with `cairn devices --json`")]
    Differs(Box<Difference>),
}

/// What the runs need besides the job.
pub struct Stand<'a> {
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Set from outside to stop soon.
    pub stop: &'a AtomicBool,
    /// Called with what happens next, for a person who waits.
    pub say: &'a (dyn Fn(&str) + Sync),
}

impl Stand<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Runs all restarts of the job once.
    pub(super) fn run(&self, engine: &dyn Engine, task: Task<'_>) -> Result<(Run, Restarts), EngineError> {
        let Task { job, n_restarts } = task;
        let start = self.clock.now();
        let mut session = engine.load(job)?;
        let loaded = self.clock.now().saturating_sub(start);
        let build = session.build_time().min(loaded);
        let mut session = Stoppable { inner: session.as_mut(), stop: self.stop };
        let start = self.clock.now();
        let mut done = kmeans::run(&mut session, n_restarts, None, Keep::Best, &mut |_| {})?;
        let wall = self.clock.now().saturating_sub(start);
        kmeans::label_outside(job, &mut done);
        let steps = done.times.scaled_to(wall);
        Ok((Run { build, upload: loaded.saturating_sub(build), steps }, done))
    }

    /// Verifies, warms up, and measures.
    ///
    /// # Errors
    /// [`RunError::Differs`] if the devices do not compute the same. A device that fails is no error: its row
    /// says so.
    pub fn measure(
        &self,
        contestants: &mut [Contestant<'_>],
        task: Task<'_>,
        method: Method,
    ) -> Result<Measured, RunError> {
        let rows = contestants.iter().map(|c| Row { failure: c.failure.clone(), ..Row::default() }).collect();
        let mut measured = Measured { fingerprint: None, iterations: 0, rows, stopped: false };
        let round = self.verify(contestants, task, &mut measured)?;
        let method = method.within_budget(round);
        for at in 0..method.warmup {
            let what = format!("warm-up {} of {}", at + 1, method.warmup);
            self.round(contestants, task, &mut measured, &what, false);
        }
        for at in 0..method.runs {
            let what = format!("run {} of {}", at + 1, method.runs);
            self.round(contestants, task, &mut measured, &what, true);
        }
        measured.stopped = self.stopped();
        Ok(measured)
    }

    /// Runs every device once and compares what they computed. Returns the time of the round.
    fn verify(
        &self,
        contestants: &mut [Contestant<'_>],
        task: Task<'_>,
        measured: &mut Measured,
    ) -> Result<Duration, RunError> {
        let mut base: Option<(String, &dyn Engine, Restarts)> = None;
        let mut round = Duration::ZERO;
        for (contestant, row) in contestants.iter_mut().zip(&mut measured.rows) {
            if contestant.failure.is_some() || self.stopped() {
                continue;
            }
            (self.say)(&format!("verifying {}", contestant.name));
            let done = self.run(contestant.engine, task);
            let Some((run, done)) = self.or_out(done, contestant, row) else { continue };
            round += run.build + run.time();
            let Some((name, engine, first)) = &base else {
                base = Some((contestant.name.clone(), contestant.engine, done));
                continue;
            };
            let (first, other) =
                ((name.as_str(), *engine, first), (contestant.name.as_str(), contestant.engine, &done));
            let difference = self.or_out(first_difference(task.job, first, other), contestant, row);
            if let Some(Some(difference)) = difference {
                return Err(RunError::Differs(Box::new(difference)));
            }
        }
        if let Some((_, _, done)) = &base {
            measured.fingerprint = Some(done.fingerprint(task.job));
            measured.iterations = done.outcomes.iter().map(|outcome| u64::from(outcome.iterations)).sum();
        }
        Ok(round)
    }

    /// Runs every device once, in turn.
    fn round(
        &self,
        contestants: &mut [Contestant<'_>],
        task: Task<'_>,
        measured: &mut Measured,
        what: &str,
        counts: bool,
    ) {
        let expected = measured.fingerprint.clone();
        for (contestant, row) in contestants.iter_mut().zip(&mut measured.rows) {
            if contestant.failure.is_some() || self.stopped() {
                continue;
            }
            (self.say)(&format!("{what}, {}", contestant.name));
            let done = self.run(contestant.engine, task);
            let Some((run, done)) = self.or_out(done, contestant, row) else { continue };
            let fingerprint = done.fingerprint(task.job);
            if expected.as_ref() != Some(&fingerprint) {
                let wrong = format!("it computed another result than before, {fingerprint}");
                out(contestant, row, wrong);
            } else if counts {
                row.runs.push(run);
            }
        }
    }

    /// The result, or none: then the device is out, unless it only heard that it should stop.
    fn or_out<T>(
        &self,
        result: Result<T, EngineError>,
        contestant: &mut Contestant<'_>,
        row: &mut Row,
    ) -> Option<T> {
        let error = match result {
            Ok(done) => return Some(done),
            Err(error) => error,
        };
        if !self.stopped() {
            out(contestant, row, error.to_string());
        }
        None
    }
}

fn out(contestant: &mut Contestant<'_>, row: &mut Row, why: String) {
    row.failure = Some(why.clone());
    contestant.failure = Some(why);
}

/// A session that fails between two batches once it should stop.
struct Stoppable<'a, 'b> {
    inner: &'a mut (dyn Session + 'b),
    stop: &'a AtomicBool,
}

impl Session for Stoppable<'_, '_> {
    fn info(&self) -> DeviceInfo {
        self.inner.info()
    }

    fn max_batch(&self) -> u64 {
        self.inner.max_batch()
    }

    fn run(&mut self, restarts: Range<u64>, keep: Keep) -> Result<Batch, EngineError> {
        if self.stop.load(Ordering::Relaxed) {
            let adapter = self.inner.info().adapter;
            return Err(EngineError::DeviceFailed { adapter, reason: "it was told to stop".into() });
        }
        self.inner.run(restarts, keep)
    }
}
