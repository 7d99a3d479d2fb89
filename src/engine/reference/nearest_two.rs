//! The two nearest centroids of a row.

use super::assign::{nearest, row_distance};
use crate::engine::nearest_two::{Centroids, NearestTwo};
use crate::lattice::Table;

/// The two nearest centroids of row `row`; ties go to the lowest index, for both.
#[must_use]
pub fn nearest_two(table: &Table, centroids: &Centroids<'_>, row: usize) -> NearestTwo {
    let (d, all) = (table.n_dims(), centroids.values);
    let to = |c: u32| (c, row_distance(table, row, centroids.row(c)));
    let label = nearest(all, d, |c| row_distance(table, row, c));
    if centroids.n_clusters() == 1 {
        return NearestTwo::new(to(label), None);
    }
    // all other centroids, in order
    let others = [&all[..label as usize * d], &all[(label as usize + 1) * d..]].concat();
    let second = nearest(&others, d, |c| row_distance(table, row, c));
    NearestTwo::new(to(label), Some(to(if second < label { second } else { second + 1 })))
}
