//! Assign: scores in `f32`, the certificate, and integer distances for the points that it leaves open.

use rayon::prelude::*;

use super::bounds::{Bounds, Moves};
use super::columns::Columns;
use super::kernel::{Instructions, Kernel, MAX_TILE, Tile, ones};
use super::narrow::{Int8, Int8Columns, Narrow, NarrowColumns, pays};
use super::pause::Pause;
use super::prune::Prune;
use super::tile_result::TileResult;
use super::tiles::{Gathered, Tiles};
use crate::engine::certify::{self, Bound};
use crate::engine::reference::assign::{nearest, row_distance};
use crate::lattice::Table;

/// Tiles per parallel task.
const CHUNK: usize = 32;

/// Finds the nearest centroid of each point.
#[derive(Debug)]
pub(super) struct Assigner<'a> {
    table: &'a Table,
    kernel: Kernel,
    gamma: f32, // G for the centroids' share of E
    tiles: Tiles<'a>,
    int8: Option<Int8>,
    narrow: Vec<Narrow>,
}

/// Centroids in the layouts of the kernels.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    columns: Columns,
    int8: Option<Int8Columns>,
    prunes: bool, // whether this pass guesses in 8 bits
    pause: Pause,
    narrow: Vec<(NarrowColumns, Pause)>, // of each of the assigner's
    in_use: Option<usize>,               // the one of this pass
}

impl<'a> Assigner<'a> {
    pub(super) fn new(table: &'a Table, instructions: Instructions, bound: Bound, n_clusters: usize) -> Self {
        let kernel = instructions.kernel;
        let (for_points, gamma) = bound.gammas(table.n_dims(), certify::UNIT_CPU);
        let tiles = Tiles::new(table, kernel, for_points);
        let narrow = Narrow::all(table, &tiles, instructions, n_clusters, bound);
        let bytes = instructions.bytes && pays(table, n_clusters);
        let int8 = if bytes { Int8::new(table, &tiles, kernel, bound) } else { None };
        Self { table, kernel, gamma, tiles, int8, narrow }
    }

    pub(super) fn tiles(&self) -> &Tiles<'a> {
        &self.tiles
    }

    /// Buffers for `n_clusters` centroids, in this kernel's blocks.
    pub(super) fn guess(&self, n_clusters: usize) -> Guess {
        let columns = Columns::new(self.table, n_clusters, self.kernel.block(n_clusters), self.gamma);
        let narrow = self.narrow.iter().map(|narrow| narrow.columns(self.table, n_clusters));
        let narrow = narrow.map(|columns| (columns, Pause::default())).collect();
        let int8 = self.int8.as_ref().map(|int8| int8.columns(self.table, n_clusters));
        Guess { columns, int8, prunes: false, pause: Pause::default(), narrow, in_use: None }
    }

    /// Converts new centroids. (n_clusters, n_dims)
    pub(super) fn fill(&self, guess: &mut Guess, centroids: &[i32]) {
        guess.columns.fill(self.table, centroids);
        let centre = &self.table.centre;
        // the fastest first: on matrix units, in 8 bits, in 16
        guess.in_use = self.narrow(guess, centroids, true);
        guess.prunes = match (&self.int8, &mut guess.int8) {
            (Some(int8), Some(columns)) if guess.in_use.is_none() => {
                guess.pause.is_over() && int8.fill(columns, centroids, centre)
            }
            _ => false,
        };
        if guess.in_use.is_none() && !guess.prunes {
            guess.in_use = self.narrow(guess, centroids, false);
        }
    }

    /// The narrow guess for the next pass, on matrix units or not, with these centroids.
    fn narrow(&self, guess: &mut Guess, centroids: &[i32], on_units: bool) -> Option<usize> {
        let mut all = self.narrow.iter().zip(&mut guess.narrow);
        all.position(|(narrow, (columns, pause))| {
            narrow.is_on_units() == on_units
                && pause.is_over()
                && narrow.fill(columns, centroids, &self.table.centre)
        })
    }

    /// Sets the label of every point to its nearest centroid. Returns how many points were examined.
    ///
    /// With bounds, `labels` are those of the last pass and `moves` is how far the centroids have moved since. Only
    /// points that the bounds leave open are examined, unless these are the majority.
    pub(super) fn assign(
        &self,
        guess: &mut Guess,
        centroids: &[i32],
        labels: &mut [u32],
        bounds: Option<(&mut Bounds, &Moves)>,
        shared: bool,
    ) -> Examined {
        let examined = self.assign_parts(guess, centroids, labels, bounds, shared);
        if guess.prunes {
            let Examined { points, candidates, .. } = examined;
            guess.pause.decide(points, candidates, self.table.n_dims(), guess.columns.base.len());
        }
        // a point that the narrow guess leaves open is examined twice
        if examined.narrow_open * 4 > labels.len() as u64
            && let Some(at) = guess.in_use
        {
            guess.narrow[at].1.again();
        }
        examined
    }

    fn assign_parts(
        &self,
        guess: &Guess,
        centroids: &[i32],
        labels: &mut [u32],
        bounds: Option<(&mut Bounds, &Moves)>,
        shared: bool,
    ) -> Examined {
        let size = CHUNK * self.tiles.width();
        let moves = bounds.as_ref().map(|(_, moves)| *moves);
        let work = |(chunk, part): (usize, Part<'_>)| {
            Pass { assigner: self, guess, centroids, moves, first: chunk * size }.assign(part)
        };
        let labels_of = |labels| Part { labels, bounds: None };
        match (bounds, shared) {
            (None, false) => labels.chunks_mut(size).map(labels_of).enumerate().map(work).sum(),
            (None, true) => labels.par_chunks_mut(size).map(labels_of).enumerate().map(work).sum(),
            (Some((Bounds { upper, lower, .. }, _)), shared) => {
                let parts = labels.par_chunks_mut(size).zip(upper.par_chunks_mut(size));
                let parts = parts.zip(lower.par_chunks_mut(size));
                let parts =
                    parts.map(|((labels, upper), lower)| Part { labels, bounds: Some((upper, lower)) });
                // a restart with its own thread processes its chunks in sequence
                let parts = parts.with_min_len(if shared { 1 } else { usize::MAX });
                parts.enumerate().map(work).sum()
            }
        }
    }
}

