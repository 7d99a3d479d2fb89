//! The first two principal components, by orthogonal iteration: Golub and Van Loan, "Matrix Computations", 4th
//! edition, section 8.2.4. The covariance matrix is not formed, so cost is linear in the number of features.
//!
//! Sums have a fixed order, whatever the number of threads, so equal rows give equal pictures.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::scale::unit_of;

/// Vectors iterated: two more than needed, for faster convergence.
const BLOCK: usize = 4;
/// Maximum number of iterations. Directions that have not converged by then have nearly equal variance.
const MOST_ITERATIONS: usize = 200;
/// Relative change of the variances at which the iteration stops.
const ENOUGH: f64 = 1e-10;
/// Rows per parallel task.
const ROWS: usize = 128;

/// Coordinates of rows along the first two principal components.
pub(super) struct Components {
    /// The two coordinates of each row. (n_rows)
    pub(super) coordinates: Vec<[f64; 2]>,
    /// The share of the total variance of each component.
    pub(super) shares: [f64; 2],
    mean: Vec<f64>,
    unit: f64,                 // of the coordinates
    directions: Vec<Vec<f64>>, // (2, n_dims)
}

impl Components {
    /// The coordinates of another row.
    pub(super) fn place(&self, row: impl IntoIterator<Item = f64> + Clone) -> [f64; 2] {
        [0, 1].map(|at| {
            let centred = row.clone().into_iter().zip(&self.mean).map(|(x, mean)| (x - mean) / self.unit);
            self.directions.get(at).map_or(0.0, |v| centred.zip(v).map(|(x, v)| x * v).sum())
        })
    }
}

/// The components of `values`, (n_rows, n_dims), row-major. `None` if the rows are equal.
pub(super) fn components(values: &[f64], n_dims: usize) -> Option<Components> {
    let n_rows = values.len() / n_dims;
    let mean: Vec<f64> = (0..n_dims)
        .into_par_iter()
        .map(|j| values.iter().skip(j).step_by(n_dims).map(|x| x / n_rows as f64).sum())
        .collect();
    let mut centred: Vec<f64> =
        values.par_chunks(n_dims).flat_map_iter(|row| row.iter().zip(&mean).map(|(x, m)| x - m)).collect();
    let unit = unit_of(centred.iter().copied());
    centred.iter_mut().for_each(|x| *x /= unit);
    let total: f64 = centred.iter().map(|x| x * x).sum();
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    let (directions, variances) = iterate(&centred, n_dims);
    let share = |at: usize| variances.get(at).map_or(0.0, |v| v / total);
    let mut found = Components {
        coordinates: Vec::new(),
        shares: [share(0), share(1)],
        mean,
        unit,
        directions: directions.into_iter().take(2).map(upright).collect(),
    };
    found.coordinates = values.par_chunks(n_dims).map(|row| found.place(row.iter().copied())).collect();
    Some(found)
}

/// Directions and sums of squares along them, largest first.
fn iterate(centred: &[f64], n_dims: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut unit = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    let mut block: Vec<Vec<f64>> =
        (0..BLOCK.min(n_dims)).map(|_| (0..n_dims).map(|_| unit()).collect()).collect();
    orthogonalise(&mut block);
    let mut sizes = Vec::new();
    for _ in 0..MOST_ITERATIONS {
        block = multiply(centred, n_dims, &block);
        let found = orthogonalise(&mut block);
        let close = |(new, old): (&f64, &f64)| (new - old).abs() <= ENOUGH * new;
        let done = sizes.len() == found.len() && found.iter().zip(&sizes).take(2).all(close);
        sizes = found;
        if done {
            break;
        }
    }
    (block, sizes)
}

/// `X^T X v` for each vector v.
fn multiply(centred: &[f64], n_dims: usize, block: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let part = |rows: &[f64]| {
        let mut sums = vec![vec![0.0; n_dims]; block.len()];
        for row in rows.chunks_exact(n_dims) {
            for (sum, v) in sums.iter_mut().zip(block) {
                let along: f64 = row.iter().zip(v).map(|(x, v)| x * v).sum();
                sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += along * x);
            }
        }
        sums
    };
    let parts: Vec<_> = centred.par_chunks(ROWS * n_dims).map(part).collect();
    let mut all = vec![vec![0.0; n_dims]; block.len()];
    for (sum, x) in parts.iter().flat_map(|part| all_pairs(part)).map(|(v, j, x)| ((v, j), x)) {
        all[sum.0][sum.1] += x;
    }
    all
}

fn all_pairs(part: &[Vec<f64>]) -> impl Iterator<Item = (usize, usize, f64)> {
    part.iter().enumerate().flat_map(|(v, sums)| sums.iter().enumerate().map(move |(j, &x)| (v, j, x)))
}

/// Modified Gram-Schmidt orthonormalisation. Returns the lengths.
fn orthogonalise(block: &mut [Vec<f64>]) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(block.len());
    for at in 0..block.len() {
        let (done, rest) = block.split_at_mut(at + 1);
        let v = &mut done[at];
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        lengths.push(length);
        if length > 0.0 {
            v.iter_mut().for_each(|x| *x /= length);
        }
        for other in rest {
            let along: f64 = other.iter().zip(&*v).map(|(a, b)| a * b).sum();
            other.iter_mut().zip(&*v).for_each(|(a, b)| *a -= along * b);
        }
    }
    lengths
}

/// Fixes the sign of a direction: the component of largest magnitude becomes positive.
fn upright(v: Vec<f64>) -> Vec<f64> {
    let largest = v.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    if largest < 0.0 { v.into_iter().map(|x| -x).collect() } else { v }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directions_of_a_stretched_cloud_are_found() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut unit = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        // large variance along (3, 4, 0) / 5, less along (0, 0, 1), almost none across
        let rows: Vec<f64> = (0..500)
            .flat_map(|_| {
                let (a, b, c) = (10.0 * unit(), unit(), 1e-3 * unit());
                [0.6 * a - 0.8 * c + 7.0, 0.8 * a + 0.6 * c, b]
            })
            .collect();
        let found = components(&rows, 3).unwrap();
        let [first, second] = [&found.directions[0], &found.directions[1]];
        assert!((first[0] - 0.6).abs() < 0.01 && (first[1] - 0.8).abs() < 0.01, "{first:?}");
        assert!((second[2].abs() - 1.0).abs() < 0.01, "{second:?}");
        assert!(found.shares[0] > 0.98 && found.shares[0] + found.shares[1] > 0.999_999);
        assert!(found.shares[0] + found.shares[1] <= 1.0 + 1e-9);
    }

    #[test]
    fn one_feature_has_one_direction_and_equal_rows_have_none() {
        let found = components(&[1.0, 2.0, 4.0], 1).unwrap();
        assert!((found.shares[0] - 1.0).abs() < 1e-12 && found.shares[1] == 0.0);
        assert!(components(&[2.0; 12], 3).is_none());
    }

    #[test]
    fn huge_and_tiny_values_have_the_same_picture() {
        let rows = [1.0, 0.0, 2.0, 5.0, 9.0, 1.0];
        let expected = components(&rows, 2).unwrap();
        for size in [2f64.powi(1000), 2f64.powi(-1000)] {
            let scaled: Vec<f64> = rows.iter().map(|x| x * size).collect();
            let found = components(&scaled, 2).unwrap();
            assert!((0..2).all(|at| (found.shares[at] - expected.shares[at]).abs() < 1e-9));
            assert!(found.coordinates.iter().flatten().all(|x| x.is_finite()));
        }
    }
}
