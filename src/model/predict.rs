//! Prediction: labels, runners-up and distances of new rows.

use std::borrow::Cow;

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::Model;
use crate::data::{Chunk, Scaling, first_of_zeros, scaled};
use crate::engine::cpu::Cpu;
use crate::engine::nearest_two::{self, Centroids, NearestSession, NearestTwo, WideDistance};
use crate::engine::reference::assign::distance_outside;
use crate::engine::{DeviceInfo, Engine, EngineError, Metric, OpenOptions};
use crate::kmeans::Fit;
use crate::lattice::{Lattice, LatticeError, Packer, Table, Value};

/// Why rows can't be predicted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// A value is NaN or infinite, or too far outside the range of the fitted rows.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The number of values is not a multiple of the number of features.
    #[error("{values} values are not a whole number of rows of {n_dims} columns")]
    Width {
        /// Values given.
        values: usize,
        /// Features of the model.
        n_dims: usize,
    },
    /// A view has another number of columns than the fitted rows.
    #[error(
        "rows of {found} columns; the model has {n_dims}; give the columns that were fitted, in their order"
    )]
    Columns {
        /// Columns of the view.
        found: usize,
        /// Features of the model.
        n_dims: usize,
    },
    /// A row of zeros, for a model of the metric cosine.
    #[error(
        "row {row}: all its values are 0, so that it has no direction, and no cosine with any centroid; leave it out"
    )]
    NoDirection {
        /// Row, from 1.
        row: usize,
    },
    /// A row of zeros of a table, for a model of the metric cosine.
    #[error(
        "{}, row {}: all its values are 0, so that it has no direction, and no cosine with any centroid; leave it out",
        position.name, position.row
    )]
    NoDirectionAt {
        /// Where: its first column.
        position: crate::data::Position,
    },
    /// A value of a table is not finite.
    #[error("{position}: {value} is not a finite number; fill in a number, or remove the row")]
    NotFinite {
        /// Where.
        position: crate::data::Position,
        /// The value.
        value: f64,
    },
    /// A picture of a table that is no drawing.
    #[error(
        "{}, row {}: is no drawing: a picture without ink, or with a value that is missing or negative; leave the row out",
        position.name, position.row
    )]
    NoDrawing {
        /// Where the row begins.
        position: crate::data::Position,
    },
    /// A value of a table lies too far outside the range of the fitted rows.
    #[error(
        "{position}: {value:?} lies {limit:e} or more from {centre}, the centre of the fitted rows, which is beyond \
         the range of a model; remove the row, or fit with it"
    )]
    TooFar {
        /// Where.
        position: crate::data::Position,
        /// The value.
        value: f64,
        /// Largest distance from the centre.
        limit: f64,
        /// Middle of the feature's range.
        centre: f64,
    },
}

impl PredictError {
    /// The error about scaled rows as one about the given ones.
    fn unscaled(self, scaling: Option<&Scaling>, given: &[f64]) -> Self {
        match (self, scaling) {
            (
                Self::Lattice(LatticeError::TooFarOutside { row, column, centre, limit, .. }),
                Some(scaling),
            ) => {
                let j = column - 1;
                let value = given[(row - 1) * scaling.n_dims() + j];
                let (centre, limit) = (scaling.undo_value(j, centre), scaling.undo_length(j, limit));
                LatticeError::TooFarOutside { row, column, value, centre, limit }.into()
            }
            (error, _) => error,
        }
    }

    /// Adds the position in the table to an error of rows that begin at row `first` of a chunk.
    #[must_use]
    pub fn in_chunk(self, chunk: &Chunk<'_>, first: usize) -> Self {
        match self {
            Self::Lattice(LatticeError::NotFinite { row, .. }) if chunk.is_of_drawings() => {
                Self::NoDrawing { position: chunk.position(first + row - 1, 0) }
            }
            Self::Lattice(LatticeError::NotFinite { row, column, value }) => {
                Self::NotFinite { position: chunk.position(first + row - 1, column - 1), value }
            }
            Self::Lattice(LatticeError::TooFarOutside { row, column, value, centre, limit }) => {
                Self::TooFar { position: chunk.position(first + row - 1, column - 1), value, limit, centre }
            }
            Self::NoDirection { row } => Self::NoDirectionAt { position: chunk.position(first + row - 1, 0) },
            other => other,
        }
    }
}

