//! Children of an evolving search: the swap, with the two nearest centroids of every point as for predictions.

use rayon::prelude::*;

use super::CpuSession;
use super::columns::Columns;
use super::nearest_two::{Pass, exact};
use super::seed::pick_row;
use crate::engine::Watch;
use crate::engine::certify;
use crate::engine::draws::Draws;
use crate::engine::nearest_two::{Centroids, NearestTwo};
use crate::engine::reference::child::{loss, of_members, replace};

/// Points per parallel task.
const CHUNK: usize = 4096;

impl CpuSession<'_> {
    /// The first centroids of a child, (n_clusters, n_dims). `None` if the watch ends the run.
    pub(super) fn child(
        &self,
        members: &[Vec<i32>],
        restart: u64,
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<Vec<i32>> {
        let swap = |centroids, draws: &mut Draws| self.swapped(centroids, draws, shared, watch);
        of_members(self.job, members, restart, swap)
    }

    fn swapped(
        &self,
        mut centroids: Vec<i32>,
        draws: &mut Draws,
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<Vec<i32>> {
        let table = self.job.table;
        let own = self.two_nearest(&centroids, shared);
        if watch.ends() {
            return None;
        }
        let share = |i: usize| u128::from(table.weights.get(i)) * own[i].distance.1;
        let sum = |(chunk, own): (usize, &[NearestTwo])| -> u128 {
            (chunk * CHUNK..).take(own.len()).map(share).sum()
        };
        let sums: Vec<u128> = own.chunks(CHUNK).enumerate().map(sum).collect();
        let total = sums.iter().sum();
        if total == 0 {
            return Some(centroids);
        }
        let row = pick_row(draws.below(total), CHUNK, &sums, share, own.len());
        let new = Centroids { lattice: &table.lattice, values: table.point(row) };
        let losses_of = |mut losses: Vec<u128>, (chunk, own): (usize, &[NearestTwo])| {
            for (i, own) in (chunk * CHUNK..).zip(own) {
                let second = own.runner_up.map_or(u128::MAX, |(_, second)| second.1);
                let weight = u128::from(table.weights.get(i));
                losses[own.label as usize] +=
                    loss(weight, exact(self.kernel, table, &new, i, 0), own.distance.1, second);
            }
            losses
        };
        let none = || vec![0; self.job.n_clusters];
        let losses = if shared {
            let add = |mut all: Vec<u128>, more: Vec<u128>| {
                all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
                all
            };
            own.par_chunks(CHUNK).enumerate().fold(none, losses_of).reduce(none, add)
        } else {
            own.chunks(CHUNK).enumerate().fold(none(), losses_of)
        };
        replace(&mut centroids, &losses, table.point(row));
        Some(centroids)
    }

    /// The two nearest centroids of every point. (n_points)
    fn two_nearest(&self, centroids: &[i32], shared: bool) -> Vec<NearestTwo> {
        let (table, kernel) = (self.job.table, self.kernel);
        let n_clusters = self.job.n_clusters;
        let (_, gamma) = self.cpu.bound.gammas(table.n_dims(), certify::UNIT_CPU);
        let mut columns = Columns::new(table, n_clusters, kernel.block(n_clusters), gamma);
        columns.fill(table, kernel.squaring(), centroids);
        let centroids = Centroids { lattice: &table.lattice, values: centroids };
        let pass = Pass { table, tiles: &self.guesser.tiles, columns: &columns, centroids, kernel };
        pass.find_all(shared)
    }
}
