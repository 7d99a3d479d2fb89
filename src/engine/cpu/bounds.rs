//! Bounds that prove labels without computing distances (Hamerly 2010, "Making k-means even faster").
//!
//! Each point has an upper bound on the distance to its own centroid, and a lower bound on the distances to all others.
//! After an update the upper bound grows by how far the own centroid moved, and the lower bound falls by the largest
//! move of another centroid. While upper < lower, the own centroid is the unique nearest. Bounds are rounded outward,
//! so a label that they prove is the label that integers would give.
//!
//! Distances are in lattice units, as the kernels' scores: feature j of a mixed table is scaled by `2^-e_j`.

use crate::lattice::Table;

/// Relative allowance for the roundings of a step: more than a few units of 2^-24.
pub(super) const UP: f32 = 1.0 + 1.0 / (1 << 20) as f32;
pub(super) const DOWN: f32 = 1.0 - 1.0 / (1 << 20) as f32;
/// Multiply-adds per point and pass from which bounds pay.
const PAYS: usize = 1024;
/// Bounds are kept once fewer than one label in this many changes in a pass.
const SETTLED: u64 = 256;
/// Passes without bounds after they left too many points open.
const PAUSE: u32 = 8;

/// The bounds of every point, kept while they pay.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) upper: Vec<f32>, // (n_points); empty while bounds are not kept
    pub(super) lower: Vec<f32>,
    n_points: usize,
    pause: u32,  // passes until bounds may be kept again
    fresh: bool, // allocated, and filled by the next pass
}

impl Bounds {
    /// No bounds yet.
    pub(super) fn new(table: &Table, n_clusters: usize) -> Self {
        let pays = n_clusters > 1 && n_clusters * table.n_dims() >= PAYS;
        let pause = if pays { 0 } else { u32::MAX };
        Self { upper: Vec::new(), lower: Vec::new(), n_points: table.n_points(), pause, fresh: false }
    }

    /// Whether bounds are kept now.
    pub(super) fn kept(&self) -> bool {
        !self.upper.is_empty()
    }

    /// Decides whether the next pass keeps bounds, from the points that the last pass examined and the labels that it
    /// changed. While many labels change, bounds prove little and cost two floats per point.
    pub(super) fn decide(&mut self, examined: u64, changed: u64) {
        let n = self.n_points as u64;
        if self.kept() {
            if !self.fresh && examined * 2 > n {
                (self.upper, self.lower, self.pause) = (Vec::new(), Vec::new(), PAUSE);
            }
            self.fresh = false;
        } else if self.pause > 0 {
            self.pause -= u32::from(self.pause < u32::MAX);
        } else if changed * SETTLED < n {
            (self.upper, self.lower) = (vec![f32::INFINITY; self.n_points], vec![0.0; self.n_points]);
            self.fresh = true;
        }
    }
}

/// Bounds (upper, lower) of a point from a kernel's scores: a squared distance is twice `half_norm` plus score.
///
/// `best` and `second` are scores less the centroids' share of E, `own` is the point's share, and `errors` is twice the
/// largest share of a centroid.
#[inline(always)]
pub(super) fn from_top2(half_norm: f32, best: f32, second: f32, own: f32, errors: f32) -> (f32, f32) {
    // the sums' roundings are within the slack of the shares; see `certify`
    let upper = (half_norm + best + errors + 2.0 * own).max(0.0) * 2.0;
    let lower = (half_norm + second - 2.0 * own).max(0.0) * 2.0;
    (upper.sqrt() * UP, lower.sqrt() * DOWN)
}

/// Updates the bounds of points with these labels after the centroids moved. All slices have one length.
#[inline(always)]
pub(super) fn follow(upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
    for ((upper, lower), &label) in upper.iter_mut().zip(lower).zip(labels) {
        let own = moves.own[label as usize];
        let others = if own == moves.most { moves.second } else { moves.most };
        *upper = (*upper + own) * UP;
        *lower = *lower * DOWN - others * UP;
    }
}

/// Upper bounds on how far each centroid moved in an update.
#[derive(Debug, Clone)]
pub(super) struct Moves {
    own: Vec<f32>, // (n_clusters)
    most: f32,
    second: f32, // second largest
}

impl Moves {
    /// From centroids before and after an update. (n_clusters, n_dims)
    pub(super) fn of(table: &Table, before: &[i32], after: &[i32]) -> Self {
        let d = table.n_dims();
        let shift = &table.lattice.shift;
        let moved = |(a, b): (&[i32], &[i32])| {
            let terms = a.iter().zip(b).zip(shift);
            let square = |((a, b), &e): ((&i32, &i32), &u32)| {
                let difference = f64::from(*a) - f64::from(*b);
                difference * difference * 0.25f64.powi(e as i32)
            };
            terms.map(square).sum::<f64>().sqrt() as f32 * UP
        };
        let own: Vec<f32> = before.chunks_exact(d).zip(after.chunks_exact(d)).map(moved).collect();
        let (mut most, mut second) = (0.0f32, 0.0f32);
        for &own in &own {
            second = second.max(own.min(most));
            most = most.max(own);
        }
        Self { own, most, second }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_of_the_farthest_mover_are_the_second() {
        let moves = Moves { own: vec![1.0, 5.0, 2.0], most: 5.0, second: 2.0 };
        let (mut upper, mut lower) = (vec![10.0; 3], vec![20.0; 3]);
        follow(&mut upper, &mut lower, &[0, 1, 2], &moves);
        for (i, (own, others)) in [(1.0, 5.0), (5.0, 2.0), (2.0, 5.0)].into_iter().enumerate() {
            assert!(upper[i] >= 10.0 + own && upper[i] < 10.001 + own);
            assert!(lower[i] <= 20.0 - others && lower[i] > 19.999 - others);
        }
    }
}
