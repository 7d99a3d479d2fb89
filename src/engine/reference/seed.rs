//! Seeding: the first centroids (docs/DEFINITION.md, sections 3.7 and 3.8).

use super::assign::row_distance;
use crate::engine::draws::{Draws, candidates};
use crate::engine::{Job, Seeding};
use crate::lattice::Table;

/// The first centroids of a restart. (n_clusters, n_dims)
#[must_use]
pub fn seed(job: &Job<'_>, restart: u64) -> Vec<i32> {
    let mut draws = Draws::new(job.seed, restart);
    let rows = match &job.seeding {
        Seeding::Given(centroids) => return centroids.clone(),
        Seeding::KMeansPlusPlus => kmeans_plus_plus(job.table, job.n_clusters, &mut draws),
        Seeding::Random => random(job.table, job.n_clusters, &mut draws),
    };
    gather(job.table, &rows)
}

/// Coordinates of these rows. (n_rows, n_dims)
#[must_use]
pub fn gather(table: &Table, rows: &[usize]) -> Vec<i32> {
    rows.iter().flat_map(|&i| table.point(i)).copied().collect()
}

/// Greedy k-means++ (Arthur and Vassilvitskii 2007): of a few candidates drawn in proportion to w D, the one with the
/// least potential becomes a seed. Returns rows.
fn kmeans_plus_plus(table: &Table, n_clusters: usize, draws: &mut Draws) -> Vec<usize> {
    let n = table.n_points();
    let first = pick(draws.below(table.weights.total().into()), (0..n).map(|i| table.weights.get(i).into()));
    let mut seeds = vec![first];
    let mut near = vec![u128::MAX; n]; // distance to the nearest seed
    lower(table, &mut near, first);
    while seeds.len() < n_clusters {
        let total = potential(table, &near);
        let seed = if total == 0 {
            lowest_unused(table, &seeds)
        } else {
            let rows: Vec<usize> = (0..candidates(n_clusters))
                .map(|_| pick(draws.below(total), (0..n).map(|i| u128::from(table.weights.get(i)) * near[i])))
                .collect();
            // min_by_key keeps the first of equals
            let after = |&row: &usize| potential(table, &lowered(table, &near, row));
            rows.into_iter().min_by_key(after).unwrap_or(0)
        };
        lower(table, &mut near, seed);
        seeds.push(seed);
    }
    seeds
}

/// The first row whose running total exceeds `t`.
pub(super) fn pick(t: u128, shares: impl Iterator<Item = u128>) -> usize {
    let mut total = 0;
    let mut last = 0;
    for (i, share) in shares.enumerate() {
        total += share;
        last = i;
        if total > t {
            break;
        }
    }
    last
}

fn potential(table: &Table, near: &[u128]) -> u128 {
    near.iter().enumerate().map(|(i, d)| u128::from(table.weights.get(i)) * d).sum()
}

fn lower(table: &Table, near: &mut [u128], seed: usize) {
    let c = table.point(seed);
    for (i, near) in near.iter_mut().enumerate() {
        *near = (*near).min(row_distance(table, i, c));
    }
}

fn lowered(table: &Table, near: &[u128], seed: usize) -> Vec<u128> {
    let mut near = near.to_vec();
    lower(table, &mut near, seed);
    near
}

/// The lowest row that is not a seed yet. A row of weight w counts as w rows, each of which may become a seed.
///
/// It exists: n_clusters is at most the number of rows of positive weight.
#[must_use]
pub fn lowest_unused(table: &Table, seeds: &[usize]) -> usize {
    let mut used = vec![0; table.n_points()];
    seeds.iter().for_each(|&seed| used[seed] += 1);
    (0..table.n_points()).find(|&i| used[i] < table.weights.get(i)).unwrap_or(0)
}

/// Rows drawn in proportion to their weights, with distinct coordinates as far as there are any.
fn random(table: &Table, n_clusters: usize, draws: &mut Draws) -> Vec<usize> {
    let n = table.n_points();
    let total = u128::from(table.weights.total());
    let mut left = 100 * n_clusters + 1000;
    let mut seeds: Vec<usize> = Vec::new();
    while seeds.len() < n_clusters {
        let is_new = |i: usize| seeds.iter().all(|&seed| table.point(seed) != table.point(i));
        let mut found = None;
        while found.is_none() && left > 0 {
            left -= 1;
            let row = pick(draws.below(total), (0..n).map(|i| table.weights.get(i).into()));
            found = Some(row).filter(|&row| is_new(row));
        }
        let lowest_new = || (0..n).find(|&i| table.weights.get(i) > 0 && is_new(i));
        seeds.push(found.or_else(lowest_new).unwrap_or_else(|| lowest_unused(table, &seeds)));
    }
    seeds
}
