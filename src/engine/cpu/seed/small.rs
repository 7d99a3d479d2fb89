//! Seeding on tables of small integers: distances are exact in `f32`, and fit 24 bits in units of the grid.

use super::super::columns::Columns;
use super::super::kernel::Kernel;
use super::super::tiles::Tiles;
use super::nearest_seed::{Near, columns, pick_row};
use crate::engine::reference::seed::gather;
use crate::lattice::{Table, from_centre};

/// Squared norms from the centre, exact. (n_points)
pub(super) fn norms(table: &Table) -> Vec<f32> {
    let norm = |point: &[i32]| from_centre(point, &table.centre).map(|x| x as f32 * x as f32).sum();
    table.points.chunks_exact(table.n_dims()).map(norm).collect()
}

/// Distances in units of `4^granularity`: no draw and no comparison depends on a common factor.
pub(super) struct Small<'a> {
    table: &'a Table,
    tiles: &'a Tiles<'a>,
    kernel: Kernel,
    unit: f32,            // 4^-granularity
    norms: &'a [f32],     // |x|^2, padded to tiles
    near: Vec<u32>,       // padded to tiles, zero there
    sums: Vec<u128>,      // of w D (n_tiles)
    after: Vec<Vec<u32>>, // near if the candidate became a seed (n_candidates)
    after_sums: Vec<Vec<u128>>,
    scores: Vec<f32>,
    room: Vec<f32>,
}

impl<'a> Small<'a> {
    pub(super) fn new(
        table: &'a Table,
        tiles: &'a Tiles<'a>,
        norms: &'a [f32],
        kernel: Kernel,
        first: usize,
    ) -> Self {
        let padded = tiles.len() * tiles.width();
        let mut near = vec![u32::MAX; padded];
        near[table.n_points()..].fill(0);
        let unit = 0.25f32.powi(table.granularity as i32);
        let sums = vec![0; tiles.len()];
        let (after, after_sums, scores, room) = Default::default();
        let mut new = Self { table, tiles, kernel, unit, norms, near, sums, after, after_sums, scores, room };
        let mut columns = columns(table, kernel, 1);
        columns.fill(table, kernel.squaring(), &gather(table, &[first]));
        new.weigh(&[first], &columns);
        new.choose(0);
        new
    }
}

impl Near for Small<'_> {
    fn total(&self) -> u128 {
        self.sums.iter().sum()
    }

    fn pick(&self, t: u128) -> usize {
        let share = |i: usize| u128::from(self.table.weights.get(i)) * u128::from(self.near[i]);
        pick_row(t, self.tiles.width(), &self.sums, share, self.table.n_points())
    }

    fn weigh(&mut self, rows: &[usize], columns: &Columns) -> Vec<u128> {
        let width = self.tiles.width();
        self.after.resize_with(rows.len(), Vec::new);
        self.after_sums.resize_with(rows.len(), Vec::new);
        self.after.iter_mut().for_each(|after| after.resize(self.near.len(), 0));
        self.after_sums.iter_mut().for_each(|sums| sums.resize(self.tiles.len(), 0));
        self.scores.resize(columns.base.len() * width, 0.0);
        for tile in 0..self.tiles.len() {
            let points = self.tiles.points(tile, &mut self.room);
            self.kernel.scores(&points, columns, &mut self.scores);
            let at = tile * width..(tile + 1) * width;
            for c in 0..rows.len() {
                let scores = &self.scores[c * width..][..width];
                let after = &mut self.after[c][at.clone()];
                let sum = self.kernel.lower(
                    scores,
                    &self.norms[at.clone()],
                    &self.near[at.clone()],
                    self.unit,
                    after,
                );
                self.after_sums[c][tile] = match self.table.weights.values() {
                    None => sum.into(),
                    Some(weights) => {
                        let weighted = |(&d, &w): (&u32, &u32)| u128::from(d) * u128::from(w);
                        after.iter().zip(&weights[at.start..]).map(weighted).sum()
                    }
                };
            }
        }
        self.after_sums.iter().map(|sums| sums.iter().sum()).collect()
    }

    fn choose(&mut self, chosen: usize) {
        std::mem::swap(&mut self.near, &mut self.after[chosen]);
        std::mem::swap(&mut self.sums, &mut self.after_sums[chosen]);
    }
}
