//! Runs a comparison and makes its document.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::document::{
    self, DeviceReport, Document, Host, Measurement, MethodReport, Overtake, SCHEMA, SCHEMA_VERSION,
    SweepReport,
};
use super::method::{Estimate, Plan, Step};
use super::runs::{Contestant, Measured, Runner, Task};
use super::sizes::{check, params_at, rows_at};
use super::statistics::Ratio;
use super::sweep::{At, Parameter, crossover, narrower};
use super::{CompareError, Comparison};
use crate::engine::cost::JobSize;
use crate::kmeans::{self, FitError};
use crate::lattice::Table;
use crate::warnings::{self, Ended, Placed, Warning, merged};

/// Most values added to narrow down a crossover.
const MOST_ADDED: usize = 8;
/// Time budget for all of them.
const TIME_FOR_ADDED: Duration = Duration::from_secs(20);

impl Comparison<'_> {
    /// Verifies and measures.
    ///
    /// If it is stopped, it returns what was measured so far, marked as incomplete.
    ///
    /// # Errors
    /// [`CompareError`]: invalid data or parameters; devices whose results differ. A device that fails is not an
    /// error: its row has the failure, and the other devices continue.
    pub fn run(
        &self,
        contestants: &mut [Contestant<'_>],
        runner: &Runner<'_>,
    ) -> Result<Document, CompareError> {
        kmeans::in_threads(self.params.threads(), || Ok::<_, FitError>(self.run_here(contestants, runner)))?
    }

    fn run_here(
        &self,
        contestants: &mut [Contestant<'_>],
        runner: &Runner<'_>,
    ) -> Result<Document, CompareError> {
        let start = Instant::now();
        let table = kmeans::pack_for(self.data, self.params)?;
        let pack = start.elapsed();
        let doubts = vec![warnings::of_table(self.data, &Placed::of(&table)).map_err(FitError::from)?];
        let mut comparison =
            ComparisonRun { of: self, table: &table, contestants, runner, done: Vec::new(), doubts };
        match self.sweep {
            None => comparison.all(&[None])?,
            Some(sweep) => {
                check(sweep, self.params, self.data, &table)?;
                comparison.all(&sweep.values.iter().copied().map(Some).collect::<Vec<_>>())?;
                comparison.narrow_down()?;
            }
        }
        Ok(comparison.document(pack))
    }
}

/// A comparison in progress.
struct ComparisonRun<'a, 'b> {
    of: &'a Comparison<'a>,
    table: &'a Table,
    contestants: &'a mut [Contestant<'b>],
    runner: &'a Runner<'a>,
    done: Vec<Measurement>,
    doubts: Vec<Vec<Warning>>, // about the table, then about the result at each value
}

impl ComparisonRun<'_, '_> {
    fn devices(&self) -> Vec<DeviceReport> {
        self.contestants.iter().map(|contestant| contestant.device.clone()).collect()
    }

    fn stopped(&self) -> bool {
        self.runner.stop.load(Ordering::Relaxed)
    }

    /// Verifies the job at all these values of the sweep (`None`: without a sweep), then measures it there.
    fn all(&mut self, values: &[Option<u64>]) -> Result<(), CompareError> {
        let mut verified = Vec::new();
        for &value in values {
            if !self.stopped() {
                verified.push((value, self.verify(value)?));
            }
        }
        let plan = |measured: &Measured| {
            let pass_s = measured.pass_s();
            (self.of.method.plan(pass_s, pass_s), pass_s)
        };
        let plans: Vec<(Plan, f64)> = verified.iter().map(|(_, measured)| plan(measured)).collect();
        let estimate = Estimate::of(&plans).filter(|_| !self.stopped());
        estimate.into_iter().for_each(|estimate| (self.runner.say)(Step::Estimate(estimate)));
        for (at, (value, measured)) in verified.into_iter().enumerate() {
            let later_s = plans[at + 1..].iter().map(|(plan, pass_s)| plan.seconds(*pass_s)).sum();
            self.measure(value, (false, later_s), measured)?;
        }
        Ok(())
    }

    fn verify(&mut self, value: Option<u64>) -> Result<Measured, CompareError> {
        let (measured, _) = self.on(value, |runner, contestants, task| runner.verify(contestants, task))?;
        let measured = measured?;
        if let Some(ended) = &measured.ended {
            let doubts = self.doubts_of(value, ended)?;
            self.doubts.push(doubts);
        }
        Ok(measured)
    }

