//! Bounds of what the rows of a tile cost in clusters, for [`super::refine`]: from scores in 8 bits, or in `f32`.

use super::columns::Columns;
use super::guess::{Arithmetic, Guess, Guesser};
use super::kernel::{Kernel, LeastCosts, MAX_TILE, Tile, Top2};
use super::narrow::{IntColumns, Ints, Scratch};
use super::tiles::Gathered;

/// More than the relative roundings of a few operations in `f64`.
pub(super) const ROUNDINGS: f64 = 1e-12;

/// Rows that may move, by what they cost in clusters.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) labels: &'a [u32],
    /// Weights of the clusters. (n_clusters)
    pub(super) counts: &'a [u64],
    /// Weights of the rows' locations. (n_points)
    pub(super) locations: &'a [u64],
}

/// What bounds say of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Stays,
    Moves(u32),
    Open,
}

/// Bounds of costs, with a thread's buffers.
pub(super) struct Costs<'a> {
    guesser: &'a Guesser<'a>,
    columns: &'a Columns,
    ints: Option<(&'a Ints, &'a IntColumns)>, // in 8 bits
    rows: Rows<'a>,
    lightest: u64,     // the least weight of a cluster that has some
    proves: bool,      // but in tests
    factors: Vec<f32>, // N / (N + moving) of each cluster, rounded down (n_clusters)
    moving: u64,
    scratch: Scratch,
    scores: Vec<f32>, // (n_columns, tile)
    room: Vec<f32>,
    least: LeastCosts,
}

impl<'a> Costs<'a> {
    /// Of centroids (n_clusters, n_dims) that were converted by `Guesser::fill_costs`, which says whether there are `bytes`.
    pub(super) fn new(
        guesser: &'a Guesser<'a>,
        (guess, bytes): (&'a Guess, bool),
        centroids: &[i32],
        rows: Rows<'a>,
        proves: bool,
    ) -> Self {
        let ints = guesser.ints(Arithmetic::Int8).zip(guess.ints(Arithmetic::Int8)).filter(|_| bytes);
        let scratch = ints.map_or_else(Scratch::default, |(ints, columns)| ints.begin(columns));
        let columns = guesser.in_f32(guess, centroids);
        let (factors, scores, room) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            guesser,
            columns,
            ints,
            rows,
            lightest: rows.counts.iter().copied().filter(|&count| count > 0).min().unwrap_or(0),
            proves,
            factors,
            moving: 0,
            scratch,
            scores,
            room,
            least: LeastCosts::NONE,
        }
    }

    /// The rows of a tile from `first` on, of which there are `n`: calls `found` with each and what is known of it.
    pub(super) fn of_tile(&mut self, first: usize, n: usize, mut found: impl FnMut(usize, Verdict)) {
        let Guesser { tiles, kernel, .. } = self.guesser;
        let (width, tile) = (tiles.width(), first / tiles.width());
        let labels = self.labels_of(first..first + n);
        let half_norms = tiles.half_norms(tile);
        if let Some((ints, columns)) = self.ints {
            let mut nearest = [0; MAX_TILE];
            ints.tile(tiles, tile, columns, &mut self.scratch, &mut nearest[..width]);
            if !self.proves {
                self.scratch.without_margins();
            }
            ints.least_costs(half_norms, &self.scratch, &labels[..width], &self.factors, &mut self.least);
            for (lane, &half_norm) in half_norms[..n].iter().enumerate() {
                let halves = |c: usize| ints.half_distances(half_norm, lane, c, &self.scratch);
                found(first + lane, self.verdict(first + lane, lane, halves));
            }
        } else {
            let mut room = std::mem::take(&mut self.room);
            let points = tiles.points(tile, &mut room);
            self.stay(tiles.tile(tile, &points), first, &labels[..n], *kernel, &mut found);
            drop(points);
            self.room = room;
        }
    }

    /// The rows from `first` on of a tile, with these labels, by the bounds of [`super::bounds`] and the least factor of any
    /// cluster: they stay or are open. That takes less time than all scores, which only rows that are open need.
    fn stay(
        &self,
        tile: Tile<'_>,
        first: usize,
        labels: &[u32],
        kernel: Kernel,
        found: &mut impl FnMut(usize, Verdict),
    ) {
        let width = tile.half_norms.len();
        let (mut nearest, mut top) = ([0; MAX_TILE], Top2::ZERO);
        let [mut upper, mut lower, mut least] = [[0.0; MAX_TILE]; 3];
        kernel.nearest(tile, self.columns, &mut nearest[..width], &mut top);
        let bounds = [&mut upper[..width], &mut lower[..width], &mut least[..width]];
        kernel.bounds(tile, &top, self.columns.largest_error, bounds);
        let Rows { counts, locations, .. } = self.rows;
        for (lane, &own) in labels.iter().enumerate() {
            let (count, moving) = (counts[own as usize], locations[first + lane]);
            let stays = self.is_fixed(first + lane) || {
                let [upper, lower] = [upper[lane], lower[lane]].map(|bound| f64::from(bound).powi(2));
                let elsewhere = lower * joining(self.lightest, moving) * (1.0 - ROUNDINGS);
                nearest[lane] == own && elsewhere >= upper * staying(count, moving) * (1.0 + ROUNDINGS)
            };
            found(first + lane, if stays { Verdict::Stays } else { Verdict::Open });
        }
    }

