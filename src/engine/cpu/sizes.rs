//! Assign under limits on sizes (docs/DEFINITION.md, section 3.18): a transportation problem, solved exactly by successive
//! shortest paths.
//!
//! The places are the clusters, and one more, `k`, where sizes that are not at a limit meet. At first each row is at its
//! nearest centroid, and the sizes may be beyond their limits. Then one row after the other moves along the cheapest path
//! from a place that has too many to one that has too few (Dijkstra, with potentials that keep all costs at 0 or more). The
//! cheapest move between two clusters is the top of a heap, whose rows may have moved on since. At the end the potentials
//! say which labels a row can have at the least cost, and rows take the lowest of these that leaves the others theirs.
//!
//! An assign starts with the potentials of the one before: a row is then where its cost less the potential is least, and
//! few rows are left to move. What is found does not depend on that.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};

use rayon::prelude::*;

use super::{CpuSession, FinishedRestart};
use crate::engine::inertia::inertia;
use crate::engine::nearest_two::{Centroids, distance};
use crate::engine::reference::Sums;
use crate::engine::reference::stop::stop;
use crate::engine::reference::update::move_centroids;
use crate::engine::times::timed;
use crate::engine::{Outcome, Sizes, State, Times, Watch, Work, digest};
use crate::lattice::Table;

impl CpuSession<'_> {
    /// Assigns and updates from `centroids` until it stops, with limits on sizes. `None` if the watch ends the run.
    pub(super) fn within_sizes(
        &self,
        restart: u64,
        (mut centroids, mut iterations): (Vec<i32>, u32),
        sizes: Sizes,
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<FinishedRestart> {
        let (table, k) = (self.job.table, self.job.n_clusters);
        let (mut work, mut times) = (Work::default(), Times::default());
        watch.keep(restart, iterations, &centroids);
        let mut potentials = vec![0; k + 1];
        let mut assign = |centroids: &[i32]| {
            let centroids = Centroids { lattice: &table.lattice, values: centroids };
            work.pass(work.assigned_points == 0, table.n_points() as u64, 0);
            timed(&mut times.assign, || {
                assign_within(table, centroids, sizes, &mut potentials, (shared, watch))
            })
        };
        let mut labels = assign(&centroids)?;
        loop {
            let moved = move_centroids(self.job, &Sums::of(table, &labels, k), &centroids);
            iterations += 1;
            watch.iterated();
            let stop = stop(self.job, &centroids, &moved, iterations);
            if stop.is_none() {
                watch.keep(restart, iterations, &moved);
            }
            centroids = moved;
            labels = assign(&centroids)?;
            if let Some(stop) = stop {
                let sums = Sums::of(table, &labels, k);
                let inertia = inertia(table, self.squares, &centroids, &sums);
                let outcome = Outcome { restart, inertia, iterations, stop, digest: digest(&centroids) };
                let state = State { centroids, labels, counts: sums.counts };
                return Some(FinishedRestart { outcome, state, work, times });
            }
        }
    }
}

/// The labels of the reference's `assign_within`. `None` if the watch ends the run.
fn assign_within(
    table: &Table,
    centroids: Centroids<'_>,
    sizes: Sizes,
    potentials: &mut Vec<i128>,
    (shared, watch): (bool, &Watch<'_>),
) -> Option<Vec<u32>> {
    let k = centroids.n_clusters();
    let cost = |at: usize| distance(table, &centroids, at / k, (at % k) as u32) as i128;
    let n = table.n_points() * k;
    let costs: Vec<i128> = if shared {
        (0..n).into_par_iter().with_min_len(4096).map(cost).collect()
    } else {
        (0..n).map(cost).collect()
    };
    // min_by_key keeps the first of equals
    let nearest = |row: usize| {
        let (costs, weight) = (&costs[row * k..][..k], table.weights.get(row));
        let less = |c: usize| if weight > 0 { costs[c] - potentials[c] } else { costs[c] };
        (0..k).min_by_key(|&c| less(c)).unwrap_or(0) as u32
    };
    let labels = (0..table.n_points()).map(nearest).collect();
    let rows = table.weighted_rows();
    let mut solver = Solver::new(&costs, labels, &rows, sizes, std::mem::take(potentials));
    solver.reach_limits(watch)?;
    solver.lower_labels(&rows, watch)?;
    *potentials = near_zero(solver.potentials);
    Some(solver.labels)
}

/// The potentials, less the least of a cluster: so they stay small from one assign to the next.
fn near_zero(mut potentials: Vec<i128>) -> Vec<i128> {
    let Some(last) = potentials.pop() else { return potentials };
    let least = potentials.iter().copied().min().unwrap_or(0);
    potentials.iter_mut().for_each(|potential| *potential -= least);
    let most = potentials.iter().copied().max().unwrap_or(0);
    potentials.push((last - least).clamp(0, most));
    potentials
}

struct Solver<'a> {
    costs: &'a [i128], // (n_points, n_clusters)
    labels: Vec<u32>,
    sizes: Sizes,
    k: usize,
    moves: Vec<BinaryHeap<Reverse<(i128, u32)>>>, // from, to: the cost, and the row (k, k)
    kept: Vec<u64>,                               // the size of each cluster within the limits
    excess: Vec<i64>,                             // of each place; they add up to 0 (k + 1)
    potentials: Vec<i128>,                        // (k + 1)
}

