//! Update: sums that follow the labels.

use rayon::prelude::*;

use crate::engine::reference::Sums;
use crate::lattice::Table;

/// Rows a parallel task takes at a time.
const CHUNK: usize = 16_384;

/// Sums of the points with each label. `labels` is (n_points).
pub(super) fn sums(table: &Table, labels: &[u32], n_clusters: usize, shared: bool) -> Sums {
    if !shared {
        return Sums::of(table, labels, n_clusters);
    }
    let none = || Sums { sums: vec![0; n_clusters * table.n_dims()], counts: vec![0; n_clusters] };
    let add = |mut sums: Sums, (chunk, labels): (usize, &[u32])| {
        for (i, &label) in labels.iter().enumerate() {
            let row = chunk * CHUNK + i;
            sums.add(label as usize, table.point(row), table.weights.get(row).into());
        }
        sums
    };
    labels.par_chunks(CHUNK).enumerate().fold(none, add).reduce(none, merge)
}

fn merge(mut a: Sums, b: Sums) -> Sums {
    a.sums.iter_mut().zip(b.sums).for_each(|(a, b)| *a += b);
    // wrapping: parts of a difference may be negative
    a.counts.iter_mut().zip(b.counts).for_each(|(a, b)| *a = a.wrapping_add(b));
    a
}

/// Brings `sums`, which belong to the labels `before`, to `labels`; and `before` too.
pub(super) fn follow(table: &Table, sums: &mut Sums, before: &mut [u32], labels: &[u32], shared: bool) {
    if !shared {
        return follow_rows(table, sums, 0, before, labels);
    }
    let (k, d) = (sums.counts.len(), table.n_dims());
    let none = || Sums { sums: vec![0; k * d], counts: vec![0; k] };
    let change = |mut sums: Sums, (chunk, (before, labels)): (usize, (&mut [u32], &[u32]))| {
        follow_rows(table, &mut sums, chunk * CHUNK, before, labels);
        sums
    };
    let pairs = before.par_chunks_mut(CHUNK).zip(labels.par_chunks(CHUNK));
    let changes = pairs.enumerate().fold(none, change).reduce(none, merge);
    let old = std::mem::replace(sums, none());
    *sums = merge(old, changes);
}

fn follow_rows(table: &Table, sums: &mut Sums, first: usize, before: &mut [u32], labels: &[u32]) {
    for (i, (before, &label)) in before.iter_mut().zip(labels).enumerate() {
        if *before != label {
            let weight = i64::from(table.weights.get(first + i));
            sums.add(*before as usize, table.point(first + i), -weight);
            sums.add(label as usize, table.point(first + i), weight);
            *before = label;
        }
    }
}
