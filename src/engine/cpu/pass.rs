//! The steps of a pass over a range of points: bounds, movers, guesses, repairs.

use super::bounds::Moves;
use super::guess::{Arithmetic, Guess, Guesser, MoverColumns};
use super::kernel::ones;
use super::scorer::{Points, Scorer};
use super::tile_result::TileResult;
use crate::engine::reference::assign::{nearest, row_distance};

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
        let n = part.labels.len();
        let (mut open, mut n_open) = (Vec::new(), n);
        if let (Some([upper, lower]), Some(moves)) = (&mut part.bounds, self.moves)
            && !moves.all
        {
            open.resize(n, false);
            n_open = self.guesser.kernel.follow([upper, lower], part.labels, moves, &mut open);
        }
        if n_open == 0 {
            return examined;
        }
        let mut scorer = Scorer::new(self.guesser, self.guess, self.guess.in_use, self.centroids);
        if let (Some(columns), Some(moves)) = (&self.guess.movers, self.moves) {
            examined.to_movers = (n_open * moves.movers.len()) as u64;
            n_open = self.look_at_movers(&mut part, &mut open, n_open, (columns, moves), &mut scorer);
        }
        self.examine(&mut part, few(&open, n_open).as_deref(), &mut scorer, &mut examined);
        examined.candidates = scorer.candidates();
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
        let Part { labels, bounds: Some([upper, lower]) } = part else { return n_open };
        let mut left = 0;
        let mut found = TileResult::NONE;
        self.tiles(labels.len(), few(open, n_open).as_deref(), |points| {
            scorer.movers(points, columns, &mut found);
            for lane in 0..points.len() {
                let i = self.at(points, lane);
                if !open[i] {
                    continue;
                }
                if moves.movers[found.labels[lane] as usize] == labels[i] {
                    upper[i] = upper[i].min(found.upper[lane]);
                    lower[i] = lower[i].min(found.lower[lane]);
                } else if self.guesser.sees_movers {
                    lower[i] = lower[i].min(found.least[lane]);
                }
                open[i] = upper[i] >= lower[i];
                left += usize::from(open[i]);
            }
        });
        left
    }

    /// Examines these points, or all: what a narrow guess leaves open again, in `f32`. `rows` count from the part's first.
    fn examine(
        &self,
        part: &mut Part<'_>,
        rows: Option<&[u32]>,
        scorer: &mut Scorer<'_>,
        examined: &mut Examined,
    ) {
        let (mut found, mut again) = (TileResult::NONE, Vec::new());
        let n = part.labels.len();
        self.tiles(n, rows, |points| {
            scorer.nearest(points, part.bounds.is_some(), &mut found);
            self.take(part, points, &found);
            again.extend(ones(found.again).map(|lane| self.at(points, lane) as u32));
            examined.repaired += self.repair(part, points, found.open, scorer);
        });
        examined.points += rows.map_or(n, <[u32]>::len) as u64;
        if !again.is_empty() {
            examined.again += again.len() as u64;
            let mut in_f32 = Scorer::new(self.guesser, self.guess, Arithmetic::F32, self.centroids);
            let mut counts = Examined::default();
            self.examine(part, Some(&again), &mut in_f32, &mut counts);
            examined.repaired += counts.repaired;
        }
    }

    /// Calls `work` with tiles of these points of the part, gathered, or of all `n`.
    fn tiles<'r>(&self, n: usize, rows: Option<&'r [u32]>, mut work: impl FnMut(Points<'r>)) {
        let width = self.guesser.tiles.width();
        match rows {
            Some(rows) => {
                rows.chunks(width).for_each(|rows| work(Points::Rows { first: self.first, rows }));
            }
            None => (0..n).step_by(width).for_each(|at| {
                work(Points::Whole { tile: (self.first + at) / width, n: width.min(n - at) });
            }),
        }
    }

    /// The index of a lane in the part.
    fn at(&self, points: Points<'_>, lane: usize) -> usize {
        points.row(lane, self.guesser.tiles.width()) - self.first
    }

    /// Stores what was found of these points.
    fn take(&self, part: &mut Part<'_>, points: Points<'_>, found: &TileResult) {
        let TileResult { labels, upper, lower, .. } = found;
        match points {
            Points::Whole { n, .. } => {
                let at = self.at(points, 0);
                part.labels[at..at + n].copy_from_slice(&labels[..n]);
                if let Some(bounds) = &mut part.bounds {
                    bounds[0][at..at + n].copy_from_slice(&upper[..n]);
                    bounds[1][at..at + n].copy_from_slice(&lower[..n]);
                }
            }
            Points::Rows { rows, .. } => {
                for (lane, &i) in rows.iter().enumerate() {
                    part.labels[i as usize] = labels[lane];
                    if let Some(bounds) = &mut part.bounds {
                        (bounds[0][i as usize], bounds[1][i as usize]) = (upper[lane], lower[lane]);
                    }
                }
            }
        }
    }

    /// Repairs open points in integers. Returns how many there were.
    fn repair(&self, part: &mut Part<'_>, points: Points<'_>, open: u32, scorer: &Scorer<'_>) -> u64 {
        for lane in ones(open) {
            let at = self.at(points, lane);
            part.labels[at] = self.decide(self.first + at, scorer.candidates_of(lane));
            if let Some([upper, _]) = &mut part.bounds {
                upper[at] = f32::INFINITY; // the two least values may belong to other centroids
            }
        }
        open.count_ones().into()
    }

    /// The nearest centroid of a row, among these or all, in integers.
    fn decide(&self, row: usize, among: Option<&[u32]>) -> u32 {
        let Guesser { table, kernel, .. } = self.guesser;
        if let Some(among) = among {
            let (point, d) = (table.point(row), table.n_dims());
            let distance = |&&c: &&u32| kernel.distance(point, &self.centroids[c as usize * d..][..d]);
            // the first of equals, which is the one of the lowest index
            return among.iter().min_by_key(distance).copied().unwrap_or(0);
        }
        if table.lattice.mixed() {
            return nearest(self.centroids, table.n_dims(), |c| row_distance(table, row, c));
        }
        let point = table.point(row);
        nearest(self.centroids, table.n_dims(), |c| kernel.distance(point, c))
    }
}

/// The open points of a part, if they are few: gathering most of the points costs more than it saves.
fn few(open: &[bool], n_open: usize) -> Option<Vec<u32>> {
    (n_open * 4 < open.len() * 3).then(|| listed(open, n_open))
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
