//! The document of a comparison: the content of the JSON file and the source of the other formats.
//!
//! Times are in seconds. `schemas/compare-1.json` is its JSON Schema. [`SCHEMA_VERSION`] is incremented when a field
//! is removed or changes its meaning, not for new fields.

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
    /// Whether everything requested was measured: it was not stopped, and no device failed.
    pub complete: bool,
    /// Whether it was stopped (Ctrl-C).
    pub stopped: bool,
    /// The machine.
    pub host: Host,
    /// The data.
    pub data: DataReport,
    /// The parameters.
    pub params: ParamsReport,
    /// The method of measurement.
    pub method: MethodReport,
    /// The devices, in the order in which they ran.
    pub devices: Vec<DeviceReport>,
    /// The sweep, if any.
    pub sweep: Option<SweepReport>,
    /// One for each value of the sweep, or the only one.
    pub measurements: Vec<Measurement>,
    /// Where each device but the first overtakes the first.
    pub crossovers: Vec<Overtake>,
    /// Doubts about the data and the results; those about times are in `measurements`.
    pub warnings: Vec<crate::warnings::Warning>,
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

/// The data, and the time to prepare it, once for all devices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataReport {
    /// File or name.
    pub name: String,
    /// Rows.
    pub n_points: usize,
    /// Features.
    pub n_dims: usize,
    /// Whether the lattice is mixed.
    pub mixed: bool,
    /// Whether a row names the columns; `None` where the source is no text.
    pub header: Option<bool>,
    /// Line of the first row, which names the columns if there is a header; `None` where the source is no text.
    pub first_row: Option<u64>,
    /// Rows that were left out, since they lack a value.
    pub rows_dropped: usize,
    /// Columns of text that were left out by request.
    pub not_numeric: Vec<String>,
    /// How the rows are scaled, if they are.
    pub scale: Option<&'static str>,
    /// Reading the data.
    pub read_s: f64,
    /// Placing the rows on the lattice.
    pub pack_s: f64,
}

/// The parameters. A sweep varies one of them: each measurement has its value.
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
    /// `euclidean` or `cosine`.
    pub metric: &'static str,
    /// How restarts are chosen: `restarts` or `evolve`.
    pub search: &'static str,
    /// Restarts of a generation, if they evolve.
    pub population: Option<u64>,
    /// Whether each restart is refined.
    pub refine: bool,
    /// Maximum number of iterations of a restart.
    pub max_iter: u32,
    /// Tolerance.
    pub tol: f64,
}

/// The method of measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodReport {
    /// Measured runs of each device and value, at most.
    pub runs: u32,
    /// Warm-up runs before these, at most.
    pub warmup: u32,
    /// Whether fewer runs were made if they take long.
    pub fewer_where_long: bool,
    /// Definition of the intervals.
    pub interval: &'static str,
    /// Definition of a time.
    pub time: &'static str,
}

impl MethodReport {
    /// Definition of the intervals.
    pub const INTERVAL: &'static str = "95%, of the median of paired ratios: percentile bootstrap (10000 resamples, \
         seed 42), no narrower than the order statistics allow; none of fewer than 6 pairs";
    /// Definition of a time.
    pub const TIME: &'static str =
        "upload + seed + iterate + read back; opening the device and building its kernels apart";
}

/// A sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// The parameter varied.
    pub parameter: Parameter,
    /// The requested values.
    pub values: Vec<u64>,
}

/// All devices on one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// The value of the sweep; `None` without one.
    pub value: Option<u64>,
    /// Whether it was added to narrow down a crossover.
    pub added: bool,
    /// Rows.
    pub n_points: usize,
    /// Clusters.
    pub n_clusters: usize,
    /// Restarts.
    pub n_restarts: u64,
    /// Updates of all restarts together.
    pub iterations: u64,
    /// The fingerprint of all verified devices, or of the only device; `None` if no device finished.
    pub fingerprint: Option<String>,
    /// One for each device.
    pub devices: Vec<Timing>,
}

/// Timings of one device on one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// The device's name.
    pub name: String,
    /// Whether its result was compared with another device's, and every run agrees.
    pub verified: bool,
    /// Time of each run, in order.
    pub runs_s: Vec<f64>,
    /// Distribution of the times; `None` without runs.
    pub time_s: Option<TimeSpread>,
    /// Ratio to the times of the first device, pair by pair; `None` for the first.
    pub ratio: Option<Ratio>,
    /// Times of the steps, as medians.
    pub split_s: Option<Split>,
    /// Work per second.
    pub rates: Option<Rates>,
    /// Doubts about the timings.
    pub warnings: Vec<Warning>,
    /// Why runs are missing, if any.
    pub failure: Option<String>,
}

/// Where a device overtakes the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overtake {
    /// The device.
    pub device: String,
    /// The first device.
    pub base: String,
    /// The crossover by the time of a run.
    pub crossover: Crossover,
    /// Values at which neither is clearly faster.
    pub unclear: Vec<u64>,
    /// The crossover if each run also opens its device and builds its kernels, as one `cairn fit` does.
    pub from_cold: Crossover,
    /// Values at which neither is clearly faster in that case.
    pub unclear_from_cold: Vec<u64>,
}

impl Measurement {
    /// The measurement of a job.
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
                rates: split_s.map(|split| Rates::new(size, &split, &row.work, device.peak)),
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

    /// The device that is clearly faster than every other timed device; `None` if there is none, or only one device.
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
