//! Parameters and rows at a value of a sweep.

use super::CompareError;
use super::sweep::{Parameter, Sweep};
use crate::data::Dataset;
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
pub(super) fn rows_at(data: &Dataset<'_>, n_points: u64) -> Result<Dataset<'static>, CompareError> {
    let all = data.points.n_points();
    let n = usize::try_from(n_points).ok().filter(|&n| n <= all).ok_or_else(|| CompareError::TooFewRows {
        asked: n_points,
        n_points: all,
        name: data.name.clone(),
    })?;
    let rows: Vec<usize> = (0..n).map(|at| (at as u128 * all as u128 / n as u128) as usize).collect();
    Ok(Dataset { truth: None, ..data.select(&rows).map_err(FitError::from)? })
}

/// Checks that all values of a sweep can be run on these rows.
///
/// # Errors
/// [`CompareError::TooFewRows`]; more clusters than rows.
pub(super) fn check(
    sweep: &Sweep,
    params: &Params,
    data: &Dataset<'_>,
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
