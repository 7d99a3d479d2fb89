//! Seeding on tables of small integers: distances are exact in `f32`, or in bytes, and fit 24 bits in units of the grid.

use std::ops::Range;

use super::super::columns::Columns;
use super::super::guess::Guesser;
use super::super::kernel::Kernel;
use super::super::narrow::{IntColumns, Ints, Scratch};
use super::super::tiles::Tiles;
use super::nearest_seed::{Near, columns, pick_row};
use crate::engine::reference::seed::gather;
use crate::lattice::{Table, from_centre};

/// Squared norms from the centre, exact, and what scores are in.
#[derive(Debug)]
pub(super) enum Norms {
    /// In lattice steps. (n_points), padded to tiles
    F32(Vec<f32>),
    /// In units of the grid, of which points are few: scores are in bytes. (n_points), padded to tiles
    Bytes(Vec<i32>),
}

impl Norms {
    pub(super) fn new(table: &Table, width: usize, in_bytes: bool) -> Self {
        let norm = |point: &[i32]| from_centre(point, &table.centre).map(|x| x as f32 * x as f32).sum();
        let mut norms: Vec<f32> = table.points.chunks_exact(table.n_dims()).map(norm).collect();
        norms.resize(table.n_points().next_multiple_of(width), 0.0);
        if !in_bytes {
            return Self::F32(norms);
        }
        Self::Bytes(norms.into_iter().map(|norm| (norm * unit(table)) as i32).collect())
    }
}

/// Squared units of the grid in a squared lattice step: `4^-granularity`.
fn unit(table: &Table) -> f32 {
    0.25f32.powi(table.granularity as i32)
}

/// The scores of candidates.
enum Scores<'a> {
    F32 { norms: &'a [f32], scores: Vec<f32>, room: Vec<f32> },
    Bytes { norms: &'a [i32], ints: &'a Ints, columns: IntColumns, scratch: Box<Scratch> },
}

impl<'a> Scores<'a> {
    fn new(norms: &'a Norms, guesser: &'a Guesser<'_>, n_candidates: usize) -> Self {
        match (norms, guesser.exact_bytes()) {
            (Norms::F32(norms), _) => Self::F32 { norms, scores: Vec::new(), room: Vec::new() },
            (Norms::Bytes(norms), Some(ints)) => {
                let columns = ints.columns(n_candidates);
                let scratch = Box::new(ints.begin(&columns));
                Self::Bytes { norms, ints, columns, scratch }
            }
            (Norms::Bytes(_), None) => unreachable!("norms for bytes, of a table that has some"),
        }
    }

    /// Takes new candidates (n_candidates, n_dims).
    fn fill(&mut self, table: &Table, candidates: &[i32]) {
        if let Self::Bytes { ints, columns, .. } = self {
            ints.fill_doubled(columns, candidates, &table.centre);
        }
    }

    /// Scores a tile. `in_f32` are the candidates.
    fn score(&mut self, kernel: Kernel, tiles: &Tiles<'_>, tile: usize, in_f32: &Columns) {
        match self {
            Self::F32 { scores, room, .. } => {
                scores.resize(in_f32.base.len() * tiles.width(), 0.0);
                kernel.scores(&tiles.points(tile, room), in_f32, scores);
            }
            Self::Bytes { ints, columns, scratch, .. } => ints.scores(tiles, tile, columns, scratch),
        }
    }

    /// The least of `near` and the distance to candidate `c`, of the points of the last tile, which are these rows. Returns
    /// the sum.
    fn lower(
        &self,
        (kernel, unit): (Kernel, f32),
        c: usize,
        rows: Range<usize>,
        near: &[u32],
        lowered: &mut [u32],
    ) -> u32 {
        let of_candidate = c * rows.len()..(c + 1) * rows.len();
        match self {
            Self::F32 { norms, scores, .. } => {
                kernel.lower(&scores[of_candidate], &norms[rows], near, unit, lowered)
            }
            Self::Bytes { norms, scratch, .. } => {
                kernel.lower_ints(&scratch.scores.values[of_candidate], &norms[rows], near, lowered)
            }
        }
    }
}

/// Distances in units of `4^granularity`: no draw and no comparison depends on a common factor.
pub(super) struct Small<'a> {
    table: &'a Table,
    tiles: &'a Tiles<'a>,
    kernel: Kernel,
    scores: Scores<'a>,
    near: Vec<u32>,       // padded to tiles, zero there
    sums: Vec<u128>,      // of w D (n_tiles)
    after: Vec<Vec<u32>>, // near if the candidate became a seed (n_candidates)
    after_sums: Vec<Vec<u128>>,
}

impl<'a> Small<'a> {
    pub(super) fn new(guesser: &'a Guesser<'a>, norms: &'a Norms, n_candidates: usize, first: usize) -> Self {
        let Guesser { table, kernel, tiles, .. } = guesser;
        let mut near = vec![u32::MAX; tiles.len() * tiles.width()];
        near[table.n_points()..].fill(0);
        let (sums, after, after_sums) = (vec![0; tiles.len()], Vec::new(), Vec::new());
        let scores = Scores::new(norms, guesser, n_candidates);
        let mut new = Self { table, tiles, kernel: *kernel, scores, near, sums, after, after_sums };
        let mut columns = columns(table, *kernel, 1);
        columns.fill(table, kernel.squaring(), &gather(table, &[first]));
        new.best(&[first], &columns);
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

    fn best(&mut self, rows: &[usize], columns: &Columns) -> usize {
        let (width, how) = (self.tiles.width(), (self.kernel, unit(self.table)));
        self.after.resize_with(rows.len(), Vec::new);
        self.after_sums.resize_with(rows.len(), Vec::new);
        self.after.iter_mut().for_each(|after| after.resize(self.near.len(), 0));
        self.after_sums.iter_mut().for_each(|sums| sums.resize(self.tiles.len(), 0));
        self.scores.fill(self.table, &gather(self.table, rows));
        for tile in 0..self.tiles.len() {
            self.scores.score(self.kernel, self.tiles, tile, columns);
            let at = tile * width..(tile + 1) * width;
            for c in 0..rows.len() {
                let after = &mut self.after[c][at.clone()];
                let sum = self.scores.lower(how, c, at.clone(), &self.near[at.clone()], after);
                self.after_sums[c][tile] = match self.table.weights.values() {
                    None => sum.into(),
                    Some(weights) => {
                        let weighted = |(&d, &w): (&u32, &u32)| u128::from(d) * u128::from(w);
                        after.iter().zip(&weights[at.start..]).map(weighted).sum()
                    }
                };
            }
        }
        let potential = |&c: &usize| -> u128 { self.after_sums[c].iter().sum() };
        (0..rows.len()).min_by_key(potential).unwrap_or(0) // ties: the first
    }

    fn choose(&mut self, chosen: usize) {
        std::mem::swap(&mut self.near, &mut self.after[chosen]);
        std::mem::swap(&mut self.sums, &mut self.after_sums[chosen]);
    }
}
