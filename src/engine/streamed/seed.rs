//! Seeding (docs/DEFINITION.md, sections 3.7 and 3.8), in passes over the file: one for each seed.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::distances::Distances;
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::seed::lowest_unused;
use crate::engine::rows::RowsByWeight;
use crate::engine::{EngineError, Job, Seeding, Watch};
use crate::lattice::Table;
use crate::packed::PackedTable;

/// Values per parallel task.
const TASK: usize = 32_768;

/// The first centroids of a restart (n_clusters, n_dims); `None` if the watch ends the run. `nearest` is room for a number of
/// each row. (n_points)
pub(super) fn seed(
    job: &Job<'_>,
    table: &PackedTable,
    restart: u64,
    nearest: &mut [u32],
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let mut draws = Draws::new(job.seed, restart);
    match &job.seeding {
        Seeding::Given(centroids) => Ok(Some(centroids.clone())),
        Seeding::KMeansPlusPlus => kmeans_plus_plus(table, job.n_clusters, &mut draws, nearest, watch),
        Seeding::Random => random(table, job.n_clusters, &mut draws, watch),
    }
}

/// Seeds, and how near they are to the rows.
struct Seeds<'a> {
    table: &'a PackedTable,
    points: Vec<i32>,       // (n_seeds, n_dims)
    nearest: &'a mut [u32], // the nearest of all seeds but the last one, which a pass looks at. (n_points)
    totals: Vec<u128>,      // weighted squared distances to the nearest of all seeds, summed. (n_chunks)
}

fn kmeans_plus_plus(
    table: &PackedTable,
    n_clusters: usize,
    draws: &mut Draws,
    nearest: &mut [u32],
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let head = table.head();
    let first = RowsByWeight::new(head).draw(draws);
    let (mut rows, points) = (vec![first], table.row(first)?);
    if n_clusters == 1 {
        return Ok(Some(points));
    }
    nearest.fill(0);
    let mut seeds = Seeds { table, points, nearest, totals: Vec::new() };
    let Some(mut potentials) = seeds.potentials(&[], watch)? else { return Ok(None) };
    seeds.totals = potentials.swap_remove(0);
    while rows.len() < n_clusters {
        let total = seeds.totals.iter().sum();
        if total == 0 {
            let row = lowest_unused(head, &rows);
            rows.push(row);
            seeds.points.extend(table.row(row)?);
            continue;
        }
        let drawn: Vec<u128> = (0..candidates(n_clusters)).map(|_| draws.below(total)).collect();
        let drawn = seeds.find(&drawn)?;
        let points: Vec<&[i32]> = drawn.iter().map(|(_, point)| &point[..]).collect();
        let Some(mut potentials) = seeds.potentials(&points, watch)? else { return Ok(None) };
        let after = |&candidate: &usize| potentials[candidate].iter().sum::<u128>();
        // min_by_key keeps the first of equals
        let best = (0..drawn.len()).min_by_key(after).unwrap_or(0);
        seeds.totals = potentials.swap_remove(best);
        rows.push(drawn[best].0);
        seeds.points.extend_from_slice(&drawn[best].1);
    }
    Ok(Some(seeds.points))
}

