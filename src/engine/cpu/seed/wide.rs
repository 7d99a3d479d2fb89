//! Seeding on any table. Only points that may be nearer to the chosen candidate get exact distances.
//!
//! Scores in `f32` say by how much each candidate would lower the potential, within an error: mostly that proves which one
//! does most (docs/DEFINITION.md, section 4.13). Else all of them get exact distances.
//!
//! A point keeps the number of its nearest seed, not the distance to it, which is computed again where it is needed: a
//! few more distances for a quarter of the memory.

use rayon::prelude::*;

use super::super::columns::Columns;
use super::super::kernel::{Kernel, ones};
use super::super::tiles::Tiles;
use super::gains::{Gains, proven};
use super::nearest_seed::{Near, pick_row};
use crate::engine::certify;
use crate::engine::reference::seed::gather;
use crate::lattice::Table;

/// Tiles per parallel task.
const CHUNK: usize = 64;

/// Exact distances, of a type D, and what proves that a point needs none.
pub(super) struct Distances<'a, F> {
    pub(super) table: &'a Table,
    pub(super) tiles: &'a Tiles<'a>,
    pub(super) kernel: Kernel,
    /// The squared distance of two rows, in units of `2^unit`.
    pub(super) exact: F,
    pub(super) unit: u32,
    /// G for the points' share of E.
    pub(super) gamma: f32,
}

impl<D, F> Distances<'_, F>
where
    D: Copy + Ord + Into<u128>,
    F: Fn(&[i32], &[i32]) -> D,
{
    fn share(&self, i: usize, d: D) -> u128 {
        u128::from(self.table.weights.get(i)) * d.into()
    }

    /// The distances of point `i` from its nearest seed and from a candidate, if that is nearer. Both are (n_dims).
    fn nearer(&self, i: usize, nearest: &[i32], candidate: &[i32]) -> Option<(D, D)> {
        let point = self.table.point(i);
        let (before, distance) = ((self.exact)(point, nearest), (self.exact)(point, candidate));
        (distance < before).then_some((before, distance))
    }

    /// By how much the potential falls if point `i` gets this near.
    fn gain(&self, i: usize, before: D, distance: D) -> u128 {
        self.share(i, before) - self.share(i, distance)
    }

    /// A candidate whose score, less its own share of E, exceeds this is no nearer to point `i` than the seeds so far,
    /// of which the nearest is `near` away: then `D = |x|^2 + 2 s >= near`. Scores scale features of a mixed table by
    /// `2^-e`.
    fn limit(&self, i: usize, near: D) -> f32 {
        let half_norm = self.tiles.half_norms(i / self.tiles.width())[i % self.tiles.width()];
        let near: u128 = near.into();
        let power = self.unit as i32 - 2 * self.table.lattice.max_shift() as i32;
        let half_near = libm::ldexp(near as f64, power) / 2.0;
        let own = f64::from(certify::point_error(self.gamma, half_norm.next_up().into()));
        let limit = half_near - f64::from(half_norm.next_down()) + own + half_near * 1e-9;
        let rounded = limit as f32;
        if f64::from(rounded) < limit { rounded.next_up() } else { rounded }
    }
}

/// The nearest seed of each point.
pub(super) struct Wide<'a, F> {
    of: Distances<'a, F>,
    shared: bool,
    seeds: Vec<i32>,      // (n_seeds, n_dims)
    nearest: Vec<u32>,    // (n_points)
    limits: Vec<f32>,     // see Distances::limit (n_points)
    sums: Vec<u128>,      // of w D (n_tiles)
    candidates: Vec<i32>, // of the last step (n_candidates, n_dims)
    open: Vec<u32>,       // a bit for each point that may be nearer (n_tiles, n_candidates)
    proves: bool,         // but in tests
}

/// A row of (n_rows, n_dims).
fn row(rows: &[i32], n_dims: usize, at: usize) -> &[i32] {
    &rows[at * n_dims..][..n_dims]
}

