//! Update: incremental sums, and rounded means or directions.

use rayon::prelude::*;

use super::kernel::Kernel;
use crate::engine::reference::Sums;
use crate::engine::reference::update::{move_centroids, rounded_mean};
use crate::engine::{Job, Metric};
use crate::lattice::Table;

/// Points per parallel task.
const CHUNK: usize = 16_384;
/// Rows of which those that change are listed at a time.
const LISTED: usize = 1024;
/// Rows by which a row is asked of memory before it is added.
const AHEAD: usize = 8;

/// Sums of the clusters, as floats while these are exact.
///
/// Integers below 2^53 times a common power of two are exact in `f64`.
#[derive(Debug, Clone)]
enum Totals {
    Floats { sums: Vec<f64>, counts: Vec<u64> },
    Integers(Sums),
}

/// Sums of the clusters, updated for the labels that change.
#[derive(Debug, Clone)]
pub(super) struct Updater<'a> {
    table: &'a Table,
    kernel: Kernel,
    totals: Totals,
    labels: Vec<u32>, // the labels of `totals` (n_points)
}

impl Totals {
    fn zero(table: &Table, k: usize) -> Self {
        let (sums, counts) = (k * table.n_dims(), vec![0; k]);
        let steps = u128::from(table.max_coordinate >> table.granularity);
        if u128::from(table.weights.total()) * steps < 1 << 53 {
            Self::Floats { sums: vec![0.0; sums], counts }
        } else {
            Self::Integers(Sums { sums: vec![0; sums], counts })
        }
    }

