//! Refine: the moves of Hartigan's rule, guessed in `f32`, and decided exactly where a guess does not prove them.
//!
//! Let the scores of a point enclose its squared distances D (see [`certify`](crate::engine::certify)). A row stays if the
//! least that it may cost in another cluster, a lower bound of the distance to all others times the least factor
//! N / (N + m) of a cluster, is no less than the most that it may cost in its own. That proves nearly all rows. Of the
//! others, a cluster whose least cost exceeds the most of another one, or that of the own, is not where the row moves; the
//! costs of those that remain are compared in integers.

#[cfg(feature = "gpu")]
use std::time::Instant;

use rayon::prelude::*;

use super::guess::{Arithmetic, Guess, Guesser};
use super::kernel::Tile;
use super::scorer::{Points, Scorer};
use super::tile_result::TileResult;
use super::tiles::Gathered;
use super::update::Updater;
use super::{CpuSession, FinishedRestart};
use crate::engine::inertia::inertia;
use crate::engine::nearest_two::{Centroids, distance};
use crate::engine::reference::refine::{Cost, has_room};
#[cfg(feature = "gpu")]
use crate::engine::{Batch, Keep, Times, Work};
use crate::engine::{Outcome, Stop, Watch};

/// Tiles per parallel task.
const CHUNK: usize = 32;
/// More than the relative roundings of a few operations in `f64`.
const ROUNDINGS: f64 = 1e-12;

impl CpuSession<'_> {
    /// Refines plain restarts, all of which have their states. Those that the watch leaves unfinished are missing.
    #[cfg(feature = "gpu")]
    pub(in crate::engine) fn refine_all(&self, plain: Batch, keep: Keep, watch: &Watch<'_>) -> Batch {
        let Batch { outcomes, states, work, times } = plain;
        let mut batch = Batch { work, times, ..Batch::new() };
        let Some(locations) = &self.locations else { return batch };
        for (outcome, (_, state)) in outcomes.into_iter().zip(states) {
            let start = Instant::now();
            let done = FinishedRestart { outcome, state, work: Work::default(), times: Times::default() };
            let Some(mut done) = self.refine(done, locations, true, watch) else { break };
            done.times.iterate = start.elapsed();
            done.add_to(&mut batch, keep);
        }
        batch
    }

    /// Refines a restart: rounds of moves while each lowers the inertia, then Lloyd's loop, until no round does.
    pub(super) fn refine(
        &self,
        mut done: FinishedRestart,
        locations: &[u64],
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<FinishedRestart> {
        let mut guess = self.guesser.guess(self.job.n_clusters);
        while done.outcome.stop != Stop::MaxIter && self.job.n_clusters > 1 {
            let Some(refined) = self.rounds(&done, &mut guess, locations, shared, watch)? else { break };
            let FinishedRestart { work, times, outcome, .. } = done;
            done = self.lloyd(outcome.restart, refined, shared, watch)?;
            done.work.merge(work);
            done.times.merge(times);
        }
        Some(done)
    }

    /// Rounds of moves: the centroids after those that lowered the inertia, and the iterations with each of these as one.
    /// The inner `None` if none did, the outer if the watch ends the run.
    fn rounds(
        &self,
        done: &FinishedRestart,
        guess: &mut Guess,
        locations: &[u64],
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<Option<(Vec<i32>, u32)>> {
        let (table, kernel, k) = (self.job.table, self.kernel, self.job.n_clusters);
        let Outcome { inertia: mut least_inertia, mut iterations, .. } = done.outcome;
        let (mut centroids, mut labels) = (done.state.centroids.clone(), done.state.labels.clone());
        let mut updater = None;
        let mut moved = vec![0; centroids.len()];
        while has_room(iterations, self.job.max_iter) {
            let before: &Updater<'_> =
                updater.get_or_insert_with(|| Updater::new(table, kernel, &labels, k, shared));
            let counts = before.sums().counts;
            let least = counts.iter().copied().filter(|&count| count > 0).min().unwrap_or(0);
            self.guesser.fill_in_f32(guess, &centroids);
            let moves = RowMoves {
                guesser: &self.guesser,
                guess,
                centroids: Centroids { lattice: &table.lattice, values: &centroids },
                labels: &labels,
                counts: &counts,
                locations,
                least,
                proves: self.cpu.bound.proves_moves(),
            };
            let moves = moves.find(shared, watch)?;
            let Some(updater) = updater.as_mut().filter(|_| !moves.is_empty()) else { break };
            moves.into_iter().for_each(|(row, to)| labels[row] = to);
            updater.follow(&labels, shared);
            updater.move_centroids(self.job, &centroids, &mut moved);
            let after = inertia(table, self.squares, &moved, &updater.sums());
            if after >= least_inertia {
                break;
            }
            std::mem::swap(&mut centroids, &mut moved);
            (least_inertia, iterations) = (after, iterations + 1);
        }
        let refined = iterations > done.outcome.iterations;
        Some(refined.then_some((centroids, iterations)))
    }
}

/// Centroids and labels whose rows may move.
struct RowMoves<'a> {
    guesser: &'a Guesser<'a>,
    guess: &'a Guess, // in `f32`
    centroids: Centroids<'a>,
    labels: &'a [u32],
    counts: &'a [u64],
    locations: &'a [u64],
    least: u64,   // the least weight of a cluster that has some
    proves: bool, // but in tests
}

