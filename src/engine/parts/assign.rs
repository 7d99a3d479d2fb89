//! Assign: the nearest centroid of every row, and the sums of the clusters in the same pass.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::rows::RowParts;
use crate::comm::Partial;
use crate::engine::cpu::Integers;
use crate::engine::nearest_two::{Centroids, Labels};
use crate::engine::reference::Sums;
use crate::engine::{DeviceInfo, Engine, EngineError, Passed, Passes, Watch};
use crate::lattice::Table;
use crate::packed::BLOCK;

/// Rows of a block from which threads go over blocks of their own, each with the centroids as guesses need them.
const ROWS_APART: usize = 256;
/// Most coordinates of centroids with which they do.
pub const APART: usize = 1 << 21;

/// How passes go over the rows of this process.
pub(super) enum Assign<'a> {
    /// An engine that keeps what it knows of rows in memory.
    Kept(Box<dyn Passes + 'a>),
    /// Chunk by chunk, each as if it were the first.
    Chunks(Chunks<'a>),
}

/// Rows that come in chunks.
pub(super) struct Chunks<'a> {
    engine: &'a dyn Engine,
    device: DeviceInfo,
    sums: Option<Sums>, // of the last pass, by the labels that it set
}

impl<'a> Assign<'a> {
    pub(super) fn new(engine: &'a dyn Engine, rows: &RowParts<'a>, n_clusters: usize) -> Self {
        match rows.in_memory().and_then(|table| engine.passes(table, n_clusters)) {
            Some(passes) => Self::Kept(passes),
            None => Self::Chunks(Chunks { engine, device: engine.info(), sums: None }),
        }
    }

    /// What it runs on now.
    pub(super) fn info(&self) -> DeviceInfo {
        match self {
            Self::Kept(passes) => passes.info(),
            Self::Chunks(chunks) => chunks.device.clone(),
        }
    }

    /// Sets the labels of this process's rows to their nearest centroids (n_clusters, n_dims), of which there are `labels` of all
    /// rows. What it returns is of all ranks. `first`: in this restart. `None` if
    /// the watch ends the run.
    pub(super) fn pass(
        &mut self,
        rows: &RowParts<'_>,
        (first, centroids): (bool, &[i32]),
        labels: &mut [u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Passed>, EngineError> {
        let n_dims = rows.head().n_dims();
        let n_clusters = centroids.len() / n_dims;
        let own = match self {
            Self::Kept(passes) => passes.pass((first, centroids), &mut labels[rows.own()], watch),
            Self::Chunks(chunks) => chunks.pass(rows, (first, centroids), labels, watch),
        };
        let own = own.map(|own| {
            own.map(|own| {
                let Sums { sums, mut counts } = own.sums;
                counts.extend([own.repaired, own.skipped]);
                Partial { sums, counts, wide: Vec::new() }
            })
        });
        let like =
            Partial { sums: vec![0; n_clusters * n_dims], counts: vec![0; n_clusters + 2], wide: vec![] };
        let Some(Partial { sums, mut counts, .. }) = rows.sum(own, &like)? else { return Ok(None) };
        let [skipped, repaired] = [counts.pop(), counts.pop()].map(Option::unwrap_or_default);
        Ok(Some(Passed { sums: Sums { sums, counts }, repaired, skipped }))
    }
}

impl Chunks<'_> {
    /// The sums are those of the last pass, but for rows whose label has changed.
    fn pass(
        &mut self,
        rows: &RowParts<'_>,
        (first_pass, centroids): (bool, &[i32]),
        labels: &mut [u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Passed>, EngineError> {
        let lattice = &rows.head().lattice;
        let n_clusters = centroids.len() / lattice.n_dims();
        let mut session = self.engine.nearest(Centroids { lattice, values: centroids })?;
        let before = self.sums.take().filter(|_| !first_pass);
        let changes = PartSums::new(n_clusters, lattice.n_dims());
        let repaired = AtomicU64::new(0);
        let take = |chunk: &Table, labels: &mut [u32], found: &Labels, apart: bool| {
            changes.add(chunk, before.as_ref().map(|_| &*labels), &found.labels, apart);
            labels.copy_from_slice(&found.labels);
            repaired.fetch_add(found.repaired, Ordering::Relaxed);
        };
        // else what is prepared for each block is more than its rows
        let apart = BLOCK / lattice.n_dims() >= ROWS_APART && centroids.len() <= APART;
        let all = match session.apart().zip(rows.in_file()).filter(|_| apart) {
            Some((apart, file)) => file.visit_apart(labels, |chunk, labels| {
                let ends = watch.ends();
                if !ends {
                    take(chunk, labels, &apart.labels_apart(chunk), true);
                }
                Ok::<_, EngineError>(!ends)
            })?,
            None => rows.visit(watch, &mut |first, chunk| {
                let found = session.labels(chunk)?;
                take(chunk, &mut labels[first..][..found.labels.len()], &found, false);
                Ok(ControlFlow::Continue(()))
            })?,
        };
        let now = session.info();
        if now.fallback.is_some() {
            self.device = now;
        }
        if !all {
            return Ok(None);
        }
        let mut sums = changes.total(n_clusters, lattice.n_dims());
        before.iter().for_each(|before| add(&mut sums, before));
        self.sums = Some(sums.clone());
        Ok(Some(Passed { sums, repaired: repaired.into_inner(), skipped: 0 }))
    }
}

/// Adds other sums, which may be those of changes.
fn add(sums: &mut Sums, more: &Sums) {
    sums.sums.iter_mut().zip(&more.sums).for_each(|(sum, more)| *sum += more);
    sums.counts.iter_mut().zip(&more.counts).for_each(|(count, more)| *count = count.wrapping_add(*more));
}

/// Sums of the clusters, of which each thread has some.
struct PartSums(Vec<Mutex<Sums>>);

impl PartSums {
    fn new(n_clusters: usize, n_dims: usize) -> Self {
        let none = |_| Mutex::new(Sums::none(n_clusters, n_dims));
        Self((0..rayon::current_num_threads()).map(none).collect())
    }

    /// Adds the rows of a chunk, each to the sum of its label; of those that had another label before only the change. `apart`:
    /// by the calling thread alone.
    fn add(&self, table: &Table, before: Option<&[u32]>, labels: &[u32], apart: bool) {
        let add = |first: usize, labels: &[u32], sums: &Mutex<Sums>| {
            let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
            let (d, integers, sums) = (table.n_dims(), Integers::widest(), &mut *sums);
            let mut add = |row: usize, label: u32, weight: i64| {
                integers.add(&mut sums.sums[label as usize * d..][..d], table.point(row), weight);
                let count = &mut sums.counts[label as usize];
                *count = count.wrapping_add_signed(weight);
            };
            for (row, &label) in (first..).zip(labels) {
                let weight = i64::from(table.weights.get(row));
                match before.map(|before| before[row]) {
                    Some(before) if before == label => {}
                    Some(before) => {
                        add(row, before, -weight);
                        add(row, label, weight);
                    }
                    None => add(row, label, weight),
                }
            }
        };
        if apart {
            add(0, labels, &self.0[rayon::current_thread_index().unwrap_or(0) % self.0.len()]);
        } else {
            let size = labels.len().div_ceil(self.0.len()).max(1);
            let parts = labels.par_chunks(size).zip(&self.0).enumerate();
            parts.for_each(|(part, (labels, sums))| add(part * size, labels, sums));
        }
    }

    fn total(self, n_clusters: usize, n_dims: usize) -> Sums {
        let mut all = Sums::none(n_clusters, n_dims);
        for part in self.0 {
            add(&mut all, &part.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        all
    }
}