/// The error of the first row of zeros, if the metric needs directions. (any, n_dims), row-major
fn check_directions(metric: Metric, rows: &[f64], n_dims: usize) -> Result<(), PredictError> {
    match (metric, first_of_zeros(rows, n_dims)) {
        (Metric::Cosine, Some(row)) => Err(PredictError::NoDirection { row: row + 1 }),
        _ => Ok(()),
    }
}

/// All such errors, by index.
fn without_direction(metric: Metric, rows: &[f64], n_dims: usize) -> RowErrors {
    let each = rows.chunks_exact(n_dims).enumerate();
    each.filter_map(|(at, row)| match check_directions(metric, row, n_dims) {
        Err(_) => Some((at, PredictError::NoDirection { row: at + 1 })),
        Ok(()) => None,
    })
    .collect()
}

/// Both lists of errors, by index.
fn both(a: RowErrors, b: RowErrors) -> RowErrors {
    let mut all = a;
    all.extend(b);
    all.sort_by_key(|(row, _)| *row);
    all
}

/// Errors of rows, by index from 0; in the errors rows count from 1.
pub type RowErrors = Vec<(usize, PredictError)>;

/// The prediction of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The nearest centroid; ties go to the first.
    pub label: u32,
    /// The distance to it, in the user's units, or those of [`Model::scaling`].
    pub distance: f64,
    /// The second nearest centroid; `None` if there is only one.
    pub runner_up: Option<u32>,
    /// Distance to the runner-up less `distance`. 0 for a tie.
    pub margin: Option<f64>,
    /// The same in exact integers.
    pub exact: NearestTwo,
}

/// A model loaded on a device.
pub struct Predictor<'a> {
    centroids: Centroids<'a>,
    scaling: Option<&'a Scaling>,
    metric: Metric,
    session: Box<dyn NearestSession + 'a>,
}

