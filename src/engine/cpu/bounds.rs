//! Bounds that prove labels without computing distances (Hamerly 2010, "Making k-means even faster").
//!
//! Each point has an upper bound on the distance to its own centroid, and a lower bound on the distances to all others.
//! After an update the upper bound grows by how far the own centroid moved, and the lower bound falls by the largest
//! move of another centroid. A few centroids often move much farther than all others, so that most points are open for
//! these alone: then these *movers* are looked at first, and the bound against the rest falls by the largest move of the
//! rest. That is a group of the centroids as in Yinyang k-means (Ding et al. 2015), but one that each pass chooses, so
//! that a point needs no more than its two numbers. While upper < lower, the own centroid is the unique nearest. Bounds
//! are rounded outward, so a label that they prove is the label that integers would give.
//!
//! Distances are in lattice units, as the kernels' scores: feature j of a mixed table is scaled by `2^-e_j`.

use crate::engine::certify::Bound;
use crate::lattice::Table;

/// Relative allowance for the roundings of a step: more than a few units of 2^-24.
pub(super) const UP: f32 = 1.0 + 1.0 / (1 << 20) as f32;
pub(super) const DOWN: f32 = 1.0 - 1.0 / (1 << 20) as f32;
/// Multiply-adds per point and pass from which bounds pay.
const PAYS: usize = 1024;
/// Bounds are kept once fewer than one label in this many changes in a pass: below [`MANY`] multiply-adds per point and
/// pass, and from so many on, where they are not kept from the first pass on.
const SETTLED: [u64; 2] = [256, 64];
/// From so many multiply-adds on bounds take little time beside the distances: where every guess gives them, they are kept
/// from the first pass on.
const MANY: usize = 4096;
/// Passes without bounds after they left too many points open.
const PAUSE: u32 = 4;
/// Points from which the number of movers is chosen.
const SAMPLE: usize = 1024;
/// Numbers of movers to choose from.
const MOVERS: [usize; 5] = [8, 12, 24, 48, 96];
/// Multiply-adds that take as long as gathering a point for its movers.
const GATHERING: f32 = 2048.0;
/// Movers are looked at first if that leaves less than this share of the distances.
const WORTH: f32 = 0.9;

/// The bounds of every point, kept while they pay, or always.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) upper: Vec<f32>, // (n_points); empty while bounds are not kept
    pub(super) lower: Vec<f32>,
    n_points: usize,
    n_clusters: usize,
    settled: u64,   // of SETTLED, for this size
    pause: u32,     // passes until bounds may be kept again
    unfilled: bool, // until a pass has set them
    fresh: bool,    // begun by the last decision: the next pass gains nothing yet
    always: bool,   // kept even in passes that they do not help
}

impl Bounds {
    /// No bounds yet, or bounds that the first pass sets. `given` says whether every guess of many multiply-adds gives bounds.
    pub(super) fn new(table: &Table, n_clusters: usize, given: bool) -> Self {
        let pays = n_clusters > 1 && n_clusters * table.n_dims() >= PAYS;
        let pause = if pays { 0 } else { u32::MAX };
        let many = n_clusters * table.n_dims() >= MANY;
        let (settled, always) = (SETTLED[usize::from(many)], pays && many && given);
        let (upper, lower, n_points) = (Vec::new(), Vec::new(), table.n_points());
        let (unfilled, fresh) = (false, false);
        let mut bounds = Self { upper, lower, n_points, n_clusters, settled, pause, unfilled, fresh, always };
        if always {
            bounds.begin();
        }
        bounds
    }

    /// Bounds that prove nothing, for the next pass to fill.
    fn begin(&mut self) {
        (self.upper, self.lower) = (vec![f32::INFINITY; self.n_points], vec![0.0; self.n_points]);
        (self.unfilled, self.fresh) = (true, true);
    }

    /// Says that a pass has set the bounds of all points.
    pub(super) fn are_filled(&mut self) {
        self.unfilled = false;
    }

    /// Whether bounds are kept now.
    pub(super) fn kept(&self) -> bool {
        !self.upper.is_empty()
    }

