//! The steps of a pass over a range of points: bounds, movers, guesses, repairs.

use super::bounds::Moves;
use super::guess::{Arithmetic, Guess, Guesser, MoverColumns};
use super::kernel::ones;
use super::scorer::{Points, Scorer};
use super::tile_result::TileResult;

/// Labels and bounds of a range of points.
pub(super) struct Part<'a> {
    pub(super) labels: &'a mut [u32],
    pub(super) bounds: Option<[&'a mut [f32]; 2]>, // upper, lower
}

/// A pass over a range of points, which starts at the tile-aligned row `first`.
pub(super) struct Pass<'a> {
    pub(super) guesser: &'a Guesser<'a>,
    pub(super) guess: &'a Guess,
    pub(super) centroids: &'a [i32],
    pub(super) moves: Option<&'a Moves>,
    pub(super) first: usize,
}

/// Counts of a pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Examined {
    /// Points whose distances to all centroids were guessed.
    pub(super) points: u64,
    /// Distances to movers.
    pub(super) to_movers: u64,
    /// Points that a narrow guess left open for `f32`.
    pub(super) again: u64,
    /// Candidates that were left of points with more than one.
    pub(super) candidates: u64,
    /// Points that were repaired in integers.
    pub(super) repaired: u64,
}

impl Pass<'_> {
    pub(super) fn assign(&self, mut part: Part<'_>) -> Examined {
        let mut examined = Examined::default();
        let mut scorer = Scorer::new(self.guesser, self.guess, self.guess.in_use);
        let n = part.labels.len();
        if let (Some([upper, lower]), Some(moves)) = (&mut part.bounds, self.moves) {
            let mut open = vec![false; n];
            let mut n_open = self.guesser.kernel.follow([upper, lower], part.labels, moves, &mut open);
            if let Some(movers) = &self.guess.movers {
                examined.to_movers = (n_open * moves.movers.len()) as u64;
                n_open = self.look_at_movers(&mut part, &mut open, n_open, (movers, moves), &mut scorer);
            }
            // gathering most of the points costs more than it saves
            if n_open * 4 < n * 3 {
                let rows = listed(&open, n_open);
                self.assign_rows(&mut part, &rows, &mut scorer, &mut examined);
                return examined;
            }
        }
        self.assign_all(&mut part, &mut scorer, &mut examined);
        examined
    }

    /// Looks at the movers of the open points: the lower bounds hold against all others. Returns how many points are
    /// left open.
    fn look_at_movers(
        &self,
        part: &mut Part<'_>,
        open: &mut [bool],
        n_open: usize,
        (columns, moves): (&MoverColumns, &Moves),
        scorer: &mut Scorer<'_>,
    ) -> usize {
        let Some([upper, lower]) = &mut part.bounds else { return n_open };
        let width = self.guesser.tiles.width();
        let mut found = TileResult::NONE;
        let mut left = 0;
        let labels = &*part.labels;
        let mut settle = |i: usize, lane: usize, found: &TileResult, open: &mut bool| {
            if moves.movers[found.labels[lane] as usize] == labels[i] {
                upper[i] = upper[i].min(found.upper[lane]);
                lower[i] = lower[i].min(found.lower[lane]);
            } else if self.guesser.sees_movers {
                lower[i] = lower[i].min(found.least[lane]);
            }
            *open = upper[i] >= lower[i];
            left += usize::from(*open);
        };
        if n_open * 4 < labels.len() * 3 {
            let rows = listed(open, n_open);
            for rows in rows.chunks(width) {
                scorer.movers(Points::Rows { first: self.first, rows }, columns, &mut found);
                for (lane, &i) in rows.iter().enumerate() {
                    settle(i as usize, lane, &found, &mut open[i as usize]);
                }
            }
        } else {
            for at in (0..labels.len()).step_by(width) {
                let n = width.min(labels.len() - at);
                let tile = (self.first + at) / width;
                scorer.movers(Points::Whole { tile, n }, columns, &mut found);
                for lane in 0..n {
                    if open[at + lane] {
                        settle(at + lane, lane, &found, &mut open[at + lane]);
                    }
                }
            }
        }
        left
    }

    /// Examines every point, tile by tile.
    fn assign_all(&self, part: &mut Part<'_>, scorer: &mut Scorer<'_>, examined: &mut Examined) {
        let width = self.guesser.tiles.width();
        let (mut found, mut again) = (TileResult::NONE, Vec::new());
        for at in (0..part.labels.len()).step_by(width) {
            let n = width.min(part.labels.len() - at);
            let tile = (self.first + at) / width;
            scorer.nearest(Points::Whole { tile, n }, part.bounds.is_some(), &mut found);
            part.labels[at..at + n].copy_from_slice(&found.labels[..n]);
            if let Some([upper, lower]) = &mut part.bounds {
                upper[at..at + n].copy_from_slice(&found.upper[..n]);
                lower[at..at + n].copy_from_slice(&found.lower[..n]);
            }
            again.extend(ones(found.again).map(|lane| (at + lane) as u32));
            examined.repaired += self.repair(part, |lane| at + lane, found.open);
        }
        examined.points += part.labels.len() as u64;
        self.assign_again(part, &again, scorer, examined);
    }

    /// Examines only these points, gathered into tiles. `rows` count from the part's first.
    fn assign_rows(
        &self,
        part: &mut Part<'_>,
        rows: &[u32],
        scorer: &mut Scorer<'_>,
        examined: &mut Examined,
    ) {
        let (mut found, mut again) = (TileResult::NONE, Vec::new());
        for rows in rows.chunks(self.guesser.tiles.width()) {
            scorer.nearest(Points::Rows { first: self.first, rows }, part.bounds.is_some(), &mut found);
            for (lane, &i) in rows.iter().enumerate() {
                part.labels[i as usize] = found.labels[lane];
                if let Some([upper, lower]) = &mut part.bounds {
                    (upper[i as usize], lower[i as usize]) = (found.upper[lane], found.lower[lane]);
                }
            }
            again.extend(ones(found.again).map(|lane| rows[lane]));
            examined.repaired += self.repair(part, |lane| rows[lane] as usize, found.open);
        }
        examined.points += rows.len() as u64;
        self.assign_again(part, &again, scorer, examined);
    }

    /// Examines the points that a narrow guess left open in `f32`.
    fn assign_again(&self, part: &mut Part<'_>, rows: &[u32], scorer: &Scorer<'_>, examined: &mut Examined) {
        examined.candidates += scorer.candidates();
        if rows.is_empty() {
            return;
        }
        let mut in_f32 = Scorer::new(self.guesser, self.guess, Arithmetic::F32);
        let mut counts = Examined::default();
        self.assign_rows(part, rows, &mut in_f32, &mut counts);
        examined.again += rows.len() as u64;
        examined.repaired += counts.repaired;
    }

    /// Repairs open points in integers. `at` maps a lane to its index in the part. Returns how many there were.
    fn repair(&self, part: &mut Part<'_>, at: impl Fn(usize) -> usize, open: u32) -> u64 {
        for at in ones(open).map(at) {
            part.labels[at] = self.guesser.repair(self.first + at, self.centroids);
            if let Some([upper, _]) = &mut part.bounds {
                upper[at] = f32::INFINITY; // the two least values may belong to other centroids
            }
        }
        open.count_ones().into()
    }
}

/// The indices of the `n_open` points that are open.
fn listed(open: &[bool], n_open: usize) -> Vec<u32> {
    let mut rows = vec![0; n_open + 1]; // one more, so that no branch is needed
    let mut n = 0;
    for (i, &open) in open.iter().enumerate() {
        rows[n] = i as u32;
        n += usize::from(open);
    }
    rows.truncate(n_open);
    rows
}

impl std::iter::Sum for Examined {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            points: a.points + b.points,
            to_movers: a.to_movers + b.to_movers,
            again: a.again + b.again,
            candidates: a.candidates + b.candidates,
            repaired: a.repaired + b.repaired,
        })
    }
}
