//! Seeding on any table. Only points that may be nearer to a candidate get exact distances.

use rayon::prelude::*;

use super::super::columns::Columns;
use super::super::kernel::Kernel;
use super::super::tiles::Tiles;
use super::near::{Near, pick_row};
use crate::engine::certify;
use crate::engine::reference::seed::gather;
use crate::lattice::Table;

/// Tiles per parallel task.
const CHUNK: usize = 64;

/// Exact distances of type D in units of `2^unit`, and for each point the score above which a candidate is proven to be no nearer.
pub(super) struct Wide<'a, D, F> {
    table: &'a Table,
    tiles: &'a Tiles<'a>,
    kernel: Kernel,
    shared: bool,
    exact: F,
    unit: u32,
    gamma: f32,                 // G for the points' share of E
    near: Vec<D>,               // (n_points)
    limits: Vec<f32>,           // near / 2 - |x|^2 / 2 + the point's share of E, rounded up (n_points)
    sums: Vec<u128>,            // of w D (n_tiles)
    nearer: Vec<Vec<(u32, D)>>, // points nearer to a candidate, with their distance (n_candidates)
}

impl<'a, D, F> Wide<'a, D, F>
where
    D: Copy + Ord + Send + Sync + Into<u128>,
    F: Fn(&[i32], &[i32]) -> D + Sync,
{
    pub(super) fn new(
        table: &'a Table,
        tiles: &'a Tiles<'a>,
        kernel: Kernel,
        shared: bool,
        first: usize,
        (exact, unit): (F, u32),
    ) -> Self {
        let seed = gather(table, &[first]);
        let to = |i: usize| exact(table.point(i), &seed);
        let n = table.n_points();
        let near: Vec<D> = if shared {
            (0..n).into_par_iter().with_min_len(4096).map(to).collect()
        } else {
            (0..n).map(to).collect()
        };
        let (limits, sums, nearer) = (vec![0.0; n], vec![0; tiles.len()], Vec::new());
        let gamma = certify::gamma(table.n_dims(), certify::UNIT_CPU);
        let mut new = Self { table, tiles, kernel, shared, exact, unit, gamma, near, limits, sums, nearer };
        for i in 0..n {
            new.limits[i] = new.limit(i);
            new.sums[i / tiles.width()] += new.share(i, new.near[i]);
        }
        new
    }

    fn share(&self, i: usize, d: D) -> u128 {
        u128::from(self.table.weights.get(i)) * d.into()
    }

    /// A candidate whose score, less its own share of E, exceeds this is no nearer to point `i` than the seeds so far:
    /// then `D = |x|^2 + 2 s >= near`. Scores scale features of a mixed table by `2^-e`.
    fn limit(&self, i: usize) -> f32 {
        let half_norm = self.table.half_norm(i);
        let near: u128 = self.near[i].into();
        let half_near =
            libm::ldexp(near as f64, self.unit as i32 - 2 * self.table.lattice.max_shift() as i32) / 2.0;
        let own = f64::from(certify::point_error(self.gamma, half_norm));
        let limit = half_near - half_norm + own + (half_near + half_norm) * 1e-9;
        let rounded = limit as f32;
        if f64::from(rounded) < limit { rounded.next_up() } else { rounded }
    }

    /// The points of these tiles that are nearer to each candidate, and the gain in potential.
    fn nearer_in(&self, tiles: std::ops::Range<usize>, seeds: &[i32], columns: &Columns) -> Gains<D> {
        let (width, d) = (self.tiles.width(), self.table.n_dims());
        let mut found = Gains::none(seeds.len() / d);
        let (mut room, mut scores) = (Vec::new(), vec![0.0; columns.base.len() * width]);
        for tile in tiles {
            let points = self.tiles.points(tile, &mut room);
            self.kernel.scores(&points, columns, &mut scores);
            let rows = tile * width..self.table.n_points().min((tile + 1) * width);
            for (c, seed) in seeds.chunks_exact(d).enumerate() {
                let mut open =
                    self.kernel.at_most(&scores[c * width..][..rows.len()], &self.limits[rows.clone()]);
                while open != 0 {
                    let i = rows.start + open.trailing_zeros() as usize;
                    open &= open - 1;
                    let distance = (self.exact)(self.table.point(i), seed);
                    if distance < self.near[i] {
                        found.nearer[c].push((i as u32, distance));
                        found.gain[c] += self.share(i, self.near[i]) - self.share(i, distance);
                    }
                }
            }
        }
        found
    }
}

/// Nearer points of each candidate, and by how much the potential would fall. (n_candidates)
struct Gains<D> {
    nearer: Vec<Vec<(u32, D)>>,
    gain: Vec<u128>,
}

impl<D> Gains<D> {
    fn none(n_candidates: usize) -> Self {
        Self { nearer: (0..n_candidates).map(|_| Vec::new()).collect(), gain: vec![0; n_candidates] }
    }

    fn merge(mut self, other: Self) -> Self {
        self.nearer.iter_mut().zip(other.nearer).for_each(|(a, b)| a.extend(b));
        self.gain.iter_mut().zip(other.gain).for_each(|(a, b)| *a += b);
        self
    }
}

impl<D, F> Near for Wide<'_, D, F>
where
    D: Copy + Ord + Send + Sync + Into<u128>,
    F: Fn(&[i32], &[i32]) -> D + Sync,
{
    fn total(&self) -> u128 {
        self.sums.iter().sum()
    }

    fn pick(&self, t: u128) -> usize {
        let share = |i: usize| self.share(i, self.near[i]);
        pick_row(t, self.tiles.width(), &self.sums, share, self.table.n_points())
    }

    fn weigh(&mut self, rows: &[usize], columns: &Columns) -> Vec<u128> {
        let seeds = gather(self.table, rows);
        let n_tiles = self.tiles.len();
        let chunk = |chunk: usize| {
            let tiles = chunk * CHUNK..n_tiles.min((chunk + 1) * CHUNK);
            self.nearer_in(tiles, &seeds, columns)
        };
        let chunks = n_tiles.div_ceil(CHUNK);
        let none = || Gains::none(rows.len());
        let found = if self.shared {
            (0..chunks).into_par_iter().map(chunk).reduce(none, Gains::merge)
        } else {
            (0..chunks).map(chunk).fold(none(), Gains::merge)
        };
        self.nearer = found.nearer;
        let total = self.total();
        found.gain.into_iter().map(|gain| total - gain).collect()
    }

    fn choose(&mut self, chosen: usize) {
        for (i, distance) in std::mem::take(&mut self.nearer[chosen]) {
            let i = i as usize;
            let gain = self.share(i, self.near[i]) - self.share(i, distance);
            self.sums[i / self.tiles.width()] -= gain;
            self.near[i] = distance;
            self.limits[i] = self.limit(i);
        }
    }
}
