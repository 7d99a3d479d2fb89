//! A quick check of a device: every step on small tables, bit for bit against the definition. On a GPU also every
//! kernel and mode that it chooses from.

use std::time::Duration;

use ndarray::Array2;

use super::tables::{grid, normal, table};
use super::verify::{Difference, first_difference};
use crate::data::{Dataset, Points, Scale, Scaling, digits};
use crate::engine::nearest_two::Centroids;
use crate::engine::reference::{Reference, seed::gather};
use crate::engine::{Engine, Job, Keep, Metric};
use crate::kmeans::{self, CONTINUE, FitError, Init, KMeans, Restarts};

/// A small job that stresses one step.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The step, by the name of its source files; or `restarts` (batches, slices), `nearest` (new rows) or `all`.
    pub step: &'static str,
    /// What is special about the job.
    pub what: &'static str,
    /// Settings for a GPU, if it needs any.
    pub settings: Option<GpuSettings>,
    make: Make,
}

/// Settings that make a GPU use a particular kernel or mode, as in [`OpenOptions`](crate::engine::OpenOptions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuSettings {
    /// The assign kernel: `plain`, `small`, `tiled`, `low`; or `trial`.
    pub kernel: Option<&'static str>,
    /// The kernel that a trial finds fastest.
    pub choice: Option<&'static str>,
    /// Memory limit in bytes, too low for all points.
    pub memory: Option<u64>,
    /// Time limit of a dispatch, too short for all points.
    pub slice: Option<Duration>,
}

impl GpuSettings {
    const DEFAULT: Self = Self { kernel: None, choice: None, memory: None, slice: None };
}

