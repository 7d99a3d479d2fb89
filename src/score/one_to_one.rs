//! The best names of clusters with each truth used at most once.

use std::collections::HashMap;

use ndarray::Array2;

use super::{Cell, Contingency};

/// Most steps for a component of the table: about ten seconds.
const MOST_STEPS: u128 = 1 << 33;

/// Names each cluster by a truth, no truth twice, so that the most points are right. A cluster is `None` if no truth
/// of its points is left for it. (n_clusters)
///
/// This is the assignment problem, solved in integers by the Hungarian method of Kuhn ("The Hungarian method for the
/// assignment problem", Naval Research Logistics Quarterly 2 (1955), 83-97) and Munkres, for each connected component
/// of the table. The number of points that are right equals that of `scipy.optimize.linear_sum_assignment`. Of
/// several optimal solutions it always returns the same one.
///
/// Returns `None` if a component is too large: rows squared times columns above 2^33.
pub fn one_to_one_names(table: &Contingency) -> Option<Vec<Option<u32>>> {
    let mut names = vec![None; table.cluster_sizes().len()];
    for part in parts(table) {
        for (cluster, truth) in assign(&part)? {
            names[cluster as usize] = Some(truth);
        }
    }
    Some(names)
}

/// The cells of each connected component. Clusters and truths of different components don't compete.
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

/// The root of a set, with path halving (Tarjan and van Leeuwen 1984).
fn root(sets: &mut [usize], mut member: usize) -> usize {
    while sets[member] != member {
        sets[member] = sets[sets[member]];
        member = sets[member];
    }
    member
}

/// The optimal pairs (cluster, truth) of one component.
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

/// The optimal (row, column) pairs. Pairs with a count of 0 are left out.
fn assign_rows(entries: Vec<(usize, usize, u64)>, n_rows: usize) -> Option<Vec<(usize, usize)>> {
    let entries = heaviest(entries, n_rows);
    let columns = Indices::new(entries.iter().map(|&(_, column, _)| column as u32));
    let n_columns = columns.len().max(n_rows); // padded with columns of zeros if there are fewer than rows
    if (n_rows as u128).pow(2) * n_columns as u128 > MOST_STEPS {
        return None;
    }
    let mut counts = Array2::zeros((n_rows, n_columns));
    for (row, column, count) in entries {
        counts[[row, columns.at[&(column as u32)]]] = count as i64; // at most 2^32
    }
    let chosen = largest_sum(&counts);
    let held = chosen.into_iter().enumerate().filter(|&(row, column)| counts[[row, column]] > 0);
    Some(held.map(|(row, column)| (row, columns.values[column] as usize)).collect())
}

/// A distinct column for each row, with the largest sum of counts. `counts` is (n_rows, n_columns), with no more rows
/// than columns.
fn largest_sum(counts: &Array2<i64>) -> Vec<usize> {
    let (n_rows, n_columns) = counts.dim();
    let mut matching = Matching {
        counts,
        row_prices: vec![0; n_rows],
        column_prices: vec![0; n_columns],
        columns: vec![None; n_rows],
        rows: vec![None; n_columns],
    };
    (0..n_rows).for_each(|row| matching.add(row));
    matching.columns.into_iter().flatten().collect()
}

/// Rows matched with columns, and prices (dual variables) that prove the matching optimal: a row's price plus a
/// column's price is at least their count, with equality for matched pairs.
struct Matching<'a> {
    counts: &'a Array2<i64>,
    row_prices: Vec<i64>,
    column_prices: Vec<i64>,
    columns: Vec<Option<usize>>, // of each row
    rows: Vec<Option<usize>>,    // of each column
}

impl Matching<'_> {
    /// The sum of the prices of a row and a column, less their count.
    fn slack(&self, row: usize, column: usize) -> i64 {
        self.row_prices[row] + self.column_prices[column] - self.counts[[row, column]]
    }

    /// Matches another row. Grows an alternating tree from it by the column of least slack (ties: the first), until a
    /// column is free, then augments along the path to it.
    fn add(&mut self, root: usize) {
        let n_columns = self.rows.len();
        self.row_prices[root] = self.counts.row(root).iter().copied().max().unwrap_or(0);
        let mut slack: Vec<i64> = (0..n_columns).map(|column| self.slack(root, column)).collect();
        let mut nearest = vec![root; n_columns]; // the tree's row of least slack
        let mut reached = vec![false; n_columns];
        let mut tree = vec![root];
        loop {
            let open = (0..n_columns).filter(|&column| !reached[column]);
            let Some(column) = open.min_by_key(|&column| slack[column]) else { return };
            self.lower(slack[column], &tree, &reached, &mut slack);
            reached[column] = true;
            let Some(row) = self.rows[column] else {
                return self.move_on(column, &nearest);
            };
            tree.push(row);
            for column in (0..n_columns).filter(|&column| !reached[column]) {
                let other = self.slack(row, column);
                if other < slack[column] {
                    (slack[column], nearest[column]) = (other, row);
                }
            }
        }
    }

    /// Lowers the prices of the tree's rows and raises those of its columns.
    fn lower(&mut self, by: i64, tree: &[usize], reached: &[bool], slack: &mut [i64]) {
        tree.iter().for_each(|&row| self.row_prices[row] -= by);
        for (column, &reached) in reached.iter().enumerate() {
            if reached {
                self.column_prices[column] += by;
            } else {
                slack[column] -= by;
            }
        }
    }

    /// Augments: gives the free column to its nearest row, that row's column to the row before, and so on.
    fn move_on(&mut self, free: usize, nearest: &[usize]) {
        let mut given = Some(free);
        while let Some(column) = given {
            let row = nearest[column];
            self.rows[column] = Some(row);
            given = self.columns[row].replace(column);
        }
    }
}

/// The `n_rows` largest entries of each row suffice: the other rows can't use all of them.
fn heaviest(mut entries: Vec<(usize, usize, u64)>, n_rows: usize) -> Vec<(usize, usize, u64)> {
    entries.sort_unstable_by_key(|&(row, column, count)| (row, std::cmp::Reverse(count), column));
    entries.chunk_by(|a, b| a.0 == b.0).flat_map(|row| &row[..row.len().min(n_rows)]).copied().collect()
}

/// Distinct values, numbered in ascending order.
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

#[cfg(test)]
mod tests {
    use pathfinding::kuhn_munkres::kuhn_munkres;
    use pathfinding::matrix::Matrix;

    use super::*;
    use crate::engine::draws::Draws;

    /// Small counts, so that there are many ties, which both implementations break in the same way.
    #[test]
    fn the_same_columns_as_another_implementation() {
        let mut draws = Draws::new(1, 0);
        for case in 0..3000 {
            let n_rows = 1 + draws.below(9) as usize;
            let n_columns = n_rows + draws.below(5) as usize;
            let most = [2, 4, 1000][case % 3];
            let counts = Array2::from_shape_simple_fn((n_rows, n_columns), || draws.below(most) as i64);
            let theirs = Matrix::from_vec(n_rows, n_columns, counts.iter().copied().collect()).unwrap();
            let (sum, columns) = kuhn_munkres(&theirs);
            let found = largest_sum(&counts);
            assert_eq!(found, columns, "{counts}");
            assert_eq!(
                found.iter().enumerate().map(|(row, &column)| counts[[row, column]]).sum::<i64>(),
                sum
            );
        }
    }
}
