//! The two nearest centroids: both guessed in `f32`, certified, and repaired in integers.

use rayon::prelude::*;

use super::assign::assign;
use super::columns::Columns;
use super::guess::Guesser;
use super::info::info;
use super::kernel::{Instructions, Kernel, Top3};
use super::tiles::{Span, Tiles};
use crate::engine::certify::{self, Bound};
use crate::engine::nearest_two::{
    Centroids, Labels, LabelsApart, NearestSession, NearestTwo, distance, exactly,
};
use crate::engine::{DeviceInfo, EngineError, Watch};
use crate::lattice::Table;

/// Tiles per parallel task.
const CHUNK: usize = 32;

/// Centroids prepared for the CPU.
pub(super) struct CpuNearest<'a> {
    pub(super) centroids: Centroids<'a>,
    pub(super) instructions: Instructions,
    pub(super) bound: Bound,
}

impl NearestSession for CpuNearest<'_> {
    fn info(&self) -> DeviceInfo {
        info(self.instructions)
    }

    fn nearest_two(&mut self, table: &Table) -> Result<Vec<NearestTwo>, EngineError> {
        let n_clusters = self.centroids.n_clusters();
        let (for_points, gamma) = self.bound.gammas(table.n_dims(), certify::UNIT_CPU);
        let tiles = Tiles::new(table, self.instructions.kernel, for_points);
        let mut columns = Columns::new(table, n_clusters, self.instructions.kernel.block(n_clusters), gamma);
        columns.fill(table, self.instructions.kernel.squaring(), self.centroids.values);
        let (centroids, kernel) = (self.centroids, self.instructions.kernel);
        Ok(Pass { table, tiles: &tiles, columns: &columns, centroids, kernel }.find_all(true))
    }

    fn labels(&mut self, table: &Table) -> Result<Labels, EngineError> {
        Ok(self.find_labels(table, Span::One))
    }

    fn apart(&self) -> Option<&dyn LabelsApart> {
        Some(self)
    }
}

impl LabelsApart for CpuNearest<'_> {
    fn labels_apart(&self, table: &Table) -> Labels {
        self.find_labels(table, Span::Alone)
    }
}

impl CpuNearest<'_> {
    fn find_labels(&self, table: &Table, span: Span) -> Labels {
        let n_clusters = self.centroids.n_clusters();
        let guesser = Guesser::spanning(table, self.instructions, self.bound, (n_clusters, span));
        let mut guess = guesser.guess(n_clusters);
        guesser.fill(&mut guess, self.centroids.values, None);
        let mut labels = vec![0; table.n_points()];
        let how = (span != Span::Alone, &Watch::default());
        let examined = assign(&guesser, &mut guess, self.centroids.values, &mut labels, None, how);
        Labels { labels, repaired: examined.repaired }
    }
}

/// [`distance`] by these instructions.
pub(super) fn exact(kernel: Kernel, table: &Table, centroids: &Centroids<'_>, row: usize, c: u32) -> u128 {
    match table.lattice.mixed() {
        true => distance(table, centroids, row, c),
        false => kernel.distance(table.point(row), centroids.row(c)),
    }
}

/// A pass over the rows of a table.
pub(super) struct Pass<'a> {
    pub(super) table: &'a Table,
    pub(super) tiles: &'a Tiles<'a>,
    pub(super) columns: &'a Columns,
    pub(super) centroids: Centroids<'a>,
    pub(super) kernel: Kernel,
}

impl Pass<'_> {
    /// Finds those of all rows; `shared`: by all threads. (n_points)
    pub(super) fn find_all(&self, shared: bool) -> Vec<NearestTwo> {
        let size = CHUNK * self.tiles.width();
        let mut found = vec![NearestTwo::default(); self.table.n_points()];
        let find = |(chunk, found): (usize, &mut [NearestTwo])| self.find(chunk * CHUNK, found);
        match shared {
            true => found.par_chunks_mut(size).enumerate().for_each(find),
            false => found.chunks_mut(size).enumerate().for_each(find),
        }
        found
    }

    /// Finds the two nearest centroids of the rows from tile `first` on.
    fn find(&self, first: usize, found: &mut [NearestTwo]) {
        let (width, mut room, mut top) = (self.tiles.width(), Vec::new(), Top3::NONE);
        for (tile, found) in found.chunks_mut(width).enumerate() {
            let tile = first + tile;
            let points = self.tiles.points(tile, &mut room);
            self.kernel.nearest_two(&points, self.columns, &mut top);
            let errors = self.tiles.tile(tile, &points).errors;
            for (lane, found) in found.iter_mut().enumerate() {
                *found = self.decide(tile * width + lane, lane, errors[lane], &top);
            }
        }
    }

    fn decide(&self, row: usize, lane: usize, own: f32, top: &Top3) -> NearestTwo {
        let centroids = &self.centroids;
        if !self.proven(lane, own, top) {
            return exactly(self.table, centroids, row);
        }
        let to = |c: u32| (c, exact(self.kernel, self.table, centroids, row, c));
        let runner_up = (centroids.n_clusters() > 1).then(|| to(top.runners_up[lane]));
        NearestTwo::new(to(top.labels[lane]), runner_up)
    }

    /// Whether both are proven; `own` is the point's share of E. See [`certify`].
    fn proven(&self, lane: usize, own: f32, top: &Top3) -> bool {
        let above = |value: f32, c: u32| value + (2.0 * own + self.columns.errors[c as usize]);
        let n_clusters = self.centroids.n_clusters();
        let first = n_clusters < 2 || above(top.best[lane], top.labels[lane]) < top.second[lane];
        let second = n_clusters < 3 || above(top.second[lane], top.runners_up[lane]) < top.third[lane];
        self.columns.exact || (first && second)
    }
}
