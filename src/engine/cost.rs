//! Cost model: estimates the time of a job on a device, for [`Device::Auto`](super::Device::Auto).
//!
//! A device has four coefficients, fitted by `cairn compare --calibrate`. They are rough. No result depends on them.

#[cfg(feature = "cli")]
use std::path::Path;

use serde::{Deserialize, Serialize};

#[cfg(feature = "cli")]
use crate::kept;

/// Version of the format of [`Costs`].
pub const SCHEMA: u32 = 1;
/// Largest file that is read.
#[cfg(feature = "cli")]
const MOST_BYTES: u64 = 1 << 20;
/// Iterations of a restart that are assumed before it runs.
pub const TYPICAL_ITERATIONS: u32 = 25;

/// The size of a job, as far as it is known before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobSize {
    /// Number of points.
    pub n_points: usize,
    /// Number of features.
    pub n_dims: usize,
    /// Number of clusters.
    pub n_clusters: usize,
    /// Number of restarts.
    pub n_restarts: u64,
    /// Updates of all restarts together.
    pub iterations: u64,
    /// Further points, each loaded and assigned once, such as the batches of minibatch.
    pub once: u64,
    /// Why only the CPU can do it, if so.
    pub cpu_only: Option<&'static str>,
}

impl JobSize {
    /// The size of a job whose iterations are not known yet.
    #[must_use]
    pub fn before(n_points: usize, n_dims: usize, n_clusters: usize, n_restarts: u64, max_iter: u32) -> Self {
        let iterations = n_restarts.saturating_mul(max_iter.min(TYPICAL_ITERATIONS).into());
        Self { n_points, n_dims, n_clusters, n_restarts, iterations, ..Self::default() }
    }

    /// The terms that the coefficients of a [`Cost`] multiply, in the order of its fields.
    #[must_use]
    pub fn terms(&self) -> [f64; 4] {
        let values = |n_points: f64| n_points * self.n_dims as f64;
        let (points, once) = (values(self.n_points as f64), values(self.once as f64));
        let passes = self.iterations as f64 + self.n_restarts as f64;
        [1.0, points + once, self.n_restarts as f64, (points * passes + once) * self.n_clusters as f64]
    }
}

/// Cost coefficients of a device, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Opening the device and building its kernels.
    pub fixed: f64,
    /// Per value of the table.
    pub per_value: f64,
    /// Per restart.
    pub per_restart: f64,
    /// Per point x feature x cluster x pass over the points.
    pub per_step: f64,
}

impl Cost {
    /// Estimated time of a job, in seconds.
    #[must_use]
    pub fn seconds(&self, size: &JobSize) -> f64 {
        let numbers = [self.fixed, self.per_value, self.per_restart, self.per_step];
        numbers.iter().zip(size.terms()).map(|(number, term)| number * term).sum()
    }

    /// Whether a coefficient is negative or not finite.
    fn damaged(&self) -> bool {
        let numbers = [self.fixed, self.per_value, self.per_restart, self.per_step];
        !numbers.iter().all(|number| number.is_finite() && *number >= 0.0)
    }
}

/// The cost of a GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuCost {
    /// The adapter, as [`DeviceInfo`](super::DeviceInfo) names it.
    pub adapter: String,
    /// Its cost.
    pub cost: Cost,
}

/// The cost model of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The CPU and its threads, as measured.
    pub cpu: Option<Cost>,
    /// Threads of that measurement.
    pub threads: usize,
    /// The GPUs that were measured.
    pub gpus: Vec<GpuCost>,
}

impl Default for Costs {
    fn default() -> Self {
        Self { schema: SCHEMA, cpu: None, threads: 0, gpus: Vec::new() }
    }
}

/// Default cost of a CPU: the median of three runs of `cairn compare --calibrate` on two threads of a loaded Xeon with
/// AVX-512. More threads are assumed to share restarts and steps evenly.
fn usual_cpu(threads: usize) -> Cost {
    let threads = threads.max(1) as f64;
    Cost { fixed: 0.0, per_value: 2.4e-8, per_restart: 1.8e-4 / threads, per_step: 1.5e-10 / threads }
}

/// Default cost of a GPU: an assumption, not a measurement. It favours the CPU for jobs under a second, where a wrong
/// choice costs little.
const USUAL_GPU: Cost = Cost { fixed: 0.5, per_value: 1e-9, per_restart: 2e-5, per_step: 1e-12 };