impl<'a> Predictor<'a> {
    /// Loads the centroids on the device.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    pub fn new(model: &'a Model, engine: &'a dyn Engine) -> Result<Self, EngineError> {
        Self::of(model.on_lattice(), (model.scaling.as_ref(), model.params.metric), engine)
    }

    /// Loads centroids that belong to no model.
    fn of(
        centroids: Centroids<'a>,
        (scaling, metric): (Option<&'a Scaling>, Metric),
        engine: &'a dyn Engine,
    ) -> Result<Self, EngineError> {
        Ok(Self { centroids, scaling, metric, session: engine.nearest(centroids)? })
    }

    /// What it runs on now: after a fault, the device that took over.
    #[must_use]
    pub fn info(&self) -> DeviceInfo {
        self.session.info()
    }

    /// Predicts each row of an array or a view of `f32` or `f64`, with any strides. (n_rows, n_dims)
    ///
    /// # Errors
    /// [`PredictError::Columns`], and those of [`predict`](Self::predict), whose rows count from 1 in the view.
    pub fn predict_view<'r, T: Value + 'r>(
        &mut self,
        rows: impl Into<ArrayView2<'r, T>>,
    ) -> Result<Vec<Prediction>, PredictError> {
        let (rows, n_dims) = (rows.into(), self.centroids.lattice.n_dims());
        if rows.ncols() != n_dims {
            return Err(PredictError::Columns { found: rows.ncols(), n_dims });
        }
        let rows = rows.as_standard_layout(); // a copy only of rows that are not one slice
        self.predict(rows.as_slice().expect("standard layout is one slice"))
    }

    /// Predicts each row. `rows` is (n_rows, n_dims), row-major.
    ///
    /// The result depends only on the model and the row, not on the device or on other rows.
    ///
    /// # Errors
    /// [`PredictError::Lattice`] for values that aren't finite, or lie 2^62 lattice steps or more from the centre of
    /// the fitted rows; [`PredictError::NoDirection`] for a row of zeros, with the metric cosine;
    /// [`PredictError::Width`]; [`PredictError::Engine`].
    pub fn predict<T: Value>(&mut self, rows: &[T]) -> Result<Vec<Prediction>, PredictError> {
        let Some(scaling) = self.scaling else { return self.predict_scaled(rows) };
        let given: Vec<f64> = rows.iter().map(|&x| x.into()).collect();
        check_directions(self.metric, &given, self.centroids.lattice.n_dims())?;
        let rows = scaled(Some(scaling), Cow::Borrowed(&given));
        self.predict_scaled(&rows).map_err(|error| error.unscaled(Some(scaling), &given))
    }

    fn predict_scaled<T: Value>(&mut self, rows: &[T]) -> Result<Vec<Prediction>, PredictError> {
        let centroids = self.centroids;
        let table = place(centroids.lattice, rows)?;
        let mut found = self.session.nearest_two(&table)?;
        let outside = table.outside.par_iter().map(|(row, q)| (*row, nearest_two::of_outside(&centroids, q)));
        for (row, two) in outside.collect::<Vec<_>>() {
            found[row] = two;
        }
        Ok(found.into_iter().map(|two| prediction(centroids.lattice, two)).collect())
    }

    /// [`predict`](Self::predict) of the rows that have a prediction, and the errors of the others.
    ///
    /// # Errors
    /// [`PredictError::Width`]; [`PredictError::Engine`].
    pub fn predict_each(
        &mut self,
        rows: &[f64],
    ) -> Result<(Vec<Option<Prediction>>, RowErrors), PredictError> {
        let (given, rows) = (rows, scaled(self.scaling, Cow::Borrowed(rows)));
        let zeros = without_direction(self.metric, given, self.centroids.lattice.n_dims());
        let (mut found, errors): (Vec<_>, _) = match self.predict_scaled(&rows) {
            Err(PredictError::Lattice(_)) => {
                let (placeable, errors) = placeable(self.centroids.lattice, &rows);
                let found = self.predict_scaled(&placeable)?.into_iter().map(Some).collect();
                (found, unscaled(errors, self.scaling, given))
            }
            found => (found?.into_iter().map(Some).collect(), Vec::new()),
        };
        let errors = both(errors, zeros);
        errors.iter().for_each(|(row, _)| found[*row] = None);
        Ok((found, errors))
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

/// Converts a squared distance to a distance in the user's units: rounds to the nearest f64, then takes the root.
pub(super) fn shown(lattice: &Lattice, (high, low): WideDistance) -> f64 {
    let squared = high as f64 * 2f64.powi(128) + low as f64;
    let least = lattice.exponent.iter().copied().min().unwrap_or(0);
    libm::ldexp(squared.sqrt(), least)
}

impl Model {
    /// The centroids, for an engine.
    #[must_use]
    pub fn on_lattice(&self) -> Centroids<'_> {
        Centroids { lattice: &self.lattice, values: &self.centroids }
    }

    /// The distance of each row to every centroid, in the user's units, or those of [`Model::scaling`]. `rows` is (n_rows, n_dims), the result
    /// (n_rows, n_clusters), row-major. A row at a centroid has a distance of exactly 0.
    ///
    /// # Errors
    /// [`PredictError`] for values that aren't finite, or lie too far outside the range of the fitted rows; for a row of
    /// zeros, with the metric cosine.
    pub fn transform(&self, rows: &[f64]) -> Result<Vec<f64>, PredictError> {
        let scaling = self.scaling.as_ref();
        check_directions(self.params.metric, rows, self.n_dims())?;
        let distances = self.transform_scaled(&scaled(scaling, Cow::Borrowed(rows)));
        distances.map_err(|error| error.unscaled(scaling, rows))
    }

    fn transform_scaled(&self, rows: &[f64]) -> Result<Vec<f64>, PredictError> {
        let table = place(&self.lattice, rows)?;
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

    /// [`transform`](Self::transform), with NaN as the distances of rows that can't be placed, and their errors by
    /// index.
    ///
    /// # Errors
    /// [`PredictError::Width`].
    pub fn transform_each(&self, rows: &[f64]) -> Result<(Vec<f64>, RowErrors), PredictError> {
        let (given, rows) = (rows, scaled(self.scaling.as_ref(), Cow::Borrowed(rows)));
        let (zeros, k) = (without_direction(self.params.metric, given, self.n_dims()), self.n_clusters());
        let (mut distances, errors) = match self.transform_scaled(&rows) {
            Err(PredictError::Lattice(_)) => {
                let (placeable, errors) = placeable(&self.lattice, &rows);
                (self.transform_scaled(&placeable)?, unscaled(errors, self.scaling.as_ref(), given))
            }
            distances => (distances?, Vec::new()),
        };
        let errors = both(errors, zeros);
        errors.iter().for_each(|(row, _)| distances[row * k..][..k].fill(f64::NAN));
        Ok((distances, errors))
    }
}

impl Fit {
    /// Predicts each row of an array or a view of `f32` or `f64`, with any strides, on the CPU. (n_rows, n_dims)
    ///
    /// A [`Predictor`] of a [`Model`] does the same on any device, and is loaded once for many calls.
    ///
    /// ```
    /// use cairn::data::Dataset;
    /// use cairn::kmeans::{KMeans, fit};
    ///
    /// let rows = [[0.0, 0.5], [0.5, 0.0], [9.0, 8.5], [8.5, 9.0]];
    /// let fit = fit(&Dataset::from(&rows[..]), &KMeans::new(2).check()?)?;
    ///
    /// let found = fit.predict(&[[1.0_f32, 1.0], [8.0, 8.0]][..])?;
    /// assert_eq!([found[0].label, found[1].label], [fit.labels()[0], fit.labels()[2]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Predictor::predict_view`].
    pub fn predict<'r, T: Value + 'r>(
        &self,
        rows: impl Into<ArrayView2<'r, T>>,
    ) -> Result<Vec<Prediction>, PredictError> {
        let cpu = Cpu::open(&OpenOptions::default())?;
        let centroids = Centroids { lattice: &self.lattice, values: &self.state.centroids };
        Predictor::of(centroids, (self.scaling.as_ref(), self.metric), &cpu)?.predict_view(rows)
    }
}

/// Errors about scaled rows as errors about the given ones.
fn unscaled(errors: RowErrors, scaling: Option<&Scaling>, given: &[f64]) -> RowErrors {
    errors.into_iter().map(|(row, error)| (row, error.unscaled(scaling, given))).collect()
}

/// The rows with the centre of the lattice in place of those that can't be placed, and the errors of these, by index.
fn placeable(lattice: &Lattice, rows: &[f64]) -> (Vec<f64>, RowErrors) {
    let mut placeable = rows.to_vec();
    let each = placeable.par_chunks_mut(lattice.n_dims()).enumerate();
    let errors = each.filter_map(|(row, values)| {
        let error = lattice.place_row(row, values).err()?;
        values.copy_from_slice(&lattice.offset);
        Some((row, PredictError::Lattice(error)))
    });
    let errors = errors.collect();
    (placeable, errors)
}

fn place<T: Value>(lattice: &Lattice, rows: &[T]) -> Result<Table, PredictError> {
    let n_dims = lattice.n_dims();
    if !rows.len().is_multiple_of(n_dims) {
        return Err(PredictError::Width { values: rows.len(), n_dims });
    }
    let table = Packer::later(lattice, rows)?;
    if let Some(&row) = table.unplaced.first() {
        lattice.place_row(row, &rows[row * n_dims..][..n_dims])?;
    }
    Ok(table)
}
