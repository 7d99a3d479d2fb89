//! The guesses of a tile of points, in the arithmetic of a pass, with a thread's buffers.

use super::columns::Columns;
use super::guess::{Arithmetic, Guess, Guesser, MoverColumns};
use super::kernel::{MAX_TILE, Tile};
use super::narrow::{IntColumns, Scratch};
use super::prune::Prune;
use super::tile_result::TileResult;
use super::tiles::Gathered;

/// Guesses labels and bounds of tiles.
pub(super) struct Scorer<'a> {
    guesser: &'a Guesser<'a>,
    guess: &'a Guess,
    in_f32: Option<&'a Columns>, // the centroids, for guesses in `f32`
    arithmetic: Arithmetic,
    prune: Option<Prune<'a>>,
    scratch: Scratch,
    gathered: Gathered, // rows in `f32`, or their norms alone
    room: Vec<f32>,
}

/// The points of a tile: a whole one of the table, of which the first so many count, or gathered rows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Points<'r> {
    Whole { tile: usize, n: usize },
    Rows { first: usize, rows: &'r [u32] },
}

impl Points<'_> {
    /// Number of points.
    pub(super) fn len(self) -> usize {
        match self {
            Points::Whole { n, .. } => n,
            Points::Rows { rows, .. } => rows.len(),
        }
    }

    /// The row of the table in a lane of a tile of this width.
    pub(super) fn row(self, lane: usize, width: usize) -> usize {
        match self {
            Points::Whole { tile, .. } => tile * width + lane,
            Points::Rows { first, rows } => first + rows[lane] as usize,
        }
    }
}

impl<'a> Scorer<'a> {
    /// Buffers for guesses of these centroids. (n_clusters, n_dims)
    pub(super) fn new(
        guesser: &'a Guesser<'a>,
        guess: &'a Guess,
        arithmetic: Arithmetic,
        centroids: &[i32],
    ) -> Self {
        let Guesser { table, kernel, bf16, .. } = guesser;
        let ints = guesser.ints(arithmetic).zip(guess.ints(arithmetic));
        let scratch = match (bf16, ints) {
            (_, Some((ints, columns))) => ints.begin(columns),
            (Some(bf16), None) if arithmetic == Arithmetic::Bf16 => bf16.begin(),
            _ => Scratch::default(),
        };
        let int8 = ints.filter(|_| arithmetic == Arithmetic::Int8 && guesser.lists);
        let wide = arithmetic == Arithmetic::F32 || int8.is_some();
        let in_f32 = wide.then(|| guesser.in_f32(guess, centroids));
        let prune = int8.zip(in_f32);
        let prune =
            prune.map(|((int8, _), columns)| Prune::new((*table, *kernel, int8), &guess.rows, columns));
        let n_dims = if arithmetic == Arithmetic::F32 { table.n_dims() } else { 0 };
        let gathered = Gathered::new(kernel.tile(), n_dims);
        Self { guesser, guess, in_f32, arithmetic, prune, scratch, gathered, room: Vec::new() }
    }

    /// The candidates of a point that the last tile left open, if it has a list of them: the nearest is among these.
    pub(super) fn candidates_of(&self, lane: usize) -> Option<&[u32]> {
        self.prune.as_ref().map(|prune| prune.found_of(lane))
    }

    /// Candidates so far, of points with more than one.
    pub(super) fn candidates(&self) -> u64 {
        self.prune.as_ref().map_or(0, |prune| prune.candidates)
    }

