//! Fits the cost model of a device to timings of a few jobs.

use super::method::Step;
use super::runs::{Runner, Task};
use super::tables::normal;
use crate::engine::Engine;
use crate::engine::cost::{Cost, JobSize};
use crate::kmeans::{self, FitError, KMeans, Search, median};

/// Runs per job.
const RUNS: usize = 3;

/// A job and its time in seconds, including opening the device and building its kernels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The job.
    pub size: JobSize,
    /// Its time, in seconds.
    pub seconds: f64,
}

/// Points, features, clusters and restarts of the measured jobs. Each term of the model dominates in one of them.
pub const SHAPES: [(usize, usize, usize, u64); 7] = [
    (200, 4, 3, 1),
    (200, 4, 3, 400),
    (2000, 16, 8, 4),
    (2000, 16, 8, 64),
    (20_000, 32, 4, 1),
    (4000, 64, 64, 2),
    (4000, 64, 64, 8),
];

/// Times the jobs on a device that took `open_s` seconds to open. `threads` is the number of threads on the CPU; `None`:
/// one per logical processor.
///
/// # Errors
/// [`FitError`] if the device fails or the run is stopped.
pub fn samples(runner: &Runner<'_>, engine: &dyn Engine, open_s: f64) -> Result<Vec<Sample>, FitError> {
    let sample = |&(n_points, n_dims, n_clusters, n_restarts): &(usize, usize, usize, u64)| {
        let table = kmeans::pack(&normal(n_points, n_dims, 1), None)?;
        let job = KMeans::new(n_clusters).max_iter(30).check()?.job(&table)?;
        let task = Task { job: &job, n_restarts, search: Search::Restarts };
        let what = format!("{n_points} points x {n_dims}, {n_clusters} clusters, {n_restarts} restarts");
        (runner.say)(Step::Run { what: &what, left_s: None });
        let mut seconds = Vec::new();
        let mut iterations = 0;
        for _ in 0..RUNS {
            let (run, done) = runner.run(engine, task, &|_| ())?;
            seconds.push(open_s + run.build + run.time);
            iterations = done.iterations();
        }
        let size = JobSize { n_points, n_dims, n_clusters, n_restarts, iterations, ..JobSize::default() };
        Ok(Sample { size, seconds: median(&seconds).unwrap_or(0.0) })
    };
    SHAPES.iter().map(sample).collect()
}

/// The non-negative costs of least squared relative error; `None` without samples.
///
/// Non-negative least squares by enumeration: with four coefficients all subsets of zeros can be tried.
#[must_use]
pub fn fit(samples: &[Sample]) -> Option<Cost> {
    let rows: Vec<[f64; 4]> = samples
        .iter()
        .filter(|sample| sample.seconds > 0.0)
        .map(|sample| sample.size.terms().map(|term| term / sample.seconds))
        .collect();
    let solved = (1..16u32).filter_map(|chosen| {
        let numbers = solve(&rows, chosen)?;
        Some((error(&rows, &numbers), numbers))
    });
    let (_, [fixed, per_value, per_restart, per_step]) = solved.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Cost { fixed, per_value, per_restart, per_step })
}

/// Sum of squared relative errors.
fn error(rows: &[[f64; 4]], numbers: &[f64; 4]) -> f64 {
    let of = |row: &[f64; 4]| row.iter().zip(numbers).map(|(term, number)| term * number).sum::<f64>() - 1.0;
    rows.iter().map(|row| of(row).powi(2)).sum()
}

/// Least squares over the coefficients whose bit is set, by the normal equations. `None` if a coefficient is negative
/// or the system is singular.
fn solve(rows: &[[f64; 4]], chosen: u32) -> Option<[f64; 4]> {
    let chosen: Vec<usize> = (0..4).filter(|at| chosen >> at & 1 == 1).collect();
    // scale the columns: the equations would be ill-conditioned otherwise
    let scale = |at: usize| rows.iter().map(|row| row[at].powi(2)).sum::<f64>().sqrt();
    let scales: Vec<f64> = chosen.iter().map(|&at| scale(at)).collect();
    let n = chosen.len();
    let mut system = vec![vec![0.0; n + 1]; n];
    for row in rows {
        let terms: Vec<f64> = chosen.iter().zip(&scales).map(|(&at, scale)| row[at] / scale).collect();
        for i in 0..n {
            (0..n).for_each(|j| system[i][j] += terms[i] * terms[j]);
            system[i][n] += terms[i];
        }
    }
    let solved = eliminate(system)?;
    let mut numbers = [0.0; 4];
    for (i, &at) in chosen.iter().enumerate() {
        numbers[at] = solved[i] / scales[i];
    }
    numbers.iter().all(|number| number.is_finite() && *number >= 0.0).then_some(numbers)
}

/// Gaussian elimination with pivoting.
fn eliminate(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = system.len();
    for at in 0..n {
        let pivot = (at..n).max_by(|&i, &j| system[i][at].abs().total_cmp(&system[j][at].abs()))?;
        system.swap(at, pivot);
        if system[at][at].abs() < 1e-12 {
            return None;
        }
        let row = system[at].clone();
        for below in (0..n).filter(|&i| i != at) {
            let factor = system[below][at] / row[at];
            system[below].iter_mut().zip(&row).for_each(|(cell, above)| *cell -= factor * above);
        }
    }
    Some(system.iter().enumerate().map(|(at, row)| row[n] / row[at]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(cost: Cost, noise: impl Fn(usize) -> f64) -> Vec<Sample> {
        let size = |&(n_points, n_dims, n_clusters, n_restarts): &(usize, usize, usize, u64)| JobSize {
            n_points,
            n_dims,
            n_clusters,
            n_restarts,
            iterations: 12 * n_restarts,
            ..JobSize::default()
        };
        let sample = |(at, shape)| {
            let size = size(shape);
            Sample { size, seconds: cost.seconds(&size) * noise(at) }
        };
        SHAPES.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn exact_times_give_their_costs_back() {
        let cost = Cost { fixed: 0.3, per_value: 1e-8, per_restart: 2e-5, per_step: 3e-12 };
        let fitted = fit(&samples(cost, |_| 1.0)).unwrap();
        let pairs = [
            (fitted.fixed, cost.fixed),
            (fitted.per_value, cost.per_value),
            (fitted.per_restart, cost.per_restart),
            (fitted.per_step, cost.per_step),
        ];
        assert!(pairs.iter().all(|(a, b)| (a / b - 1.0).abs() < 1e-3), "{fitted:?}");
    }

    #[test]
    fn noise_makes_no_cost_negative_and_no_estimate_absurd() {
        let cost = Cost { fixed: 0.0, per_value: 0.0, per_restart: 1e-4, per_step: 1e-11 };
        let samples = samples(cost, |at| if at % 2 == 0 { 1.2 } else { 0.85 });
        let fitted = fit(&samples).unwrap();
        assert!(fitted.fixed >= 0.0 && fitted.per_value >= 0.0, "{fitted:?}");
        for sample in samples {
            let ratio = fitted.seconds(&sample.size) / sample.seconds;
            assert!((0.6..1.7).contains(&ratio), "{ratio}");
        }
        assert_eq!(fit(&[]), None);
    }
}
