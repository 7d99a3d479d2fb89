//! Seeding on any table. Only points that may be nearer to a candidate get exact distances.
//!
//! A point keeps the number of its nearest seed, not the distance to it, which is computed again where it is needed: a
//! few more distances for a quarter of the memory.

use std::ops::Range;

use rayon::prelude::*;

use super::super::columns::Columns;
use super::super::kernel::{Kernel, ones};
use super::super::tiles::Tiles;
use super::nearest_seed::{Near, columns, pick_row};
use crate::engine::certify;
use crate::engine::reference::seed::gather;
use crate::lattice::Table;

/// Tiles per parallel task.
const CHUNK: usize = 64;
/// The points nearer to a candidate are listed if fewer than one in this many were nearer to some at the step before.
/// Otherwise they are found again for the candidate that is chosen.
const FEW: u64 = 16;

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
        let half_norm = self.table.half_norm(i);
        let near: u128 = near.into();
        let power = self.unit as i32 - 2 * self.table.lattice.max_shift() as i32;
        let half_near = libm::ldexp(near as f64, power) / 2.0;
        let own = f64::from(certify::point_error(self.gamma, half_norm));
        let limit = half_near - half_norm + own + (half_near + half_norm) * 1e-9;
        let rounded = limit as f32;
        if f64::from(rounded) < limit { rounded.next_up() } else { rounded }
    }
}

/// The nearest seed of each point.
pub(super) struct Wide<'a, F> {
    of: Distances<'a, F>,
    shared: bool,
    seeds: Vec<i32>,       // (n_seeds, n_dims)
    nearest: Vec<u32>,     // (n_points)
    limits: Vec<f32>,      // see Distances::limit (n_points)
    sums: Vec<u128>,       // of w D (n_tiles)
    candidates: Vec<i32>,  // of the last step (n_candidates, n_dims)
    listed: Vec<Vec<u32>>, // points nearer to a candidate (n_candidates); empty if they are not listed
    lists: bool,           // whether the next step lists them
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
    pub(super) fn new(of: Distances<'a, F>, first: usize, shared: bool) -> Self {
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
            listed: Vec::new(),
            lists: false,
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

    /// Finds the points that are nearer to `seed`, which gets the number `new`, than to all seeds so far.
    fn measure(&mut self, seed: &[i32], new: u32) {
        let d = self.of.table.n_dims();
        let mut columns = columns(self.of.table, self.of.kernel, 1);
        columns.fill(self.of.table, self.of.kernel.squaring(), seed);
        let columns = &columns;
        self.change(|part, of, seeds| {
            let width = of.tiles.width();
            let (mut room, mut scores) = (Vec::new(), vec![0.0; columns.base.len() * width]);
            for (tile, sum) in part.sums.iter_mut().enumerate() {
                let at = tile * width..part.nearest.len().min((tile + 1) * width);
                let first = part.first_tile * width;
                of.kernel.scores(&of.tiles.points(part.first_tile + tile, &mut room), columns, &mut scores);
                let open = of.kernel.at_most(&scores[..at.len()], &part.limits[at.clone()]);
                for at in ones(open).map(|lane| at.start + lane) {
                    let nearest = row(seeds, d, part.nearest[at] as usize);
                    if let Some((before, distance)) = of.nearer(first + at, nearest, seed) {
                        *sum -= of.gain(first + at, before, distance);
                        (part.nearest[at], part.limits[at]) = (new, of.limit(first + at, distance));
                    }
                }
            }
        });
    }

    /// The points of these tiles that are nearer to each candidate, and the gain in potential.
    fn nearer_in(&self, tiles: Range<usize>, columns: &Columns) -> Gains {
        let Distances { table, tiles: all, kernel, .. } = &self.of;
        let (width, d) = (all.width(), table.n_dims());
        let mut found = Gains::none(self.candidates.len() / d);
        let (mut room, mut scores) = (Vec::new(), vec![0.0; columns.base.len() * width]);
        for tile in tiles {
            kernel.scores(&all.points(tile, &mut room), columns, &mut scores);
            let rows = tile * width..table.n_points().min((tile + 1) * width);
            for (c, candidate) in self.candidates.chunks_exact(d).enumerate() {
                let open = kernel.at_most(&scores[c * width..][..rows.len()], &self.limits[rows.clone()]);
                for i in ones(open).map(|lane| rows.start + lane) {
                    if let Some((before, distance)) = self.of.nearer(i, self.nearest(i), candidate) {
                        found.gain[c] += self.of.gain(i, before, distance);
                        found.count += 1;
                        if self.lists {
                            found.nearer[c].push(i as u32);
                        }
                    }
                }
            }
        }
        found
    }
}

/// Nearer points of each candidate, if they are listed, and by how much the potential would fall. (n_candidates)
struct Gains {
    nearer: Vec<Vec<u32>>,
    gain: Vec<u128>,
    count: u64, // of pairs of a point and a candidate
}

impl Gains {
    fn none(n_candidates: usize) -> Self {
        Self { nearer: vec![Vec::new(); n_candidates], gain: vec![0; n_candidates], count: 0 }
    }

    fn merge(mut self, other: Self) -> Self {
        self.nearer.iter_mut().zip(other.nearer).for_each(|(a, b)| a.extend(b));
        self.gain.iter_mut().zip(other.gain).for_each(|(a, b)| *a += b);
        self.count += other.count;
        self
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

    fn weigh(&mut self, rows: &[usize], columns: &Columns) -> Vec<u128> {
        self.candidates = gather(self.of.table, rows);
        let n_tiles = self.of.tiles.len();
        let chunk = |chunk: usize| {
            let tiles = chunk * CHUNK..n_tiles.min((chunk + 1) * CHUNK);
            self.nearer_in(tiles, columns)
        };
        let chunks = n_tiles.div_ceil(CHUNK);
        let none = || Gains::none(rows.len());
        let found = if self.shared {
            (0..chunks).into_par_iter().map(chunk).reduce(none, Gains::merge)
        } else {
            (0..chunks).map(chunk).fold(none(), Gains::merge)
        };
        self.listed = if self.lists { found.nearer } else { Vec::new() };
        self.lists = found.count < self.of.table.n_points() as u64 / FEW;
        let total = self.total();
        found.gain.into_iter().map(|gain| total - gain).collect()
    }

    fn choose(&mut self, chosen: usize) {
        let d = self.of.table.n_dims();
        let seed = row(&self.candidates, d, chosen).to_vec();
        let new = (self.seeds.len() / d) as u32;
        if self.listed.is_empty() {
            self.measure(&seed, new);
        } else {
            for i in std::mem::take(&mut self.listed[chosen]).into_iter().map(|i| i as usize) {
                let (before, distance) = self.of.nearer(i, self.nearest(i), &seed).expect("listed as nearer");
                self.sums[i / self.of.tiles.width()] -= self.of.gain(i, before, distance);
                (self.nearest[i], self.limits[i]) = (new, self.of.limit(i, distance));
            }
        }
        self.seeds.extend(seed);
    }
}