/// Makes the data and parameters of a check.
type Make = fn() -> (Dataset<'static>, KMeans);

/// Why a check failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The result differs from the definition's.
    #[error("{0}")]
    Differs(Difference),
    /// The nearest centroids of a row differ from the definition's.
    #[error("{device} finds other nearest centroids of row {row} than the definition")]
    Nearest {
        /// The device.
        device: String,
        /// The first such row.
        row: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Fit(#[from] FitError),
}

/// The checks for every device, in the order of the steps.
pub const CHECKS: [Check; 19] = [
    every("seed", "greedy k-means++", || (normal(700, 3, 1), once(9).restarts(3))),
    every("seed", "random rows", || (normal(700, 3, 2), once(9).init(Init::Random).restarts(3))),
    every("assign", "few features", || (normal(900, 2, 3), from_rows(5).max_iter(2))),
    every("assign", "many features", || (normal(130, 300, 4), from_rows(12).max_iter(2))),
    every("assign", "many clusters", || (normal(600, 8, 5), from_rows(150).max_iter(2))),
    every("assign", "many clusters of many features", || (normal(300, 70, 16), from_rows(140).max_iter(2))),
    every("assign", "small integers, ties everywhere", || (grid(500, 6, 2, 6), from_rows(8))),
    every("assign", "features of unlike size", || (mixed(400), from_rows(6))),
    every("update", "few clusters", || (normal(900, 5, 7), from_rows(3))),
    every("update", "many features", || (normal(150, 200, 8), from_rows(7))),
    every("update", "too many sums for a workgroup", || (normal(200, 80, 14), from_rows(30).max_iter(3))),
    every("update", "directions, with the metric cosine", directions),
    every("update", "weights", || (weighted(500), from_rows(6))),
    every("empty", "clusters that lose all points", empties),
    every("empty", "features of unlike size", || (mixed(300), from_one_place(&[0.25, 2.5e5, 2.5e-4, 12.5]))),
    every("stop", "at a tolerance", || (normal(600, 4, 9), from_rows(5).tol(0.01))),
    every("restarts", "a batch of 40", || (grid(200, 3, 9, 10), KMeans::new(4).restarts(40))),
    every("nearest", "the two nearest of a model", || (normal(500, 7, 15), from_rows(11).max_iter(2))),
    every("all", "the digits", || (digits(), KMeans::new(10).restarts(2))),
];

/// The checks for GPUs: kernels and modes that are otherwise chosen by sizes, throughput or a trial.
pub const GPU_CHECKS: [Check; 14] = [
    of("plain", "one invocation a point", || (normal(300, 6, 21), from_rows(9).max_iter(3))),
    of("small", "one restart", || (normal(600, 6, 22), from_rows(3).restarts(1).max_iter(3))),
    of("small", "two restarts side by side", || (normal(600, 6, 23), from_rows(7).max_iter(3))),
    of("small", "four restarts side by side", || (normal(600, 6, 24), from_rows(12).restarts(6).max_iter(3))),
    tile("assign_tiled HIGH=8 WIDE=8", "tiles of 64 x 64", || {
        (normal(300, 20, 25), from_rows(40).max_iter(2))
    }),
    tile("assign_tiled HIGH=16 WIDE=8", "tiles of 128 x 64", || {
        (normal(300, 20, 26), from_rows(90).max_iter(2))
    }),
    tile("assign_tiled HIGH=16 WIDE=16", "tiles of 128 x 128", || {
        (normal(300, 20, 27), from_rows(150).max_iter(2))
    }),
    of("tiled", "features of unlike size", || (mixed(300), from_rows(70).max_iter(2))),
    of("low", "a quarter of 16 features", || (normal(600, 3, 28), from_rows(20).max_iter(3))),
    of("low", "half of 16 features", || (normal(600, 7, 29), from_rows(20).max_iter(3))),
    of("low", "three quarters of 16 features", || (normal(600, 11, 30), from_rows(20).max_iter(3))),
    of("low", "16 features", || (normal(600, 16, 31), from_rows(70).max_iter(3))),
    Check {
        step: "seed",
        what: "points streamed in chunks",
        settings: Some(GpuSettings { memory: Some(300_000), ..GpuSettings::DEFAULT }),
        make: || (normal(6000, 6, 32), KMeans::new(5).restarts(2).max_iter(2)),
    },
    Check {
        step: "restarts",
        what: "dispatches cut into slices",
        settings: Some(GpuSettings { slice: Some(Duration::from_nanos(1)), ..GpuSettings::DEFAULT }),
        make: || (normal(900, 9, 33), KMeans::new(21).restarts(3).max_iter(2)),
    },
];

const fn every(step: &'static str, what: &'static str, make: Make) -> Check {
    Check { step, what, settings: None, make }
}

const fn of(kernel: &'static str, what: &'static str, make: Make) -> Check {
    Check {
        step: "assign",
        what,
        settings: Some(GpuSettings { kernel: Some(kernel), ..GpuSettings::DEFAULT }),
        make,
    }
}

const fn tile(choice: &'static str, what: &'static str, make: Make) -> Check {
    Check {
        step: "assign",
        what,
        settings: Some(GpuSettings { kernel: Some("trial"), choice: Some(choice), ..GpuSettings::DEFAULT }),
        make,
    }
}

impl Check {
    /// Runs it on a device, called `name` in errors.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn run(&self, name: &str, engine: &dyn Engine) -> Result<(), CheckError> {
        let (data, kmeans) = (self.make)();
        let params = kmeans.check().map_err(FitError::from)?;
        let table = kmeans::pack_for(&data, &params)?;
        let job = params.job(&table).map_err(FitError::from)?;
        if self.step == "nearest" {
            return nearest(&job, name, engine);
        }
        let restarts = |engine: &dyn Engine| -> Result<Restarts, FitError> {
            let mut session = engine.load(&job)?;
            let n_restarts = params.n_restarts();
            kmeans::run(session.as_mut(), &job, n_restarts, Some(64), Keep::Best, &mut |_| CONTINUE)
        };
        let (expected, found) = (restarts(&Reference)?, restarts(engine)?);
        let difference = first_difference(&job, ("reference", &Reference, &expected), (name, engine, &found));
        match difference {
            Some(difference) => Err(CheckError::Differs(difference)),
            None => Ok(()),
        }
    }
}

/// Checks the two nearest centroids of all rows; the centroids are the first rows.
fn nearest(job: &Job<'_>, name: &str, engine: &dyn Engine) -> Result<(), CheckError> {
    let rows: Vec<usize> = (0..job.n_clusters).map(|c| c * job.table.n_points() / job.n_clusters).collect();
    let centroids = gather(job.table, &rows);
    let centroids = Centroids { lattice: &job.table.lattice, values: &centroids };
    let find = |engine: &dyn Engine| {
        let found = engine.nearest(centroids).and_then(|mut session| session.nearest_two(job.table));
        found.map_err(FitError::from)
    };
    let (expected, found) = (find(&Reference)?, find(engine)?);
    let row = expected.iter().zip(&found).position(|(expected, found)| expected != found);
    match row {
        Some(row) => Err(CheckError::Nearest { device: name.into(), row }),
        None => Ok(()),
    }
}

fn once(n_clusters: usize) -> KMeans {
    KMeans::new(n_clusters).max_iter(1)
}

fn from_rows(n_clusters: usize) -> KMeans {
    KMeans::new(n_clusters).init(Init::Random).restarts(2)
}

/// Rows of length 1.
fn directions() -> (Dataset<'static>, KMeans) {
    let data = normal(500, 9, 17);
    let points = match Scaling::new(Scale::Unit, 9, Vec::new(), Vec::new()) {
        Some(unit) => Points::scaled(data.points, unit),
        None => data.points,
    };
    (Dataset { points, ..data }, from_rows(6).metric(Metric::Cosine))
}

fn mixed(n_points: usize) -> Dataset<'static> {
    table(n_points, 4, 11, |x, j| [1.0, 1e6, 1e-3, 50.0][j] * x)
}

fn weighted(n_points: usize) -> Dataset<'static> {
    let weights = (0..n_points).map(|i| (i % 7) as f64).collect(); // rows of weight zero too
    Dataset { weights: Some(weights), ..normal(n_points, 3, 12) }
}

/// All clusters start at the same centroid, so all but the first lose their points.
fn empties() -> (Dataset<'static>, KMeans) {
    (normal(300, 3, 13), from_one_place(&[0.25; 3]))
}

fn from_one_place(place: &[f64]) -> KMeans {
    let start = Array2::from_shape_fn((6, place.len()), |(_, j)| place[j]);
    KMeans::new(6).restarts(1).init(Init::Centroids(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::certify::Bound;
    use crate::engine::cpu::Cpu;

    #[test]
    fn the_cpu_passes_and_a_careless_bound_does_not() {
        for check in CHECKS.iter().chain(&GPU_CHECKS) {
            check
                .run("cpu", &Cpu::default())
                .unwrap_or_else(|e| panic!("{} {}: {e}", check.step, check.what));
        }
        let careless = Cpu::new(Bound::Zero);
        let failed = CHECKS.iter().filter(|check| check.run("careless", &careless).is_err()).count();
        assert!(failed > 0, "a bound of zero was not caught");
    }
}