impl<'a> Solver<'a> {
    /// Rows that are where their cost less the potential is least.
    fn new(costs: &'a [i128], labels: Vec<u32>, rows: &[u32], sizes: Sizes, potentials: Vec<i128>) -> Self {
        let k = potentials.len() - 1;
        let mut counts = vec![0u64; k];
        rows.iter().for_each(|&row| counts[labels[row as usize] as usize] += 1);
        // where a change of a size has a price, the size is at the limit from which it would lower the cost
        let keep = |(&count, potential): (&u64, &i128)| match potential.cmp(&potentials[k]) {
            Ordering::Less => sizes.max,
            Ordering::Equal => count.clamp(sizes.min, sizes.max),
            Ordering::Greater => sizes.min,
        };
        let kept: Vec<u64> = counts.iter().zip(&potentials).map(keep).collect();
        let beyond = counts.iter().zip(&kept).map(|(&count, &kept)| count as i64 - kept as i64);
        let mut excess: Vec<i64> = beyond.collect();
        excess.push(-excess.iter().sum::<i64>());
        let mut solver = Self { costs, labels, sizes, k, moves: Vec::new(), kept, excess, potentials };
        if solver.excess.iter().any(|&excess| excess != 0) {
            solver.moves = solver.all_moves(rows);
        }
        solver
    }

    fn all_moves(&self, rows: &[u32]) -> Vec<BinaryHeap<Reverse<(i128, u32)>>> {
        let mut moves = vec![Vec::new(); self.k * self.k];
        for &row in rows {
            let from = self.labels[row as usize] as usize;
            for to in (0..self.k).filter(|&to| to != from) {
                moves[from * self.k + to].push(Reverse((self.cost(row, from, to), row)));
            }
        }
        moves.into_iter().map(BinaryHeap::from).collect()
    }

    fn cost(&self, row: u32, from: usize, to: usize) -> i128 {
        let costs = &self.costs[row as usize * self.k..][..self.k];
        costs[to] - costs[from]
    }

    /// Offers the moves of a row from where it is now.
    fn offer(&mut self, row: u32) {
        let from = self.labels[row as usize] as usize;
        for to in (0..self.k).filter(|&to| to != from) {
            let cost = self.cost(row, from, to);
            self.moves[from * self.k + to].push(Reverse((cost, row)));
        }
    }

    /// The cheapest move between two places, and its row if a row moves.
    fn cheapest(&mut self, from: usize, to: usize) -> Option<(i128, Option<u32>)> {
        match (from == self.k, to == self.k) {
            (false, false) => {
                let heap = &mut self.moves[from * self.k + to];
                while let Some(&Reverse((cost, row))) = heap.peek() {
                    if self.labels[row as usize] as usize == from {
                        return Some((cost, Some(row)));
                    }
                    heap.pop();
                }
                None
            }
            (false, true) => (self.kept[from] < self.sizes.max).then_some((0, None)),
            (true, false) => (self.kept[to] > self.sizes.min).then_some((0, None)),
            (true, true) => None,
        }
    }

    /// Moves rows until no place has too many or too few.
    fn reach_limits(&mut self, watch: &Watch<'_>) -> Option<()> {
        while let Some(from) = self.excess.iter().position(|&excess| excess > 0) {
            if watch.ends() {
                return None;
            }
            let path = self.path(from)?;
            let last = path.last().map_or(from, |&(_, to, _)| to);
            for (from, to, row) in path {
                match row {
                    Some(row) => {
                        self.labels[row as usize] = to as u32;
                        self.offer(row);
                    }
                    None if to == self.k => self.kept[from] += 1,
                    None => self.kept[to] -= 1,
                }
            }
            self.excess[from] -= 1;
            self.excess[last] += 1;
        }
        Some(())
    }

