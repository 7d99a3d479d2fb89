//! Stop: at the fixed point, within the tolerance, or after the maximum number of updates.

use crate::engine::{Job, Stop};
use crate::lattice::{Moments, Table};

use super::distance;

/// Whether update number `iterations`, from `before` to `after`, is the last, and why. (n_clusters, n_dims)
#[must_use]
pub fn stop(job: &Job<'_>, before: &[i32], after: &[i32], iterations: u32) -> Option<Stop> {
    if before == after {
        return Some(Stop::FixedPoint);
    }
    let small = |limit| shift(job.table, before, after) as f64 <= limit;
    if job.shift_limit.is_some_and(small) {
        return Some(Stop::Tol);
    }
    (iterations >= job.max_iter).then_some(Stop::MaxIter)
}

/// Sum of the squared distances that the centroids moved, in lattice units. (n_clusters, n_dims)
#[must_use]
pub fn shift(table: &Table, before: &[i32], after: &[i32]) -> u128 {
    let lattice = &table.lattice;
    let d = table.n_dims();
    let moved = |(a, b): (&[i32], &[i32])| {
        distance(a.iter().map(|&q| i64::from(q)), b, &lattice.shift, lattice.max_shift())
    };
    before.chunks_exact(d).zip(after.chunks_exact(d)).map(moved).sum()
}

/// The squared shift, in lattice units, at which a run with tolerance `tol` stops; `None` for `tol` = 0.
///
/// It is `tol` times the mean of the features' weighted variances `(W Q - S^2) / W / W`, whose numerator is computed in
/// integers.
#[must_use]
pub fn shift_limit(table: &Table, tol: f64) -> Option<f64> {
    if tol <= 0.0 {
        return None;
    }
    let d = table.n_dims();
    let mut moments = Moments::new(d);
    for i in 0..table.n_points() {
        let weight = i128::from(table.weights.get(i));
        for (j, &q) in table.point(i).iter().enumerate() {
            let q = i128::from(q);
            moments.sums[j] += weight * q;
            moments.squares[j] += weight * q * q;
        }
    }
    Some(limit_of(table, &moments, tol))
}

/// [`shift_limit`] from the moments of a table, of which the weights and the lattice are read.
#[must_use]
pub fn limit_of(table: &Table, moments: &Moments, tol: f64) -> f64 {
    let (total, d) = (table.weights.total(), table.n_dims());
    let max_shift = table.lattice.max_shift();
    let variance = |j: usize| {
        let (sum, squares) = (moments.sums[j], moments.squares[j]);
        let spread = (i128::from(total) * squares - sum * sum) as f64;
        let units = 2 * (max_shift - table.lattice.shift[j]);
        libm::ldexp(spread / total as f64 / total as f64, units as i32)
    };
    let sum: f64 = (0..d).map(variance).sum();
    tol * (sum / d as f64)
}
