//! Results of restarts and of batches of restarts.

use std::ops::Range;

use super::times::Times;

/// Why a restart stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stop {
    /// An update changed no centroid.
    FixedPoint = 0,
    /// The centroids moved by no more than the tolerance.
    Tol = 1,
    /// The maximum number of updates was made.
    MaxIter = 2,
}

impl Stop {
    /// The name used in tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FixedPoint => "fixed_point",
            Self::Tol => "tol",
            Self::MaxIter => "max_iter",
        }
    }
}

/// The result of a restart, without its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Number of the restart, from 0.
    pub restart: u64,
    /// Weighted sum of squared distances, in lattice units.
    pub inertia: u128,
    /// Updates made, including a last one that changes nothing.
    pub iterations: u32,
    /// Why it stopped.
    pub stop: Stop,
    /// Digest of the centroids: see [`digest`].
    pub digest: u64,
}

/// The state at the end of a restart: labels and counts belong to these centroids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// Nearest centroid of each row. (n_points)
    pub labels: Vec<u32>,
    /// Weight of each cluster. (n_clusters)
    pub counts: Vec<u64>,
}

/// How many labels were decided by bounds, in floating point, and in integers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Labels assigned, summed over all passes.
    pub assigned_points: u64,
    /// Labels that the certificate left open and integers decided.
    pub repaired_points: u64,
    /// `assigned_points` without the first pass of each restart.
    pub later_assigned_points: u64,
    /// `repaired_points` without the first pass of each restart.
    pub later_repaired_points: u64,
    /// Distances, of the assigned points to every centroid, that bounds saved, summed over all passes: all of the pass after
    /// the fixed point, before which no centroid moved. A pass that computed some twice may have saved none.
    pub skipped_distances: u64,
}

impl Work {
    /// Adds a pass over `assigned` rows.
    pub fn pass(&mut self, first: bool, assigned: u64, repaired: u64) {
        self.assigned_points += assigned;
        self.repaired_points += repaired;
        if !first {
            self.later_assigned_points += assigned;
            self.later_repaired_points += repaired;
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: Self) {
        self.assigned_points += other.assigned_points;
        self.repaired_points += other.repaired_points;
        self.later_assigned_points += other.later_assigned_points;
        self.later_repaired_points += other.later_repaired_points;
        self.skipped_distances += other.skipped_distances;
    }
}

/// Which states a batch returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The best restart's: least inertia, then least number.
    Best,
    /// All restarts'.
    All,
}

/// Results of a batch of restarts.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// One for each restart, in order.
    pub outcomes: Vec<Outcome>,
    /// States with their restart's number, in order: one or all, by [`Keep`].
    pub states: Vec<(u64, State)>,
    /// How many labels were decided in floating point, and how many in integers.
    pub work: Work,
    /// Where the time went.
    pub times: Times,
}

impl Batch {
    /// A batch of no restarts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next restart.
    pub fn push(&mut self, outcome: Outcome, state: State, keep: Keep) {
        self.outcomes.push(outcome);
        let better = || Self::best(&self.outcomes).is_some_and(|best| best.restart == outcome.restart);
        if keep == Keep::Best && better() {
            self.states.clear();
        }
        if keep == Keep::All || self.states.is_empty() {
            self.states.push((outcome.restart, state));
        }
    }

    /// Adds other restarts of the same run.
    pub fn merge(&mut self, other: Self, keep: Keep) {
        self.outcomes.extend(other.outcomes);
        self.outcomes.sort_unstable_by_key(|outcome| outcome.restart);
        self.states.extend(other.states);
        self.states.sort_unstable_by_key(|(restart, _)| *restart);
        if keep == Keep::Best {
            let best = Self::best(&self.outcomes).map(|best| best.restart);
            self.states.retain(|(restart, _)| Some(*restart) == best);
        }
        self.work.merge(other.work);
        self.times.merge(other.times);
    }

    /// Keeps only the first of these restarts, up to one that is missing: what a run of that many restarts returns. If the
    /// state of their best is not here, none is kept.
    pub fn keep_first_of(&mut self, restarts: Range<u64>, keep: Keep) {
        let there = self.outcomes.iter().zip(restarts);
        let n = there.take_while(|(outcome, restart)| outcome.restart == *restart).count();
        self.outcomes.truncate(n);
        let best = Self::best(&self.outcomes).map(|best| best.restart);
        let wanted = |restart| match keep {
            Keep::Best => Some(restart) == best,
            Keep::All => self.outcomes.iter().any(|outcome| outcome.restart == restart),
        };
        self.states.retain(|(restart, _)| wanted(*restart));
        if self.states.is_empty() {
            self.outcomes.clear();
        }
    }

