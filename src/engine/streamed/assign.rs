//! Assign: the nearest centroid of every row, and the sums of the clusters in the same pass.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::engine::cpu::Integers;
use crate::engine::nearest_two::Centroids;
use crate::engine::reference::Sums;
use crate::engine::{DeviceInfo, Engine, EngineError, Watch};
use crate::lattice::Table;
use crate::packed::PackedTable;

/// What a pass found, beside the labels.
pub(super) struct Passed {
    pub(super) sums: Sums,
    pub(super) repaired: u64,
    pub(super) device: DeviceInfo,
}

/// Sets the label of every row to its nearest centroid (n_clusters, n_dims). `None` if the watch ends the run.
pub(super) fn pass(
    engine: &dyn Engine,
    table: &PackedTable,
    centroids: &[i32],
    labels: &mut [u32],
    watch: &Watch<'_>,
) -> Result<Option<Passed>, EngineError> {
    let lattice = &table.head().lattice;
    let mut session = engine.nearest(Centroids { lattice, values: centroids })?;
    let sums = PartSums::new(centroids.len() / lattice.n_dims(), lattice.n_dims());
    let (mut repaired, mut ended) = (0, false);
    table.visit::<EngineError>(&mut |first, chunk| {
        ended = watch.ends();
        if ended {
            return Ok(ControlFlow::Break(()));
        }
        let found = session.labels(chunk)?;
        sums.add(chunk, &found.labels);
        labels[first..][..found.labels.len()].copy_from_slice(&found.labels);
        repaired += found.repaired;
        Ok(ControlFlow::Continue(()))
    })?;
    let device = session.info();
    Ok((!ended).then(|| Passed { sums: sums.total(), repaired, device }))
}

/// Sums of the clusters, of which each thread has some.
struct PartSums(Vec<Mutex<Sums>>);

impl PartSums {
    fn new(n_clusters: usize, n_dims: usize) -> Self {
        let none = |_| Mutex::new(Sums::none(n_clusters, n_dims));
        Self((0..rayon::current_num_threads()).map(none).collect())
    }

    /// Adds the rows of a chunk, each to the sum of its label.
    fn add(&self, table: &Table, labels: &[u32]) {
        let size = labels.len().div_ceil(self.0.len()).max(1);
        labels.par_chunks(size).zip(&self.0).enumerate().for_each(|(part, (labels, sums))| {
            let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
            let (d, integers, sums) = (table.n_dims(), Integers::widest(), &mut *sums);
            for (row, &label) in (part * size..).zip(labels) {
                let (label, weight) = (label as usize, table.weights.get(row));
                integers.add(&mut sums.sums[label * d..][..d], table.point(row), weight.into());
                sums.counts[label] += u64::from(weight);
            }
        });
    }

    fn total(self) -> Sums {
        let mut parts =
            self.0.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut all = parts.next().unwrap_or_else(|| Sums::none(0, 0));
        for part in parts {
            all.sums.iter_mut().zip(part.sums).for_each(|(sum, more)| *sum += more);
            all.counts.iter_mut().zip(part.counts).for_each(|(count, more)| *count += more);
        }
        all
    }
}
