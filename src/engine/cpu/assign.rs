//! Assign: scores in `f32`, the certificate, and integers for the points that it leaves open.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::columns::Columns;
use super::kernel::Kernel;
use super::tiles::Tiles;
use crate::engine::certify::{self, Bound};
use crate::engine::reference::assign::{nearest, row_distance};
use crate::lattice::Table;

/// Tiles a parallel task takes at a time.
const CHUNK: usize = 32;

/// Gives points their nearest centroids.
#[derive(Debug)]
pub(super) struct Assigner<'a> {
    table: &'a Table,
    kernel: Kernel,
    gamma: f32, // of the centroids' errors
    tiles: Tiles<'a>,
}

impl<'a> Assigner<'a> {
    pub(super) fn new(table: &'a Table, kernel: Kernel, bound: Bound) -> Self {
        let (for_points, gamma) = bound.gammas(table.n_dims(), certify::UNIT_CPU);
        Self { table, kernel, gamma, tiles: Tiles::new(table, kernel, for_points) }
    }

    pub(super) fn tiles(&self) -> &Tiles<'a> {
        &self.tiles
    }

    /// Columns for as many centroids, in this kernel's blocks.
    pub(super) fn columns(&self, n_clusters: usize) -> Columns {
        Columns::new(self.table, n_clusters, self.kernel.block(n_clusters), self.gamma)
    }

    /// Sets the label of every point to its nearest centroid. Returns how many points needed integers.
    pub(super) fn assign(
        &self,
        columns: &Columns,
        centroids: &[i32],
        labels: &mut [u32],
        shared: bool,
    ) -> u64 {
        if !shared {
            return self.assign_tiles(0, columns, centroids, labels);
        }
        let repaired = AtomicU64::new(0);
        labels.par_chunks_mut(CHUNK * self.tiles.width()).enumerate().for_each(|(chunk, labels)| {
            let here = self.assign_tiles(chunk * CHUNK, columns, centroids, labels);
            repaired.fetch_add(here, Ordering::Relaxed);
        });
        repaired.into_inner()
    }

    /// Labels of the points from tile `first` on.
    fn assign_tiles(&self, first: usize, columns: &Columns, centroids: &[i32], labels: &mut [u32]) -> u64 {
        let width = self.tiles.width();
        let mut room = Vec::new();
        let mut last = [0; 64];
        let mut repaired = 0;
        for (t, labels) in labels.chunks_mut(width).enumerate() {
            let points = self.tiles.points(first + t, &mut room);
            let tile = self.tiles.tile(first + t, &points);
            let n = labels.len();
            let mut open = if n == width {
                self.kernel.nearest(tile, columns, labels)
            } else {
                let open = self.kernel.nearest(tile, columns, &mut last[..width]);
                labels.copy_from_slice(&last[..n]);
                open & ((1 << n) - 1)
            };
            while open != 0 {
                let i = open.trailing_zeros() as usize;
                open &= open - 1;
                labels[i] = self.repair((first + t) * width + i, centroids);
                repaired += 1;
            }
        }
        repaired
    }

    /// The nearest centroid of row `i`, in integers.
    fn repair(&self, i: usize, centroids: &[i32]) -> u32 {
        let d = self.table.n_dims();
        if self.table.lattice.mixed() {
            return nearest(centroids, d, |c| row_distance(self.table, i, c));
        }
        let point = self.table.point(i);
        nearest(centroids, d, |c| self.kernel.distance(point, c))
    }
}
