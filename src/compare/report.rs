//! The document of a comparison: what the JSON file holds, and all that the other formats show.
//!
//! Times are in seconds. `schemas/compare-1.json` describes it as JSON Schema; a field that changes its meaning or
//! goes raises [`SCHEMA_VERSION`], new fields may come without.

use serde::Serialize;

use super::rates::Rates;
use super::runs::{Measured, Row, Run};
use super::statistics::{Ratio, Spread, median};
use super::sweep::{Crossover, Parameter};
use super::warnings::{Warning, warnings};
use crate::engine::Peak;
use crate::engine::cost::JobSize;

/// Name of the format.
pub const SCHEMA: &str = "cairn-compare";
/// Version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// A comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of cairn.
    pub version: &'static str,
    /// Whether all that was asked for was measured: not stopped, and no device failed.
    pub complete: bool,
    /// Whether it was stopped (Ctrl-C).
    pub stopped: bool,
    /// The machine.
    pub host: Host,
    /// The data.
    pub data: Data,
    /// What was asked for.
    pub params: Params,
    /// How it was measured.
    pub method: How,
    /// The devices, in the order in which they ran.
    pub devices: Vec<Device>,
    /// What was varied.
    pub sweep: Option<Swept>,
    /// One for each value of the sweep, or the only one.
    pub measurements: Vec<Measurement>,
    /// Where each device but the first overtakes the first.
    pub crossovers: Vec<Overtake>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Operating system.
    pub os: &'static str,
    /// Architecture of the processor.
    pub arch: &'static str,
    /// Threads that the CPU engine used.
    pub threads: usize,
}

/// The data, and what it took to make it ready, once for all devices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Data {
    /// File or name.
    pub name: String,
    /// Rows.
    pub n_points: usize,
    /// Features.
    pub n_dims: usize,
    /// Whether features have steps of their own.
    pub mixed: bool,
    /// Reading the data.
    pub read_s: f64,
    /// Placing the rows on the lattice.
    pub pack_s: f64,
}

/// What was asked for. A sweep varies one of these: each measurement has its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Params {
    /// Clusters.
    pub n_clusters: usize,
    /// Restarts.
    pub n_restarts: u64,
    /// Key of the random numbers, as text: a float can't hold every u64.
    pub seed: String,
    /// How the first centroids are found.
    pub init: String,
    /// Most iterations of a restart.
    pub max_iter: u32,
    /// Tolerance.
    pub tol: f64,
}

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct How {
    /// Measured runs of each device and value, at most.
    pub runs: u32,
    /// Runs before, at most.
    pub warmup: u32,
    /// Whether fewer runs were made where they take long.
    pub fewer_where_long: bool,
    /// What the intervals are.
    pub interval: &'static str,
    /// What is in a time.
    pub time: &'static str,
}

impl How {
    /// What the intervals are.
    pub const INTERVAL: &'static str =
        "95% percentile bootstrap of the median of paired ratios, 10000 resamples, seed 42";
    /// What is in a time.
    pub const TIME: &'static str =
        "upload + seed + iterate + read back; opening the device and building its kernels apart";
}

/// A device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Device {
    /// What the person called it.
    pub name: String,
    /// `gpu`, `cpu` or `reference`.
    pub used: &'static str,
    /// The adapter or the processor's instructions.
    pub adapter: String,
    /// The driver; empty on the CPU.
    pub driver: String,
    /// Whether it is a program on the CPU.
    pub software: bool,
    /// Opening it.
    pub open_s: f64,
    /// What it can do at most, if that was measured.
    pub peak: Option<Peak>,
    /// Why it could not go on.
    pub failure: Option<String>,
}

/// What was varied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// What.
    pub parameter: Parameter,
    /// The values asked for.
    pub values: Vec<u64>,
}

/// All devices on one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// The value of the sweep; none without.
    pub value: Option<u64>,
    /// Whether it was added to narrow a crossover down.
    pub added: bool,
    /// Rows.
    pub n_points: usize,
    /// Clusters.
    pub n_clusters: usize,
    /// Restarts.
    pub n_restarts: u64,
    /// Updates of all restarts together.
    pub iterations: u64,
    /// What every device computed; none if that was not reached.
    pub fingerprint: Option<String>,
    /// One for each device.
    pub devices: Vec<Timing>,
}

