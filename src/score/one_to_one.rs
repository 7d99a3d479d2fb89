//! The best naming that gives each truth to at most one cluster.

use std::collections::HashMap;

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

use super::{Cell, Contingency};

/// Most steps for a part of the table: some ten seconds.
const MOST_STEPS: u128 = 1 << 33;

/// The truth that each cluster stands for when no two may stand for the same: the naming with most points
/// right. `None` in it for a cluster that no truth is left for, or none that it has a point of.
/// `(n_clusters)`.
///
/// The assignment problem, by the method of Kuhn ("The Hungarian method for the assignment problem", Naval
/// Research Logistics Quarterly 2 (1955), 83-97) and Munkres, on each connected part of the table apart,
/// in integers. The sum of points is the same as of `scipy.optimize.linear_sum_assignment`; of several namings
/// that reach it, it is always the same one.
///
/// `None` where a part of the table is too large: rows squared, times columns, above 2^33.
pub fn one_to_one_names(table: &Contingency) -> Option<Vec<Option<u32>>> {
    let mut names = vec![None; table.cluster_sizes().len()];
    for part in parts(table) {
        for (cluster, truth) in assign(&part)? {
            names[cluster as usize] = Some(truth);
        }
    }
    Some(names)
}

/// The cells of each connected part: clusters and truths that no cell links don't compete.
fn parts(table: &Contingency) -> Vec<Vec<Cell>> {
    let n_clusters = table.cluster_sizes().len();
    let mut sets: Vec<usize> = (0..n_clusters + table.truth_sizes().len()).collect();
    for cell in table.cells() {
        let cluster = root(&mut sets, cell.cluster as usize);
        let truth = root(&mut sets, n_clusters + cell.truth as usize);
        sets[truth.max(cluster)] = truth.min(cluster);
    }
    let mut numbers = HashMap::new();
    let mut parts: Vec<Vec<Cell>> = Vec::new();
    for &cell in table.cells() {
        let number = *numbers.entry(root(&mut sets, cell.cluster as usize)).or_insert(parts.len());
        if number == parts.len() {
            parts.push(Vec::new());
        }
        parts[number].push(cell);
    }
    parts
}

/// The least member of the set, with the way to it halved.
fn root(sets: &mut [usize], mut member: usize) -> usize {
    while sets[member] != member {
        sets[member] = sets[sets[member]];
        member = sets[member];
    }
    member
}

/// The pairs (cluster, truth) of the best naming of one part.
fn assign(part: &[Cell]) -> Option<Vec<(u32, u32)>> {
    let clusters = Indices::new(part.iter().map(|cell| cell.cluster));
    let truths = Indices::new(part.iter().map(|cell| cell.truth));
    let by_cluster = clusters.len() <= truths.len();
    let entries = part.iter().map(|cell| {
        let (cluster, truth) = (clusters.at[&cell.cluster], truths.at[&cell.truth]);
        let (row, column) = if by_cluster { (cluster, truth) } else { (truth, cluster) };
        (row, column, cell.count)
    });
    let pairs = assign_rows(entries.collect(), clusters.len().min(truths.len()))?;
    let pair = |(row, column): (usize, usize)| match by_cluster {
        true => (clusters.values[row], truths.values[column]),
        false => (clusters.values[column], truths.values[row]),
    };
    Some(pairs.into_iter().map(pair).collect())
}

/// The column of each row, for the largest sum of counts; rows that would get a count of 0 are left out.
fn assign_rows(entries: Vec<(usize, usize, u64)>, n_rows: usize) -> Option<Vec<(usize, usize)>> {
    let entries = heaviest(entries, n_rows);
    let columns = Indices::new(entries.iter().map(|&(_, column, _)| column as u32));
    let n_columns = columns.len().max(n_rows); // more of zeros, where there are fewer columns than rows
    if (n_rows as u128).pow(2) * n_columns as u128 > MOST_STEPS {
        return None;
    }
    let mut counts = Matrix::new(n_rows, n_columns, 0i64);
    for (row, column, count) in entries {
        counts[(row, columns.at[&(column as u32)])] = count as i64; // at most 2^32
    }
    let (_, chosen) = kuhn_munkres(&counts);
    let held = chosen.into_iter().enumerate().filter(|&(row, column)| counts[(row, column)] > 0);
    Some(held.map(|(row, column)| (row, columns.values[column] as usize)).collect())
}

/// The `n_rows` largest entries of each row: the other rows can't take all of them away.
fn heaviest(mut entries: Vec<(usize, usize, u64)>, n_rows: usize) -> Vec<(usize, usize, u64)> {
    entries.sort_unstable_by_key(|&(row, column, count)| (row, std::cmp::Reverse(count), column));
    entries.chunk_by(|a, b| a.0 == b.0).flat_map(|row| &row[..row.len().min(n_rows)]).copied().collect()
}

/// Distinct values, numbered in rising order.
struct Indices {
    values: Vec<u32>,
    at: HashMap<u32, usize>,
}

impl Indices {
    fn new(values: impl Iterator<Item = u32>) -> Self {
        let mut values: Vec<u32> = values.collect();
        values.sort_unstable();
        values.dedup();
        let at = values.iter().enumerate().map(|(at, &value)| (value, at)).collect();
        Self { values, at }
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}