    /// Warnings about the result at a value of the sweep.
    fn doubts_of(&self, value: Option<u64>, ended: &Ended) -> Result<Vec<Warning>, CompareError> {
        let parameter = self.of.sweep.map(|sweep| sweep.parameter);
        let doubts = match (parameter, value) {
            (Some(Parameter::Points), Some(n)) => {
                let data = rows_at(self.of.data, n)?;
                let table = kmeans::pack_for(&data, self.of.params)?;
                warnings::of_result(&data, &Placed::of(&table), ended)
            }
            _ => warnings::of_result(self.of.data, &Placed::of(self.table), ended),
        };
        Ok(doubts.map_err(FitError::from)?)
    }

    fn measure(
        &mut self,
        value: Option<u64>,
        (added, later_s): (bool, f64),
        mut measured: Measured,
    ) -> Result<(), CompareError> {
        let method = self.of.method;
        let ((), size) = self.on(value, |runner, contestants, task| {
            runner.measure(contestants, task, method, later_s, &mut measured);
        })?;
        let size = JobSize { iterations: measured.iterations, ..size };
        self.done.push(Measurement::new(value, added, &size, &measured, &self.devices()));
        Ok(())
    }

    /// Makes the job at a value of the sweep (`None`: without a sweep) and runs it.
    fn on<T>(
        &mut self,
        value: Option<u64>,
        run: impl FnOnce(&Runner<'_>, &mut [Contestant<'_>], Task<'_>) -> T,
    ) -> Result<(T, JobSize), CompareError> {
        let at = self.of.sweep.map(|sweep| sweep.parameter).zip(value);
        let params = match at {
            Some((parameter, value)) => {
                params_at(self.of.params, parameter, value).map_err(FitError::from)?
            }
            None => self.of.params.clone(),
        };
        let fewer = match at {
            Some((Parameter::Points, n)) => Some(kmeans::pack_for(&rows_at(self.of.data, n)?, &params)?),
            _ => None,
        };
        let table = fewer.as_ref().unwrap_or(self.table);
        let job = params.job(table).map_err(FitError::from)?;
        let task = Task { job: &job, n_restarts: params.n_restarts(), search: params.search() };
        let prefix = at.map(|(parameter, value)| format!("{} = {value}: ", parameter.name()));
        let say = |step: Step<'_>| match step {
            Step::Run { what, left_s } => {
                let what = format!("{}{what}", prefix.as_deref().unwrap_or_default());
                (self.runner.say)(Step::Run { what: &what, left_s });
            }
            estimate => (self.runner.say)(estimate),
        };
        let done = run(&Runner { say: &say, ..*self.runner }, self.contestants, task);
        let size = JobSize {
            n_points: table.n_points(),
            n_dims: table.n_dims(),
            n_clusters: job.n_clusters,
            n_restarts: task.n_restarts,
            ..JobSize::default()
        };
        Ok((done, size))
    }

    /// Measures between two values of the sweep at which different devices are faster.
    fn narrow_down(&mut self) -> Result<(), CompareError> {
        for device in 1..self.contestants.len() {
            for _ in 0..MOST_ADDED {
                let at = self.faster(device);
                let next = crossover(&at).and_then(|crossover| narrower(&crossover, &unclear(&at)));
                let Some(next) = next.filter(|&next| !self.stopped() && self.affords(next)) else { break };
                let measured = self.verify(Some(next))?;
                self.measure(Some(next), (true, 0.0), measured)?;
            }
        }
        self.done.sort_by_key(|measurement| (measurement.added, measurement.value)); // requested values in their order
        let asked = self.asked();
        let place = |m: &Measurement| asked.iter().position(|&value| Some(value) == m.value);
        self.done.sort_by_key(|measurement| place(measurement).unwrap_or(asked.len()));
        Ok(())
    }

    fn asked(&self) -> Vec<u64> {
        self.of.sweep.map(|sweep| sweep.values.clone()).unwrap_or_default()
    }

    /// Whether another value is cheap compared with what was already measured.
    fn affords(&self, value: u64) -> bool {
        let above = self.done.iter().filter(|m| m.value >= Some(value)).min_by_key(|m| m.value);
        let Some(above) = above else { return false };
        let pass: f64 = (0..self.contestants.len()).filter_map(|device| above.time(device)).sum();
        let runs = above.devices.iter().map(|timing| timing.runs_s.len()).max().unwrap_or(0);
        pass * (runs + 1) as f64 <= TIME_FOR_ADDED.as_secs_f64() / MOST_ADDED as f64
    }

    /// Which is faster at each value, the first device or this one. Empty if a requested value has no times.
    fn faster(&self, device: usize) -> Vec<At> {
        self.at(device, |m| m.devices.get(device)?.ratio)
    }

    /// The same if each run also opens its device and builds its kernels.
    fn faster_cold(&self, device: usize) -> Vec<At> {
        let cold = |m: &Measurement, device: usize| {
            let extra = self.contestants[device].device.open_s + m.build(device)?;
            Some(m.devices[device].runs_s.iter().map(|time| time + extra).collect::<Vec<f64>>())
        };
        self.at(device, |m| Ratio::paired(&cold(m, device)?, &cold(m, 0)?))
    }

    fn at(&self, device: usize, ratio: impl Fn(&Measurement) -> Option<Ratio>) -> Vec<At> {
        let timed = |m: &&Measurement| m.time(0).is_some() && m.time(device).is_some();
        let times: Vec<&Measurement> = self.done.iter().filter(timed).collect();
        let known = |value: &u64| times.iter().any(|m| m.value == Some(*value));
        if !self.asked().iter().all(known) {
            return Vec::new();
        }
        let at = |m: &&Measurement| {
            let faster = ratio(m).and_then(|ratio| ratio.faster());
            Some(At { value: m.value?, base_wins: faster.map(|faster| !faster) })
        };
        times.iter().filter_map(at).collect()
    }

    fn document(self, pack: Duration) -> Document {
        let devices = self.devices();
        let overtake = |device: usize| {
            let (at, cold) = (self.faster(device), self.faster_cold(device));
            Some(Overtake {
                device: devices[device].name.clone(),
                base: devices[0].name.clone(),
                crossover: crossover(&at)?,
                unclear: unclear(&at),
                from_cold: crossover(&cold)?,
                unclear_from_cold: unclear(&cold),
            })
        };
        let crossovers = (1..self.contestants.len()).filter_map(overtake).collect();
        let (of, table, stopped) = (self.of, self.table, self.stopped());
        Document {
            schema: SCHEMA,
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION"),
            complete: !stopped && devices.iter().all(|device| device.failure.is_none()),
            stopped,
            host: Host {
                os: std::env::consts::OS,
                arch: std::env::consts::ARCH,
                threads: rayon::current_num_threads(),
            },
            data: document::DataReport {
                name: of.data.name.clone(),
                n_points: table.n_points(),
                n_dims: table.n_dims(),
                mixed: table.lattice.mixed(),
                header: of.data.reading.text.as_ref().map(|text| text.header.is_some()),
                first_row: of.data.reading.text.as_ref().map(|text| text.first_row),
                rows_dropped: of.data.reading.dropped.count(),
                not_numeric: of.data.reading.not_numeric.clone(),
                scale: of.data.points.scaling().map(|scaling| scaling.scale().name()),
                read_s: of.read.as_secs_f64(),
                pack_s: pack.as_secs_f64(),
            },
            params: document::ParamsReport {
                n_clusters: of.params.n_clusters(),
                n_restarts: of.params.n_restarts(),
                seed: of.params.seed().to_string(),
                init: of.params.init().name().to_owned(),
                metric: of.params.metric().name(),
                search: of.params.search().name(),
                population: of.params.search().population(),
                refine: of.params.refine(),
                max_iter: of.params.max_iter(),
                tol: of.params.tol(),
            },
            method: MethodReport {
                runs: of.method.runs,
                warmup: of.method.warmup,
                fewer_where_long: of.method.budget.is_some(),
                interval: MethodReport::INTERVAL,
                time: MethodReport::TIME,
            },
            sweep: of
                .sweep
                .map(|sweep| SweepReport { parameter: sweep.parameter, values: sweep.values.clone() }),
            devices,
            measurements: self.done,
            crossovers,
            warnings: merged(&self.doubts),
        }
    }
}

/// Values at which neither is clearly faster.
fn unclear(at: &[At]) -> Vec<u64> {
    let mut values: Vec<u64> = at.iter().filter(|at| at.base_wins.is_none()).map(|at| at.value).collect();
    values.sort_unstable();
    values
}
