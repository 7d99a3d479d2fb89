//! What is drawn of the rows.

use std::collections::BTreeMap;

use crate::score::choose;

/// A row, and how far it is from its centroid in the user's units.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) row: usize,
    pub(super) distance: f64,
    pub(super) values: Vec<f64>,
}

/// Rows of one class in clusters that stand for another.
pub(super) struct Misread {
    pub(super) class: u32,
    pub(super) named: Option<u32>,
    pub(super) count: u64,
    /// Some of them, evenly chosen.
    pub(super) rows: Vec<usize>,
}

/// What is drawn of the rows.
pub(super) struct Gathered {
    /// A sample, all rows of small tables, in rising order.
    pub(super) sample: Vec<usize>,
    /// Its values. (n_sampled, n_dims)
    pub(super) values: Vec<f64>,
    /// A cluster each, nearest first; for the clusters shown.
    pub(super) nearest: Vec<Vec<Member>>,
    /// A cluster each, farthest first; likewise.
    pub(super) farthest: Vec<Vec<Member>>,
    pub(super) misread: Vec<Misread>,
    /// Pairs of classes that were misread at all.
    pub(super) n_pairs: usize,
    /// Values of the misread rows that are shown.
    pub(super) misread_values: BTreeMap<usize, Vec<f64>>,
    /// Standard deviation of each feature. (n_dims)
    pub(super) deviations: Vec<f64>,
}

impl Gathered {
    /// Values of a row of the sample, by its place there.
    pub(super) fn sampled(&self, at: usize) -> &[f64] {
        let d = self.deviations.len();
        &self.values[at * d..][..d]
    }

    /// Rows of the sample, by their places there, for pictures.
    pub(super) fn some(&self, most: usize, seed: u64) -> Vec<usize> {
        choose(self.sample.len(), most.min(self.sample.len()), seed)
    }
}
