//! Update: each centroid becomes the mean of its points, rounded to the lattice; or their direction.

use super::direction::directions;
use crate::engine::{Job, Metric};
use crate::lattice::{Lattice, Table};

/// Weighted sums and weights of the clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Weighted sums of coordinates. (n_clusters, n_dims)
    pub sums: Vec<i64>,
    /// Weights. (n_clusters)
    pub counts: Vec<u64>,
}

impl Sums {
    /// Sums of no points.
    #[must_use]
    pub fn none(n_clusters: usize, n_dims: usize) -> Self {
        Self { sums: vec![0; n_clusters * n_dims], counts: vec![0; n_clusters] }
    }

    /// Sums of the points with each label. `labels` is (n_points).
    #[must_use]
    pub fn of(table: &Table, labels: &[u32], n_clusters: usize) -> Self {
        let mut sums = Self::none(n_clusters, table.n_dims());
        sums.add_table(table, labels.iter().copied());
        sums
    }

    /// Adds the points of a table, each to the sum of its label. `labels` is (n_points).
    pub fn add_table(&mut self, table: &Table, labels: impl Iterator<Item = u32>) {
        for (i, label) in labels.enumerate() {
            self.add(label as usize, table.point(i), i64::from(table.weights.get(i)));
        }
    }

    /// Adds a point `weight` times; a negative weight removes it. `point` is (n_dims).
    pub fn add(&mut self, cluster: usize, point: &[i32], weight: i64) {
        let d = point.len();
        for (sum, &q) in self.sums[cluster * d..][..d].iter_mut().zip(point) {
            *sum += weight * i64::from(q);
        }
        self.counts[cluster] = self.counts[cluster].wrapping_add_signed(weight);
    }
}

/// The centroids of these sums, by the metric of the job; a cluster without weight keeps its centroid. `before` is
/// (n_clusters, n_dims).
#[must_use]
pub fn move_centroids(job: &Job<'_>, sums: &Sums, before: &[i32]) -> Vec<i32> {
    centroids_of(job.metric, &job.table.lattice, sums, before)
}

/// The centroids of these sums of rows on a lattice. `before` is (n_clusters, n_dims).
#[must_use]
pub fn centroids_of(metric: Metric, lattice: &Lattice, sums: &Sums, before: &[i32]) -> Vec<i32> {
    match metric {
        Metric::Euclidean => update(sums, before),
        Metric::Cosine => directions(&sums.sums, before, lattice.n_dims(), lattice.bits),
    }
}

/// The rounded means; a cluster without weight keeps its centroid. `before` is (n_clusters, n_dims).
#[must_use]
pub fn update(sums: &Sums, before: &[i32]) -> Vec<i32> {
    let d = before.len() / sums.counts.len();
    let mean = |(at, &sum): (usize, &i64)| match sums.counts[at / d] {
        0 => before[at],
        n => rounded_mean(sum, n),
    };
    sums.sums.iter().enumerate().map(mean).collect()
}

/// `floor((2 S + N) / (2 N))`: S / N rounded to the nearest integer, halves up.
#[must_use]
#[inline]
pub fn rounded_mean(sum: i64, count: u64) -> i32 {
    let count = count as i64;
    (2 * sum + count).div_euclid(2 * count) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up_on_both_sides_of_zero() {
        let means = [(1, 2), (-1, 2), (3, 2), (-3, 2), (5, 3), (-5, 3), (-4, 3), (0, 7)];
        let expected = [1, 0, 2, -1, 2, -2, -1, 0];
        assert_eq!(means.map(|(s, n)| rounded_mean(s, n)), expected);
    }

    #[test]
    fn the_largest_sums_fit() {
        for (bits, weight) in [(30, 31), (29, 32), (23, 38)] {
            let (q, n) = (1i64 << bits, 1u64 << weight);
            assert_eq!(rounded_mean(q << weight, n), 1 << bits);
            assert_eq!(rounded_mean(-(q << weight), n), -(1 << bits));
        }
    }
}