/// A range of points, for a change in place.
struct Part<'p> {
    first_tile: usize,
    nearest: &'p mut [u32],
    limits: &'p mut [f32],
    sums: &'p mut [u128], // (n_tiles of the part)
}

impl<'a, D, F> Wide<'a, F>
where
    D: Copy + Ord + Send + Sync + Into<u128>,
    F: Fn(&[i32], &[i32]) -> D + Sync,
{
    pub(super) fn new(of: Distances<'a, F>, first: usize, shared: bool, proves: bool) -> Self {
        let n = of.table.n_points();
        let (nearest, limits, sums) = (vec![0; n], vec![0.0; n], vec![0; of.tiles.len()]);
        let seeds = gather(of.table, &[first]);
        let mut new = Self {
            of,
            shared,
            seeds,
            nearest,
            limits,
            sums,
            candidates: Vec::new(),
            open: Vec::new(),
            proves,
        };
        new.measure_first();
        new
    }

    /// The nearest seed of a point. (n_dims)
    fn nearest(&self, i: usize) -> &[i32] {
        row(&self.seeds, self.of.table.n_dims(), self.nearest[i] as usize)
    }

    /// Calls `work` for all parts, each with what it may change.
    fn change(&mut self, work: impl Fn(Part<'_>, &Distances<'a, F>, &[i32]) + Sync) {
        let Self { of, shared, seeds, nearest, limits, sums, .. } = self;
        let size = CHUNK * of.tiles.width();
        let parts = nearest.par_chunks_mut(size).zip(limits.par_chunks_mut(size));
        let parts = parts.zip(sums.par_chunks_mut(CHUNK)).enumerate();
        // a restart with its own thread processes its parts in sequence
        let parts = parts.with_min_len(if *shared { 1 } else { usize::MAX });
        parts.for_each(|(part, ((nearest, limits), sums))| {
            work(Part { first_tile: part * CHUNK, nearest, limits, sums }, of, seeds);
        });
    }

    /// The distances to the first seed.
    fn measure_first(&mut self) {
        self.change(|part, of, seed| {
            let (first, width) = (part.first_tile * of.tiles.width(), of.tiles.width());
            for at in 0..part.nearest.len() {
                let distance = (of.exact)(of.table.point(first + at), seed);
                part.limits[at] = of.limit(first + at, distance);
                part.sums[at / width] += of.share(first + at, distance);
            }
        });
    }

    /// Makes the open points that are nearer to candidate `chosen` its own: it gets the number `new`.
    fn measure(&mut self, chosen: usize, new: u32) {
        let d = self.of.table.n_dims();
        let (candidates, open) = (std::mem::take(&mut self.candidates), std::mem::take(&mut self.open));
        let (n_candidates, seed) = (candidates.len() / d, row(&candidates, d, chosen));
        self.change(|part, of, seeds| {
            let width = of.tiles.width();
            for (tile, sum) in part.sums.iter_mut().enumerate() {
                let open = open[(part.first_tile + tile) * n_candidates + chosen];
                for at in ones(open).map(|lane| tile * width + lane) {
                    let i = part.first_tile * width + at;
                    let nearest = row(seeds, d, part.nearest[at] as usize);
                    if let Some((before, distance)) = of.nearer(i, nearest, seed) {
                        *sum -= of.gain(i, before, distance);
                        (part.nearest[at], part.limits[at]) = (new, of.limit(i, distance));
                    }
                }
            }
        });
        self.seeds.extend(seed);
    }

    /// Scores the candidates: says which points are open, and guesses what each candidate gains.
    fn score(&mut self, columns: &Columns) -> Vec<Gains> {
        let Distances { table, tiles: all, kernel, .. } = &self.of;
        let (n_candidates, width) = (self.candidates.len() / table.n_dims(), all.width());
        let mut open = vec![0; all.len() * n_candidates];
        let limits = &self.limits;
        let chunk = |(chunk, open): (usize, &mut [u32])| {
            let mut found = vec![Gains::default(); n_candidates];
            let (mut room, mut scores) = (Vec::new(), vec![0.0; columns.base.len() * width]);
            for (tile, open) in (chunk * CHUNK..).zip(open.chunks_exact_mut(n_candidates)) {
                kernel.scores(&all.points(tile, &mut room), columns, &mut scores);
                let rows = tile * width..table.n_points().min((tile + 1) * width);
                let of_points = [&limits[rows.clone()], &all.half_norms(tile)[..rows.len()]];
                for ((open, found), scores) in open.iter_mut().zip(&mut found).zip(scores.chunks_exact(width))
                {
                    *open = kernel.at_most(&scores[..rows.len()], of_points[0]);
                    found.add(*open, scores, of_points, |lane| table.weights.get(rows.start + lane));
                }
            }
            found
        };
        let (none, size) = (|| vec![Gains::default(); n_candidates], CHUNK * n_candidates);
        let found = if self.shared {
            open.par_chunks_mut(size).enumerate().map(chunk).reduce(none, Gains::merge)
        } else {
            open.chunks_mut(size).enumerate().map(chunk).fold(none(), Gains::merge)
        };
        self.open = open;
        found
    }

    /// By how much the potential would fall with each candidate.
    fn exact_gains(&self) -> Vec<u128> {
        let Distances { table, tiles, .. } = &self.of;
        let (d, width) = (table.n_dims(), tiles.width());
        let n_candidates = self.candidates.len() / d;
        let chunk = |chunk: usize| {
            let mut gains = vec![0; n_candidates];
            for tile in chunk * CHUNK..tiles.len().min((chunk + 1) * CHUNK) {
                let candidates = gains.iter_mut().zip(self.candidates.chunks_exact(d));
                for ((gain, candidate), &open) in candidates.zip(&self.open[tile * n_candidates..]) {
                    for i in ones(open).map(|lane| tile * width + lane) {
                        if let Some((before, distance)) = self.of.nearer(i, self.nearest(i), candidate) {
                            *gain += self.of.gain(i, before, distance);
                        }
                    }
                }
            }
            gains
        };
        let add = |mut a: Vec<u128>, b: Vec<u128>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let chunks = 0..tiles.len().div_ceil(CHUNK);
        if self.shared {
            chunks.into_par_iter().map(chunk).reduce(|| vec![0; n_candidates], add)
        } else {
            chunks.map(chunk).fold(vec![0; n_candidates], add)
        }
    }
}