    fn add(&mut self, kernel: Kernel, cluster: usize, point: &[i32], weight: i64) {
        match self {
            Self::Floats { sums, counts } => {
                let d = point.len();
                kernel.add_point(&mut sums[cluster * d..][..d], point, weight as f64);
                counts[cluster] = counts[cluster].wrapping_add_signed(weight);
            }
            Self::Integers(Sums { sums, counts }) => {
                let d = point.len();
                kernel.add_point_exactly(&mut sums[cluster * d..][..d], point, weight);
                counts[cluster] = counts[cluster].wrapping_add_signed(weight);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        // wrapping: parts may be negative differences
        let add = |a: &mut [u64], b: &[u64]| a.iter_mut().zip(b).for_each(|(a, b)| *a = a.wrapping_add(*b));
        match (self, other) {
            (Self::Floats { sums, counts }, Self::Floats { sums: other, counts: more }) => {
                sums.iter_mut().zip(other).for_each(|(a, b)| *a += b);
                add(counts, more);
            }
            (Self::Integers(sums), Self::Integers(other)) => {
                sums.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
                add(&mut sums.counts, &other.counts);
            }
            _ => unreachable!("one table has one kind of totals"),
        }
    }
}

impl<'a> Updater<'a> {
    /// Sums of the points with each label. `labels` is (n_points).
    pub(super) fn new(
        table: &'a Table,
        kernel: Kernel,
        labels: &[u32],
        n_clusters: usize,
        shared: bool,
    ) -> Self {
        let zero = || Totals::zero(table, n_clusters);
        let add = |mut totals: Totals, (chunk, labels): (usize, &[u32])| {
            for (i, &label) in labels.iter().enumerate() {
                let row = chunk * CHUNK + i;
                totals.add(kernel, label as usize, table.point(row), table.weights.get(row).into());
            }
            totals
        };
        let totals = if shared {
            let merged = |mut a: Totals, b: Totals| {
                a.merge(&b);
                a
            };
            labels.par_chunks(CHUNK).enumerate().fold(zero, add).reduce(zero, merged)
        } else {
            labels.chunks(CHUNK).enumerate().fold(zero(), add)
        };
        Self { table, kernel, totals, labels: labels.to_vec() }
    }

    /// Updates the sums to these labels (n_points). Returns how many labels changed.
    pub(super) fn follow(&mut self, labels: &[u32], shared: bool) -> u64 {
        let Self { table, kernel, totals, labels: before } = self;
        let threads = if shared { rayon::current_num_threads() } else { 1 };
        if threads > 1 {
            let pairs = before.par_chunks(CHUNK).zip(labels.par_chunks(CHUNK));
            let changed: usize = pairs.map(|(a, b)| a.iter().zip(b).filter(|(a, b)| a != b).count()).sum();
            let (d, k) = (table.n_dims(), totals.counts().len());
            if changed == 0 {
                return 0;
            }
            // to begin and to merge sums of its own costs a thread about three rows a cluster
            let pieces = ((labels.len() / 4 + 2 * changed * d) / (3 * k * d)).min(threads);
            if pieces > 1 {
                let size = labels.len().div_ceil(pieces);
                let pieces = before.par_chunks_mut(size).zip(labels.par_chunks(size)).enumerate();
                let of_piece = |(piece, (before, labels)): (usize, (&mut [u32], &[u32]))| {
                    let mut totals = Totals::zero(table, k);
                    follow_rows(table, *kernel, &mut totals, piece * size, before, labels);
                    totals
                };
                let parts: Vec<Totals> = pieces.map(of_piece).collect();
                parts.iter().for_each(|part| totals.merge(part));
                return changed as u64;
            }
        }
        follow_rows(table, *kernel, totals, 0, before, labels)
    }

    /// Whether a cluster has no weight.
    pub(super) fn any_empty(&self) -> bool {
        self.totals.counts().contains(&0)
    }

    /// Lets `change` move points between clusters. It gets the labels and their integer sums.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut [u32], &mut Sums)) {
        let mut sums = self.sums();
        change(&mut self.labels, &mut sums);
        match &mut self.totals {
            Totals::Integers(totals) => *totals = sums,
            Totals::Floats { sums: floats, counts } => {
                floats.iter_mut().zip(&sums.sums).for_each(|(to, &from)| *to = from as f64);
                *counts = sums.counts;
            }
        }
    }

    /// The sums, in integers.
    pub(super) fn sums(&self) -> Sums {
        match &self.totals {
            Totals::Integers(sums) => sums.clone(),
            Totals::Floats { sums, counts } => {
                Sums { sums: sums.iter().map(|&sum| sum as i64).collect(), counts: counts.clone() }
            }
        }
    }

    /// The centroids of the sums, by the metric of the job; a cluster without weight keeps its centroid. Both are
    /// (n_clusters, n_dims).
    pub(super) fn move_centroids(&self, job: &Job<'_>, centroids: &[i32], moved: &mut [i32]) {
        match job.metric {
            Metric::Euclidean => self.means(centroids, moved),
            Metric::Cosine => moved.copy_from_slice(&move_centroids(job, &self.sums(), centroids)),
        }
    }

    fn means(&self, centroids: &[i32], means: &mut [i32]) {
        let d = self.table.n_dims();
        match &self.totals {
            Totals::Integers(sums) => {
                means.copy_from_slice(&crate::engine::reference::update::update(sums, centroids));
            }
            Totals::Floats { sums, counts } => {
                let rows = means.chunks_exact_mut(d).zip(sums.chunks_exact(d)).zip(centroids.chunks_exact(d));
                for (((mean, sums), centroid), &n) in rows.zip(counts) {
                    match n {
                        0 => mean.copy_from_slice(centroid),
                        n if self.kernel.mean_row(sums, n as f64, mean) => {}
                        n => mean
                            .iter_mut()
                            .zip(sums)
                            .for_each(|(mean, &sum)| *mean = rounded_mean(sum as i64, n)),
                    }
                }
            }
        }
    }
}

impl Totals {
    fn counts(&self) -> &[u64] {
        match self {
            Self::Floats { counts, .. } => counts,
            Self::Integers(sums) => &sums.counts,
        }
    }
}

/// Moves rows from the clusters of the labels before to those of the labels now; `first` is the row of the first label.
/// Returns how many changed.
fn follow_rows(
    table: &Table,
    kernel: Kernel,
    totals: &mut Totals,
    first: usize,
    before: &mut [u32],
    labels: &[u32],
) -> u64 {
    let mut changed = 0;
    let mut places = [0u16; LISTED + 1]; // one more, so that no branch is needed
    let blocks = before.chunks_mut(LISTED).zip(labels.chunks(LISTED));
    for (first, (before, labels)) in (first..).step_by(LISTED).zip(blocks) {
        let mut n = 0;
        for (i, (a, b)) in before.iter().zip(labels).enumerate() {
            places[n] = i as u16;
            n += usize::from(a != b);
        }
        for (at, &i) in places[..n].iter().enumerate() {
            let i = usize::from(i);
            if let Some(&soon) = places[..n].get(at + AHEAD) {
                kernel.prefetch(table.point(first + usize::from(soon))); // the rows between are not read
            }
            let (point, weight) = (table.point(first + i), i64::from(table.weights.get(first + i)));
            totals.add(kernel, before[i] as usize, point, -weight);
            totals.add(kernel, labels[i] as usize, point, weight);
            before[i] = labels[i];
        }
        changed += n as u64;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cpu::kernel::Instructions;

    #[test]
    fn means_of_floats_are_those_of_integers() {
        let mut state = 1u64;
        let mut decided = 0;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let n = (state >> 40) % (1 << (1 + state % 22)) + 1;
            let reach = (n << 30).cast_signed();
            let sum = (state.wrapping_mul(0x9E37_79B9_7F4A_7C15).cast_signed() >> 3) % (reach + 1);
            for sum in [sum, sum / n as i64 * n as i64, sum / n as i64 * n as i64 + n as i64 / 2] {
                let mut mean = [0];
                if Instructions::widest().kernel.mean_row(&[sum as f64], n as f64, &mut mean) {
                    assert_eq!(mean[0], rounded_mean(sum, n), "{sum} / {n}");
                    decided += 1;
                }
            }
        }
        assert!(decided > 300_000, "{decided}");
    }
}
