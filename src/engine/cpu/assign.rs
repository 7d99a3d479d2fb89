//! Assign: scores in `f32`, the certificate, and integers for the rows that it leaves open.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::columns::{Columns, LANES};
use crate::engine::certify;
use crate::engine::reference::assign::{nearest, row_distance};
use crate::lattice::Table;

/// Rows a parallel task takes at a time.
const CHUNK: usize = 2048;
/// Rows that share a pass over the centroids.
const TILE: usize = 4;

/// The instructions that the kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The widest that this processor has.
    pub(super) fn pick() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512",
        }
    }

    fn run(
        self,
        points: &[f32],
        errors: &[f32],
        columns: &Columns,
        labels: &mut [u32],
        open: &mut Vec<usize>,
    ) {
        match self {
            Self::Portable => guess::<false>(points, errors, columns, labels, open),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { guess_avx2(points, errors, columns, labels, open) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { guess_avx512(points, errors, columns, labels, open) },
        }
    }
}

/// What assigning needs of the points, made once.
#[derive(Debug)]
pub(super) struct Assigner<'a> {
    table: &'a Table,
    kernel: Kernel,
    errors: Vec<f32>, // G |x|^2 / 2, rounded up (n_points)
}

impl<'a> Assigner<'a> {
    pub(super) fn new(table: &'a Table, kernel: Kernel) -> Self {
        let d = table.n_dims();
        let gamma = f64::from(certify::gamma(d, certify::UNIT_CPU));
        let scale: Vec<f64> = table.lattice.shift.iter().map(|&e| 0.25f64.powi(e as i32)).collect();
        let error = |point: &[f32]| {
            let norm: f64 = point.iter().zip(&scale).map(|(&q, s)| f64::from(q) * f64::from(q) * s).sum();
            certify::round_up(gamma * norm / 2.0 * (1.0 + 1e-9))
        };
        Self { table, kernel, errors: table.points.par_chunks_exact(d).map(error).collect() }
    }

    /// Sets the label of every row to its nearest centroid. Returns how many rows needed integers.
    pub(super) fn assign(
        &self,
        columns: &Columns,
        centroids: &[i32],
        labels: &mut [u32],
        shared: bool,
    ) -> u64 {
        if !shared {
            return self.assign_rows(0, columns, centroids, labels);
        }
        let repaired = AtomicU64::new(0);
        labels.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, labels)| {
            let here = self.assign_rows(chunk * CHUNK, columns, centroids, labels);
            repaired.fetch_add(here, Ordering::Relaxed);
        });
        repaired.into_inner()
    }

    fn assign_rows(&self, first: usize, columns: &Columns, centroids: &[i32], labels: &mut [u32]) -> u64 {
        let (n, d) = (labels.len(), self.table.n_dims());
        let points = &self.table.points[first * d..][..n * d];
        let mut open = Vec::new();
        self.kernel.run(points, &self.errors[first..][..n], columns, labels, &mut open);
        for &i in &open {
            labels[i] = nearest(centroids, d, |c| row_distance(self.table, first + i, c));
        }
        open.len() as u64
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn guess_avx2(points: &[f32], errors: &[f32], columns: &Columns, labels: &mut [u32], open: &mut Vec<usize>) {
    guess::<true>(points, errors, columns, labels, open);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,fma")]
fn guess_avx512(
    points: &[f32],
    errors: &[f32],
    columns: &Columns,
    labels: &mut [u32],
    open: &mut Vec<usize>,
) {
    guess::<true>(points, errors, columns, labels, open);
}

/// Guesses the label of every row; those that the certificate does not prove are listed in `open`.
#[inline(always)]
fn guess<const FMA: bool>(
    points: &[f32],
    errors: &[f32],
    columns: &Columns,
    labels: &mut [u32],
    open: &mut Vec<usize>,
) {
    let d = columns.n_dims;
    let n = labels.len();
    let whole = n - n % TILE;
    for first in (0..whole).step_by(TILE) {
        guess_tile::<FMA, TILE>(first, &points[first * d..][..TILE * d], errors, columns, labels, open);
    }
    for i in whole..n {
        guess_tile::<FMA, 1>(i, &points[i * d..][..d], errors, columns, labels, open);
    }
}

/// The best of each lane so far, and the least lower bound of all the others.
#[derive(Clone, Copy)]
struct Lanes {
    score: [f32; LANES],
    error: [f32; LANES],
    block: [u32; LANES],
    others: [f32; LANES],
}

#[inline(always)]
fn guess_tile<const FMA: bool, const ROWS: usize>(
    first: usize,
    points: &[f32],
    errors: &[f32],
    columns: &Columns,
    labels: &mut [u32],
    open: &mut Vec<usize>,
) {
    let d = columns.n_dims;
    let none = Lanes {
        score: [f32::INFINITY; LANES],
        error: [0.0; LANES],
        block: [0; LANES],
        others: [f32::INFINITY; LANES],
    };
    let mut best = [none; ROWS];
    for block in 0..columns.half_norms.len() {
        let mut score = [columns.half_norms[block]; ROWS];
        for (j, c) in columns.values[block * d..][..d].iter().enumerate() {
            for r in 0..ROWS {
                let x = -points[r * d + j];
                for l in 0..LANES {
                    score[r][l] = if FMA { x.mul_add(c[l], score[r][l]) } else { score[r][l] + x * c[l] };
                }
            }
        }
        for r in 0..ROWS {
            let own = if columns.exact { 0.0 } else { errors[first + r] };
            let bound = if columns.exact { [0.0; LANES] } else { columns.errors[block] };
            best[r].take(&score[r], own, &bound, block as u32);
        }
    }
    for (r, best) in best.iter().enumerate() {
        let (label, proven) = best.decide();
        labels[first + r] = label;
        if !(proven || columns.exact) {
            open.push(first + r);
        }
    }
}

impl Lanes {
    #[inline(always)]
    fn take(&mut self, score: &[f32; LANES], own: f32, bound: &[f32; LANES], block: u32) {
        for l in 0..LANES {
            let error = own + bound[l];
            let better = score[l] < self.score[l];
            let loser = if better { self.score[l] - self.error[l] } else { score[l] - error };
            self.others[l] = if loser < self.others[l] { loser } else { self.others[l] };
            self.score[l] = if better { score[l] } else { self.score[l] };
            self.error[l] = if better { error } else { self.error[l] };
            self.block[l] = if better { block } else { self.block[l] };
        }
    }

    /// The best of all lanes, ties to the lowest index, and whether it is proven.
    #[inline(always)]
    fn decide(&self) -> (u32, bool) {
        let label = |l: usize| self.block[l] * LANES as u32 + l as u32;
        let mut best = 0;
        for l in 1..LANES {
            let ahead = self.score[l] < self.score[best]
                || (self.score[l] == self.score[best] && label(l) < label(best));
            best = if ahead { l } else { best };
        }
        let mut others = f32::INFINITY;
        for l in 0..LANES {
            let loser = if l == best { f32::INFINITY } else { self.score[l] - self.error[l] };
            others = others.min(self.others[l]).min(loser);
        }
        (label(best), others > self.score[best] + self.error[best])
    }
}
