//! Seeding: the draws of the definition, with few integer distances.
//!
//! A step of greedy k-means++ needs, for every candidate, the points that are nearer to it than to any seed so far, and
//! by how much. [`small`] serves tables of small integers, whose `f32` scores are exact. [`wide`] serves all others:
//! scores prove that most points are not nearer, and mostly which candidate is best; only the points that may be nearer to
//! that one get exact distances.

mod gains;
mod nearest_seed;
mod small;
mod wide;

use super::guess::Guesser;
use super::kernel::Kernel;
use crate::engine::certify::Bound;
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::assign::distance;
use crate::engine::reference::seed::{gather, lowest_unused};
use crate::engine::rows::RowsByWeight;
use crate::engine::{Job, Seeding, Watch, certify};
use crate::lattice::Table;
pub(super) use nearest_seed::pick_row;
use nearest_seed::{Near, columns};
use wide::{Distances, Wide};

/// Data for seeding, computed once per job.
#[derive(Debug)]
pub(super) struct Seeder<'a> {
    table: &'a Table,
    kernel: Kernel,
    norms: Option<small::Norms>, // of small integers
    rows: RowsByWeight<'a>,
    proves: bool, // but in tests
}

impl<'a> Seeder<'a> {
    pub(super) fn new(guesser: &Guesser<'a>, bound: Bound) -> Self {
        let Guesser { table, kernel, tiles, .. } = guesser;
        // differences of coordinates reach twice the largest coordinate
        let exact = certify::scores_are_exact(table.n_dims(), table.max_coordinate * 2, table.granularity);
        let rows = RowsByWeight::new(table);
        let exact = exact && !table.lattice.mixed();
        let in_bytes = guesser.exact_bytes().is_some();
        let norms = exact.then(|| small::Norms::new(table, tiles.width(), in_bytes));
        Self { table, kernel: *kernel, norms, rows, proves: bound.proves_candidates() }
    }

    /// The first centroids of a restart, (n_clusters, n_dims). `None` if the watch ends it.
    pub(super) fn seed(
        &self,
        job: &Job<'_>,
        guesser: &Guesser<'_>,
        restart: u64,
        shared: bool,
        watch: &Watch<'_>,
    ) -> Option<Vec<i32>> {
        let mut draws = Draws::new(job.seed, restart);
        let rows = match &job.seeding {
            Seeding::Given(centroids) => return Some(centroids.clone()),
            Seeding::Random => self.rows.random(job.n_clusters, &mut draws),
            Seeding::KMeansPlusPlus => self.plus_plus_rows(job, guesser, draws, (shared, watch))?,
        };
        Some(gather(self.table, &rows))
    }

    fn plus_plus_rows(
        &self,
        job: &Job<'_>,
        guesser: &Guesser<'_>,
        mut draws: Draws,
        (shared, watch): (bool, &Watch<'_>),
    ) -> Option<Vec<usize>> {
        let first = self.rows.draw(&mut draws);
        let (table, kernel, tiles) = (self.table, self.kernel, &guesser.tiles);
        let lattice = &table.lattice;
        let gamma = certify::gamma(table.n_dims(), certify::UNIT_CPU);
        if let Some(norms) = &self.norms {
            let near = small::Small::new(guesser, norms, candidates(job.n_clusters), first);
            self.plus_plus(job, &mut draws, first, watch, near)
        } else if table.distances_fit_64_bits() {
            // no draw and no comparison depends on a common factor
            let unit = 2 * table.granularity;
            let exact = |x: &[i32], c: &[i32]| (kernel.distance(x, c) >> unit) as u64;
            let of = Distances { table, tiles, kernel, exact, unit, gamma };
            self.plus_plus(job, &mut draws, first, watch, Wide::new(of, first, shared, self.proves))
        } else if !lattice.mixed() {
            let exact = |x: &[i32], c: &[i32]| kernel.distance(x, c);
            let of = Distances { table, tiles, kernel, exact, unit: 0, gamma };
            self.plus_plus(job, &mut draws, first, watch, Wide::new(of, first, shared, self.proves))
        } else {
            let max_shift = lattice.max_shift();
            let exact =
                |x: &[i32], c: &[i32]| distance(x.iter().map(|&q| q.into()), c, &lattice.shift, max_shift);
            let of = Distances { table, tiles, kernel, exact, unit: 0, gamma };
            self.plus_plus(job, &mut draws, first, watch, Wide::new(of, first, shared, self.proves))
        }
    }

    fn plus_plus(
        &self,
        job: &Job<'_>,
        draws: &mut Draws,
        first: usize,
        watch: &Watch<'_>,
        mut near: impl Near,
    ) -> Option<Vec<usize>> {
        let n_candidates = candidates(job.n_clusters);
        let mut columns = columns(self.table, self.kernel, n_candidates);
        let mut seeds = vec![first];
        while seeds.len() < job.n_clusters {
            if watch.ends() {
                return None;
            }
            let total = near.total();
            if total == 0 {
                seeds.push(lowest_unused(self.table, &seeds));
                continue;
            }
            let rows: Vec<usize> = (0..n_candidates).map(|_| near.pick(draws.below(total))).collect();
            columns.fill(self.table, self.kernel.squaring(), &gather(self.table, &rows));
            let best = near.best(&rows, &columns);
            near.choose(best);
            seeds.push(rows[best]);
        }
        Some(seeds)
    }
}
