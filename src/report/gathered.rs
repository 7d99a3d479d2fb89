//! Data collected from the rows.

use std::collections::BTreeMap;

use crate::score::choose;

/// A row and its distance to its centroid, in the user's units.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) row: usize,
    pub(super) distance: f64,
    pub(super) values: Vec<f64>,
}

/// Rows of one class in clusters named by another.
pub(super) struct Misread {
    pub(super) class: u32,
    pub(super) named: Option<u32>,
    pub(super) count: u64,
    /// Some of them, evenly spaced.
    pub(super) rows: Vec<usize>,
}

/// Data collected from the rows.
pub(super) struct Gathered {
    /// A sample of the rows, in ascending order; all rows of small tables.
    pub(super) sample: Vec<usize>,
    /// Its values. (n_sampled, n_dims)
    pub(super) values: Vec<f64>,
    /// For each cluster shown, its nearest rows, nearest first.
    pub(super) nearest: Vec<Vec<Member>>,
    /// For each cluster shown, its farthest rows, farthest first.
    pub(super) farthest: Vec<Vec<Member>>,
    pub(super) misread: Vec<Misread>,
    /// Number of pairs of classes with misread rows.
    pub(super) n_pairs: usize,
    /// Values of the misread rows shown.
    pub(super) misread_values: BTreeMap<usize, Vec<f64>>,
    /// Standard deviation of each feature. (n_dims)
    pub(super) deviations: Vec<f64>,
}

impl Gathered {
    /// Values of a row, by its index in the sample.
    pub(super) fn sampled(&self, at: usize) -> &[f64] {
        let d = self.deviations.len();
        &self.values[at * d..][..d]
    }

    /// Random indices in the sample, for pictures.
    pub(super) fn some(&self, most: usize, seed: u64) -> Vec<usize> {
        choose(self.sample.len(), most.min(self.sample.len()), seed)
    }
}
