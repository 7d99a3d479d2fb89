//! A quick check of a device: every step on small tables against the definition, bit for bit.

use ndarray::Array2;

use super::tables::{grid, normal, table};
use super::verify::{Difference, first_difference};
use crate::data::{Dataset, digits};
use crate::engine::reference::Reference;
use crate::engine::{Engine, EngineError, Keep};
use crate::kmeans::{self, FitError, Init, KMeans, Restarts};

/// A small job that leans on one step.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The step, by the name of its files.
    pub step: &'static str,
    /// What is special about the job.
    pub what: &'static str,
    make: fn() -> (Dataset, KMeans),
}

/// Why a check did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The device computed something else than the definition.
    #[error("{0}")]
    Differs(Difference),
    /// The device failed.
    #[error(transparent)]
    Fit(#[from] FitError),
}

/// All checks, in the order of the steps.
pub const CHECKS: [Check; 15] = [
    Check { step: "seed", what: "greedy k-means++", make: || (normal(700, 3, 1), once(9).restarts(3)) },
    Check {
        step: "seed",
        what: "random rows",
        make: || (normal(700, 3, 2), once(9).init(Init::Random).restarts(3)),
    },
    Check { step: "assign", what: "few features", make: || (normal(900, 2, 3), from_rows(5).max_iter(2)) },
    Check {
        step: "assign",
        what: "many features",
        make: || (normal(130, 300, 4), from_rows(12).max_iter(2)),
    },
    Check { step: "assign", what: "many clusters", make: || (normal(600, 8, 5), from_rows(150).max_iter(2)) },
    Check {
        step: "assign",
        what: "many clusters of many features",
        make: || (normal(300, 70, 14), from_rows(140).max_iter(2)),
    },
    Check {
        step: "assign",
        what: "small integers, ties everywhere",
        make: || (grid(500, 6, 2, 6), from_rows(8)),
    },
    Check { step: "assign", what: "features of unlike size", make: || (mixed(400), from_rows(6)) },
    Check { step: "update", what: "few clusters", make: || (normal(900, 5, 7), from_rows(3)) },
    Check { step: "update", what: "many features", make: || (normal(150, 200, 8), from_rows(7)) },
    Check { step: "update", what: "weights", make: || (weighted(500), from_rows(6)) },
    Check { step: "empty", what: "clusters that lose all points", make: empties },
    Check { step: "stop", what: "at a tolerance", make: || (normal(600, 4, 9), from_rows(5).tol(0.01)) },
    Check {
        step: "restarts",
        what: "a batch of 40",
        make: || (grid(200, 3, 9, 10), KMeans::new(4).restarts(40)),
    },
    Check { step: "all", what: "the digits", make: || (digits(), KMeans::new(10).restarts(2)) },
];

impl Check {
    /// Runs it on a device that the caller calls `name`.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn run(&self, name: &str, engine: &dyn Engine) -> Result<(), CheckError> {
        let (data, kmeans) = (self.make)();
        let params = kmeans.check().map_err(FitError::from)?;
        let table = kmeans::pack(&data)?;
        let job = params.job(&table).map_err(FitError::from)?;
        let restarts = |engine: &dyn Engine| -> Result<Restarts, EngineError> {
            let mut session = engine.load(&job)?;
            kmeans::run(session.as_mut(), params.n_restarts(), Some(64), Keep::Best, &mut |_| {})
        };
        let expected = restarts(&Reference).map_err(FitError::from)?;
        let found = restarts(engine).map_err(FitError::from)?;
        let difference = first_difference(&job, ("reference", &Reference, &expected), (name, engine, &found));
        match difference.map_err(FitError::from)? {
            Some(difference) => Err(CheckError::Differs(difference)),
            None => Ok(()),
        }
    }
}

fn once(n_clusters: usize) -> KMeans {
    KMeans::new(n_clusters).max_iter(1)
}

fn from_rows(n_clusters: usize) -> KMeans {
    KMeans::new(n_clusters).init(Init::Random).restarts(2)
}

fn mixed(n_points: usize) -> Dataset {
    table(n_points, 4, 11, |x, j| [1.0, 1e6, 1e-3, 50.0][j] * x)
}

fn weighted(n_points: usize) -> Dataset {
    let weights = (0..n_points).map(|i| (i % 7) as f64).collect(); // rows of weight zero too
    Dataset { weights: Some(weights), ..normal(n_points, 3, 12) }
}

/// All clusters start in one place, so all but the first lose their points.
fn empties() -> (Dataset, KMeans) {
    let start = Init::Centroids(Array2::from_elem((6, 3), 0.25));
    (normal(300, 3, 13), KMeans::new(6).restarts(1).init(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::certify::Bound;
    use crate::engine::cpu::Cpu;

    #[test]
    fn the_cpu_passes_and_a_careless_bound_does_not() {
        for check in CHECKS {
            check
                .run("cpu", &Cpu::default())
                .unwrap_or_else(|e| panic!("{} {}: {e}", check.step, check.what));
        }
        let careless = Cpu::new(Bound::Zero);
        let failed = CHECKS.iter().filter(|check| check.run("careless", &careless).is_err()).count();
        assert!(failed > 0, "a bound of zero was not caught");
    }
}