    /// The cheapest path from a place to one that has too few, as steps (from, to, row), and the potentials after it. There
    /// is one, since the limits leave room for all rows.
    fn path(&mut self, start: usize) -> Option<Vec<(usize, usize, Option<u32>)>> {
        let n = self.k + 1;
        let mut least: Vec<Option<i128>> = vec![None; n];
        let mut before: Vec<Option<(usize, Option<u32>)>> = vec![None; n];
        let mut done = vec![false; n];
        least[start] = Some(0);
        let (end, reached) = loop {
            let open = (0..n).filter(|&place| !done[place]);
            let next = open.filter_map(|place| least[place].map(|cost| (cost, place))).min();
            let (cost, from) = next?;
            if self.excess[from] < 0 {
                break (from, cost);
            }
            done[from] = true;
            for to in (0..n).filter(|&to| to != from) {
                if done[to] {
                    continue;
                }
                let Some((step, row)) = self.cheapest(from, to) else { continue };
                let cost = cost + step + self.potentials[from] - self.potentials[to];
                if least[to].is_none_or(|least| cost < least) {
                    (least[to], before[to]) = (Some(cost), Some((from, row)));
                }
            }
        };
        for (potential, least) in self.potentials.iter_mut().zip(&least) {
            *potential += least.map_or(reached, |least| least.min(reached));
        }
        let mut steps = Vec::new();
        let mut to = end;
        while let Some((from, row)) = before[to].filter(|_| to != start) {
            steps.push((from, to, row));
            to = from;
        }
        steps.reverse();
        Some(steps)
    }

    /// Gives each row in turn the lowest label that it has in an assignment of least cost with the labels before it.
    fn lower_labels(&mut self, rows: &[u32], watch: &Watch<'_>) -> Option<()> {
        let k = self.k;
        // what rows can move at no cost, of those that have no final label yet
        let mut free = vec![BTreeSet::new(); k * k];
        let tied: Vec<Vec<u32>> = rows.iter().map(|&row| self.equals(row)).collect();
        for (&row, tied) in rows.iter().zip(&tied) {
            let from = self.labels[row as usize] as usize;
            tied.iter().for_each(|&to| {
                free[from * k + to as usize].insert(row);
            });
        }
        let at_limit = |place: usize, solver: &Self| solver.potentials[place] != solver.potentials[k];
        for (i, (&row, ties)) in rows.iter().zip(&tied).enumerate() {
            if ties.is_empty() {
                continue;
            }
            if i % 1024 == 0 && watch.ends() {
                return None;
            }
            let own = self.labels[row as usize] as usize;
            let places = ties.iter().map(|&place| place as usize).chain(std::iter::once(usize::MAX));
            for to in places.filter(|&to| to != own && to < k) {
                free[own * k + to].remove(&row);
            }
            // the places from which a path at no cost leads to `own`, each with the next one on it
            let mut next: Vec<Option<usize>> = vec![None; k + 1];
            let (mut seen, mut queue) = (vec![false; k + 1], vec![own]);
            seen[own] = true;
            while let Some(to) = queue.pop() {
                for from in (0..=k).filter(|&from| from != to) {
                    let leads = match (from == k, to == k) {
                        (false, false) => !free[from * k + to].is_empty(),
                        (false, true) => !at_limit(from, self) && self.kept[from] < self.sizes.max,
                        (true, _) => !at_limit(to, self) && self.kept[to] > self.sizes.min,
                    };
                    if leads && !seen[from] {
                        (seen[from], next[from]) = (true, Some(to));
                        queue.push(from);
                    }
                }
            }
            let lower = (0..own).find(|&to| seen[to] && ties.contains(&(to as u32)));
            let Some(to) = lower else { continue };
            self.labels[row as usize] = to as u32;
            let mut place = to;
            while let Some(to) = next[place].filter(|_| place != own) {
                match (place == k, to == k) {
                    (false, false) => {
                        let Some(&moved) = free[place * k + to].first() else { break };
                        let at = rows.binary_search(&moved).unwrap_or(0);
                        self.relabel(moved, &tied[at], to, &mut free);
                    }
                    (false, true) => self.kept[place] += 1,
                    (true, _) => self.kept[to] -= 1,
                }
                place = to;
            }
        }
        Some(())
    }

    /// The labels other than the first that a row can have at the least cost, and the first: all of least cost less
    /// potential, if there are several.
    fn equals(&self, row: u32) -> Vec<u32> {
        let costs = &self.costs[row as usize * self.k..][..self.k];
        let own = self.labels[row as usize] as usize;
        let least = costs[own] - self.potentials[own];
        let equal = |c: &usize| costs[*c] - self.potentials[*c] == least;
        let all: Vec<u32> = (0..self.k).filter(equal).map(|c| c as u32).collect();
        if all.len() > 1 { all } else { Vec::new() }
    }

    /// Moves a row that has no final label yet.
    fn relabel(&mut self, row: u32, tied: &[u32], to: usize, free: &mut [BTreeSet<u32>]) {
        let from = std::mem::replace(&mut self.labels[row as usize], to as u32) as usize;
        for &other in tied {
            free[from * self.k + other as usize].remove(&row);
            if other as usize != to {
                free[to * self.k + other as usize].insert(row);
            }
        }
    }
}
