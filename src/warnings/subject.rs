//! What warnings are about: rows on a lattice, and the end of a fit.

use crate::engine::Stop;
use crate::kmeans::Fit;
use crate::lattice::{Lattice, Rounding, Table};

/// Rows on a lattice.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    /// The lattice.
    pub lattice: &'a Lattice,
    /// The rounding errors.
    pub rounding: &'a Rounding,
    /// By how much rounding changed the weights, relative to their sum.
    pub weights_rounding: f64,
    /// Rows of weight zero that have no coordinates, hence no label.
    pub unplaced: &'a [usize],
}

impl<'a> Placed<'a> {
    /// The rows of a table.
    #[must_use]
    pub fn of(table: &'a Table) -> Self {
        Self {
            lattice: &table.lattice,
            rounding: &table.rounding,
            weights_rounding: table.weights.rounding(),
            unplaced: &table.unplaced,
        }
    }
}

/// The end of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Number of clusters.
    pub n_clusters: usize,
    /// Clusters without a row of positive weight.
    pub empty: usize,
    /// Why the best restart stopped.
    pub stop: Stop,
    /// Whether its centroids come from batches, between which no cluster is filled.
    pub batches: bool,
    /// Its inertia, in lattice units.
    pub inertia: u128,
    /// The given weight that corresponds to an integer weight of 1.
    pub weight_unit: f64,
}

impl Ended {
    /// The end of this fit.
    #[must_use]
    pub fn of(fit: &Fit) -> Self {
        Self {
            n_clusters: fit.state.counts.len(),
            empty: fit.empty(),
            stop: fit.best.stop,
            batches: fit.sample.is_some(),
            inertia: fit.best.inertia,
            weight_unit: fit.weight_unit,
        }
    }
}