/// Labels and bounds of a range of points.
struct Part<'a> {
    labels: &'a mut [u32],
    bounds: Option<(&'a mut [f32], &'a mut [f32])>, // upper, lower
}

/// A pass over a range of points, which starts at the tile-aligned row `first`.
struct Pass<'a> {
    assigner: &'a Assigner<'a>,
    guess: &'a Guess,
    centroids: &'a [i32],
    moves: Option<&'a Moves>,
    first: usize,
}

impl Pass<'_> {
    fn assign(&self, mut part: Part<'_>) -> Examined {
        if let (Some((upper, lower)), Some(moves)) = (&mut part.bounds, self.moves) {
            self.assigner.kernel.follow(upper, lower, part.labels, moves);
            let open = |&i: &u32| upper[i as usize] >= lower[i as usize];
            let open: Vec<u32> = (0..part.labels.len() as u32).filter(open).collect();
            // gathering most of the points costs more than it saves
            if open.len() * 4 < part.labels.len() * 3 {
                return self.assign_rows(&mut part, &open);
            }
        }
        if let Some(mut prune) = self.prune() {
            return self.assign_pruned(&mut part, &mut prune);
        }
        match self.guess.in_use {
            // bounds need f32 scores
            Some(at) if part.bounds.is_none() => {
                self.assign_narrow(&mut part, &self.assigner.narrow[at], &self.guess.narrow[at].0)
            }
            _ => self.assign_all(&mut part),
        }
    }

    /// The guess in 8 bits, if this pass uses it.
    fn prune(&self) -> Option<Prune<'_>> {
        let (int8, columns) = (self.assigner.int8.as_ref()?, self.guess.int8.as_ref()?);
        let Assigner { table, kernel, .. } = self.assigner;
        self.guess.prunes.then(|| Prune::new(table, *kernel, int8, columns, &self.guess.columns))
    }

    /// Examines every point with the guess in 8 bits, tile by tile.
    fn assign_pruned(&self, part: &mut Part<'_>, prune: &mut Prune<'_>) -> Examined {
        let tiles = &self.assigner.tiles;
        let width = tiles.width();
        let mut found = TileResult::NONE;
        let mut examined = Examined { points: part.labels.len() as u64, ..Examined::default() };
        for at in (0..part.labels.len()).step_by(width) {
            let n = width.min(part.labels.len() - at);
            let row = |lane: usize| self.first + at + lane;
            prune.tile(tiles, row(0) / width, row, n, part.bounds.is_some(), &mut found);
            examined.repaired += self.take(part, |lane| at + lane, n, &found);
        }
        examined.candidates = prune.candidates;
        examined
    }

    /// Examines every point with the narrow guess, then those that it leaves open in `f32`.
    fn assign_narrow(&self, part: &mut Part<'_>, narrow: &Narrow, columns: &NarrowColumns) -> Examined {
        let tiles = &self.assigner.tiles;
        let width = tiles.width();
        let mut scratch = narrow.begin();
        let (mut labels, mut rows) = ([0; MAX_TILE], Vec::new());
        for at in (0..part.labels.len()).step_by(width) {
            let tile = (self.first + at) / width;
            let mut open = narrow.assign(tiles, tile, columns, &mut scratch, &mut labels[..width]);
            let n = width.min(part.labels.len() - at);
            part.labels[at..at + n].copy_from_slice(&labels[..n]);
            open &= ((1u64 << n) - 1) as u32;
            rows.extend(ones(open).map(|lane| (at + lane) as u32));
        }
        let Examined { repaired, .. } = self.assign_rows(part, &rows);
        let (points, narrow_open) = (part.labels.len() as u64, rows.len() as u64);
        Examined { points, narrow_open, repaired, ..Examined::default() }
    }

    /// Examines every point, tile by tile.
    fn assign_all(&self, part: &mut Part<'_>) -> Examined {
        let tiles = &self.assigner.tiles;
        let width = tiles.width();
        let (mut room, mut found) = (Vec::new(), TileResult::NONE);
        let mut examined = Examined { points: part.labels.len() as u64, ..Examined::default() };
        for at in (0..part.labels.len()).step_by(width) {
            let tile = (self.first + at) / width;
            let points = tiles.points(tile, &mut room);
            self.find(tiles.tile(tile, &points), &mut found, part.bounds.is_some());
            let n = width.min(part.labels.len() - at);
            examined.repaired += self.take(part, |lane| at + lane, n, &found);
        }
        examined
    }

    /// Examines only these points, gathered into tiles. `rows` count from the part's first.
    fn assign_rows(&self, part: &mut Part<'_>, rows: &[u32]) -> Examined {
        let tiles = &self.assigner.tiles;
        let width = tiles.width();
        let (mut room, mut found) = (Gathered::new(width, self.assigner.table.n_dims()), TileResult::NONE);
        let mut examined = Examined { points: rows.len() as u64, ..Examined::default() };
        let mut prune = if part.bounds.is_some() { self.prune() } else { None };
        for rows in rows.chunks(width) {
            tiles.gather(self.first, rows, &mut room);
            if let Some(prune) = &mut prune {
                let row = |lane: usize| self.first + rows[lane] as usize;
                prune.gathered(room.tile(), row, rows.len(), &mut found);
            } else {
                self.find(room.tile(), &mut found, part.bounds.is_some());
            }
            examined.repaired += self.take(part, |lane| rows[lane] as usize, rows.len(), &found);
        }
        examined.candidates = prune.map_or(0, |prune| prune.candidates);
        examined
    }

    fn find(&self, tile: Tile<'_>, found: &mut TileResult, bounds: bool) {
        let TileResult { labels, top, open, upper, lower } = found;
        let width = tile.errors.len();
        let kernel = self.assigner.kernel;
        *open = kernel.nearest(tile, &self.guess.columns, &mut labels[..width], top);
        if bounds {
            let largest = self.guess.columns.largest_error;
            kernel.bounds(tile, top, largest, &mut upper[..width], &mut lower[..width]);
        }
    }

    /// Stores the results of `n` points and repairs those that are open. `at` maps a lane to its index in the part.
    /// Returns the number of repairs.
    fn take(&self, part: &mut Part<'_>, at: impl Fn(usize) -> usize, n: usize, found: &TileResult) -> u64 {
        for lane in 0..n {
            part.labels[at(lane)] = found.labels[lane];
        }
        if let Some((upper, lower)) = &mut part.bounds {
            for lane in 0..n {
                (upper[at(lane)], lower[at(lane)]) = (found.upper[lane], found.lower[lane]);
            }
        }
        let open = found.open & ((1u64 << n) - 1) as u32;
        let repaired = open.count_ones();
        for at in ones(open).map(at) {
            part.labels[at] = self.assigner.repair(self.first + at, self.centroids);
            if let Some((upper, _)) = &mut part.bounds {
                upper[at] = f32::INFINITY; // the two least values may belong to other centroids
            }
        }
        repaired.into()
    }
}

/// Counts of a pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Examined {
    /// Points that the bounds did not decide.
    pub(super) points: u64,
    /// Those that the narrow guess left open.
    pub(super) narrow_open: u64,
    /// Candidates that were left of points with more than one.
    pub(super) candidates: u64,
    /// Those that were repaired in integers.
    pub(super) repaired: u64,
}

impl std::iter::Sum for Examined {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            points: a.points + b.points,
            narrow_open: a.narrow_open + b.narrow_open,
            candidates: a.candidates + b.candidates,
            repaired: a.repaired + b.repaired,
        })
    }
}

impl Assigner<'_> {
    /// The nearest centroid of row `i`, in integers.
    fn repair(&self, i: usize, centroids: &[i32]) -> u32 {
        let d = self.table.n_dims();
        if self.table.lattice.mixed() {
            return nearest(centroids, d, |c| row_distance(self.table, i, c));
        }
        let point = self.table.point(i);
        nearest(centroids, d, |c| self.kernel.distance(point, c))
    }
}
