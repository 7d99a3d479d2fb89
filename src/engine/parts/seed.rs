//! Seeding (docs/DEFINITION.md, sections 3.7 and 3.8), in passes over all rows: one for each seed.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::distances::Distances;
use super::rows::{RowParts, bytes_of, values_of};
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::seed::lowest_unused;
use crate::engine::rows::RowsByWeight;
use crate::engine::{EngineError, Job, Seeding, Watch};
use crate::lattice::Table;

/// Values per parallel task.
const TASK: usize = 32_768;

/// The first centroids of a restart (n_clusters, n_dims); `None` if the watch ends the run. `nearest` is room for a number of
/// each row. (n_points)
pub(super) fn seed(
    job: &Job<'_>,
    rows: &RowParts<'_>,
    restart: u64,
    nearest: &mut [u32],
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let mut draws = Draws::new(job.seed, restart);
    match &job.seeding {
        Seeding::Given(centroids) => Ok(Some(centroids.clone())),
        Seeding::KMeansPlusPlus => kmeans_plus_plus(rows, job.n_clusters, &mut draws, nearest, watch),
        Seeding::Random => random(rows, job.n_clusters, &mut draws, watch),
    }
}

/// A row by its index in the table, with its coordinates. (n_dims)
type Row = (usize, Vec<i32>);

/// Seeds, and how near they are to the rows.
struct Seeds<'a> {
    rows: &'a RowParts<'a>,
    points: Vec<i32>,       // (n_seeds, n_dims)
    nearest: &'a mut [u32], // the nearest of all seeds but the last one, which a pass looks at. (n_points)
    shares: Shares,
}

/// Potentials: weighted squared distances to the nearest of all seeds, summed.
#[derive(Clone, Default)]
struct Shares {
    of_chunks: Vec<u128>, // of this process. (n_chunks)
    of_ranks: Vec<u128>,  // (n_ranks)
}

impl Shares {
    fn total(&self) -> u128 {
        self.of_ranks.iter().sum()
    }
}

fn kmeans_plus_plus(
    rows: &RowParts<'_>,
    n_clusters: usize,
    draws: &mut Draws,
    nearest: &mut [u32],
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let head = rows.head();
    let first = RowsByWeight::new(head).draw(draws);
    let Some(points) = rows.row(first, watch)? else { return Ok(None) };
    let mut chosen = vec![first];
    if n_clusters == 1 {
        return Ok(Some(points));
    }
    nearest.fill(0);
    let mut seeds = Seeds { rows, points, nearest, shares: Shares::default() };
    let Some(mut potentials) = seeds.potentials(&[], watch)? else { return Ok(None) };
    seeds.shares = potentials.swap_remove(0);
    while chosen.len() < n_clusters {
        let total = seeds.shares.total();
        if total == 0 {
            let row = lowest_unused(head, &chosen);
            let Some(point) = rows.row(row, watch)? else { return Ok(None) };
            chosen.push(row);
            seeds.points.extend(point);
            continue;
        }
        let drawn: Vec<u128> = (0..candidates(n_clusters)).map(|_| draws.below(total)).collect();
        let Some(drawn) = seeds.find(&drawn, watch)? else { return Ok(None) };
        let points: Vec<&[i32]> = drawn.iter().map(|(_, point)| &point[..]).collect();
        let Some(mut potentials) = seeds.potentials(&points, watch)? else { return Ok(None) };
        let after = |&candidate: &usize| potentials[candidate].total();
        // min_by_key keeps the first of equals
        let best = (0..drawn.len()).min_by_key(after).unwrap_or(0);
        seeds.shares = potentials.swap_remove(best);
        chosen.push(drawn[best].0);
        seeds.points.extend_from_slice(&drawn[best].1);
    }
    Ok(Some(seeds.points))
}

