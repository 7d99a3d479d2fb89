//! Labels every row of a table by the nearest of given centroids, on an engine.

use super::FitError;
use crate::engine::nearest_two::{Centroids, NearestTwo};
use crate::engine::{DeviceInfo, Engine, State};
use crate::lattice::Table;

/// Centroids, with the labels and counts of all rows.
pub(super) struct Labelled {
    pub(super) state: State,
    pub(super) inertia: u128,
    pub(super) device: DeviceInfo,
}

/// Labels all rows inside the range; the others are for `label_outside`. `centroids` is (n_clusters, n_dims).
pub(super) fn label_all(
    engine: &dyn Engine,
    table: &Table,
    centroids: Vec<i32>,
) -> Result<Labelled, FitError> {
    let (found, device) = nearest_of_all(engine, table, &centroids)?;
    let mut counts = vec![0; centroids.len() / table.n_dims()];
    for (row, found) in found.iter().enumerate() {
        counts[found.label as usize] += u64::from(table.weights.get(row));
    }
    let labels = found.iter().map(|found| found.label).collect();
    let inertia = cost_of(table, &found);
    Ok(Labelled { state: State { centroids, labels, counts }, inertia, device })
}

/// The nearest centroids of all rows, and what found them. `centroids` is (n_clusters, n_dims).
pub(super) fn nearest_of_all(
    engine: &dyn Engine,
    table: &Table,
    centroids: &[i32],
) -> Result<(Vec<NearestTwo>, DeviceInfo), FitError> {
    let mut session = engine.nearest(Centroids { lattice: &table.lattice, values: centroids })?;
    Ok((session.nearest_two(table)?, session.info()))
}

/// The weighted squared distances to the nearest, summed.
pub(super) fn cost_of(table: &Table, found: &[NearestTwo]) -> u128 {
    let cost = |(row, found): (usize, &NearestTwo)| u128::from(table.weights.get(row)) * found.distance.1;
    found.iter().enumerate().map(cost).sum()
}