    /// Decides whether the next pass keeps bounds, from the distances that the last pass computed and the labels that it
    /// changed. While many labels change, bounds prove little and cost two floats per point. Those that are always kept stay.
    pub(super) fn decide(&mut self, distances: u64, changed: u64) {
        let n = self.n_points as u64;
        if self.always {
            return;
        }
        if self.kept() {
            if !self.fresh && distances * 10 > n * self.n_clusters as u64 * 9 {
                (self.upper, self.lower, self.pause) = (Vec::new(), Vec::new(), PAUSE);
            }
            self.fresh = false;
        } else if self.pause > 0 {
            self.pause -= u32::from(self.pause < u32::MAX);
        } else if changed * self.settled < n {
            self.begin();
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
    (upper.sqrt() * UP, at_least(half_norm, second, own))
}

/// A lower bound of a distance from such a score.
#[inline(always)]
pub(super) fn at_least(half_norm: f32, score: f32, own: f32) -> f32 {
    ((half_norm + score - 2.0 * own).max(0.0) * 2.0).sqrt() * DOWN
}

/// See `Kernel::follow`.
#[inline(always)]
pub(super) fn follow(
    [upper, lower]: [&mut [f32]; 2],
    labels: &[u32],
    moves: &Moves,
    open: &mut [bool],
) -> usize {
    let most_label = labels.iter().fold(0, |most, &label| label.max(most));
    assert!((most_label as usize) < moves.own.len());
    let mut n_open = 0;
    for (((upper, lower), &label), open) in upper.iter_mut().zip(lower).zip(labels).zip(open) {
        // SAFETY: no label is larger than the one above, which is below the length.
        let own = unsafe { *moves.own.get_unchecked(label as usize) };
        let others = if own == moves.most { moves.second } else { moves.most };
        *upper = (*upper + own) * UP;
        let beyond = *lower * DOWN - others * UP;
        *open = *upper >= beyond;
        *lower = if *open { *lower * DOWN - moves.rest * UP } else { beyond };
        n_open += u32::from(*open);
    }
    n_open as usize
}

/// Upper bounds on how far each centroid moved in an update.
#[derive(Debug, Clone)]
pub(super) struct Moves {
    own: Vec<f32>, // (n_clusters)
    most: f32,
    second: f32, // second largest
    rest: f32,   // the largest of those that are no movers
    /// The centroids that moved most, which are looked at before all others. Empty if that would not pay.
    pub(super) movers: Vec<u32>,
    /// Whether all points are examined: the bounds hold for few, or are not set yet.
    pub(super) all: bool,
}

impl Moves {
    /// From centroids before and after an update (n_clusters, n_dims). `squares` is the squared distance of two rows of a
    /// uniform table.
    pub(super) fn of(
        table: &Table,
        before: &[i32],
        after: &[i32],
        squares: impl Fn(&[i32], &[i32]) -> f64,
        bound: Bound,
    ) -> Self {
        let d = table.n_dims();
        let shift = &table.lattice.shift;
        let moved = |(a, b): (&[i32], &[i32])| {
            let terms = a.iter().zip(b).zip(shift);
            let square = |((a, b), &e): ((&i32, &i32), &u32)| {
                let difference = f64::from(*a) - f64::from(*b);
                difference * difference * 0.25f64.powi(e as i32)
            };
            let square = if table.lattice.mixed() { terms.map(square).sum::<f64>() } else { squares(a, b) };
            square.sqrt() as f32 * UP
        };
        let own: Vec<f32> = before.chunks_exact(d).zip(after.chunks_exact(d)).map(moved).collect();
        let (mut most, mut second) = (0.0f32, 0.0f32);
        for &own in &own {
            second = second.max(own.min(most));
            most = most.max(own);
        }
        if !bound.lower_falls() {
            (most, second) = (0.0, 0.0);
        }
        Self { own, most, second, rest: most, movers: Vec::new(), all: false }
    }

    /// Chooses how many movers to look at first, from what that would save on a sample of the points: a mover costs a
    /// distance of each open point, and a point whose bounds hold against the rest is open no longer, if no mover is near.
    /// `labels` are those of the bounds.
    pub(super) fn choose_movers(&mut self, bounds: &Bounds, labels: &[u32], n_dims: usize) {
        if bounds.unfilled {
            self.all = true;
            return;
        }
        let k = self.own.len();
        let gathering = GATHERING / (k * n_dims) as f32;
        let mut order: Vec<u32> = (0..k as u32).collect();
        order.sort_by(|&a, &b| self.own[b as usize].total_cmp(&self.own[a as usize]));
        let step = labels.len().div_ceil(SAMPLE);
        let sample = (0..labels.len()).step_by(step);
        let n_sampled = sample.len() as f32;
        let gaps: Vec<f32> = sample
            .map(|i| bounds.lower[i] - bounds.upper[i] - self.own[labels[i] as usize])
            .filter(|&gap| gap <= self.most)
            .collect();
        let mut least = gaps.len() as f32 * WORTH;
        for n in MOVERS.into_iter().take_while(|n| n * 2 <= k) {
            let rest = self.own[order[n] as usize];
            let open = gaps.iter().filter(|&&gap| gap <= rest).count();
            let cost = gaps.len() as f32 * (n as f32 / k as f32 + gathering) + open as f32;
            if cost < least {
                (least, self.rest) = (cost, rest);
                self.movers = order[..n].to_vec();
            }
        }
        let cost = if self.movers.is_empty() { gaps.len() as f32 } else { least };
        self.all = bounds.always && cost > n_sampled * WORTH;
        if self.all {
            self.without_movers();
        }
    }

    /// Looks at no mover first.
    pub(super) fn without_movers(&mut self) {
        self.movers.clear();
        self.rest = self.most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_are_always_kept_are_used_where_they_save_something() {
        let bounds = |upper: f32, unfilled: bool| Bounds {
            upper: vec![upper; 100],
            lower: vec![20.0; 100],
            n_points: 100,
            n_clusters: 3,
            settled: 1,
            pause: 0,
            unfilled,
            fresh: false,
            always: true,
        };
        let examines_all = |bounds: &Bounds| {
            let own = vec![1.0, 5.0, 2.0];
            let mut moves = Moves { own, most: 5.0, second: 2.0, rest: 5.0, movers: Vec::new(), all: false };
            moves.choose_movers(bounds, &[0; 100], 2000);
            moves.all
        };
        assert!(!examines_all(&bounds(10.0, false)));
        assert!(examines_all(&bounds(19.0, false)), "all are open");
        assert!(examines_all(&bounds(10.0, true)), "they are not set");
    }

    #[test]
    fn the_others_of_the_farthest_mover_are_the_second() {
        let own = vec![1.0, 5.0, 2.0];
        let moves = Moves { own, most: 5.0, second: 2.0, rest: 5.0, movers: Vec::new(), all: false };
        let (mut upper, mut lower) = (vec![10.0; 3], vec![20.0; 3]);
        let n_open = follow([&mut upper, &mut lower], &[0, 1, 2], &moves, &mut [true; 3]);
        assert_eq!(n_open, 0);
        for (i, (own, others)) in [(1.0, 5.0), (5.0, 2.0), (2.0, 5.0)].into_iter().enumerate() {
            assert!(upper[i] >= 10.0 + own && upper[i] < 10.001 + own);
            assert!(lower[i] <= 20.0 - others && lower[i] > 19.999 - others);
        }
    }
}
