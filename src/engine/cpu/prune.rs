//! The guess in 8 bits, and its candidates: decided in `f32`, certified.

use super::bounds::from_top2;
use super::columns::Columns;
use super::kernel::{DOT, Kernel, ones};
use super::narrow::{Ints, Scratch};
use super::tile_result::TileResult;
use crate::lattice::{Table, from_centre};

/// Centroids as rows of `f32` from the centre, padded with zeros. (n_clusters, width)
#[derive(Debug, Clone)]
pub(super) struct CandidateRows {
    width: usize,
    values: Vec<f32>,
}

impl CandidateRows {
    pub(super) fn new(n_dims: usize, n_clusters: usize) -> Self {
        let width = n_dims.next_multiple_of(DOT);
        Self { width, values: vec![0.0; n_clusters * width] }
    }

    /// Converts new centroids. (n_clusters, n_dims)
    pub(super) fn fill(&mut self, centroids: &[i32], centre: &[i32]) {
        let rows = self.values.chunks_exact_mut(self.width);
        for (to, row) in rows.zip(centroids.chunks_exact(centre.len())) {
            to.iter_mut().zip(from_centre(row, centre)).for_each(|(to, x)| *to = x as f32);
        }
    }
}

/// Finds the nearest of a point's candidates. A thread's own.
pub(super) struct Prune<'a> {
    table: &'a Table,
    kernel: Kernel,
    int8: &'a Ints,
    rows: &'a CandidateRows,
    columns: &'a Columns,
    found: Vec<Vec<u32>>, // of each point of a tile, its candidates in order (tile)
    point: Vec<f32>,      // from the centre, padded with zeros
    /// Candidates so far, of points with more than one.
    pub(super) candidates: u64,
}

impl<'a> Prune<'a> {
    pub(super) fn new(
        (table, kernel, int8): (&'a Table, Kernel, &'a Ints),
        rows: &'a CandidateRows,
        columns: &'a Columns,
    ) -> Self {
        let (found, point) = (vec![Vec::new(); kernel.tile()], vec![0.0; rows.width]);
        Self { table, kernel, int8, rows, columns, found, point, candidates: 0 }
    }

    /// The candidates of a point of the last tile that had several, in order.
    pub(super) fn found_of(&self, lane: usize) -> &[u32] {
        &self.found[lane]
    }

    /// Decides the points that have several candidates in `scratch`, with their bounds. Those that `f32` leaves open are
    /// open in `found`. `row` maps a lane to its row.
    pub(super) fn decide(
        &mut self,
        scratch: &Scratch,
        several: u32,
        [half_norms, errors]: [&[f32]; 2],
        row: impl Fn(usize) -> usize,
        bounds: bool,
        found: &mut TileResult,
    ) {
        if several == 0 {
            return;
        }
        // rows come from memory while candidates are looked for
        ones(several).for_each(|lane| self.kernel.prefetch(self.table.point(row(lane))));
        ones(several).for_each(|lane| self.found[lane].clear());
        self.kernel.candidates(&scratch.scores, several, &mut self.found);
        for lane in ones(several) {
            self.candidates += self.found[lane].len() as u64;
            let point = self.table.point(row(lane));
            self.kernel.row_from_centre(point, &self.table.centre, &mut self.point);
            let Columns { base, errors: of_columns, largest_error, exact, .. } = self.columns;
            let (label, best, second) =
                self.kernel.nearest_of(&self.found[lane], &self.point, &self.rows.values, base);
            found.labels[lane] = label;
            if !exact && best + (2.0 * errors[lane] + of_columns[label as usize]) >= second {
                found.open |= 1 << lane;
            }
            if bounds {
                let half_norm = half_norms[lane];
                let (upper, lower) = from_top2(half_norm, best, second, errors[lane], *largest_error);
                let beyond = self.int8.beyond(lane, half_norm, scratch);
                (found.upper[lane], found.lower[lane]) = (upper, lower.min(beyond));
            }
        }
    }
}
