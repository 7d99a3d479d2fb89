//! Seed: the definition's draws, with as few distances in integers as the certificate allows.
//!
//! A step of greedy k-means++ asks of every candidate which points it is nearer to than any seed so far, and
//! by how much. [`narrow`] answers for tables of small integers, whose `f32` scores are exact; [`wide`] for
//! all others: scores prove most points "not nearer than before", and the others get exact distances.

mod narrow;
mod wide;

use super::columns::Columns;
use super::kernel::Kernel;
use super::tiles::Tiles;
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::assign::distance;
use crate::engine::reference::seed::{gather, lowest_unused};
use crate::engine::rows::RowsByWeight;
use crate::engine::{Job, Seeding, certify};
use crate::lattice::Table;

/// The distances of all points to their nearest seed, and what candidates would make of them.
trait Near {
    /// Sum of w D.
    fn total(&self) -> u128;
    /// The first row whose running total of w D exceeds `t`.
    fn pick(&self, t: u128) -> usize;
    /// The potential that each candidate would leave. `columns` hold the candidates `rows`.
    fn weigh(&mut self, rows: &[usize], columns: &Columns) -> Vec<u128>;
    /// Makes candidate `chosen` of the last [`Near::weigh`] a seed.
    fn choose(&mut self, chosen: usize);
}

/// What seeding needs of the points, made once.
#[derive(Debug)]
pub(super) struct Seeder<'a> {
    table: &'a Table,
    kernel: Kernel,
    norms: Option<Vec<f32>>, // small integers: squared norms, padded to tiles
    rows: RowsByWeight<'a>,
}

impl<'a> Seeder<'a> {
    pub(super) fn new(table: &'a Table, kernel: Kernel) -> Self {
        // distances reach twice the largest coordinate
        let exact = certify::scores_are_exact(table.n_dims(), table.max_coordinate * 2, table.granularity);
        let rows = RowsByWeight::new(table);
        let norms = (exact && !table.lattice.mixed()).then(|| {
            let mut norms = narrow::norms(table);
            norms.resize(table.n_points().next_multiple_of(kernel.tile()), 0.0);
            norms
        });
        Self { table, kernel, norms, rows }
    }

    /// The first centroids of a restart. (n_clusters, n_dims)
    pub(super) fn seed(&self, job: &Job<'_>, tiles: &Tiles<'_>, restart: u64, shared: bool) -> Vec<i32> {
        let mut draws = Draws::new(job.seed, restart);
        match &job.seeding {
            Seeding::Given(centroids) => centroids.clone(),
            Seeding::Random => gather(self.table, &self.rows.random(job.n_clusters, &mut draws)),
            Seeding::KMeansPlusPlus => self.plus_plus_rows(job, tiles, draws, shared),
        }
    }

    fn plus_plus_rows(&self, job: &Job<'_>, tiles: &Tiles<'_>, mut draws: Draws, shared: bool) -> Vec<i32> {
        let first = self.rows.draw(&mut draws);
        let (table, kernel) = (self.table, self.kernel);
        let lattice = &table.lattice;
        let rows = if let Some(norms) = &self.norms {
            self.plus_plus(job, &mut draws, first, narrow::Narrow::new(table, tiles, norms, kernel, first))
        } else if !lattice.mixed() {
            let near = wide::Wide::new(table, tiles, kernel, shared, first, |x, c| kernel.distance(x, c));
            self.plus_plus(job, &mut draws, first, near)
        } else {
            let max_shift = lattice.max_shift();
            let exact =
                |x: &[f32], c: &[i32]| distance(x.iter().map(|&q| q as i64), c, &lattice.shift, max_shift);
            self.plus_plus(
                job,
                &mut draws,
                first,
                wide::Wide::new(table, tiles, kernel, shared, first, exact),
            )
        };
        gather(table, &rows)
    }

    fn plus_plus(&self, job: &Job<'_>, draws: &mut Draws, first: usize, mut near: impl Near) -> Vec<usize> {
        let n_candidates = candidates(job.n_clusters);
        let mut columns = columns(self.table, self.kernel, n_candidates);
        let mut seeds = vec![first];
        while seeds.len() < job.n_clusters {
            let total = near.total();
            if total == 0 {
                seeds.push(lowest_unused(self.table, &seeds));
                continue;
            }
            let rows: Vec<usize> = (0..n_candidates).map(|_| near.pick(draws.below(total))).collect();
            columns.fill(self.table, &gather(self.table, &rows));
            let potentials = near.weigh(&rows, &columns);
            let best = (0..n_candidates).min_by_key(|&c| potentials[c]).unwrap_or(0); // the first of equals
            near.choose(best);
            seeds.push(rows[best]);
        }
        seeds
    }
}

/// Columns for as many candidates. Seeding always uses the sound bound.
fn columns(table: &Table, kernel: Kernel, n_candidates: usize) -> Columns {
    let gamma = certify::gamma(table.n_dims(), certify::UNIT_CPU);
    Columns::new(table, n_candidates, kernel.block(n_candidates), gamma)
}

/// The first place whose running total of `shares` exceeds `t`, and what of `t` is left before it.
fn pick_share(t: u128, shares: impl Iterator<Item = u128>) -> (usize, u128) {
    let mut before = 0;
    let mut last = (0, 0);
    for (at, share) in shares.enumerate() {
        last = (at, t - before);
        if before + share > t {
            break;
        }
        before += share;
    }
    last
}

/// The first row whose running total exceeds `t`: by tile, then by row.
fn pick_row(t: u128, width: usize, sums: &[u128], share: impl Fn(usize) -> u128, n: usize) -> usize {
    let (tile, rest) = pick_share(t, sums.iter().copied());
    let rows = tile * width..n.min((tile + 1) * width);
    tile * width + pick_share(rest, rows.map(share)).0
}
