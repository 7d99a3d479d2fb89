//! Parameters and rows at a value of a sweep.

use ndarray::Array2;

use super::CompareError;
use super::sweep::{Parameter, Sweep};
use crate::data::{DataError, Dataset, Points, Reading, Rows};
use crate::kmeans::{FitError, KMeans, Params, ParamsError};
use crate::lattice::Table;

/// The parameters at a value of a sweep.
///
/// # Errors
/// [`ParamsError`] for values that are invalid with these parameters, such as several restarts from given centroids.
pub fn params_at(params: &Params, parameter: Parameter, value: u64) -> Result<Params, ParamsError> {
    match parameter {
        Parameter::Restarts => KMeans::from(params.clone()).restarts(value).check(),
        Parameter::Clusters => {
            KMeans::from(params.clone()).clusters(usize::try_from(value).unwrap_or(usize::MAX)).check()
        }
        Parameter::Points => Ok(params.clone()),
    }
}

/// `n_points` evenly spaced rows, including the first.
///
/// # Errors
/// [`CompareError::TooFewRows`]; [`CompareError::Fit`] if rows can't be read.
pub(super) fn rows_at(data: &Dataset, n_points: u64) -> Result<Dataset, CompareError> {
    let all = data.points.n_points();
    let n = usize::try_from(n_points).ok().filter(|&n| n <= all).ok_or_else(|| CompareError::TooFewRows {
        asked: n_points,
        n_points: all,
        name: data.name.clone(),
    })?;
    let row = |at: usize| (at as u128 * all as u128 / n as u128) as usize;
    let d = data.points.n_dims();
    let mut values = Vec::with_capacity(n * d);
    let mut next = 0;
    data.points
        .visit::<DataError>(&mut |first, rows| {
            let held = match rows {
                Rows::F32(rows) => rows.len() / d,
                Rows::F64(rows) => rows.len() / d,
            };
            while next < n && row(next) < first + held {
                let at = (row(next) - first) * d;
                match rows {
                    Rows::F32(rows) => values.extend(rows[at..at + d].iter().copied().map(f64::from)),
                    Rows::F64(rows) => values.extend_from_slice(&rows[at..at + d]),
                }
                next += 1;
            }
            Ok(())
        })
        .map_err(FitError::from)?;
    let points = Points::F64(Array2::from_shape_fn((n, d), |(i, j)| values[i * d + j]));
    let weights = data.weights.as_ref().map(|weights| (0..n).map(|at| weights[row(at)]).collect());
    Ok(Dataset {
        name: data.name.clone(),
        points,
        columns: data.columns.clone(),
        truth: None,
        weights,
        reading: Reading::default(),
    })
}

/// Checks that all values of a sweep can be run on these rows.
///
/// # Errors
/// [`CompareError::TooFewRows`]; more clusters than rows.
pub(super) fn check(
    sweep: &Sweep,
    params: &Params,
    data: &Dataset,
    table: &Table,
) -> Result<(), CompareError> {
    for &value in &sweep.values {
        let params = params_at(params, sweep.parameter, value).map_err(FitError::from)?;
        params.job(table).map_err(FitError::from)?;
        if sweep.parameter != Parameter::Points {
            continue;
        }
        let n_points = table.n_points();
        if value > n_points as u64 {
            return Err(CompareError::TooFewRows { asked: value, n_points, name: data.name.clone() });
        }
        let n_clusters = params.n_clusters();
        if n_clusters as u64 > value {
            let error =
                ParamsError::TooManyClusters { n_clusters, n_points: value as usize, weighted: false };
            return Err(FitError::from(error).into());
        }
    }
    Ok(())
}