    /// Finds the nearest centroid of these points, and with `bounds` their bounds. Points that are open in `found` need
    /// integers, and those in `again` a guess in `f32`.
    pub(super) fn nearest(&mut self, points: Points<'_>, bounds: bool, found: &mut TileResult) {
        let (Guesser { tiles, bf16, .. }, guess) = (self.guesser, self.guess);
        let (width, lanes) = (tiles.width(), ((1u64 << points.len()) - 1) as u32);
        (found.open, found.again) = (0, 0);
        self.gather(points);
        if let Some(columns) = guess.ints(self.arithmetic) {
            let left = self.score_ints(points, columns, bounds, found) & lanes;
            match &mut self.prune {
                None => found.again = left,
                Some(prune) => {
                    let norms = norms(self.guesser, &self.gathered, points);
                    let row = |lane| points.row(lane, width);
                    prune.decide(&self.scratch, left, norms, row, bounds, found);
                }
            }
        } else if let (Arithmetic::Bf16, Some(bf16), Some(columns), Points::Whole { tile, .. }) =
            (self.arithmetic, bf16, &guess.bf16, points)
        {
            let labels = &mut found.labels[..width];
            found.again = bf16.assign(tiles, tile, columns, &mut self.scratch, labels) & lanes;
        } else if let Some(columns) = self.in_f32 {
            self.score_f32(points, columns, bounds, found);
            found.open &= lanes;
        } else {
            unreachable!("gathered points are not guessed in bf16");
        }
    }

    /// Finds the nearest of the movers: `labels` are places among these. Sets the bounds (upper, lower, least), lower of
    /// all other movers.
    pub(super) fn movers(&mut self, points: Points<'_>, movers: &MoverColumns, found: &mut TileResult) {
        self.gather(points);
        match movers {
            MoverColumns::F32(columns) => self.score_f32(points, columns, true, found),
            MoverColumns::Ints(columns) => {
                self.score_ints(points, columns, true, found);
                if let Some(ints) = self.guesser.ints(self.arithmetic) {
                    let half_norms = norms(self.guesser, &self.gathered, points)[0];
                    ints.least(half_norms, &self.scratch, &mut found.least[..half_norms.len()]);
                }
            }
        }
    }

    fn gather(&mut self, points: Points<'_>) {
        let Points::Rows { first, rows } = points else { return };
        let tiles = &self.guesser.tiles;
        let of_table = rows.iter().map(|&row| first + row as usize);
        tiles.gather_norms(of_table.clone(), &mut self.gathered);
        match self.guesser.ints(self.arithmetic) {
            Some(ints) => ints.gather(tiles, of_table, &mut self.scratch),
            None => tiles.gather(of_table, &mut self.gathered.points),
        }
    }

    /// Scores points in integers. Returns a bit for each whose label is not proven; the bounds hold for the others.
    fn score_ints(
        &mut self,
        points: Points<'_>,
        columns: &IntColumns,
        bounds: bool,
        found: &mut TileResult,
    ) -> u32 {
        let Some(ints) = self.guesser.ints(self.arithmetic) else {
            unreachable!("columns of this arithmetic")
        };
        let tiles = &self.guesser.tiles;
        let half_norms = norms(self.guesser, &self.gathered, points)[0];
        let (scratch, labels) = (&mut self.scratch, &mut found.labels[..tiles.width()]);
        let left = match points {
            Points::Whole { tile, .. } => ints.tile(tiles, tile, columns, scratch, labels),
            Points::Rows { .. } => ints.gathered(half_norms, columns, scratch, labels),
        };
        if bounds {
            ints.bounds(half_norms, scratch, found);
        }
        left
    }

    fn score_f32(&mut self, points: Points<'_>, columns: &Columns, bounds: bool, found: &mut TileResult) {
        let Guesser { tiles, kernel, .. } = self.guesser;
        let width = tiles.width();
        let TileResult { labels, top, open, upper, lower, least, .. } = found;
        let find = |tile: Tile<'_>| {
            *open = kernel.nearest(tile, columns, &mut labels[..width], top);
            if bounds {
                let bounds = [upper, lower, least].map(|bounds: &mut [f32; MAX_TILE]| &mut bounds[..width]);
                kernel.bounds(tile, top, columns.largest_error, bounds);
            }
        };
        match points {
            Points::Whole { tile, .. } => find(tiles.tile(tile, &tiles.points(tile, &mut self.room))),
            Points::Rows { .. } => find(self.gathered.tile()),
        }
    }
}

/// Half norms and shares of E of these points. (2, tile)
fn norms<'t>(guesser: &'t Guesser<'_>, gathered: &'t Gathered, points: Points<'_>) -> [&'t [f32]; 2] {
    match points {
        Points::Whole { tile, .. } => [guesser.tiles.half_norms(tile), guesser.tiles.errors(tile)],
        Points::Rows { .. } => [gathered.tile().half_norms, gathered.tile().errors],
    }
}
