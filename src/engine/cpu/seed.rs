//! Seed: the definition's draws, with distances in the narrowest exact arithmetic that the table allows.

use rayon::prelude::*;

use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::assign::distance;
use crate::engine::reference::seed::{gather, lowest_unused, seed as seed_reference};
use crate::engine::{Job, Seeding, certify};
use crate::lattice::Table;

/// Rows a parallel task takes at a time.
const CHUNK: usize = 4096;

/// Which arithmetic gives squared distances between rows without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    /// Sums of multiples of a large power of two below 2^24 times it: `f32`.
    Small,
    /// Uniform tables: `u64`.
    Uniform,
    /// Mixed tables: `u128`.
    Mixed,
}

/// What seeding needs of the points, made once.
#[derive(Debug)]
pub(super) struct Seeder<'a> {
    table: &'a Table,
    metric: Metric,
}

impl<'a> Seeder<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        // differences reach twice the largest coordinate
        let twice = table.max_coordinate * 2;
        let small = certify::scores_are_exact(table.n_dims(), twice, table.granularity);
        let metric = match (table.lattice.mixed(), small) {
            (true, _) => Metric::Mixed,
            (false, true) => Metric::Small,
            (false, false) => Metric::Uniform,
        };
        Self { table, metric }
    }

    /// The first centroids of a restart. (n_clusters, n_dims)
    pub(super) fn seed(&self, job: &Job<'_>, restart: u64, shared: bool) -> Vec<i32> {
        if job.seeding != Seeding::KMeansPlusPlus {
            return seed_reference(job, restart);
        }
        let mut draws = Draws::new(job.seed, restart);
        let rows = match self.metric {
            Metric::Small => self.plus_plus(job, &mut draws, shared, &small_distance),
            Metric::Uniform => self.plus_plus(job, &mut draws, shared, &uniform_distance),
            Metric::Mixed => {
                let lattice = &self.table.lattice;
                let max_shift = lattice.max_shift();
                let mixed = |a: &[f32], b: &[f32]| {
                    let c: Vec<i32> = b.iter().map(|&q| q as i32).collect();
                    distance(a.iter().map(|&q| q as i64), &c, &lattice.shift, max_shift)
                };
                self.plus_plus(job, &mut draws, shared, &mixed)
            }
        };
        gather(self.table, &rows)
    }

    fn plus_plus<D>(
        &self,
        job: &Job<'_>,
        draws: &mut Draws,
        shared: bool,
        distance: &(impl Fn(&[f32], &[f32]) -> D + Sync),
    ) -> Vec<usize>
    where
        D: Copy + Ord + Send + Sync + Into<u128>,
    {
        let table = self.table;
        let n = table.n_points();
        let first = pick(draws.below(table.weights.total().into()), n, |i| table.weights.get(i).into());
        let mut seeds = vec![first];
        let to = |row: usize, i: usize| distance(table.point(i), table.point(row));
        let mut near: Vec<D> = if shared {
            (0..n).into_par_iter().with_min_len(CHUNK).map(|i| to(first, i)).collect()
        } else {
            (0..n).map(|i| to(first, i)).collect()
        };
        let weighted = |i: usize, d: D| u128::from(table.weights.get(i)) * d.into();
        let lowered = |row: usize, near: &[D]| -> (u128, Vec<D>) {
            let one = |i: usize| near[i].min(to(row, i));
            let after: Vec<D> = if shared {
                (0..n).into_par_iter().with_min_len(CHUNK).map(one).collect()
            } else {
                (0..n).map(one).collect()
            };
            let potential = after.iter().enumerate().map(|(i, &d)| weighted(i, d)).sum();
            (potential, after)
        };
        let mut total: u128 = near.iter().enumerate().map(|(i, &d)| weighted(i, d)).sum();
        while seeds.len() < job.n_clusters {
            if total == 0 {
                seeds.push(lowest_unused(table, &seeds));
                continue;
            }
            let mut best: Option<(u128, Vec<D>, usize)> = None;
            for _ in 0..candidates(job.n_clusters) {
                let row = pick(draws.below(total), n, |i| weighted(i, near[i]));
                let (potential, after) = lowered(row, &near);
                if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                    best = Some((potential, after, row));
                }
            }
            if let Some((potential, after, row)) = best {
                (total, near) = (potential, after);
                seeds.push(row);
            }
        }
        seeds
    }
}

/// The first row whose running total exceeds `t`.
fn pick(t: u128, n: usize, share: impl Fn(usize) -> u128) -> usize {
    let mut total = 0;
    (0..n)
        .find(|&i| {
            total += share(i);
            total > t
        })
        .unwrap_or(n - 1)
}

fn small_distance(a: &[f32], b: &[f32]) -> u64 {
    let mut sums = [0.0f32; 16];
    let (whole, rest) = (a.chunks_exact(16), b.chunks_exact(16));
    let tail = whole.remainder().iter().zip(rest.remainder());
    for (j, (a, b)) in tail.enumerate() {
        sums[j] += (a - b) * (a - b);
    }
    for (a, b) in whole.zip(rest) {
        for j in 0..16 {
            sums[j] += (a[j] - b[j]) * (a[j] - b[j]);
        }
    }
    sums.iter().sum::<f32>() as u64
}

fn uniform_distance(a: &[f32], b: &[f32]) -> u64 {
    let square = |(&a, &b): (&f32, &f32)| {
        let difference = i64::from(a as i32 - b as i32);
        (difference * difference) as u64
    };
    a.iter().zip(b).map(square).sum()
}