impl RowMoves<'_> {
    /// The rows that move, in order, and their new labels. `None` if the watch ends the run.
    fn find(&self, shared: bool, watch: &Watch<'_>) -> Option<Vec<(usize, u32)>> {
        let size = CHUNK * self.guesser.tiles.width();
        let work = |(chunk, labels): (usize, &[u32])| {
            if watch.ends() { Vec::new() } else { self.find_in(chunk * size, labels) }
        };
        let moves = if shared {
            self.labels.par_chunks(size).enumerate().map(work).collect::<Vec<_>>().concat()
        } else {
            self.labels.chunks(size).enumerate().flat_map(work).collect()
        };
        (!watch.has_ended()).then_some(moves)
    }

    /// Those of a range of rows with these labels, which starts at the tile-aligned row `first`.
    fn find_in(&self, first: usize, labels: &[u32]) -> Vec<(usize, u32)> {
        let width = self.guesser.tiles.width();
        let mut scorer = Scorer::new(self.guesser, self.guess, Arithmetic::F32, self.centroids.values);
        let (mut found, mut open) = (TileResult::NONE, Vec::new());
        for (at, labels) in labels.chunks(width).enumerate() {
            let tile = first / width + at;
            scorer.nearest(Points::Whole { tile, n: labels.len() }, true, &mut found);
            let lanes = (0..labels.len()).filter(|&lane| !self.stays(tile * width + lane, lane, &found));
            open.extend(lanes.map(|lane| tile * width + lane));
        }
        self.decide(&open)
    }

    /// Whether bounds prove that a row stays.
    fn stays(&self, row: usize, lane: usize, found: &TileResult) -> bool {
        let (own, moving) = (self.labels[row], self.locations[row]);
        let count = self.counts[own as usize];
        if self.guesser.table.weights.get(row) == 0 || count == moving {
            return true;
        }
        let [upper, lower] = [found.upper[lane], found.lower[lane]].map(|bound| f64::from(bound).powi(2));
        let elsewhere = lower * joining(self.least, moving) * (1.0 - ROUNDINGS);
        found.labels[lane] == own && elsewhere >= upper * staying(count, moving) * (1.0 + ROUNDINGS)
    }

    /// Decides these rows.
    fn decide(&self, rows: &[usize]) -> Vec<(usize, u32)> {
        let Guesser { table, kernel, tiles, .. } = self.guesser;
        let columns = self.guesser.in_f32(self.guess, self.centroids.values);
        let (width, n_columns) = (tiles.width(), columns.base.len());
        let mut gathered = Gathered::new(width, table.n_dims());
        let mut scores = vec![0.0; n_columns * width];
        let mut moves = Vec::new();
        for rows in rows.chunks(width) {
            tiles.gather(rows.iter().copied(), &mut gathered.points);
            tiles.gather_norms(rows.iter().copied(), &mut gathered);
            let tile = gathered.tile();
            kernel.scores(tile.points, columns, &mut scores);
            for (lane, &row) in rows.iter().enumerate() {
                let halves = |c: usize| match self.proves {
                    true => half_distances(&tile, lane, scores[c * width + lane], columns.errors[c]),
                    false => [f64::from(tile.half_norms[lane] + scores[c * width + lane]); 2],
                };
                moves.extend(self.target(row, halves).map(|to| (row, to)));
            }
        }
        moves
    }

    /// Where a row moves, if it does. `halves` are bounds (at least, at most) of half the squared distance to a centroid.
    fn target(&self, row: usize, halves: impl Fn(usize) -> [f64; 2]) -> Option<u32> {
        let (own, moving) = (self.labels[row] as usize, self.locations[row]);
        let others = || (0..self.counts.len()).filter(|&c| c != own && self.counts[c] > 0);
        let limit = halves(own)[1] * staying(self.counts[own], moving);
        let most = |limit: f64, c: usize| limit.min(halves(c)[1] * joining(self.counts[c], moving));
        let limit = others().fold(limit, most) * (1.0 + ROUNDINGS);
        let exactly = |c: usize| distance(self.guesser.table, &self.centroids, row, c as u32);
        let least = |c: usize| halves(c)[0] * joining(self.counts[c], moving) * (1.0 - ROUNDINGS);
        let left = others().filter(|&c| least(c) <= limit);
        let costs = left.map(|c| (c, Cost::joining(exactly(c), self.counts[c], moving)));
        // min_by keeps the first of equals
        let (to, cost) = costs.min_by(|(_, a), (_, b)| a.compare(*b))?;
        let stays = Cost::staying(exactly(own), self.counts[own], moving);
        cost.compare(stays).is_lt().then_some(to as u32)
    }
}

/// N / (N + m).
fn joining(count: u64, moving: u64) -> f64 {
    count as f64 / (count + moving) as f64
}

/// N / (N - m).
fn staying(count: u64, moving: u64) -> f64 {
    count as f64 / (count - moving) as f64
}

/// Half the squared distance of a point to a centroid, at least and at most, from a score less the centroid's share of E.
/// `errors` is twice that share. As for bounds, twice the point's share covers the roundings of its norm too.
fn half_distances(tile: &Tile<'_>, lane: usize, score: f32, errors: f32) -> [f64; 2] {
    let [half_norm, own, score, errors] =
        [tile.half_norms[lane], tile.errors[lane], score, errors].map(f64::from);
    [(half_norm + score - 2.0 * own).max(0.0), (half_norm + score + errors + 2.0 * own).max(0.0)]
}
