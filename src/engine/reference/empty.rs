//! Refill of empty clusters with the farthest locations (docs/DEFINITION.md, section 3.3).

use super::Sums;
use super::assign::row_distance;
use crate::lattice::Table;

/// A row and its distance to the centroid it is assigned to.
struct Far {
    distance: u128,
    row: usize,
}

/// Moves the farthest location to each cluster without weight, in index order.
///
/// The farthest location is all rows of positive weight with the coordinates of the farthest row: the row with the
/// largest distance, above zero, to its own centroid (`centroids`, before the update); ties go to the lowest row. A
/// location is skipped if its cluster, the donor, would lose all its weight. The rows leave the donor's sums, and
/// their labels become the empty cluster's. If no location is left, the cluster stays empty. Returns how many labels
/// changed.
pub fn refill(table: &Table, centroids: &[i32], labels: &mut [u32], sums: &mut Sums) -> usize {
    let empties: Vec<usize> = (0..sums.counts.len()).filter(|&c| sums.counts[c] == 0).collect();
    if empties.is_empty() {
        return 0;
    }
    let far = farthest_first(table, centroids, labels);
    let mut seen = vec![false; far.len()];
    let mut next = 0;
    let mut moved = 0;
    for empty in empties {
        while next < far.len() {
            let location = take_location(table, &far, &mut seen, next);
            next += 1;
            let weight = location.iter().map(|&i| u64::from(table.weights.get(i))).sum::<u64>();
            let Some(&first) = location.first() else { continue };
            let donor = labels[first] as usize;
            if sums.counts[donor] == weight {
                continue;
            }
            moved += location.len();
            for i in location {
                let weight = i64::from(table.weights.get(i));
                sums.add(donor, table.point(i), -weight);
                sums.add(empty, table.point(i), weight);
                labels[i] = empty as u32;
            }
            break;
        }
    }
    moved
}

/// Rows of positive weight at a distance above zero, by decreasing distance, then by row.
fn farthest_first(table: &Table, centroids: &[i32], labels: &[u32]) -> Vec<Far> {
    let d = table.n_dims();
    let own = |i: usize| row_distance(table, i, &centroids[labels[i] as usize * d..][..d]);
    let mut far: Vec<Far> = (0..table.n_points())
        .filter(|&i| table.weights.get(i) > 0)
        .map(|row| Far { distance: own(row), row })
        .filter(|far| far.distance > 0)
        .collect();
    far.sort_unstable_by_key(|far| (std::cmp::Reverse(far.distance), far.row));
    far
}

/// The rows at the location of entry `at`, and marks them as seen. Empty if they were seen before.
///
/// Rows of equal coordinates have equal labels, hence equal distances: they are in one range of equal distances.
fn take_location(table: &Table, far: &[Far], seen: &mut [bool], at: usize) -> Vec<usize> {
    if seen[at] {
        return Vec::new();
    }
    let here = |other: usize| table.point(far[other].row) == table.point(far[at].row);
    let run = (at..far.len()).take_while(|&other| far[other].distance == far[at].distance);
    let entries: Vec<usize> = run.filter(|&other| here(other)).collect();
    entries
        .into_iter()
        .map(|entry| {
            seen[entry] = true;
            far[entry].row
        })
        .collect()
}