/// Why a stored cost model was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostsError {
    /// Not what [`Costs::to_json`] writes.
    #[error("not a cost model ({0})")]
    Damaged(String),
    /// A file of another format version.
    #[error("a cost model of version {0}; this cairn reads version {SCHEMA}")]
    Version(u32),
    /// A file that can't be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Costs {
    /// The cost on the CPU with this many threads.
    #[must_use]
    pub fn cpu(&self, threads: usize) -> Cost {
        match self.cpu {
            Some(cost) if self.threads == threads => cost,
            _ => usual_cpu(threads),
        }
    }

    /// The cost on an adapter, by its name.
    #[must_use]
    pub fn gpu(&self, adapter: &str) -> Cost {
        self.gpus.iter().find(|gpu| gpu.adapter == adapter).map_or(USUAL_GPU, |gpu| gpu.cost)
    }

    /// Least estimate for any GPU, in seconds, and whether it comes from a measured GPU. If the CPU is faster than
    /// that, no adapter needs to be listed.
    #[must_use]
    pub fn least_gpu(&self, size: &JobSize) -> (f64, bool) {
        let known = self.gpus.iter().map(|gpu| gpu.cost.seconds(size)).reduce(f64::min);
        let usual = USUAL_GPU.seconds(size);
        known.filter(|&known| known <= usual).map_or((usual, false), |known| (known, true))
    }

    /// The model as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The model from JSON.
    ///
    /// # Errors
    /// [`CostsError`]: malformed text, another version, or a coefficient that is negative or not finite.
    pub fn from_json(text: &str) -> Result<Self, CostsError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let damaged = |error: serde_json::Error| CostsError::Damaged(error.to_string());
        let Version { schema } = serde_json::from_str(text).map_err(damaged)?;
        if schema != SCHEMA {
            return Err(CostsError::Version(schema));
        }
        let costs: Self = serde_json::from_str(text).map_err(damaged)?;
        if costs.cpu.iter().chain(costs.gpus.iter().map(|gpu| &gpu.cost)).any(Cost::damaged) {
            return Err(CostsError::Damaged("a cost is negative or not finite".into()));
        }
        Ok(costs)
    }

    /// The model in a file that [`Costs::save`] wrote; `None` if there is no such file.
    ///
    /// # Errors
    /// [`CostsError`]: as [`Costs::from_json`], a wrong checksum, or a file that can't be read.
    #[cfg(feature = "cli")]
    pub fn load(file: &Path) -> Result<Option<Self>, CostsError> {
        let Some(bytes) = kept::read(file, MOST_BYTES).map_err(CostsError::Unreadable)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|error| CostsError::Damaged(error.to_string()))?;
        let plain = kept::unseal_json(&text).map_err(CostsError::Damaged)?;
        Self::from_json(&plain.unwrap_or(text)).map(Some) // earlier versions wrote no checksum
    }

    /// Writes the model to a file, as JSON with a checksum.
    ///
    /// # Errors
    /// Why it could not be written.
    #[cfg(feature = "cli")]
    pub fn save(&self, file: &Path) -> Result<(), String> {
        kept::write(file, kept::seal_json(&self.to_json()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(n_restarts: u64) -> JobSize {
        JobSize::before(1797, 64, 10, n_restarts, 300)
    }

    #[test]
    fn the_cost_is_the_sum_of_its_terms() {
        let cost = Cost { fixed: 1.0, per_value: 2.0, per_restart: 3.0, per_step: 4.0 };
        let size = JobSize {
            n_points: 2,
            n_dims: 3,
            n_clusters: 5,
            n_restarts: 7,
            iterations: 11,
            ..JobSize::default()
        };
        assert_eq!(size.terms(), [1.0, 6.0, 7.0, 540.0]);
        let with_batches = JobSize { once: 10, ..size };
        assert_eq!(with_batches.terms(), [1.0, 36.0, 7.0, 690.0]);
        assert_eq!(cost.seconds(&size), 1.0 + 12.0 + 21.0 + 2160.0);
    }

    #[test]
    fn small_jobs_are_for_the_cpu_and_large_ones_for_a_gpu() {
        let costs = Costs::default();
        let cpu_wins =
            |restarts| costs.cpu(8).seconds(&size(restarts)) < costs.gpu("any").seconds(&size(restarts));
        assert!(cpu_wins(1) && cpu_wins(10) && !cpu_wins(1_000_000));
    }

    #[test]
    fn what_was_stored_comes_back_and_damage_is_refused() {
        let cost = Cost { fixed: 0.1, per_value: 1e-9, per_restart: 1e-5, per_step: 1e-12 };
        let gpus = vec![GpuCost { adapter: "a".into(), cost }];
        let costs = Costs { cpu: Some(cost), threads: 3, gpus, ..Costs::default() };
        let text = costs.to_json();
        assert_eq!(Costs::from_json(&text), Ok(costs.clone()));
        assert_eq!((costs.cpu(3), costs.gpu("a"), costs.gpu("b")), (cost, cost, USUAL_GPU));
        assert_eq!(costs.cpu(4), usual_cpu(4));
        let (small, large) = (size(1), size(1_000_000));
        assert_eq!(costs.least_gpu(&small), (cost.seconds(&small), true));
        assert_eq!(costs.least_gpu(&large), (cost.seconds(&large), true));
        assert_eq!(Costs::default().least_gpu(&small), (USUAL_GPU.seconds(&small), false));
        let damaged = [&text[..20], "", "{}", "[]", &text.replace("0.1", "-0.1")];
        assert!(damaged.iter().all(|text| matches!(Costs::from_json(text), Err(CostsError::Damaged(_)))));
        assert_eq!(Costs::from_json(&text.replacen('1', "9", 1)), Err(CostsError::Version(9)));
    }
}