    /// These rows, in `f32`: calls `found` with each, what is known of it, and bounds (at least, at most) of half its squared
    /// distance to a centroid. There are at most as many as a tile has.
    pub(super) fn of_rows(
        &mut self,
        rows: &[usize],
        gathered: &mut Gathered,
        mut found: impl FnMut(usize, Verdict, &dyn Fn(usize) -> [f64; 2]),
    ) {
        let Guesser { tiles, kernel, .. } = self.guesser;
        tiles.gather(rows.iter().copied(), &mut gathered.points);
        tiles.gather_norms(rows.iter().copied(), gathered);
        let labels = self.labels_of(rows.iter().copied());
        let (tile, labels) = (gathered.tile(), &labels[..tiles.width()]);
        self.scores.resize(self.columns.base.len() * labels.len(), 0.0);
        kernel.scores(tile.points, self.columns, &mut self.scores);
        kernel.least_costs(tile, &self.scores, labels, &self.factors, &mut self.least);
        for (lane, &row) in rows.iter().enumerate() {
            let halves = |c: usize| self.halves(&gathered.tile(), lane, c);
            found(row, self.verdict(row, lane, halves), &halves);
        }
    }

    /// The labels of these rows, and sets the factors for them: with the largest location, since a factor falls as that grows.
    fn labels_of(&mut self, rows: impl Iterator<Item = usize>) -> [u32; MAX_TILE] {
        let (mut labels, mut moving) = ([0; MAX_TILE], 1);
        for (label, row) in labels.iter_mut().zip(rows) {
            *label = self.rows.labels[row];
            moving = self.rows.locations[row].max(moving);
        }
        if self.moving != moving {
            self.moving = moving;
            let factor = |&count: &u64| match count {
                0 => f32::MAX, // so that it has the least cost only if that is next to nothing
                count => (joining(count, moving) * (1.0 - 1e-6)) as f32,
            };
            self.factors = self.rows.counts.iter().map(factor).collect();
        }
        labels
    }

    /// Half the squared distance of a point to a centroid, at least and at most, from the last scores in `f32`.
    fn halves(&self, tile: &Tile<'_>, lane: usize, c: usize) -> [f64; 2] {
        let score = self.scores[c * tile.half_norms.len() + lane];
        match self.proves {
            true => half_distances(tile, lane, score, self.columns.errors[c]),
            false => [f64::from(tile.half_norms[lane] + score); 2],
        }
    }

    /// Whether a row can't move: it has no weight, or all of its cluster.
    fn is_fixed(&self, row: usize) -> bool {
        let Rows { labels, counts, locations } = self.rows;
        self.guesser.table.weights.get(row) == 0 || counts[labels[row] as usize] == locations[row]
    }

    /// What is known of the row in a lane of the last tile, with bounds of half its squared distance to a centroid.
    fn verdict(&self, row: usize, lane: usize, halves: impl Fn(usize) -> [f64; 2]) -> Verdict {
        let Rows { labels, counts, locations } = self.rows;
        let (own, moving) = (labels[row] as usize, locations[row]);
        if self.is_fixed(row) {
            return Verdict::Stays;
        }
        let staying = halves(own).map(|half| half * staying(counts[own], moving));
        let [least, second] = [self.least.least[lane], self.least.second[lane]].map(f64::from);
        if least * (1.0 - ROUNDINGS) >= staying[1] * (1.0 + ROUNDINGS) {
            return Verdict::Stays;
        }
        let at = self.least.at[lane];
        let most = match counts[at as usize] {
            0 => f64::INFINITY, // nothing moves there, so the row is left open
            count => halves(at as usize)[1] * joining(count, moving),
        };
        let others = second.min(staying[0]);
        if most * (1.0 + ROUNDINGS) < others * (1.0 - ROUNDINGS) { Verdict::Moves(at) } else { Verdict::Open }
    }
}

/// N / (N + m).
pub(super) fn joining(count: u64, moving: u64) -> f64 {
    count as f64 / (count + moving) as f64
}

/// N / (N - m).
pub(super) fn staying(count: u64, moving: u64) -> f64 {
    count as f64 / (count - moving) as f64
}

/// Half the squared distance of a point to a centroid, at least and at most, from a score less the centroid's share of E.
/// `errors` is twice that share. As for bounds, twice the point's share covers the roundings of its norm too.
fn half_distances(tile: &Tile<'_>, lane: usize, score: f32, errors: f32) -> [f64; 2] {
    let [half_norm, own, score, errors] =
        [tile.half_norms[lane], tile.errors[lane], score, errors].map(f64::from);
    [(half_norm + score - 2.0 * own).max(0.0), (half_norm + score + errors + 2.0 * own).max(0.0)]
}
