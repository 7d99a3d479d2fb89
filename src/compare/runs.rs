//! One job on several devices: verified, warmed up, and measured in alternation (A B A B ..), so that drift affects
//! all devices alike.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clock::Clock;
use super::device::DeviceReport;
use super::method::{Method, Plan, Step};
use super::rates::Split;
use super::verify::{Difference, first_difference};
use crate::engine::{Engine, Job, Outcome, Work};
use crate::kmeans::{self, CONTINUE, FitError, Restarts, RunPlan, Search};
use crate::warnings::Ended;

/// An open device in the comparison.
pub struct Contestant<'a> {
    /// Its description, which outlives it in the document. A device that has failed does not run again.
    pub device: DeviceReport,
    /// The open device.
    pub engine: Box<dyn Engine + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant that the user calls `name`, opened in `open_s` seconds.
    #[must_use]
    pub fn new(name: impl Into<String>, engine: Box<dyn Engine + 'a>, open_s: f64) -> Self {
        let info = engine.info();
        let device = DeviceReport {
            name: name.into(),
            used: info.used,
            adapter: info.adapter,
            driver: info.driver,
            software: info.software,
            open_s,
            peak: None,
            failure: None,
        };
        Self { device, engine }
    }

    /// Describes it as it is on the threads of this call, which a processor's description names, and measures its
    /// peak rates there. Where they can't be measured, that is no reason to stop.
    pub fn describe(&mut self) {
        self.device.adapter = self.engine.info().adapter;
        self.device.peak = self.engine.peak().ok().flatten();
    }
}

/// Restarts `0 .. n_restarts` of a job.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The job.
    pub job: &'a Job<'a>,
    /// Number of restarts.
    pub n_restarts: u64,
    /// How they are chosen.
    pub search: Search,
}

/// Runs of one device on one job, while they are made; [`Timing`](super::document::Timing) is the result.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Measured runs, in order.
    pub runs: Vec<Split>,
    /// Seconds of the latest run, building kernels included.
    pub latest_s: f64,
    /// Work of the latest run.
    pub work: Work,
    /// Whether its result was compared with another device's, and every run agrees.
    pub verified: bool,
    /// Why there are fewer runs than of the others, if so.
    pub failure: Option<String>,
}

/// Results of all devices on one job, while they run it; [`Measurement`](super::document::Measurement) is the result. All
/// jobs are verified before any is measured, so this is kept in between.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The fingerprint of all verified devices, or of the only device; `None` if all devices failed, or it was
    /// stopped earlier.
    pub fingerprint: Option<String>,
    /// Updates of all restarts together.
    pub iterations: u64,
    /// The end of the best restart; `None` without a result.
    pub ended: Option<Ended>,
    /// One for each contestant.
    pub rows: Vec<Row>,
}

impl Measured {
    /// Seconds of one run of each device, by their latest runs.
    #[must_use]
    pub fn pass_s(&self) -> f64 {
        rest_s(&self.rows)
    }
}

/// Seconds of one run of each of these devices, without those that failed.
fn rest_s(rows: &[Row]) -> f64 {
    rows.iter().filter(|row| row.failure.is_none()).map(|row| row.latest_s).sum()
}

/// Why a comparison ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The results of the devices differ.
    #[error("{0}; no times are shown: please report this")]
    Differs(Box<Difference>),
}

/// Clock, stop flag and progress messages of all runs.
pub struct Runner<'a> {
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The caller sets it to stop.
    pub stop: &'a AtomicBool,
    /// Called with each step before it starts.
    pub say: &'a (dyn Fn(Step<'_>) + Sync),
}

