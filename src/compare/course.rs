//! A comparison from its first value to its document.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::report::{
    self, Device, Document, Host, How, Measurement, Overtake, SCHEMA, SCHEMA_VERSION, Swept,
};
use super::runs::{Contestant, Stand, Task};
use super::sizes::{check, params_at, rows_at};
use super::sweep::{At, Crossover, Parameter, crossover, narrower};
use super::{CompareError, Comparison};
use crate::engine::cost::JobSize;
use crate::kmeans::{self, FitError};
use crate::lattice::Table;

/// Most values that are added to narrow one crossover down.
const MOST_ADDED: usize = 8;
/// Time for all of them.
const TIME_FOR_ADDED: Duration = Duration::from_secs(20);

impl Comparison<'_> {
    /// Verifies and measures. `devices` describes the contestants, one each.
    ///
    /// Stopped midway it returns what was measured so far, marked so.
    ///
    /// # Errors
    /// Data or parameters that can't be used; devices that do not compute the same. A device that fails is no
    /// error: its row says so, and the others go on.
    pub fn run(
        &self,
        contestants: &mut [Contestant<'_>],
        devices: Vec<Device>,
        stand: &Stand<'_>,
    ) -> Result<Document, CompareError> {
        kmeans::in_threads(self.params.threads(), || {
            Ok::<_, FitError>(self.run_here(contestants, devices, stand))
        })?
    }

    fn run_here(
        &self,
        contestants: &mut [Contestant<'_>],
        devices: Vec<Device>,
        stand: &Stand<'_>,
    ) -> Result<Document, CompareError> {
        let start = Instant::now();
        let table = kmeans::pack(self.data)?;
        let pack = start.elapsed();
        let mut course = Course { of: self, table: &table, contestants, stand, devices, done: Vec::new() };
        match self.sweep {
            None => course.measure(None, false)?,
            Some(sweep) => {
                check(sweep, self.params, self.data, &table)?;
                for &value in &sweep.values {
                    course.measure(Some(value), false)?;
                }
                course.narrow_down()?;
            }
        }
        Ok(course.document(pack))
    }
}

/// A comparison under way.
struct Course<'a, 'b> {
    of: &'a Comparison<'a>,
    table: &'a Table,
    contestants: &'a mut [Contestant<'b>],
    stand: &'a Stand<'a>,
    devices: Vec<Device>,
    done: Vec<Measurement>,
}

impl Course<'_, '_> {
    fn stopped(&self) -> bool {
        self.stand.stop.load(Ordering::Relaxed)
    }

    /// Measures the job at a value of the sweep, or as it is.
    fn measure(&mut self, value: Option<u64>, added: bool) -> Result<(), CompareError> {
        if self.stopped() {
            return Ok(());
        }
        let at = self.of.sweep.map(|sweep| sweep.parameter).zip(value);
        let params = match at {
            Some((parameter, value)) => {
                params_at(self.of.params, parameter, value).map_err(FitError::from)?
            }
            None => self.of.params.clone(),
        };
        let fewer = match at {
            Some((Parameter::Points, n)) => Some(kmeans::pack(&rows_at(self.of.data, n)?)?),
            _ => None,
        };
        let table = fewer.as_ref().unwrap_or(self.table);
        let job = params.job(table).map_err(FitError::from)?;
        let task = Task { job: &job, n_restarts: params.n_restarts() };
        let prefix = at.map(|(parameter, value)| format!("{} = {value}: ", parameter.name()));
        let say = |text: &str| (self.stand.say)(&format!("{}{text}", prefix.as_deref().unwrap_or_default()));
        let stand = Stand { say: &say, ..*self.stand };
        let measured = stand.measure(self.contestants, task, self.of.method)?;
        let size = JobSize {
            n_points: table.n_points(),
            n_dims: table.n_dims(),
            n_clusters: job.n_clusters,
            n_restarts: task.n_restarts,
            iterations: measured.iterations,
        };
        self.done.push(Measurement::new(value, added, &size, &measured, &self.devices));
        Ok(())
    }

