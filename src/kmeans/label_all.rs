//! Labels every row of a table by the nearest of given centroids, on an engine.

use super::FitError;
use crate::engine::inertia::{inertia, squares};
use crate::engine::nearest_two::{Centroids, NearestTwo};
use crate::engine::reference::Sums;
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
    let mut session = engine.nearest(Centroids { lattice: &table.lattice, values: &centroids })?;
    let (labels, device) = (session.labels(table)?.labels, session.info());
    drop(session);
    let sums = Sums::of(table, &labels, centroids.len() / table.n_dims());
    let inertia = inertia(table, squares(table, &vec![0; table.n_dims()]), &centroids, &sums);
    Ok(Labelled { state: State { centroids, labels, counts: sums.counts }, inertia, device })
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