impl<D, F> Near for Wide<'_, F>
where
    D: Copy + Ord + Send + Sync + Into<u128>,
    F: Fn(&[i32], &[i32]) -> D + Sync,
{
    fn total(&self) -> u128 {
        self.sums.iter().sum()
    }

    fn pick(&self, t: u128) -> usize {
        let share = |i: usize| self.of.share(i, (self.of.exact)(self.of.table.point(i), self.nearest(i)));
        pick_row(t, self.of.tiles.width(), &self.sums, share, self.of.table.n_points())
    }

    fn best(&mut self, rows: &[usize], columns: &Columns) -> usize {
        let table = self.of.table;
        self.candidates = gather(table, rows);
        let found = self.score(columns);
        let half_norms: Vec<f64> = rows.iter().map(|&row| table.half_norm(row)).collect();
        let equal = |a: usize, b: usize| table.point(rows[a]) == table.point(rows[b]);
        proven(&found, &half_norms, self.of.gamma, equal, self.proves).unwrap_or_else(|| {
            let gains = self.exact_gains();
            (0..rows.len()).rev().max_by_key(|&c| gains[c]).unwrap_or(0) // ties: the first
        })
    }

    fn choose(&mut self, chosen: usize) {
        let new = (self.seeds.len() / self.of.table.n_dims()) as u32;
        self.measure(chosen, new);
    }
}
