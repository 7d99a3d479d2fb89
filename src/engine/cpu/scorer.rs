//! The guesses of a tile of points, in the arithmetic of a pass, with a thread's buffers.

use super::columns::Columns;
use super::guess::{Arithmetic, Guess, Guesser, MoverColumns};
use super::kernel::{MAX_TILE, Tile};
use super::narrow::Scratch;
use super::prune::Prune;
use super::tile_result::TileResult;
use super::tiles::Gathered;

/// Guesses labels and bounds of tiles.
pub(super) struct Scorer<'a> {
    guesser: &'a Guesser<'a>,
    guess: &'a Guess,
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

    /// A bit for each.
    fn lanes(self) -> u32 {
        ((1u64 << self.len()) - 1) as u32
    }

    fn row(self, lane: usize, width: usize) -> usize {
        match self {
            Points::Whole { tile, .. } => tile * width + lane,
            Points::Rows { first, rows } => first + rows[lane] as usize,
        }
    }
}

impl<'a> Scorer<'a> {
    pub(super) fn new(guesser: &'a Guesser<'a>, guess: &'a Guess, arithmetic: Arithmetic) -> Self {
        let Guesser { table, kernel, bf16, int8, int16, .. } = guesser;
        let (mut prune, mut scratch) = (None, Scratch::default());
        match arithmetic {
            Arithmetic::F32 => {}
            Arithmetic::Bf16 => scratch = bf16.as_ref().map_or(scratch, |bf16| bf16.begin()),
            Arithmetic::Int16 => {
                let both = int16.as_ref().zip(guess.int16.as_ref());
                scratch = both.map_or(scratch, |(int16, columns)| int16.begin(columns));
            }
            Arithmetic::Int8 => {
                if let (Some(int8), Some(columns)) = (int8, &guess.int8) {
                    scratch = int8.begin(columns);
                    let of = (*table, *kernel, int8);
                    prune = Some(Prune::new(of, columns, &guess.rows, &guess.columns));
                }
            }
        }
        let in_f32 = matches!(arithmetic, Arithmetic::F32);
        let gathered = Gathered::new(kernel.tile(), if in_f32 { table.n_dims() } else { 0 });
        Self { guesser, guess, arithmetic, prune, scratch, gathered, room: Vec::new() }
    }

    /// Candidates so far, of points with more than one.
    pub(super) fn candidates(&self) -> u64 {
        self.prune.as_ref().map_or(0, |prune| prune.candidates)
    }

    /// Finds the nearest centroid of these points, and with `bounds` their bounds. Points that are open in `found` need
    /// integers, and those in `again` a guess in `f32`.
    pub(super) fn nearest(&mut self, points: Points<'_>, bounds: bool, found: &mut TileResult) {
        let (Guesser { kernel, tiles, bf16, int16, .. }, guess) = (self.guesser, self.guess);
        let (width, lanes) = (tiles.width(), points.lanes());
        (found.open, found.again) = (0, 0);
        self.gather(points);
        match self.arithmetic {
            Arithmetic::F32 => {
                self.score_f32(points, &guess.columns, bounds, found);
                found.open &= lanes;
            }
            Arithmetic::Bf16 => {
                let (Some(bf16), Some(columns), Points::Whole { tile, .. }) = (bf16, &guess.bf16, points)
                else {
                    unreachable!("bf16 has no rows")
                };
                let labels = &mut found.labels[..width];
                found.again = bf16.assign(tiles, tile, columns, &mut self.scratch, labels) & lanes;
            }
            Arithmetic::Int16 => {
                let (Some(int16), Some(columns)) = (int16, &guess.int16) else { unreachable!("chosen") };
                let norms = norms(self.guesser, &self.gathered, points)[0];
                let (scratch, labels) = (&mut self.scratch, &mut found.labels[..width]);
                found.again = lanes
                    & match points {
                        Points::Whole { tile, .. } => int16.tile(tiles, tile, columns, scratch, labels),
                        Points::Rows { .. } => int16.gathered(norms, columns, scratch, labels),
                    };
                if bounds {
                    int16.bounds(norms, scratch, found);
                }
            }
            Arithmetic::Int8 => {
                let Some(prune) = &mut self.prune else { unreachable!("chosen") };
                let [norms, errors] = norms(self.guesser, &self.gathered, points);
                let (scratch, labels) = (&mut self.scratch, &mut found.labels[..kernel.tile()]);
                let several = match points {
                    Points::Whole { tile, .. } => prune.int8.tile(tiles, tile, prune.ints, scratch, labels),
                    Points::Rows { .. } => prune.int8.gathered(norms, prune.ints, scratch, labels),
                };
                let row = |lane| points.row(lane, width);
                prune.decide(scratch, several & lanes, [norms, errors], row, bounds, found);
            }
        }
    }

    /// Finds the nearest of the movers: `labels` are places among these. Sets the bounds (upper, lower, least), lower of
    /// all other movers.
    pub(super) fn movers(&mut self, points: Points<'_>, movers: &MoverColumns, found: &mut TileResult) {
        let (Guesser { tiles, int8, int16, .. }, width) = (self.guesser, self.guesser.tiles.width());
        self.gather(points);
        match movers {
            MoverColumns::F32(columns) => self.score_f32(points, columns, true, found),
            MoverColumns::Ints(columns) => {
                let ints = if self.arithmetic == Arithmetic::Int8 { int8 } else { int16 };
                let Some(ints) = ints else { unreachable!("movers are in the pass's arithmetic") };
                let norms = norms(self.guesser, &self.gathered, points)[0];
                let (scratch, labels) = (&mut self.scratch, &mut found.labels[..width]);
                match points {
                    Points::Whole { tile, .. } => ints.tile(tiles, tile, columns, scratch, labels),
                    Points::Rows { .. } => ints.gathered(norms, columns, scratch, labels),
                };
                ints.bounds(norms, scratch, found);
                ints.least(norms, scratch, &mut found.least[..norms.len()]);
            }
        }
    }

    fn gather(&mut self, points: Points<'_>) {
        let Points::Rows { first, rows } = points else { return };
        let Guesser { table, tiles, int8, int16, .. } = self.guesser;
        let of_table = rows.iter().map(|&row| first + row as usize);
        let ints = match self.arithmetic {
            Arithmetic::Int8 => int8,
            Arithmetic::Int16 => int16,
            Arithmetic::F32 | Arithmetic::Bf16 => &None,
        };
        tiles.gather_norms(of_table.clone(), &mut self.gathered);
        match ints {
            Some(ints) => ints.gather(table, of_table, &mut self.scratch),
            None => tiles.gather(of_table, &mut self.gathered),
        }
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
