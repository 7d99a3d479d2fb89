//! The contingency table, from which every measure against a truth is computed.

use thiserror::Error;

/// Why labelings can't be compared or points can't be measured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The labelings differ in length.
    #[error("{truth} truth values but {labels} labels: one of each is needed for every point")]
    Lengths {
        /// Length of the truth.
        truth: usize,
        /// Length of the labels.
        labels: usize,
    },
    /// The number of values does not fit the number of labels.
    #[error("{values} values of points for {labels} labels: {n_dims} of them are needed for each")]
    Values {
        /// Values given.
        values: usize,
        /// Values per point.
        n_dims: usize,
        /// Length of the labels.
        labels: usize,
    },
    /// A truth value that is not an index below `n_truth`.
    #[error("truth value {value} of point {point} is not below n_truth = {n_truth}")]
    Truth {
        /// The first such point, from 0.
        point: usize,
        /// Its truth value.
        value: u32,
        /// The number of truth values.
        n_truth: usize,
    },
    /// A label that is not an index below `n_clusters`.
    #[error("label {value} of point {point} is not below n_clusters = {n_clusters}")]
    Label {
        /// The first such point, from 0.
        point: usize,
        /// Its label.
        value: u32,
        /// The number of clusters.
        n_clusters: usize,
    },
    /// More than 2^32 points, truth values or clusters.
    #[error("{count} {what} are too many to score: at most 2^32 are counted")]
    TooMany {
        /// "points", "truth values" or "clusters".
        what: &'static str,
        /// Their number.
        count: usize,
    },
}

/// A non-zero entry of a [`Contingency`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The cluster, below `n_clusters`.
    pub cluster: u32,
    /// The truth, below `n_truth`.
    pub truth: u32,
    /// Number of points; at least 1.
    pub count: u64,
}

/// Number of points by cluster and truth. (n_clusters, n_truth)
///
/// The table is sparse, with at most one entry per point. So a truth with a distinct value for each point takes no
/// more memory than the labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contingency {
    cells: Vec<Cell>,        // in order of (cluster, truth)
    cluster_sizes: Vec<u64>, // (n_clusters)
    truth_sizes: Vec<u64>,   // (n_truth)
    n_points: u64,
}

/// Most points, so that products of two pair counts fit `i128`; see `rand_index`.
pub(super) const MOST: u64 = 1 << 32;

impl Contingency {
    /// Counts the points of every (cluster, truth). Clusters and truth values may have no points, and there may be no
    /// points at all. `truth` and `labels` are (n_points).
    ///
    /// # Errors
    ///
    /// [`ScoreError`]: lengths that differ, a value out of range, more than 2^32 points, truth values or clusters.
    pub fn new(truth: &[u32], n_truth: usize, labels: &[u32], n_clusters: usize) -> Result<Self, ScoreError> {
        check_sizes(truth, n_truth, labels, n_clusters)?;
        check_values(truth, n_truth, labels, n_clusters)?;
        Ok(Self::from_cells(count_pairs(truth, labels), n_clusters, n_truth))
    }

    /// From distinct cells in order of (cluster, truth), all inside the table.
    pub(super) fn from_cells(cells: Vec<Cell>, n_clusters: usize, n_truth: usize) -> Self {
        let mut cluster_sizes = vec![0; n_clusters];
        let mut truth_sizes = vec![0; n_truth];
        for cell in &cells {
            cluster_sizes[cell.cluster as usize] += cell.count;
            truth_sizes[cell.truth as usize] += cell.count;
        }
        Self { n_points: cells.iter().map(|cell| cell.count).sum(), cells, cluster_sizes, truth_sizes }
    }

    /// The non-zero entries, in order of (cluster, truth).
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Number of points of this cluster and truth; 0 outside the table.
    pub fn count(&self, cluster: u32, truth: u32) -> u64 {
        self.cells
            .binary_search_by_key(&(cluster, truth), |cell| (cell.cluster, cell.truth))
            .map_or(0, |at| self.cells[at].count)
    }

    /// Number of points of each cluster. (n_clusters)
    pub fn cluster_sizes(&self) -> &[u64] {
        &self.cluster_sizes
    }

    /// Number of points of each truth. (n_truth)
    pub fn truth_sizes(&self) -> &[u64] {
        &self.truth_sizes
    }

    /// Number of points.
    pub fn n_points(&self) -> u64 {
        self.n_points
    }
}

fn check_sizes(truth: &[u32], n_truth: usize, labels: &[u32], n_clusters: usize) -> Result<(), ScoreError> {
    if truth.len() != labels.len() {
        return Err(ScoreError::Lengths { truth: truth.len(), labels: labels.len() });
    }
    let counted = [("points", labels.len()), ("truth values", n_truth), ("clusters", n_clusters)];
    match counted.into_iter().find(|&(_, n)| n as u64 > MOST) {
        Some((what, count)) => Err(ScoreError::TooMany { what, count }),
        None => Ok(()),
    }
}

fn check_values(truth: &[u32], n_truth: usize, labels: &[u32], n_clusters: usize) -> Result<(), ScoreError> {
    if let Some((point, value)) = first_outside(truth, n_truth) {
        return Err(ScoreError::Truth { point, value, n_truth });
    }
    if let Some((point, value)) = first_outside(labels, n_clusters) {
        return Err(ScoreError::Label { point, value, n_clusters });
    }
    Ok(())
}

pub(super) fn first_outside(values: &[u32], end: usize) -> Option<(usize, u32)> {
    let point = values.iter().position(|&value| value as usize >= end)?;
    Some((point, values[point]))
}

/// Sorts the pairs and counts equal ones. Memory depends only on the number of points.
fn count_pairs(truth: &[u32], labels: &[u32]) -> Vec<Cell> {
    let mut pairs: Vec<(u32, u32)> = labels.iter().copied().zip(truth.iter().copied()).collect();
    pairs.sort_unstable();
    pairs
        .chunk_by(|a, b| a == b)
        .map(|run| Cell { cluster: run[0].0, truth: run[0].1, count: run.len() as u64 })
        .collect()
}
