//! Bounds: points whose label is proven without a distance.
//!
//! For each point a bound from above of the distance to its own centroid, and one from below of the distances
//! to all others (Hamerly 2010, "Making k-means even faster"). After an update the first grows by what the own
//! centroid moved, the second falls by the most that another moved; while the first stays below the second,
//! the own centroid is nearest, and alone so. All of it is rounded outward: a label that a bound keeps is the
//! label that integers would give.
//!
//! Distances are in lattice units, as the kernels' scores: a feature of a mixed table counts `2^-e`.

use crate::lattice::Table;

/// Relative room for the roundings of a step: more than a few units of 2^-24.
const UP: f32 = 1.0 + 1.0 / (1 << 20) as f32;
const DOWN: f32 = 1.0 - 1.0 / (1 << 20) as f32;
/// Multiply-adds of a point and pass below which examining all centroids costs less than keeping bounds.
const PAYS: usize = 1024;
/// Bounds are kept once fewer than one point in this many changes its label in a pass.
const SETTLED: u64 = 256;
/// Passes without bounds after they left too many points open.
const PAUSE: u32 = 8;

/// The bounds of every point, kept while they pay.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) upper: Vec<f32>, // (n_points); empty while none are kept
    pub(super) lower: Vec<f32>,
    n_points: usize,
    pause: u32,  // passes until bounds may be kept again
    fresh: bool, // they have not proven anything yet: the next pass makes them
}

impl Bounds {
    /// None yet.
    pub(super) fn new(table: &Table, n_clusters: usize) -> Self {
        let pays = n_clusters > 1 && n_clusters * table.n_dims() >= PAYS;
        let pause = if pays { 0 } else { u32::MAX };
        Self { upper: Vec::new(), lower: Vec::new(), n_points: table.n_points(), pause, fresh: false }
    }

    /// Whether bounds are kept now.
    pub(super) fn kept(&self) -> bool {
        !self.upper.is_empty()
    }

    /// Decides whether the next pass keeps bounds, after one that examined so many points and changed so many
    /// labels. Bounds of points that move all the time prove nothing and cost two floats a point.
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

/// Bounds of a point from what a kernel found: twice `half_norm` and the scores are squared distances.
///
/// `best` and `second` are scores less the centroids' share of E, `own` is the point's share, `errors` twice
/// the largest share of a centroid.
#[inline(always)]
pub(super) fn from_top2(half_norm: f32, best: f32, second: f32, own: f32, errors: f32) -> (f32, f32) {
    // the sums' roundings are within the slack of the shares; see `certify`
    let upper = (half_norm + best + errors + 2.0 * own).max(0.0) * 2.0;
    let lower = (half_norm + second - 2.0 * own).max(0.0) * 2.0;
    (upper.sqrt() * UP, lower.sqrt() * DOWN)
}

/// Moves the bounds of points with these labels. All are of one length.
#[inline(always)]
pub(super) fn follow(upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
    for ((upper, lower), &label) in upper.iter_mut().zip(lower).zip(labels) {
        let own = moves.own[label as usize];
        let others = if own == moves.most { moves.second } else { moves.most };
        *upper = (*upper + own) * UP;
        *lower = *lower * DOWN - others * UP;
    }
}

/// How far each centroid moved in an update, from above.
#[derive(Debug, Clone)]
pub(super) struct Moves {
    own: Vec<f32>, // (n_clusters)
    most: f32,
    second: f32, // the most of all but one that moved most
}

impl Moves {
    /// From centroids before and after an update. (n_clusters, n_dims)
    pub(super) fn of(table: &Table, before: &[i32], after: &[i32]) -> Self {
        let d = table.n_dims();
        let shift = &table.lattice.shift;
        let moved = |(a, b): (&[i32], &[i32])| {
            let terms = a.iter().zip(b).zip(shift);
            let square = |((a, b), &e): ((&i32, &i32), &u32)| {
                let difference = f64::from(a - b);
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