    /// Measures between two values of the sweep where the faster device changes there.
    fn narrow_down(&mut self) -> Result<(), CompareError> {
        for device in 1..self.devices.len() {
            for _ in 0..MOST_ADDED {
                let next = self.crossover(device, false).as_ref().and_then(narrower);
                let Some(next) = next.filter(|&next| !self.stopped() && self.affords(next)) else { break };
                self.measure(Some(next), true)?;
            }
        }
        self.done.sort_by_key(|measurement| (measurement.added, measurement.value)); // asked for ones as asked
        let asked = self.of.sweep.map(|sweep| sweep.values.clone()).unwrap_or_default();
        let place = |m: &Measurement| asked.iter().position(|&value| Some(value) == m.value);
        self.done.sort_by_key(|measurement| place(measurement).unwrap_or(asked.len()));
        Ok(())
    }

    /// Whether another value costs little beside what was measured already.
    fn affords(&self, value: u64) -> bool {
        let above = self.done.iter().filter(|m| m.value >= Some(value)).min_by_key(|m| m.value);
        let Some(above) = above else { return false };
        let round: f64 = (0..self.devices.len()).filter_map(|device| above.time(device)).sum();
        let runs = above.devices.iter().map(|timing| timing.runs_s.len()).max().unwrap_or(0);
        round * (runs + 1) as f64 <= TIME_FOR_ADDED.as_secs_f64() / MOST_ADDED as f64
    }

    /// Where a device overtakes the first; `cold` counts opening and building kernels.
    fn crossover(&self, device: usize, cold: bool) -> Option<Crossover> {
        let once = |m: &Measurement, device: usize| {
            let extra = if cold { self.devices[device].open_s + m.build(device)? } else { 0.0 };
            Some(m.time(device)? + extra)
        };
        let at = |m: &Measurement| Some(At { value: m.value?, base: once(m, 0)?, other: once(m, device)? });
        crossover(&self.done.iter().filter_map(at).collect::<Vec<_>>())
    }

    fn document(mut self, pack: Duration) -> Document {
        for (device, contestant) in self.devices.iter_mut().zip(&*self.contestants) {
            device.failure = contestant.failure.clone();
        }
        let overtake = |device: usize| {
            Some(Overtake {
                device: self.devices[device].name.clone(),
                base: self.devices[0].name.clone(),
                crossover: self.crossover(device, false)?,
                from_cold: self.crossover(device, true)?,
            })
        };
        let crossovers = (1..self.devices.len()).filter_map(overtake).collect();
        let (of, table, stopped) = (self.of, self.table, self.stopped());
        Document {
            schema: SCHEMA,
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION"),
            complete: !stopped && self.devices.iter().all(|device| device.failure.is_none()),
            stopped,
            host: Host {
                os: std::env::consts::OS,
                arch: std::env::consts::ARCH,
                threads: rayon::current_num_threads(),
            },
            data: report::Data {
                name: of.data.name.clone(),
                n_points: table.n_points(),
                n_dims: table.n_dims(),
                mixed: table.lattice.mixed(),
                read_s: of.read.as_secs_f64(),
                pack_s: pack.as_secs_f64(),
            },
            params: report::Params {
                n_clusters: of.params.n_clusters(),
                n_restarts: of.params.n_restarts(),
                seed: of.params.seed().to_string(),
                init: of.params.init().name().to_owned(),
                max_iter: of.params.max_iter(),
                tol: of.params.tol(),
            },
            method: How {
                runs: of.method.runs,
                warmup: of.method.warmup,
                fewer_where_long: of.method.budget.is_some(),
                interval: How::INTERVAL,
                time: How::TIME,
            },
            sweep: of.sweep.map(|sweep| Swept { parameter: sweep.parameter, values: sweep.values.clone() }),
            devices: self.devices,
            measurements: self.done,
            crossovers,
        }
    }
}
