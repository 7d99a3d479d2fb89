//! The nearest and the second nearest centroid of rows: new ones, those of a batch, those of a table in a file.

use super::distance::squared_distance;
use super::reference::assign::{distance_outside, row_distance};
use super::{DeviceInfo, EngineError, certify};
use crate::lattice::{Lattice, Table, from_centre};

/// A squared distance in the smallest units of the lattice, as (high, low) 128 bits. The high half is zero, except for
/// rows far outside the range.
pub type WideDistance = (u128, u128);

/// Fitted centroids on their lattice.
#[derive(Debug, Clone, Copy)]
pub struct Centroids<'a> {
    /// The lattice of the centroids and of the rows.
    pub lattice: &'a Lattice,
    /// Lattice coordinates inside the range; at least one centroid. (n_clusters, n_dims)
    pub values: &'a [i32],
}

impl<'a> Centroids<'a> {
    /// Number of clusters.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.values.len() / self.lattice.n_dims()
    }

    /// A centroid. (n_dims)
    #[must_use]
    pub fn row(&self, c: u32) -> &'a [i32] {
        let d = self.lattice.n_dims();
        &self.values[c as usize * d..][..d]
    }
}

/// The two nearest centroids of a row. Ties go to the lowest index, for both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NearestTwo {
    /// The nearest centroid.
    pub label: u32,
    /// The squared distance to it.
    pub distance: WideDistance,
    /// The second nearest centroid and the squared distance to it; `None` if there is only one centroid.
    pub runner_up: Option<(u32, WideDistance)>,
}

impl NearestTwo {
    /// From distances that fit 128 bits, as they do for all rows inside the range.
    #[must_use]
    pub fn new((label, distance): (u32, u128), runner_up: Option<(u32, u128)>) -> Self {
        Self { label, distance: (0, distance), runner_up: runner_up.map(|(c, distance)| (c, (0, distance))) }
    }
}

/// Centroids loaded on a device.
pub trait NearestSession {
    /// What it runs on now: after a fault, the device that took over.
    fn info(&self) -> DeviceInfo;

    /// The two nearest centroids of each row of a table on the centroids' lattice. (n_points)
    ///
    /// Rows in [`Table::outside`] are zeros in the table, and so are their results: use [`of_outside`] for them.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError>;

    /// The nearest centroid of each row of a table on the centroids' lattice, which is inside the range.
    ///
    /// # Errors
    /// As [`NearestSession::nearest_two`].
    fn labels(&mut self, table: &Table) -> Result<Labels, EngineError>;

    /// The same for threads that go over rows of their own. `None` if the device takes one table at a time.
    fn apart(&self) -> Option<&dyn LabelsApart> {
        None
    }
}

/// Centroids loaded for threads that go over rows of their own.
pub trait LabelsApart: Sync {
    /// [`NearestSession::labels`], found by the calling thread alone.
    fn labels_apart(&self, table: &Table) -> Labels;
}

/// The nearest centroids of some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Ties go to the lowest index. (n_points)
    pub labels: Vec<u32>,
    /// How many of them the certificate left open and integers decided.
    pub repaired: u64,
}

/// The two nearest centroids of row `row`, by comparing all centroids in integers.
#[must_use]
pub fn exactly(table: &Table, centroids: &Centroids<'_>, row: usize) -> NearestTwo {
    two_least((0..centroids.n_clusters() as u32).map(|c| (0, distance(table, centroids, row, c))))
}

/// The two nearest centroids of a row outside the range. `q` are its coordinates, of magnitude below 2^62. (n_dims)
#[must_use]
pub fn of_outside(centroids: &Centroids<'_>, q: &[i64]) -> NearestTwo {
    let Lattice { shift, .. } = centroids.lattice;
    let max_shift = centroids.lattice.max_shift();
    let all = 0..centroids.n_clusters() as u32;
    two_least(all.map(|c| distance_outside(q, centroids.row(c), shift, max_shift)))
}

/// The least and the second least distance; ties go to the first.
fn two_least(distances: impl Iterator<Item = WideDistance>) -> NearestTwo {
    let mut found = NearestTwo { label: 0, distance: (u128::MAX, u128::MAX), runner_up: None };
    for (c, distance) in (0..).zip(distances) {
        if c == 0 {
            found.distance = distance;
        } else if distance < found.distance {
            found.runner_up = Some((found.label, found.distance));
            (found.label, found.distance) = (c, distance);
        } else if found.runner_up.is_none_or(|(_, second)| distance < second) {
            found.runner_up = Some((c, distance));
        }
    }
    found
}

/// Squared distance of row `row` to a centroid. Equals [`row_distance`], but is faster on a uniform lattice.
#[must_use]
pub fn distance(table: &Table, centroids: &Centroids<'_>, row: usize, c: u32) -> u128 {
    let (point, centroid) = (table.point(row), centroids.row(c));
    if table.lattice.mixed() {
        return row_distance(table, row, centroid);
    }
    squared_distance(point, centroid)
}

/// Whether scores of a table's points against these centroids are exact: see [`certify::scores_are_exact`].
#[must_use]
pub fn guesses_are_exact(table: &Table, centroids: &[i32]) -> bool {
    let mut bits = 0;
    let mut most = table.reach();
    for row in centroids.chunks_exact(table.n_dims()) {
        // the centre is a multiple of 2^granularity
        for x in from_centre(row, &table.centre).map(i32::unsigned_abs) {
            bits |= x;
            most = most.max(x);
        }
    }
    let granularity = table.granularity.min(bits.trailing_zeros());
    !table.lattice.mixed() && certify::scores_are_exact(table.n_dims(), most, granularity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(distances: &[u128]) -> (u32, Option<u32>) {
        let found = two_least(distances.iter().map(|&distance| (0, distance)));
        assert_eq!(found.distance.1, distances[found.label as usize]);
        (found.label, found.runner_up.map(|(c, _)| c))
    }

    #[test]
    fn ties_go_to_the_lowest_index_in_both_places() {
        assert_eq!(two(&[5]), (0, None));
        assert_eq!(two(&[5, 5]), (0, Some(1)));
        assert_eq!(two(&[5, 5, 5]), (0, Some(1)));
        assert_eq!(two(&[7, 5, 5, 3]), (3, Some(1)));
        assert_eq!(two(&[3, 9, 5, 5, 3]), (0, Some(4)));
        assert_eq!(two(&[9, 3, 9, 4]), (1, Some(3)));
        assert_eq!(two(&[u128::MAX, u128::MAX]), (0, Some(1)));
    }
}
