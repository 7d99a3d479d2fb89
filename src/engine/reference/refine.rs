//! Refine: rows move to the cluster in which they cost least, by Hartigan's rule (docs/DEFINITION.md, section 3.14).

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Sums;
use super::assign::row_distance;
use crate::lattice::Table;

/// What the rows of a location cost in a cluster, per unit of their weight: `N D / part`, exactly.
///
/// For a cluster that they would join, `part` is its weight N with theirs; for their own, N without it. Then a difference
/// of two costs, times the weight of the location, is by how much the move changes the inertia if centroids are means.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    product: u128, // N D, below 2^124
    part: u64,
}

impl Cost {
    /// What a location of weight `moving` costs in a cluster of weight `count` that it joins, at this distance.
    #[must_use]
    pub fn joining(distance: u128, count: u64, moving: u64) -> Self {
        Self { product: u128::from(count) * distance, part: count + moving }
    }

    /// What it costs in its own cluster, of which it is not all.
    #[must_use]
    pub fn staying(distance: u128, count: u64, moving: u64) -> Self {
        Self { product: u128::from(count) * distance, part: count - moving }
    }

    /// Compares two costs as fractions.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        wide(self.product, other.part).cmp(&wide(other.product, self.part))
    }
}

/// A product in 192 bits, as (high, low).
fn wide(a: u128, b: u64) -> (u128, u128) {
    let b = u128::from(b);
    let low = (a & u128::from(u64::MAX)) * b;
    let high = (a >> 64) * b + (low >> 64);
    (high >> 64, high << 64 | low & u128::from(u64::MAX))
}

/// The weight of each row's location: of all rows with its coordinates. (n_points)
#[must_use]
pub fn location_weights(table: &Table) -> Vec<u64> {
    let mut weights = HashMap::new();
    for i in 0..table.n_points() {
        *weights.entry(table.point(i)).or_insert(0) += u64::from(table.weights.get(i));
    }
    (0..table.n_points()).map(|i| weights[table.point(i)]).collect()
}

/// The labels after all moves that the rule allows; `None` if it allows none.
///
/// A row of positive weight moves to the cluster, among the others that have weight, where its location costs least (ties
/// go to the lowest index), if it costs less there than in its own and is not all of its own. `counts` are the weights of
/// the clusters of `labels` (n_points), `locations` is the result of [`location_weights`].
#[must_use]
pub fn moved(
    table: &Table,
    centroids: &[i32],
    labels: &[u32],
    counts: &[u64],
    locations: &[u64],
) -> Option<Vec<u32>> {
    let d = table.n_dims();
    let mut after = labels.to_vec();
    for i in (0..table.n_points()).filter(|&i| table.weights.get(i) > 0) {
        let (own, moving) = (labels[i] as usize, locations[i]);
        let to = |c: usize| row_distance(table, i, &centroids[c * d..][..d]);
        if counts[own] == moving {
            continue;
        }
        let others = (0..counts.len()).filter(|&c| c != own && counts[c] > 0);
        let costs = others.map(|c| (c, Cost::joining(to(c), counts[c], moving)));
        // min_by keeps the first of equals
        let Some((other, cost)) = costs.min_by(|(_, a), (_, b)| a.compare(*b)) else { continue };
        if cost.compare(Cost::staying(to(own), counts[own], moving)).is_lt() {
            after[i] = other as u32;
        }
    }
    (after != labels).then_some(after)
}

/// Centroids and labels after a round of moves.
#[derive(Debug)]
pub struct Round {
    /// Means of the moved rows. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// (n_points)
    pub labels: Vec<u32>,
    /// The inertia of these labels.
    pub inertia: u128,
}

/// A round: all moves at once, then the means. `None` if that does not lower the inertia, which is `inertia` before it.
#[must_use]
pub fn round(
    table: &Table,
    centroids: &[i32],
    labels: &[u32],
    inertia: u128,
    locations: &[u64],
) -> Option<Round> {
    let n_clusters = centroids.len() / table.n_dims();
    let counts = Sums::of(table, labels, n_clusters).counts;
    let labels = moved(table, centroids, labels, &counts, locations)?;
    let centroids = super::update::update(&Sums::of(table, &labels, n_clusters), centroids);
    let after = super::assign::inertia(table, &centroids, &labels);
    (after < inertia).then_some(Round { centroids, labels, inertia: after })
}

/// Whether a round may be made: after it there is room for one more iteration, which assigns the rows again.
#[must_use]
pub fn has_room(iterations: u32, max_iter: u32) -> bool {
    max_iter.saturating_sub(iterations) >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_compare_as_fractions_beyond_128_bits() {
        let of = |product, part| Cost { product, part };
        let large = (1u128 << 124) - 1;
        assert_eq!(of(large, 1 << 38).compare(of(large, (1 << 38) - 1)), Ordering::Less);
        assert_eq!(of(large - 1, 1 << 38).compare(of(large, 1 << 38)), Ordering::Less);
        assert_eq!(of(large - 1, 7 << 35).compare(of(large - 1, 7 << 35)), Ordering::Equal);
        assert_eq!(of(6, 4).compare(of(3, 2)), Ordering::Equal);
        assert_eq!(of(0, 4).compare(of(0, 2)), Ordering::Equal);
        assert_eq!(
            wide(u128::MAX, u64::MAX),
            (u128::from(u64::MAX) - 1, u128::MAX - u128::from(u64::MAX) + 1)
        );
    }

    #[test]
    fn a_location_that_is_all_of_its_cluster_has_nowhere_to_go() {
        assert!(has_room(0, 2) && !has_room(1, 2) && !has_room(5, 2));
        // a cost of joining grows with the cluster's weight, that of staying falls
        let joins = |count| Cost::joining(100, count, 1);
        assert!(joins(1).compare(joins(2)).is_lt());
        assert!(Cost::staying(100, 3, 1).compare(Cost::staying(100, 2, 1)).is_lt());
    }
}