impl Runner<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Runs all restarts of the job once. `seen` is called with the number of restarts done.
    pub(super) fn run(
        &self,
        engine: &dyn Engine,
        task: Task<'_>,
        seen: &(dyn Fn(u64) + Sync),
    ) -> Result<(Split, Restarts), FitError> {
        let Task { job, n_restarts, search } = task;
        let start = self.clock.now();
        let mut session = engine.load(job)?;
        let loaded = self.clock.now().saturating_sub(start);
        let build = session.build_time().min(loaded);
        let start = self.clock.now();
        let mut restarts = 0;
        let mut go_on = |batch: &[Outcome]| {
            restarts += batch.len() as u64;
            seen(restarts);
            if self.stopped() { ControlFlow::Break(()) } else { CONTINUE }
        };
        let plan = RunPlan { search, ..RunPlan::restarts(n_restarts) };
        let done = kmeans::run_plan(session.as_mut(), job, &plan, &mut go_on)?;
        let wall = self.clock.now().saturating_sub(start);
        let steps = done.times.scaled_to(wall);
        Ok((Split::of_run(build, loaded.saturating_sub(build), &steps), done))
    }

    /// Runs every device once and compares the results.
    ///
    /// # Errors
    /// [`RunError::Differs`] if the results differ. A device that fails is not an error: its row has the failure.
    pub fn verify(&self, contestants: &mut [Contestant<'_>], task: Task<'_>) -> Result<Measured, RunError> {
        let mut rows: Vec<Row> =
            contestants.iter().map(|c| Row { failure: c.device.failure.clone(), ..Row::default() }).collect();
        let mut base: Option<(usize, Restarts)> = None;
        for at in 0..contestants.len() {
            if contestants[at].device.failure.is_some() || self.stopped() {
                continue;
            }
            let name = &contestants[at].device.name;
            let say = |what: &str| (self.say)(Step::Run { what, left_s: None });
            say(&format!("verifying {name}"));
            let seen = |done: u64| say(&format!("verifying {name}, {done} of {} restarts", task.n_restarts));
            let done = self.run(contestants[at].engine.as_ref(), task, &seen);
            let Some((_, done)) = self.or_out(done, &mut contestants[at], &mut rows[at]) else { continue };
            let Some((first, expected)) = &base else {
                base = Some((at, done));
                continue;
            };
            let of = |at: usize| (contestants[at].device.name.as_str(), contestants[at].engine.as_ref());
            let ((name, engine), (other, other_engine)) = (of(*first), of(at));
            if let Some(difference) =
                first_difference(task.job, (name, engine, expected), (other, other_engine, &done))
            {
                return Err(RunError::Differs(Box::new(difference)));
            }
            [*first, at].into_iter().for_each(|at| rows[at].verified = true);
        }
        let (fingerprint, iterations) = match &base {
            Some((_, done)) => (Some(done.fingerprint(task.job)), done.iterations()),
            None => (None, 0),
        };
        let ended = base.as_ref().and_then(|(_, done)| ended(done, task.job));
        Ok(Measured { fingerprint, iterations, ended, rows })
    }

    /// Warms up and measures verified devices. `later_s` are the seconds that the comparison takes afterwards.
    pub fn measure(
        &self,
        contestants: &mut [Contestant<'_>],
        task: Task<'_>,
        method: Method,
        later_s: f64,
        measured: &mut Measured,
    ) {
        let (start, verified_s) = (self.clock.now(), measured.pass_s());
        let spent_s = || verified_s + self.clock.now().saturating_sub(start).as_secs_f64();
        let Plan { warmup, runs } = method.plan(verified_s, spent_s());
        for at in 0..warmup {
            let after_s = later_s + f64::from(warmup - at - 1 + runs) * measured.pass_s();
            let what = format!("warm-up {} of {warmup}", at + 1);
            self.pass(contestants, task, measured, (&what, after_s), false);
        }
        for made in 0.. {
            // runs may be faster or slower than planned
            let runs = method.runs(made, measured.pass_s(), spent_s());
            if made >= runs || self.stopped() {
                return;
            }
            let after_s = later_s + f64::from(runs - made - 1) * measured.pass_s();
            let what = format!("run {} of {runs}", made + 1);
            self.pass(contestants, task, measured, (&what, after_s), true);
        }
    }

    /// Runs every device once, one after the other. `after_s` are the seconds that follow.
    fn pass(
        &self,
        contestants: &mut [Contestant<'_>],
        task: Task<'_>,
        measured: &mut Measured,
        (what, after_s): (&str, f64),
        counts: bool,
    ) {
        let expected = measured.fingerprint.clone();
        for (at, contestant) in contestants.iter_mut().enumerate() {
            if contestant.device.failure.is_some() || self.stopped() {
                continue;
            }
            let left_s = Some(rest_s(&measured.rows[at..]) + after_s);
            (self.say)(Step::Run { what: &format!("{what}, {}", contestant.device.name), left_s });
            let row = &mut measured.rows[at];
            let done = self.run(contestant.engine.as_ref(), task, &|_| ());
            let Some((run, done)) = self.or_out(done, contestant, row) else { continue };
            let fingerprint = done.fingerprint(task.job);
            if expected.as_ref() != Some(&fingerprint) {
                let wrong = format!("its result differs from the verified one: {fingerprint}");
                row.verified = false;
                out(contestant, row, wrong);
            } else if counts {
                row.runs.push(run);
            }
        }
    }

    /// The result, or `None` if the run was cancelled or failed. After a failure the device does not run again.
    fn or_out(
        &self,
        result: Result<(Split, Restarts), FitError>,
        contestant: &mut Contestant<'_>,
        row: &mut Row,
    ) -> Option<(Split, Restarts)> {
        match result {
            Ok((run, done)) => {
                (row.latest_s, row.work) = (run.build + run.time, done.work);
                return Some((run, done));
            }
            Err(FitError::Cancelled { .. }) => {}
            Err(error) => out(contestant, row, error.to_string()),
        }
        None
    }
}

fn ended(done: &Restarts, job: &Job<'_>) -> Option<Ended> {
    let (best, state) = (done.best()?, done.best_state()?);
    Some(Ended {
        n_clusters: job.n_clusters,
        empty: state.counts.iter().filter(|&&count| count == 0).count(),
        stop: best.stop,
        batches: false,
        inertia: best.inertia,
        weight_unit: job.table.weights.unit(),
    })
}

fn out(contestant: &mut Contestant<'_>, row: &mut Row, why: String) {
    row.failure = Some(why.clone());
    contestant.device.failure = Some(why);
}
