//! Assign under limits on sizes (docs/DEFINITION.md, section 3.18), in plain loops: the oracle of `cpu/sizes.rs`.
//!
//! Rows can move between clusters in cycles, and in chains that change the sizes of their two ends. With one more place, `k`,
//! where sizes that are not at a limit meet, chains are cycles too. An assignment is of least cost if no cycle lowers it.

use super::assign::{nearest, row_distance};
use crate::engine::job::Sizes;
use crate::lattice::Table;

/// A move from one place to another: what it costs, and its row, but for a size that changes.
type Move = Option<(i128, Option<usize>)>;

/// Of all assignments of the rows of positive weight within the limits those of least cost, and of these the one whose
/// labels are lexicographically least. A row of weight zero gets the nearest centroid. `centroids` is
/// (n_clusters, n_dims), the result (n_points).
#[must_use]
pub fn assign_within(table: &Table, centroids: &[i32], sizes: Sizes) -> Vec<u32> {
    let d = table.n_dims();
    let of_row = |i: usize| centroids.chunks_exact(d).map(|c| row_distance(table, i, c) as i128).collect();
    let costs: Vec<Vec<i128>> = (0..table.n_points()).map(of_row).collect();
    let mut labels: Vec<u32> =
        (0..table.n_points()).map(|i| nearest(centroids, d, |c| row_distance(table, i, c))).collect();
    let rows: Vec<usize> = (0..table.n_points()).filter(|&i| table.weights.get(i) > 0).collect();
    let mut places = Places { costs: &costs, rows, labels: &mut labels, sizes, k: centroids.len() / d };
    places.fill();
    while let Some(cycle) = places.cheaper() {
        places.follow(&cycle);
    }
    places.lower_labels();
    labels
}

struct Places<'a> {
    costs: &'a [Vec<i128>], // (n_points, n_clusters)
    rows: Vec<usize>,       // of positive weight
    labels: &'a mut [u32],
    sizes: Sizes,
    k: usize,
}

impl Places<'_> {
    /// Any assignment within the limits: as many rows as needed for each cluster in turn, the others where there is room.
    fn fill(&mut self) {
        let mut counts = vec![0; self.k];
        for &row in &self.rows {
            let lacks = |c: &usize| counts[*c] < self.sizes.min;
            let has_room = |c: &usize| counts[*c] < self.sizes.max;
            let to = (0..self.k).find(lacks).or_else(|| (0..self.k).find(has_room)).unwrap_or(0);
            self.labels[row] = to as u32;
            counts[to] += 1;
        }
    }

    /// The cheapest moves between all places, of the rows from `first` on: the lowest row of equals. (k + 1, k + 1)
    fn moves(&self, first: usize) -> Vec<Vec<Move>> {
        let mut moves: Vec<Vec<Move>> = vec![vec![None; self.k + 1]; self.k + 1];
        let mut counts = vec![0; self.k];
        for &row in &self.rows {
            let from = self.labels[row] as usize;
            counts[from] += 1;
            for to in (0..self.k).filter(|&to| to != from && row >= first) {
                let cost = self.costs[row][to] - self.costs[row][from];
                if moves[from][to].is_none_or(|(least, _)| cost < least) {
                    moves[from][to] = Some((cost, Some(row)));
                }
            }
        }
        for (c, &count) in counts.iter().enumerate() {
            // a cluster may keep one more row, if another one keeps one less
            moves[c][self.k] = (count < self.sizes.max).then_some((0, None));
            moves[self.k][c] = (count > self.sizes.min).then_some((0, None));
        }
        moves
    }

    /// The cheapest ways from a place to all others, as their costs and the place before (Bellman and Ford). Where some
    /// cycle lowers the cost, a place of such a cycle is returned, too.
    fn ways(
        &self,
        moves: &[Vec<Move>],
        start: Option<usize>,
    ) -> (Vec<Option<i128>>, Vec<usize>, Option<usize>) {
        let n = self.k + 1;
        let mut least: Vec<Option<i128>> =
            (0..n).map(|place| start.is_none_or(|start| start == place).then_some(0)).collect();
        let mut before = vec![usize::MAX; n];
        let mut changed = None;
        for _ in 0..n {
            changed = None;
            for from in 0..n {
                for to in 0..n {
                    let Some((known, (cost, _))) = least[from].zip(moves[from][to]) else { continue };
                    if least[to].is_none_or(|least| known + cost < least) {
                        (least[to], before[to], changed) = (Some(known + cost), from, Some(to));
                    }
                }
            }
            if changed.is_none() {
                break;
            }
        }
        (least, before, changed)
    }

    /// Rows and where they move, in a cycle that lowers the cost; `None` if none does.
    fn cheaper(&self) -> Option<Vec<(usize, u32)>> {
        let moves = self.moves(0);
        let (_, before, changed) = self.ways(&moves, None);
        // so many steps back lead into the cycle
        let start = (0..=self.k).fold(changed?, |place, _| before[place]);
        let mut cycle = Vec::new();
        let mut to = start;
        loop {
            let from = before[to];
            cycle.extend(moves[from][to].and_then(|(_, row)| row).map(|row| (row, to as u32)));
            to = from;
            if to == start {
                return Some(cycle);
            }
        }
    }

    fn follow(&mut self, moves: &[(usize, u32)]) {
        moves.iter().for_each(|&(row, to)| self.labels[row] = to);
    }

    /// Gives each row in turn the lowest label that it has in an assignment of least cost with the labels before it.
    fn lower_labels(&mut self) {
        for row in self.rows.clone() {
            let own = self.labels[row] as usize;
            let moves = self.moves(row + 1);
            for to in 0..own {
                let (least, before, _) = self.ways(&moves, Some(to));
                let cost = self.costs[row][to] - self.costs[row][own];
                if least[own] != Some(-cost) {
                    continue;
                }
                let mut cycle = vec![(row, to as u32)];
                let mut place = own;
                while place != to {
                    let from = before[place];
                    cycle.extend(moves[from][place].and_then(|(_, row)| row).map(|row| (row, place as u32)));
                    place = from;
                }
                self.follow(&cycle);
                break;
            }
        }
    }
}
