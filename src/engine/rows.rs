//! Draws of rows by weight, for seeding on the CPU and the GPU. The reference has its own linear search, as the oracle.

use std::collections::HashSet;

use super::draws::Draws;
use super::reference::seed::lowest_unused;
use crate::lattice::Table;

/// Running totals of the weights, for draws of rows by weight.
#[derive(Debug)]
pub struct RowsByWeight<'a> {
    table: &'a Table,
    running: Vec<u64>, // running totals of the weights; empty if all are one
}

impl<'a> RowsByWeight<'a> {
    /// Adds up the weights.
    #[must_use]
    pub fn new(table: &'a Table) -> Self {
        let mut total = 0;
        let mut add = |&weight: &u32| {
            total += u64::from(weight);
            total
        };
        let running =
            table.weights.values().map_or_else(Vec::new, |values| values.iter().map(&mut add).collect());
        Self { table, running }
    }

    /// Draws a row in proportion to its weight: the first whose running total exceeds the number drawn.
    pub fn draw(&self, draws: &mut Draws) -> usize {
        let t = draws.below(self.table.weights.total().into());
        if self.running.is_empty() {
            return t as usize;
        }
        self.running.partition_point(|&total| u128::from(total) <= t)
    }

    /// Rows drawn in proportion to their weights, with distinct coordinates as far as there are any.
    pub fn random(&self, n_clusters: usize, draws: &mut Draws) -> Vec<usize> {
        let table = self.table;
        let mut left = 100 * n_clusters + 1000;
        let mut seeds = Vec::with_capacity(n_clusters);
        let mut taken = HashSet::new();
        while seeds.len() < n_clusters && left > 0 {
            left -= 1;
            let row = self.draw(draws);
            if taken.insert(table.point(row)) {
                seeds.push(row);
            }
        }
        // few rows of new coordinates are left, if any: take them in order
        for row in (0..table.n_points()).filter(|&row| table.weights.get(row) > 0) {
            if seeds.len() < n_clusters && taken.insert(table.point(row)) {
                seeds.push(row);
            }
        }
        while seeds.len() < n_clusters {
            seeds.push(lowest_unused(table, &seeds));
        }
        seeds
    }
}
