//! How time splits into steps, work per second, and its share of the device's measured peak.

use std::time::Duration;

use serde::Serialize;

use crate::engine::cost::JobSize;
use crate::engine::{Peak, Times, Work};
use crate::kmeans::median;

/// Points x clusters x iterations.
#[must_use]
pub(super) fn steps(size: &JobSize) -> f64 {
    size.n_points as f64 * size.n_clusters as f64 * size.iterations as f64
}

/// Floating-point operations if every distance is computed; a multiply-add counts as two.
#[must_use]
pub(super) fn flops(size: &JobSize) -> f64 {
    let [_, _, _, multiply_adds] = size.terms();
    2.0 * multiply_adds
}

/// Bytes of the points in `f32`, if they are read once per pass.
#[must_use]
pub(super) fn bytes(size: &JobSize) -> f64 {
    2.0 * flops(size) / size.n_clusters as f64
}

/// Work per second. An engine that skips distances, or shares reads between restarts, may exceed its peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Restarts per second, including upload and reading back.
    pub restarts_per_s: f64,
    /// Points x clusters x iterations per second, including upload and reading back.
    pub point_cluster_iterations_per_s: f64,
    /// 10^9 operations per second during assign (or iterating, if assign was not measured), as if every distance were
    /// computed.
    pub gflops: f64,
    /// 10^9 bytes per second during that time, as if all points were read once per pass.
    pub gbytes_per_s: f64,
    /// `gflops` relative to the device's peak, if that was measured.
    pub flops_of_peak: Option<f64>,
    /// `gbytes_per_s` relative to the device's peak, if that was measured.
    pub bytes_of_peak: Option<f64>,
    /// Distances that the result depends on, from each point to each centroid in each pass, per second, including
    /// upload and reading back; those that bounds made needless count too. `None` if the engine counted no points.
    pub distances_per_s: Option<f64>,
    /// The share of these distances that bounds made needless, so that they were not computed.
    pub skipped_distances: Option<f64>,
}

impl Rates {
    /// The rates of a job of this size, of which a run does this work.
    #[must_use]
    pub fn new(size: &JobSize, split: &Split, work: &Work, peak: Option<Peak>) -> Self {
        let distances = if split.assign > 0.0 { split.assign } else { split.iterate };
        let (flops, bytes) = (flops(size) / distances, bytes(size) / distances);
        let points = Some(work.assigned_points as f64).filter(|&points| points > 0.0);
        Self {
            restarts_per_s: size.n_restarts as f64 / split.time,
            point_cluster_iterations_per_s: steps(size) / split.time,
            gflops: flops / 1e9,
            gbytes_per_s: bytes / 1e9,
            flops_of_peak: peak.map(|peak| flops / peak.flops),
            bytes_of_peak: peak.map(|peak| bytes / peak.bytes_per_second),
            distances_per_s: points.map(|points| points * size.n_clusters as f64 / split.time),
            skipped_distances: points
                .map(|points| work.skipped_distances as f64 / (points * size.n_clusters as f64)),
        }
    }
}

/// Times of the steps of a run, in seconds; or medians of several runs, which need not add up.
///
/// [`Times`] covers what an engine measures of a batch. This covers a whole run, from packed points on the host to results
/// on the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Split {
    /// The time that is compared: upload, seeding, iterations, reading back.
    #[serde(skip)] // the document has it as the time of each run
    pub time: f64,
    /// Building kernels, which is not part of `time`, since it is done once for many fits.
    pub build: f64,
    /// Uploading the points.
    pub upload: f64,
    /// Seeding.
    pub seed: f64,
    /// Iterating.
    pub iterate: f64,
    /// The part of `iterate` for nearest centroids; 0 if it was not measured.
    pub assign: f64,
    /// The part of `iterate` for sums, means and the decision to stop; 0 if it was not measured.
    pub update: f64,
    /// Reading back.
    pub read_back: f64,
    /// Whether `assign` and `update` come from the device's timestamps, not from the host's clock.
    pub device_clock: bool,
}

impl Split {
    /// One run: building its kernels, handing the points over, and the steps of its restarts.
    #[must_use]
    pub fn of_run(build: Duration, upload: Duration, steps: &Times) -> Self {
        Self {
            time: (upload + steps.sum()).as_secs_f64(),
            build: build.as_secs_f64(),
            upload: upload.as_secs_f64(),
            seed: steps.seed.as_secs_f64(),
            iterate: steps.iterate.as_secs_f64(),
            assign: steps.assign.as_secs_f64(),
            update: steps.update.as_secs_f64(),
            read_back: steps.read_back.as_secs_f64(),
            device_clock: steps.device_clock,
        }
    }

    /// The medians of these runs; `None` without runs.
    #[must_use]
    pub fn medians(runs: &[Self]) -> Option<Self> {
        let of = |part: fn(&Self) -> f64| median(&runs.iter().map(part).collect::<Vec<f64>>());
        Some(Self {
            time: of(|run| run.time)?,
            build: of(|run| run.build)?,
            upload: of(|run| run.upload)?,
            seed: of(|run| run.seed)?,
            iterate: of(|run| run.iterate)?,
            assign: of(|run| run.assign)?,
            update: of(|run| run.update)?,
            read_back: of(|run| run.read_back)?,
            device_clock: runs.iter().all(|run| run.device_clock),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_a_job_worked_out_by_hand() {
        let size = JobSize {
            n_points: 100,
            n_dims: 10,
            n_clusters: 5,
            n_restarts: 2,
            iterations: 8,
            ..JobSize::default()
        };
        assert_eq!((steps(&size), flops(&size), bytes(&size)), (4000.0, 100_000.0, 40_000.0));
        let split = Split { time: 2.0, assign: 0.5, iterate: 0.8, ..Split::default() };
        let peak = Peak { flops: 1e6, bytes_per_second: 1e5 };
        // ten passes over 100 points, in which bounds decided a quarter of them
        let work = Work { assigned_points: 1000, skipped_distances: 1250, ..Work::default() };
        let rates = Rates::new(&size, &split, &work, Some(peak));
        assert_eq!((rates.restarts_per_s, rates.point_cluster_iterations_per_s), (1.0, 2000.0));
        assert_eq!((rates.flops_of_peak, rates.bytes_of_peak), (Some(0.2), Some(0.8)));
        assert_eq!((rates.distances_per_s, rates.skipped_distances), (Some(2500.0), Some(0.25)));
        let untold = Split { time: 2.0, iterate: 0.8, ..Split::default() };
        let rates = Rates::new(&size, &untold, &Work::default(), None);
        assert_eq!((rates.gflops, rates.flops_of_peak), (0.000125, None));
        assert_eq!((rates.distances_per_s, rates.skipped_distances), (None, None));
    }
}