    /// The best of `outcomes`: least inertia, then least number. `None` if there are none.
    #[must_use]
    pub fn best<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Option<&'a Outcome> {
        outcomes.into_iter().min_by_key(|outcome| (outcome.inertia, outcome.restart))
    }
}

/// A restart that has finished, with its work and its times.
pub(super) struct FinishedRestart {
    pub(super) outcome: Outcome,
    pub(super) state: State,
    pub(super) work: Work,
    pub(super) times: Times,
}

impl FinishedRestart {
    /// Adds it to a batch, as the next restart.
    pub(super) fn add_to(self, batch: &mut Batch, keep: Keep) {
        batch.work.merge(self.work);
        batch.times.merge(self.times);
        batch.push(self.outcome, self.state, keep);
    }
}

/// The label of a row that has none: it has weight zero, and lies too far outside for the lattice.
pub const NO_LABEL: u32 = u32::MAX;

/// Order-independent digest of centroids (docs/DEFINITION.md, section 3.10): a wrapping sum over hashed (index, value)
/// pairs.
///
/// `centroids` is (n_clusters, n_dims).
#[must_use]
pub fn digest(centroids: &[i32]) -> u64 {
    let term = |(at, &q): (usize, &i32)| {
        let place = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mix64(place.wrapping_add(i64::from(q) as u64))
    };
    centroids.iter().enumerate().map(term).fold(0, u64::wrapping_add)
}

/// SplitMix64's finaliser (Steele, Lea and Flood 2014).
fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix64_is_splitmix64() {
        // SplitMix64 seeded with 0 returns mix64 of the first multiple of the golden gamma
        assert_eq!(mix64(0x9E37_79B9_7F4A_7C15), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn digest_tells_values_and_places_apart() {
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
        assert_ne!(digest(&[-1]), digest(&[1]));
        assert_eq!(digest(&[0]), mix64(0x9E37_79B9_7F4A_7C15));
    }

    fn outcome(restart: u64, inertia: u128) -> Outcome {
        Outcome { restart, inertia, iterations: 1, stop: Stop::Tol, digest: 0 }
    }

    fn batch(restarts: &[(u64, u128)], states: &[u64]) -> Batch {
        let state = |&restart: &u64| {
            (restart, State { centroids: vec![restart as i32], labels: Vec::new(), counts: Vec::new() })
        };
        let outcomes = restarts.iter().map(|&(restart, inertia)| outcome(restart, inertia)).collect();
        Batch { outcomes, states: states.iter().map(state).collect(), ..Batch::new() }
    }

    #[test]
    fn the_first_restarts_are_those_before_a_gap_with_the_state_of_their_best() {
        let kept = |restarts: &[(u64, u128)], states: &[u64], keep| {
            let mut batch = batch(restarts, states);
            batch.keep_first_of(5..12, keep);
            let restarts: Vec<u64> = batch.outcomes.iter().map(|outcome| outcome.restart).collect();
            (restarts, batch.states.iter().map(|(restart, _)| *restart).collect::<Vec<u64>>())
        };
        let gap = [(5, 3), (6, 2), (8, 1)];
        assert_eq!(kept(&gap, &[5, 6, 8], Keep::All), (vec![5, 6], vec![5, 6]));
        assert_eq!(kept(&gap, &[6], Keep::Best), (vec![5, 6], vec![6]));
        // the device kept the state of 8 alone
        assert_eq!(kept(&gap, &[8], Keep::Best), (vec![], vec![]));
        assert_eq!(kept(&[(6, 2)], &[6], Keep::Best), (vec![], vec![]));
        assert_eq!(kept(&[], &[], Keep::All), (vec![], vec![]));
    }

    #[test]
    fn best_is_least_inertia_then_first() {
        let outcomes = [outcome(0, 5), outcome(1, 3), outcome(2, 3)];
        assert_eq!(Batch::best(&outcomes).unwrap().restart, 1);
        assert_eq!(Batch::best(&[]), None);
    }
}
