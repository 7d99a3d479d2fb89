//! Tables of rows of length 1, for the metric cosine.

use super::error::FitError;
use super::params::ParamsError;
use crate::data::{Dataset, Rows, Scale, Scaling, first_of_zeros};
use crate::lattice::{Lattice, Packer, Table, Weights};

/// Places rows of length 1, of these weights, on the lattice of directions, in one pass.
///
/// # Errors
/// [`ParamsError::NotUnit`] if the rows are not scaled by [`Scale::Unit`]; [`DataError::NoDirection`] for a row of
/// zeros; [`FitError::Data`] if rows can't be read, [`FitError::Lattice`] if values or weights are invalid.
///
/// [`DataError::NoDirection`]: crate::data::DataError::NoDirection
pub(super) fn pack_directions(data: &Dataset<'_>, weights: Weights) -> Result<Table, FitError> {
    let lattice = Lattice::of_directions(data.points.n_dims(), weights.total());
    pack_directions_on(lattice, data, weights)
}

/// The same on this lattice of directions, with these weights.
pub(super) fn pack_directions_on(
    lattice: Lattice,
    data: &Dataset<'_>,
    weights: Weights,
) -> Result<Table, FitError> {
    let packer = Packer::new(lattice, weights, data.points.n_points());
    Ok(place_directions(data, packer, &mut |_| Ok(()))?.finish())
}

/// Places all rows, and calls `placed` after some of them.
pub(super) fn place_directions(
    data: &Dataset<'_>,
    mut packer: Packer,
    placed: &mut dyn FnMut(&mut Packer) -> Result<(), FitError>,
) -> Result<Packer, FitError> {
    let n_dims = data.points.n_dims();
    let scale = data.points.scaling().map(Scaling::scale);
    if scale != Some(Scale::Unit) {
        return Err(ParamsError::NotUnit { scale: scale.map(Scale::name) }.into());
    }
    data.points.visit(&mut |first, rows: Rows<'_>| -> Result<(), FitError> {
        let rows = rows.to_f64();
        if let Some(row) = first_of_zeros(&rows, n_dims) {
            return Err(data.no_direction(packer.begin() + first + row).into());
        }
        packer.add(&rows)?;
        placed(&mut packer)
    })?;
    Ok(packer)
}
