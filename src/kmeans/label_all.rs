//! Labels every row of a table by the nearest of given centroids, on an engine.

use super::FitError;
use crate::engine::nearest_two::Centroids;
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
    let values = Centroids { lattice: &table.lattice, values: &centroids };
    let mut session = engine.nearest(values)?;
    let found = session.nearest_two(table)?;
    let device = session.info();
    drop(session);
    let mut counts = vec![0; values.n_clusters()];
    let mut inertia = 0;
    for (row, found) in found.iter().enumerate() {
        let weight = table.weights.get(row);
        counts[found.label as usize] += u64::from(weight);
        inertia += u128::from(weight) * found.distance.1;
    }
    let labels = found.iter().map(|found| found.label).collect();
    Ok(Labelled { state: State { centroids, labels, counts }, inertia, device })
}
