//! Inertia from the sums of the clusters, without a pass over the points.

use rayon::prelude::*;

use super::reference::Sums;
use crate::lattice::{Table, from_centre};

/// `sum w |x|^2` in lattice units, x seen from `centre`, below 2^30 in magnitude. (n_dims)
#[must_use]
pub fn squares(table: &Table, centre: &[i32]) -> u128 {
    let lattice = &table.lattice;
    let max_shift = lattice.max_shift();
    let square = |(i, point): (usize, &[i32])| {
        let terms = from_centre(point, centre).zip(&lattice.shift);
        let square = |(x, e): (i32, &u32)| u128::from(x.unsigned_abs()).pow(2) << (2 * (max_shift - e));
        let norm: u128 = terms.map(square).sum();
        norm * u128::from(table.weights.get(i))
    };
    table.points.par_chunks_exact(table.n_dims()).enumerate().map(square).sum()
}

/// Inertia: `sum w |x|^2 - 2 sum c.S + sum N |c|^2`, equal to the weighted sum of squared distances.
///
/// `squares` is the result of [`squares`], seen from 0; `sums` are those of the labels that belong to `centroids`
/// (n_clusters, n_dims).
#[must_use]
pub fn inertia(table: &Table, squares: u128, centroids: &[i32], sums: &Sums) -> u128 {
    let d = table.n_dims();
    let lattice = &table.lattice;
    let max_shift = lattice.max_shift();
    let term = |(at, &q): (usize, &i32)| {
        let q = i128::from(q);
        let count = i128::from(sums.counts[at / d]);
        (q * (count * q - 2 * i128::from(sums.sums[at]))) << (2 * (max_shift - lattice.shift[at % d]))
    };
    let change: i128 = centroids.iter().enumerate().map(term).sum();
    // the total is a sum of squares, so it is not negative
    squares.wrapping_add_signed(change)
}
