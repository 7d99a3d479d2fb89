//! Assign: each row gets the centroid of least squared distance; ties go to the lowest index.

use crate::lattice::Table;

/// A squared distance in the smallest units of the lattice.
pub type Distance = u128;

/// `sum_j (x_j - c_j)^2 * 4^(max e - e_j)`.
///
/// `x` and `c` are lattice coordinates, `shift` is the table's e. (n_dims)
#[must_use]
pub fn distance(x: impl Iterator<Item = i64>, c: &[i32], shift: &[u32], max_shift: u32) -> Distance {
    x.zip(c)
        .zip(shift)
        .map(|((x, &c), &e)| {
            let difference = u128::from(x.abs_diff(i64::from(c)));
            (difference * difference) << (2 * (max_shift - e))
        })
        .sum()
}

/// Squared distance of row `i` to a centroid. `c` is (n_dims).
#[must_use]
pub fn row_distance(table: &Table, i: usize, c: &[i32]) -> Distance {
    let lattice = &table.lattice;
    distance(table.point(i).iter().map(|&q| q.into()), c, &lattice.shift, lattice.max_shift())
}

/// Label of each row. `centroids` is (n_clusters, n_dims), the result (n_points).
#[must_use]
pub fn assign(table: &Table, centroids: &[i32]) -> Vec<u32> {
    (0..table.n_points()).map(|i| nearest(centroids, table.n_dims(), |c| row_distance(table, i, c))).collect()
}

/// Label of a row that may lie outside the range of the table. `q` is (n_dims).
#[must_use]
pub fn assign_outside(table: &Table, centroids: &[i32], q: &[i64]) -> u32 {
    let lattice = &table.lattice;
    nearest(centroids, table.n_dims(), |c| distance_outside(q, c, &lattice.shift, lattice.max_shift()))
}

/// [`distance`] for coordinates of magnitude below 2^62, as (high, low) 128 bits.
#[must_use]
pub fn distance_outside(q: &[i64], c: &[i32], shift: &[u32], max_shift: u32) -> (u128, u128) {
    let mut sum = (0, 0u128);
    for ((q, &c), &e) in q.iter().zip(c).zip(shift) {
        let difference = u128::from(q.abs_diff(i64::from(c)));
        let (square, by) = (difference * difference, 2 * (max_shift - e));
        let (low, carried) = sum.1.overflowing_add(square << by);
        let high = square.checked_shr(u128::BITS - by).unwrap_or(0);
        sum = (sum.0 + high + u128::from(carried), low);
    }
    sum
}

/// Index of the nearest centroid; ties go to the lowest.
pub fn nearest<D: Ord>(centroids: &[i32], n_dims: usize, distance: impl Fn(&[i32]) -> D) -> u32 {
    let distances = centroids.chunks_exact(n_dims).map(distance).enumerate();
    // min_by keeps the first of equals
    distances.min_by(|(_, a), (_, b)| a.cmp(b)).map_or(0, |(index, _)| index as u32)
}

/// Inertia: the weighted sum of squared distances to the own centroid.
#[must_use]
pub fn inertia(table: &Table, centroids: &[i32], labels: &[u32]) -> u128 {
    let d = table.n_dims();
    let cost = |(i, &label): (usize, &u32)| {
        let c = &centroids[label as usize * d..][..d];
        u128::from(table.weights.get(i)) * row_distance(table, i, c)
    };
    labels.iter().enumerate().map(cost).sum()
}
