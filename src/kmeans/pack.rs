//! Places rows on the lattice of a fit.

use ndarray::Array2;

use super::directions::pack_directions;
use super::error::FitError;
use super::params::{Params, ParamsError, values_of};
use crate::data::{Dataset, Rows};
use crate::engine::Metric;
use crate::lattice::{Extent, Lattice, Packer, Table, Weights, check_shape};
use crate::memory;

/// Places the rows on the lattice, in two passes: range and pack.
///
/// `starts` are the start centroids of the fit, if they are given (n_clusters, n_dims): the range covers them too. See
/// [`Params::starts`].
///
/// # Errors
/// [`FitError::Data`] if rows can't be read, [`FitError::Lattice`] if values or weights are invalid,
/// [`FitError::Params`] for start centroids of other features or with values that are not finite, [`FitError::Memory`].
pub fn pack(data: &Dataset<'_>, starts: Option<&Array2<f64>>) -> Result<Table, FitError> {
    pack_watched(data, starts, &mut |_, _| ())
}

/// [`pack`], which now and then tells how many rows it visited, and how many it will have visited in all.
///
/// # Errors
/// As [`pack`].
pub fn pack_watched(
    data: &Dataset<'_>,
    starts: Option<&Array2<f64>>,
    seen: &mut dyn FnMut(u64, u64),
) -> Result<Table, FitError> {
    check_size(data)?;
    let weights = weights_of(data)?;
    let lattice = lattice_of(data, starts, &weights, seen)?;
    let packer = Packer::new(lattice, weights, data.points.n_points());
    Ok(place_rows(data, packer, &mut |_| Ok(()), seen)?.finish())
}

/// The integer weights of a table.
pub(super) fn weights_of(data: &Dataset<'_>) -> Result<Weights, FitError> {
    let n_points = data.points.n_points();
    Ok(match &data.weights {
        Some(weights) => Weights::new(weights, n_points)?,
        None => Weights::ones(n_points),
    })
}

/// The first pass: the lattice of a table and of the start centroids, if they are given.
pub(super) fn lattice_of(
    data: &Dataset<'_>,
    starts: Option<&Array2<f64>>,
    weights: &Weights,
    seen: &mut dyn FnMut(u64, u64),
) -> Result<Lattice, FitError> {
    Ok(extent_of(data, starts, (weights, 0), seen)?.lattice(weights.total())?)
}

/// The extent of some rows of a table, whose weights are given as a whole, and of the start centroids. `begin` is the index of
/// the first of them.
pub(super) fn extent_of(
    data: &Dataset<'_>,
    starts: Option<&Array2<f64>>,
    (weights, begin): (&Weights, usize),
    seen: &mut dyn FnMut(u64, u64),
) -> Result<Extent, FitError> {
    let (n_dims, of) = (data.points.n_dims(), 2 * data.points.n_points() as u64);
    let mut extent = Extent::new(n_dims);
    data.points.visit(&mut |first, rows| -> Result<(), FitError> {
        seen(first as u64, of);
        match rows {
            Rows::F32(rows) => extent.add(begin + first, rows, weights)?,
            Rows::F64(rows) => extent.add(begin + first, rows, weights)?,
        }
        Ok(())
    })?;
    if let Some(starts) = starts {
        let values = values_of(starts, n_dims)?;
        extent.add_starts(&values).map_err(ParamsError::Centroid)?;
    }
    Ok(extent)
}

/// The second pass: places all rows on the lattice, and calls `placed` after some of them.
pub(super) fn place_rows(
    data: &Dataset<'_>,
    mut packer: Packer,
    placed: &mut dyn FnMut(&mut Packer) -> Result<(), FitError>,
    seen: &mut dyn FnMut(u64, u64),
) -> Result<Packer, FitError> {
    let n = data.points.n_points() as u64;
    data.points.visit(&mut |first, rows| -> Result<(), FitError> {
        seen(n + first as u64, 2 * n);
        match rows {
            Rows::F32(rows) => packer.add(rows)?,
            Rows::F64(rows) => packer.add(rows)?,
        }
        placed(&mut packer)
    })?;
    seen(2 * n, 2 * n);
    Ok(packer)
}

/// [`pack`] for a fit with these parameters, which may need another lattice than the data alone: that of directions for
/// [`Metric::Cosine`].
///
/// # Errors
/// As [`pack`]; for [`Metric::Cosine`] [`ParamsError::NotUnit`] if the rows are not scaled by
/// [`Scale::Unit`](crate::data::Scale::Unit), and
/// [`DataError::NoDirection`](crate::data::DataError::NoDirection) for a row of zeros.
pub fn pack_for(data: &Dataset<'_>, params: &Params) -> Result<Table, FitError> {
    pack_for_watched(data, params, &mut |_, _| ())
}

/// [`pack_for`], which tells how far it is as [`pack_watched`] does; of directions only at the end.
pub(super) fn pack_for_watched(
    data: &Dataset<'_>,
    params: &Params,
    seen: &mut dyn FnMut(u64, u64),
) -> Result<Table, FitError> {
    match params.metric() {
        Metric::Euclidean => pack_watched(data, params.starts(), seen),
        Metric::Cosine => {
            let of = 2 * data.points.n_points() as u64;
            seen(0, of);
            check_size(data)?;
            let table = pack_directions(data, weights_of(data)?)?;
            seen(of, of);
            Ok(table)
        }
    }
}

pub(super) fn check_size(data: &Dataset<'_>) -> Result<(), FitError> {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    check_shape(n_points, n_dims)?;
    Ok(memory::check(bytes_needed(data))?)
}

/// Bytes for a packed table of this size and a restart on the CPU (docs/PERFORMANCE.md), beside the rows as they were
/// read: 4 a value, 28 a row, and 20 more with weights. [`pack`] asks the system for them.
#[must_use]
pub fn bytes_needed(data: &Dataset<'_>) -> u64 {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    let per_row = (n_dims as u64 * 4).saturating_add(if data.weights.is_some() { 48 } else { 28 });
    (n_points as u64).saturating_mul(per_row)
}

/// Bytes for limits on sizes: a distance of each row to each cluster, and heaps of them. Of few rows each thread may run a
/// restart of its own.
pub(super) fn bytes_of_pairs(n_points: usize, n_clusters: usize) -> u64 {
    let at_once = if n_points <= 1 << 17 { rayon::current_num_threads() } else { 1 };
    (n_points as u64 * n_clusters as u64).saturating_mul(80 * at_once as u64)
}
