//! The document of a comparison: what the JSON file holds, and all that the other formats show.
//!
//! Times are in seconds. `schemas/compare-1.json` describes it as JSON Schema; a field that changes its meaning or
//! goes raises [`SCHEMA_VERSION`], new fields may come without.

use serde::Serialize;

pub use super::device::DeviceReport;
pub use super::rates::Split;

use super::rates::Rates;
use super::runs::{Measured, Row};
use super::statistics::{Ratio, TimeSpread};
use super::sweep::{Crossover, Parameter};
use super::warnings::{Warning, warnings};
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
    pub data: DataReport,
    /// What was asked for.
    pub params: ParamsReport,
    /// How it was measured.
    pub method: MethodReport,
    /// The devices, in the order in which they ran.
    pub devices: Vec<DeviceReport>,
    /// What was varied.
    pub sweep: Option<SweepReport>,
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
pub struct DataReport {
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
pub struct ParamsReport {
    /// Clusters.
    pub n_clusters: usize,
    /// Restarts.
    pub n_restarts: u64,
    /// Seed of the random numbers, as text: a float can't hold every u64.
    pub seed: String,
    /// How the first centroids are found.
    pub init: String,
    /// Maximum number of iterations of a restart.
    pub max_iter: u32,
    /// Tolerance.
    pub tol: f64,
}

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodReport {
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

impl MethodReport {
    /// What the intervals are.
    pub const INTERVAL: &'static str = "95%, of the median of paired ratios: percentile bootstrap (10000 resamples, \
         seed 42), no narrower than the order statistics allow; none of fewer than 6 pairs";
    /// What is in a time.
    pub const TIME: &'static str =
        "upload + seed + iterate + read back; opening the device and building its kernels apart";
}

/// What was varied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepReport {
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
    /// What every device computed that is verified, or the only one; none if that was not reached.
    pub fingerprint: Option<String>,
    /// One for each device.
    pub devices: Vec<Timing>,
}

/// One device on one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// The device's name.
    pub name: String,
    /// Whether its result was compared with that of another device, and every run agrees.
    pub verified: bool,
    /// Time of each run, in order.
    pub runs_s: Vec<f64>,
    /// Distribution of the times; none without runs.
    pub time_s: Option<TimeSpread>,
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

/// Where a device overtakes the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overtake {
    /// The device.
    pub device: String,
    /// The first device.
    pub base: String,
    /// Where, by the time of a run.
    pub crossover: Crossover,
    /// Values at which neither is clearly faster.
    pub unclear: Vec<u64>,
    /// Where, when each run also opens its device and builds its kernels, as one `cairn fit` does.
    pub from_cold: Crossover,
    /// Values at which neither is clearly faster then.
    pub unclear_from_cold: Vec<u64>,
}

impl Measurement {
    /// What was measured of a job.
    #[must_use]
    pub fn new(
        value: Option<u64>,
        added: bool,
        size: &JobSize,
        measured: &Measured,
        devices: &[DeviceReport],
    ) -> Self {
        let seconds = |row: &Row| row.runs.iter().map(|run| run.time).collect::<Vec<f64>>();
        let base = measured.rows.first().map(seconds).unwrap_or_default();
        let timing = |(at, (row, device)): (usize, (&Row, &DeviceReport))| {
            let times = seconds(row);
            let time_s = TimeSpread::of(&times);
            let split_s = Split::medians(&row.runs);
            Timing {
                name: device.name.clone(),
                verified: row.verified,
                ratio: if at == 0 { None } else { Ratio::paired(&times, &base) },
                rates: split_s.map(|split| Rates::new(size, &split, device.peak)),
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

    /// Whether any device has times.
    #[must_use]
    pub fn timed(&self) -> bool {
        self.devices.iter().any(|timing| timing.time_s.is_some())
    }

    /// The device that is clearly faster than every other that was timed; none if that is open, or there is no
    /// other.
    #[must_use]
    pub fn fastest(&self) -> Option<usize> {
        let timed: Vec<usize> = (0..self.devices.len()).filter(|&at| self.time(at).is_some()).collect();
        if timed.len() < 2 {
            return None;
        }
        let beats = |a: usize, b: usize| {
            a == b
                || Ratio::paired(&self.devices[a].runs_s, &self.devices[b].runs_s)
                    .is_some_and(|ratio| ratio.faster() == Some(true))
        };
        timed.iter().copied().find(|&a| timed.iter().all(|&b| beats(a, b)))
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
