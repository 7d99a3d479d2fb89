//! Rows that come later: where they belong, where they nearly do, and how far it is to each centroid.

use rayon::prelude::*;

use super::Model;
use crate::data::Chunk;
use crate::engine::nearest_two::{self, Centroids, NearestSession, NearestTwo, WideDistance};
use crate::engine::reference::assign::distance_outside;
use crate::engine::{DeviceInfo, Engine, EngineError};
use crate::lattice::{Lattice, LatticeError, Packer, Table};

/// Why rows can't be predicted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// A value is NaN or infinite, or too far outside of the range of the rows fitted.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Values that are no whole rows.
    #[error("{values} values are not a whole number of rows of {n_dims} columns")]
    Width {
        /// Values given.
        values: usize,
        /// Features of the model.
        n_dims: usize,
    },
    /// A value of a table is not finite.
    #[error("{place}: {value} is not a finite number; fill in a number, or remove the row")]
    NotFinite {
        /// Where.
        place: crate::data::Place,
        /// The value.
        value: f64,
    },
    /// A value of a table lies too far outside.
    #[error(
        "{place}: {value:?} lies more than {limit:e} from {centre}, the centre of the rows fitted, which is further than \
         the model can say; remove the row, or fit with it"
    )]
    TooFar {
        /// Where.
        place: crate::data::Place,
        /// The value.
        value: f64,
        /// The most that it may differ from the centre.
        limit: f64,
        /// Middle of the feature's range.
        centre: f64,
    },
}

impl PredictError {
    /// The same with the place in the table, of rows that lie `first` rows into this chunk of it.
    #[must_use]
    pub fn in_chunk(self, chunk: &Chunk<'_>, first: usize) -> Self {
        match self {
            Self::Lattice(LatticeError::NotFinite { row, column, value }) => {
                Self::NotFinite { place: chunk.place(first + row - 1, column - 1), value }
            }
            Self::Lattice(LatticeError::TooFarOutside { row, column, value, centre, limit }) => {
                Self::TooFar { place: chunk.place(first + row - 1, column - 1), value, limit, centre }
            }
            other => other,
        }
    }
}

/// Where a row belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The nearest centroid; of equally near ones the first.
    pub label: u32,
    /// The distance to it, in the user's units.
    pub distance: f64,
    /// The second nearest centroid, likewise; none where there is but one.
    pub runner_up: Option<u32>,
    /// How much further away that one is: its distance less `distance`. 0 for a tie.
    pub margin: Option<f64>,
    /// The same in exact integers.
    pub exact: NearestTwo,
}

/// A model on a device, ready for rows.
pub struct Predictor<'a> {
    model: &'a Model,
    session: Box<dyn NearestSession + 'a>,
}

impl<'a> Predictor<'a> {
    /// Puts the centroids on the device.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    pub fn new(model: &'a Model, engine: &'a dyn Engine) -> Result<Self, EngineError> {
        Ok(Self { model, session: engine.nearest(model.on_lattice())? })
    }

    /// What it runs on now: after a fault, the device that took over.
    #[must_use]
    pub fn info(&self) -> DeviceInfo {
        self.session.info()
    }

    /// Where each row belongs. `rows` is (n_rows, n_dims), row by row.
    ///
    /// The result depends on the model and the row and nothing else: not on the device, nor on the rows beside it.
    ///
    /// # Errors
    /// Values that aren't finite, or lie 2^40 steps of the lattice or more from the centre of the rows fitted; what
    /// the device says.
    pub fn predict(&mut self, rows: &[f64]) -> Result<Vec<Prediction>, PredictError> {
        let table = self.model.place(rows)?;
        let mut found = self.session.nearest_two(&table)?;
        let centroids = self.model.on_lattice();
        let outside = table.outside.par_iter().map(|(row, q)| (*row, nearest_two::of_outside(&centroids, q)));
        for (row, two) in outside.collect::<Vec<_>>() {
            found[row] = two;
        }
        Ok(found.into_iter().map(|two| prediction(&self.model.lattice, two)).collect())
    }
}

fn prediction(lattice: &Lattice, exact: NearestTwo) -> Prediction {
    let distance = shown(lattice, exact.distance);
    Prediction {
        label: exact.label,
        distance,
        runner_up: exact.runner_up.map(|(c, _)| c),
        margin: exact.runner_up.map(|(_, second)| shown(lattice, second) - distance),
        exact,
    }
}

/// A squared distance as a distance in the user's units: rounded to f64, then its root, each to the nearest.
pub(super) fn shown(lattice: &Lattice, (high, low): WideDistance) -> f64 {
    let squared = high as f64 * 2f64.powi(128) + low as f64;
    let least = lattice.exponent.iter().copied().min().unwrap_or(0);
    libm::ldexp(squared.sqrt(), least)
}

impl Model {
    /// The centroids as engines take them.
    #[must_use]
    pub fn on_lattice(&self) -> Centroids<'_> {
        Centroids { lattice: &self.lattice, values: &self.centroids }
    }

    /// The distance of each row to every centroid, in the user's units; a centroid's to itself is exactly 0.
    /// `rows` is (n_rows, n_dims), the result (n_rows, n_clusters), row by row.
    ///
    /// # Errors
    /// Values that aren't finite, or lie too far outside of the range of the rows fitted.
    pub fn transform(&self, rows: &[f64]) -> Result<Vec<f64>, PredictError> {
        let table = self.place(rows)?;
        let (centroids, lattice) = (self.on_lattice(), &self.lattice);
        let k = self.n_clusters();
        let mut distances = vec![0.0; table.n_points() * k];
        distances.par_chunks_mut(k).enumerate().for_each(|(row, to)| {
            for (c, to) in (0..).zip(to) {
                *to = shown(lattice, (0, nearest_two::distance(&table, &centroids, row, c)));
            }
        });
        for (row, q) in &table.outside {
            for (c, to) in (0..).zip(&mut distances[row * k..][..k]) {
                *to = shown(
                    lattice,
                    distance_outside(q, centroids.row(c), &lattice.shift, lattice.max_shift()),
                );
            }
        }
        Ok(distances)
    }

    fn place(&self, rows: &[f64]) -> Result<Table, PredictError> {
        let n_dims = self.n_dims();
        if !rows.len().is_multiple_of(n_dims) {
            return Err(PredictError::Width { values: rows.len(), n_dims });
        }
        Ok(Packer::later(&self.lattice, rows)?)
    }
}