impl Seeds<'_> {
    /// The potentials with each candidate as a seed (n_candidates), or of the seeds alone if there is no candidate. Afterwards
    /// `nearest` counts the last seed too. `None` if the watch ends the run.
    fn potentials(
        &mut self,
        candidates: &[&[i32]],
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<Shares>>, EngineError> {
        let head = self.rows.head();
        let d = head.n_dims();
        let seeds = Near::new(head, &self.points, candidates);
        let mut all = vec![Shares::default(); candidates.len().max(1)];
        let nearest = &mut *self.nearest;
        let visited = self.rows.visit(watch, &mut |first, chunk| {
            let rows = (TASK / d).max(1);
            let nearest = &mut nearest[first..][..chunk.n_points()];
            let parts = chunk.points.par_chunks(rows * d).zip(nearest.par_chunks_mut(rows)).enumerate();
            let parts: Vec<Vec<u128>> = parts
                .map(|(part, (points, nearest))| {
                    seeds.potentials_of(points, nearest, |i| chunk.weights.get(part * rows + i))
                })
                .collect();
            for (candidate, all) in all.iter_mut().enumerate() {
                all.of_chunks.push(parts.iter().map(|part| part[candidate]).sum());
            }
            Ok(ControlFlow::Continue(()))
        });
        let sum = |all: &Shares| all.of_chunks.iter().sum::<u128>().to_le_bytes();
        let own = visited.map(|whole| whole.then(|| all.iter().flat_map(sum).collect()));
        let Some(ranks) = self.rows.gather(own)? else { return Ok(None) };
        for bytes in &ranks {
            for (all, &sum) in all.iter_mut().zip(bytes.as_chunks().0) {
                all.of_ranks.push(u128::from_le_bytes(sum));
            }
        }
        Ok(Some(all))
    }

    /// The first rows whose running totals exceed these numbers, and their coordinates. `None` if the watch ends the run.
    fn find(&self, numbers: &[u128], watch: &Watch<'_>) -> Result<Option<Vec<Row>>, EngineError> {
        let own = if watch.ends() { Ok(None) } else { self.find_own(numbers).map(Some) };
        let Some(ranks) = self.rows.gather(own)? else { return Ok(None) };
        let mut found: Vec<Option<Row>> = vec![None; numbers.len()];
        for one in ranks.iter().flat_map(|bytes| bytes.chunks_exact(16 + self.rows.head().n_dims() * 4)) {
            let (words, point) = one.split_at(16);
            if let [at, row] =
                words.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect::<Vec<u64>>()[..]
            {
                found[at as usize] = Some((row as usize, values_of(point).collect()));
            }
        }
        // every number is below the sum of the totals
        Ok(Some(found.into_iter().flatten().collect()))
    }

    /// Those of this process's rows: of each the index of the number u64, the row u64 and its coordinates i32.
    fn find_own(&self, numbers: &[u128]) -> Result<Vec<u8>, EngineError> {
        let near = Near::new(self.rows.head(), &self.points, &[]);
        let mut found = Vec::new();
        let mut before: u128 = self.shares.of_ranks[..self.rows.comm().rank()].iter().sum();
        for (chunk, &total) in self.shares.of_chunks.iter().enumerate() {
            let here = |number: &u128| (before..before + total).contains(number);
            if numbers.iter().any(here) {
                let (first, table) = self.rows.chunk(chunk)?;
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
                for (at, number) in numbers.iter().enumerate().filter(|(_, number)| here(number)) {
                    let i = shares.partition_point(|running| running <= number);
                    found.extend((at as u64).to_le_bytes());
                    found.extend(((first + i) as u64).to_le_bytes());
                    found.extend(bytes_of(table.point(i)));
                }
            }
            before += total;
        }
        Ok(found)
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
    rows: &RowParts<'_>,
    n_clusters: usize,
    draws: &mut Draws,
    watch: &Watch<'_>,
) -> Result<Option<Vec<i32>>, EngineError> {
    let head = rows.head();
    let by_weight = RowsByWeight::new(head);
    let mut left = 100 * n_clusters + 1000;
    let (mut chosen, mut points, mut taken, mut drawn) =
        (Vec::new(), Vec::new(), HashSet::new(), HashSet::new());
    while chosen.len() < n_clusters && left > 0 {
        left -= 1;
        let row = by_weight.draw(draws);
        if !drawn.insert(row) {
            continue; // its coordinates are taken
        }
        let Some(point) = rows.row(row, watch)? else { return Ok(None) };
        if !taken.contains(&point) {
            chosen.push(row);
            points.extend_from_slice(&point);
            taken.insert(point);
        }
    }
    if chosen.len() < n_clusters {
        // few rows of new coordinates are left, if any: take them in order
        let Some(new) = first_new(rows, n_clusters - chosen.len(), &taken, watch)? else { return Ok(None) };
        for (row, point) in new {
            if chosen.len() < n_clusters && taken.insert(point.clone()) {
                chosen.push(row);
                points.extend(point);
            }
        }
    }
    while chosen.len() < n_clusters {
        let row = lowest_unused(head, &chosen);
        let Some(point) = rows.row(row, watch)? else { return Ok(None) };
        chosen.push(row);
        points.extend(point);
    }
    Ok(Some(points))
}

/// Rows of positive weight whose coordinates are not taken, in order: of each rank the first ones, with distinct coordinates, at
/// most `most`. `None` if the watch ends the run.
fn first_new(
    rows: &RowParts<'_>,
    most: usize,
    taken: &HashSet<Vec<i32>>,
    watch: &Watch<'_>,
) -> Result<Option<Vec<Row>>, EngineError> {
    let (mut found, mut here, d) = (Vec::new(), HashSet::new(), rows.head().n_dims());
    let all = rows.visit(watch, &mut |first, chunk| {
        for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
            let point = chunk.point(i);
            if here.len() < most && !taken.contains(point) && here.insert(point.to_vec()) {
                found.extend(((first + i) as u64).to_le_bytes());
                found.extend(bytes_of(point));
            }
        }
        Ok(if here.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    });
    let Some(ranks) = rows.gather(all.map(|all| all.then_some(found)))? else { return Ok(None) };
    let one = |bytes: &[u8]| {
        let (row, point) = bytes.split_at(8);
        (u64::from_le_bytes(row.try_into().unwrap_or_default()) as usize, values_of(point).collect())
    };
    Ok(Some(ranks.iter().flat_map(|bytes| bytes.chunks_exact(8 + d * 4)).map(one).collect()))
}
