//! The guess in 8 bits, and its candidates: decided in `f32`, certified.

use super::bounds::from_top2;
use super::columns::Columns;
use super::kernel::{Kernel, Tile, ones};
use super::narrow::{Int8, Int8Columns, Scratch};
use super::tile_result::TileResult;
use super::tiles::Tiles;
use crate::lattice::Table;

/// Finds the nearest centroids of tiles of points: those that 8 bits and `f32` prove. A thread's own.
pub(super) struct Prune<'a> {
    table: &'a Table,
    kernel: Kernel,
    int8: &'a Int8,
    rows: &'a Int8Columns,
    columns: &'a Columns,
    scratch: Scratch,
    found: Vec<Vec<u32>>, // of each point of a tile, its candidates in order (tile)
    point: Vec<f32>,      // from the centre, padded with zeros
    /// Candidates so far, of points with more than one.
    pub(super) candidates: u64,
}

impl<'a> Prune<'a> {
    pub(super) fn new(
        table: &'a Table,
        kernel: Kernel,
        int8: &'a Int8,
        rows: &'a Int8Columns,
        columns: &'a Columns,
    ) -> Self {
        let (scratch, found) = (int8.begin(rows), vec![Vec::new(); kernel.tile()]);
        Self {
            table,
            kernel,
            int8,
            rows,
            columns,
            scratch,
            found,
            point: vec![0.0; rows.width],
            candidates: 0,
        }
    }

    /// Examines a tile of the table, whose first `n` points count. `row` maps a lane to its row.
    pub(super) fn tile(
        &mut self,
        tiles: &Tiles<'_>,
        tile: usize,
        row: impl Fn(usize) -> usize,
        n: usize,
        bounds: bool,
        found: &mut TileResult,
    ) {
        let labels = &mut found.labels[..self.kernel.tile()];
        let open = self.int8.assign(tiles, tile, self.rows, &mut self.scratch, labels);
        self.decide(open, [tiles.half_norms(tile), tiles.errors(tile)], row, n, bounds, found);
    }

    /// The same for a tile of gathered points, with bounds.
    pub(super) fn gathered(
        &mut self,
        tile: Tile<'_>,
        row: impl Fn(usize) -> usize,
        n: usize,
        found: &mut TileResult,
    ) {
        let labels = &mut found.labels[..self.kernel.tile()];
        let Tile { half_norms, errors, .. } = tile;
        let open = self.int8.assign_gathered(tile, self.rows, &mut self.scratch, labels);
        self.decide(open, [half_norms, errors], row, n, true, found);
    }

    /// Decides the points that have several candidates, and sets the bounds of all. Those that `f32` leaves open are open
    /// in `found`.
    fn decide(
        &mut self,
        open: u32,
        [half_norms, errors]: [&[f32]; 2],
        row: impl Fn(usize) -> usize,
        n: usize,
        bounds: bool,
        found: &mut TileResult,
    ) {
        if bounds {
            let bounds = found.upper.iter_mut().zip(&mut found.lower).zip(half_norms).take(n);
            for (lane, ((upper, lower), &half_norm)) in bounds.enumerate() {
                (*upper, *lower) = self.int8.bounds(lane, half_norm, &self.scratch);
            }
        }
        found.open = 0;
        let several = open & ((1u64 << n) - 1) as u32;
        if several == 0 {
            return;
        }
        // rows come from memory while candidates are looked for
        ones(several).for_each(|lane| self.kernel.prefetch(self.table.point(row(lane))));
        ones(several).for_each(|lane| self.found[lane].clear());
        self.kernel.candidates(&self.scratch.scores, several, &mut self.found);
        for lane in ones(several) {
            self.candidates += self.found[lane].len() as u64;
            let point = self.table.point(row(lane));
            self.kernel.row_from_centre(point, &self.table.centre, &mut self.point);
            let Columns { base, errors: of_columns, largest_error, exact, .. } = self.columns;
            let (label, best, second) =
                self.kernel.nearest_of(&self.found[lane], &self.point, &self.rows.rows, base);
            found.labels[lane] = label;
            if !exact && best + (2.0 * errors[lane] + of_columns[label as usize]) >= second {
                found.open |= 1 << lane;
            }
            if bounds {
                let half_norm = half_norms[lane];
                let (upper, lower) = from_top2(half_norm, best, second, errors[lane], *largest_error);
                let beyond = self.int8.beyond(lane, half_norm, &self.scratch);
                (found.upper[lane], found.lower[lane]) = (upper, lower.min(beyond));
            }
        }
    }
}
