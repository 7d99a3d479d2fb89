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
    // a product of two factors of 64 bits is one instruction
    let product = |a: i64, b: i64| i128::from(a) * i128::from(b);
    let mut change = 0;
    let rows = centroids.chunks_exact(d).zip(sums.sums.chunks_exact(d)).zip(&sums.counts);
    for ((centroid, sums), &count) in rows {
        for ((&q, &sum), shift) in centroid.iter().zip(sums).zip(&lattice.shift) {
            let q = i64::from(q);
            let term = product(q * q, count.cast_signed()) - 2 * product(q, sum);
            change += term << (2 * (max_shift - shift));
        }
    }
    // the total is a sum of squares, so it is not negative
    squares.wrapping_add_signed(change)
}
