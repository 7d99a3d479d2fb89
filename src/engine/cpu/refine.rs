//! Refine: the moves of Hartigan's rule, guessed in 8 bits or in `f32`, and decided exactly where a guess does not prove them.
//!
//! Let the scores of a point enclose its squared distances D (see [`certify`](crate::engine::certify)). A row stays if the
//! least that it may cost in each other cluster is no less than the most that it may cost in its own ([`super::costs`], in
//! 8 bits where that proves most rows). Of the other rows, a cluster whose least cost exceeds the most of another one, or that
//! of the own, is not where the row moves; the costs of those that remain are compared in integers.

#[cfg(feature = "gpu")]
use std::time::Instant;

use rayon::prelude::*;

use super::costs::{Costs, ROUNDINGS, Rows, Verdict, joining, staying};
use super::guess::{Guess, Guesser};
use super::nearest_two::exact;
use super::tiles::Gathered;
use super::update::Updater;
use super::{CpuSession, FinishedRestart};
use crate::engine::inertia::inertia;
use crate::engine::nearest_two::Centroids;
use crate::engine::reference::refine::{Cost, has_room};
#[cfg(feature = "gpu")]
use crate::engine::{Batch, Keep, Times, Work};
use crate::engine::{Outcome, Stop, Watch};

/// Tiles per parallel task.
const CHUNK: usize = 32;
/// Rounds go on in `f32` once 8 bits leave more than one row in so many open.
const OPEN: usize = 8;

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
        let (mut moved, mut bytes) = (vec![0; centroids.len()], true);
        while has_room(iterations, self.job.max_iter) {
            let before: &Updater<'_> =
                updater.get_or_insert_with(|| Updater::new(table, kernel, &labels, k, shared));
            let counts = before.sums().counts;
            bytes = self.guesser.fill_costs(guess, &centroids, bytes);
            let moves = RowMoves {
                guesser: &self.guesser,
                guess: (guess, bytes),
                centroids: Centroids { lattice: &table.lattice, values: &centroids },
                rows: Rows { labels: &labels, counts: &counts, locations },
                proves: self.cpu.bound.proves_moves(),
            };
            let (moves, n_open) = moves.find(shared, watch)?;
            bytes &= n_open * OPEN <= labels.len();
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
    guess: (&'a Guess, bool), // in `f32`, and whether in 8 bits too
    centroids: Centroids<'a>,
    rows: Rows<'a>,
    proves: bool, // but in tests
}

impl RowMoves<'_> {
    /// The rows that move, in order, and their new labels; and how many rows the first bounds left open. `None` if the watch
    /// ends the run.
    fn find(&self, shared: bool, watch: &Watch<'_>) -> Option<(Vec<(usize, u32)>, usize)> {
        let size = CHUNK * self.guesser.tiles.width();
        let work = |(chunk, labels): (usize, &[u32])| {
            if watch.ends() { (Vec::new(), 0) } else { self.find_in(chunk * size, labels.len()) }
        };
        let join = |mut all: (Vec<(usize, u32)>, usize), more: (Vec<(usize, u32)>, usize)| {
            all.0.extend(more.0);
            (all.0, all.1 + more.1)
        };
        let none = || (Vec::new(), 0);
        let labels = self.rows.labels;
        let found = if shared {
            labels.par_chunks(size).enumerate().map(work).reduce(none, join)
        } else {
            labels.chunks(size).enumerate().map(work).fold(none(), join)
        };
        (!watch.has_ended()).then_some(found)
    }

    /// Those of `n` rows from the tile-aligned row `first` on.
    fn find_in(&self, first: usize, n: usize) -> (Vec<(usize, u32)>, usize) {
        let width = self.guesser.tiles.width();
        let (mut moves, mut open) = (Vec::new(), Vec::new());
        let mut costs = Costs::new(self.guesser, self.guess, self.centroids.values, self.rows, self.proves);
        for at in (first..first + n).step_by(width) {
            costs.of_tile(at, width.min(first + n - at), |row, verdict| match verdict {
                Verdict::Stays => {}
                Verdict::Moves(to) => moves.push((row, to)),
                Verdict::Open => open.push(row),
            });
        }
        let mut gathered = Gathered::new(width, self.guesser.table.n_dims());
        for rows in open.chunks(width) {
            costs.of_rows(rows, &mut gathered, |row, verdict, halves| match verdict {
                Verdict::Stays => {}
                Verdict::Moves(to) => moves.push((row, to)),
                Verdict::Open => moves.extend(self.target(row, halves).map(|to| (row, to))),
            });
        }
        moves.sort_unstable(); // those that were open came last
        (moves, open.len())
    }

    /// Where a row moves, if it does. `halves` are bounds (at least, at most) of half the squared distance to a centroid.
    fn target(&self, row: usize, halves: impl Fn(usize) -> [f64; 2]) -> Option<u32> {
        let Rows { labels, counts, locations } = self.rows;
        let (own, moving) = (labels[row] as usize, locations[row]);
        let others = || (0..counts.len()).filter(|&c| c != own && counts[c] > 0);
        let limit = halves(own)[1] * staying(counts[own], moving);
        let most = |limit: f64, c: usize| limit.min(halves(c)[1] * joining(counts[c], moving));
        let limit = others().fold(limit, most) * (1.0 + ROUNDINGS);
        let Guesser { table, kernel, .. } = self.guesser;
        let exactly = |c: usize| exact(*kernel, table, &self.centroids, row, c as u32);
        let least = |c: usize| halves(c)[0] * joining(counts[c], moving) * (1.0 - ROUNDINGS);
        let left = others().filter(|&c| least(c) <= limit);
        let costs = left.map(|c| (c, Cost::joining(exactly(c), counts[c], moving)));
        // min_by keeps the first of equals
        let (to, cost) = costs.min_by(|(_, a), (_, b)| a.compare(*b))?;
        let stays = Cost::staying(exactly(own), counts[own], moving);
        cost.compare(stays).is_lt().then_some(to as u32)
    }
}