impl Seeds<'_> {
    /// The potentials of each chunk with each candidate as a seed (n_candidates, n_chunks), or of the seeds alone if there is
    /// no candidate. Afterwards `nearest` counts the last seed too. `None` if the watch ends the run.
    fn potentials(
        &mut self,
        candidates: &[&[i32]],
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<Vec<u128>>>, EngineError> {
        let head = self.table.head();
        let d = head.n_dims();
        let seeds = Near::new(head, &self.points, candidates);
        let mut all = vec![Vec::new(); candidates.len().max(1)];
        let (mut ended, nearest) = (false, &mut *self.nearest);
        self.table.visit::<EngineError>(&mut |first, chunk| {
            ended = watch.ends();
            if ended {
                return Ok(ControlFlow::Break(()));
            }
            let rows = (TASK / d).max(1);
            let nearest = &mut nearest[first..][..chunk.n_points()];
            let parts = chunk.points.par_chunks(rows * d).zip(nearest.par_chunks_mut(rows)).enumerate();
            let parts: Vec<Vec<u128>> = parts
                .map(|(part, (points, nearest))| {
                    seeds.potentials_of(points, nearest, |i| chunk.weights.get(part * rows + i))
                })
                .collect();
            for (candidate, all) in all.iter_mut().enumerate() {
                all.push(parts.iter().map(|part| part[candidate]).sum());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((!ended).then_some(all))
    }

    /// The first rows whose running totals exceed these numbers, and their coordinates.
    fn find(&self, numbers: &[u128]) -> Result<Vec<(usize, Vec<i32>)>, EngineError> {
        let head = self.table.head();
        let near = Near::new(head, &self.points, &[]);
        let mut found: Vec<Option<(usize, Vec<i32>)>> = vec![None; numbers.len()];
        let mut before = 0;
        for (chunk, &total) in self.totals.iter().enumerate() {
            let here = |number: &u128| (before..before + total).contains(number);
            if numbers.iter().any(here) {
                let (first, table) = (self.table.chunk_rows(chunk).start, self.table.chunk(chunk)?);
                let share = |i: usize| {
                    let weight = u128::from(table.weights.get(i));
                    weight * near.least(table.point(i), self.nearest[first + i]).1
                };
                let mut shares: Vec<u128> = (0..table.n_points()).into_par_iter().map(share).collect();
                let mut running = before;
                for share in &mut shares {
                    running += *share;
                    *share = running;
                }
                for (number, found) in numbers.iter().zip(&mut found).filter(|(number, _)| here(number)) {
                    let i = shares.partition_point(|running| running <= number);
                    *found = Some((first + i, table.point(i).to_vec()));
                }
            }
            before += total;
        }
        // every number is below the sum of the totals
        Ok(found.into_iter().flatten().collect())
    }
}

/// Distances of rows to the nearest seed.
///
/// By the triangle inequality a seed or candidate c is no nearer to a row than the seed s at distance D if the squared distance
/// of s and c is at least 4 D: then its distance need not be computed. All are integers, so nothing is rounded.
struct Near<'a> {
    distances: Distances<'a>,
    points: &'a [i32],           // of the seeds (n_seeds, n_dims)
    last: u32,                   // index of the last seed
    candidates: &'a [&'a [i32]], // (n_candidates)
    apart: Vec<u128>, // of each seed and the last one, then each candidate. (n_seeds, 1 + n_candidates)
}

impl<'a> Near<'a> {
    fn new(table: &'a Table, points: &'a [i32], candidates: &'a [&'a [i32]]) -> Self {
        let (d, distances) = (table.n_dims(), Distances::on(&table.lattice));
        let n_seeds = points.len() / d;
        let last = &points[(n_seeds - 1) * d..];
        let apart = points
            .par_chunks_exact(d)
            .flat_map_iter(|seed| {
                [last].into_iter().chain(candidates.iter().copied()).map(|to| distances.of(seed, to))
            })
            .collect();
        Self { distances, points, last: n_seeds as u32 - 1, candidates, apart }
    }

    /// The nearest seed of a row, and the squared distance to it, from the nearest of all but the last.
    fn least(&self, point: &[i32], nearest: u32) -> (u32, u128) {
        let d = point.len();
        let own = self.distances.of(point, &self.points[nearest as usize * d..][..d]);
        if self.apart[nearest as usize * (1 + self.candidates.len())] >= 4 * own {
            return (nearest, own);
        }
        let last = self.distances.of(point, &self.points[self.last as usize * d..][..d]);
        if last < own { (self.last, last) } else { (nearest, own) }
    }

    /// Potentials of some rows with each candidate, or of the seeds alone; and their nearest seeds.
    fn potentials_of(&self, points: &[i32], nearest: &mut [u32], weight: impl Fn(usize) -> u32) -> Vec<u128> {
        let n_dims = self.distances.lattice.n_dims();
        let mut all = vec![0; self.candidates.len().max(1)];
        for (i, (point, nearest)) in points.chunks_exact(n_dims).zip(nearest).enumerate() {
            let weight = u128::from(weight(i));
            let (seed, own) = self.least(point, *nearest);
            *nearest = seed;
            if self.candidates.is_empty() {
                all[0] += weight * own;
                continue;
            }
            let apart = &self.apart[seed as usize * (1 + self.candidates.len()) + 1..];
            for ((candidate, all), &apart) in self.candidates.iter().zip(&mut all).zip(apart) {
                let near = if apart >= 4 * own { own } else { own.min(self.distances.of(point, candidate)) };
                *all += weight * near;
            }
        }
        all
    }
}

/// As `random` of the reference.
fn random(
    table: &PackedTable,
    n_clusters: usize,
    draws: &mut Draws,
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let head = table.head();
    let by_weight = RowsByWeight::new(head);
    let mut left = 100 * n_clusters + 1000;
    let (mut rows, mut points, mut taken, mut drawn) =
        (Vec::new(), Vec::new(), HashSet::new(), HashSet::new());
    while rows.len() < n_clusters && left > 0 {
        left -= 1;
        let row = by_weight.draw(draws);
        if watch.ends() {
            return Ok(None);
        }
        if !drawn.insert(row) {
            continue; // its coordinates are taken
        }
        let point = table.row(row)?;
        if !taken.contains(&point) {
            rows.push(row);
            points.extend_from_slice(&point);
            taken.insert(point);
        }
    }
    if rows.len() < n_clusters {
        // few rows of new coordinates are left, if any: take them in order
        table.visit::<EngineError>(&mut |first, chunk| {
            for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
                if rows.len() < n_clusters && !taken.contains(chunk.point(i)) {
                    rows.push(first + i);
                    points.extend_from_slice(chunk.point(i));
                    taken.insert(chunk.point(i).to_vec());
                }
            }
            Ok(if rows.len() < n_clusters { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    while rows.len() < n_clusters {
        let row = lowest_unused(head, &rows);
        rows.push(row);
        points.extend(table.row(row)?);
    }
    Ok(Some(points))
}