/// One device on one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// The device's name.
    pub name: String,
    /// Time of each run, in order.
    pub runs_s: Vec<f64>,
    /// How they lie; none of no runs.
    pub time_s: Option<Spread>,
    /// Times over those of the first device, pair by pair; none for the first.
    pub ratio: Option<Ratio>,
    /// Where the time goes: medians.
    pub split_s: Option<Split>,
    /// Work a second.
    pub rates: Option<Rates>,
    /// What to know before it is believed.
    pub warnings: Vec<Warning>,
    /// Why there are no more runs.
    pub failure: Option<String>,
}

/// Where the time of a run goes: medians, which need not add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Split {
    /// Building kernels, not part of the time.
    pub build: f64,
    /// Handing the points over.
    pub upload: f64,
    /// First centroids.
    pub seed: f64,
    /// Iterating.
    pub iterate: f64,
    /// The part of `iterate` for nearest centroids; 0 where the device can't tell.
    pub assign: f64,
    /// The part of `iterate` for sums, means and the decision to stop; 0 where the device can't tell.
    pub update: f64,
    /// Reading back.
    pub read_back: f64,
    /// Whether `assign` and `update` come from the device's clock, not the host's.
    pub device_clock: bool,
}

/// Where a device overtakes the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overtake {
    /// The device.
    pub device: String,
    /// The first device.
    pub base: String,
    /// Where, by the time of a run.
    pub crossover: Crossover,
    /// Where, when each run also opens its device and builds its kernels, as one `cairn fit` does.
    pub from_cold: Crossover,
}

impl Split {
    /// The medians of these runs; none of none.
    #[must_use]
    pub fn of(runs: &[Run]) -> Option<Self> {
        let of = |part: fn(&Run) -> std::time::Duration| {
            let seconds: Vec<f64> = runs.iter().map(|run| part(run).as_secs_f64()).collect();
            median(&seconds)
        };
        Some(Self {
            build: of(|run| run.build)?,
            upload: of(|run| run.upload)?,
            seed: of(|run| run.steps.seed)?,
            iterate: of(|run| run.steps.iterate)?,
            assign: of(|run| run.steps.assign)?,
            update: of(|run| run.steps.update)?,
            read_back: of(|run| run.steps.read_back)?,
            device_clock: runs.iter().all(|run| run.steps.device_clock),
        })
    }
}

impl Measurement {
    /// What was measured of a job.
    #[must_use]
    pub fn new(
        value: Option<u64>,
        added: bool,
        size: &JobSize,
        measured: &Measured,
        devices: &[Device],
    ) -> Self {
        let seconds = |row: &Row| row.runs.iter().map(|run| run.time().as_secs_f64()).collect::<Vec<f64>>();
        let base = measured.rows.first().map(seconds).unwrap_or_default();
        let timing = |(at, (row, device)): (usize, (&Row, &Device))| {
            let times = seconds(row);
            let time_s = Spread::of(&times);
            let split_s = Split::of(&row.runs);
            let rates = time_s.zip(split_s);
            Timing {
                name: device.name.clone(),
                ratio: if at == 0 { None } else { Ratio::paired(&times, &base) },
                rates: rates.map(|(time, split)| Rates::new(size, time.median, &split, device.peak)),
                warnings: warnings(&times),
                failure: row.failure.clone(),
                runs_s: times,
                time_s,
                split_s,
            }
        };
        Self {
            value,
            added,
            n_points: size.n_points,
            n_clusters: size.n_clusters,
            n_restarts: size.n_restarts,
            iterations: size.iterations,
            fingerprint: measured.fingerprint.clone(),
            devices: measured.rows.iter().zip(devices).enumerate().map(timing).collect(),
        }
    }

    /// Median time of a device, in seconds.
    #[must_use]
    pub fn time(&self, device: usize) -> Option<f64> {
        Some(self.devices.get(device)?.time_s?.median)
    }

    /// Median time of building kernels, in seconds.
    #[must_use]
    pub fn build(&self, device: usize) -> Option<f64> {
        Some(self.devices.get(device)?.split_s?.build)
    }
}

impl Document {
    /// The first failure of a device, with its name.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.devices.iter().find_map(|device| Some((device.name.as_str(), device.failure.as_deref()?)))
    }
}
