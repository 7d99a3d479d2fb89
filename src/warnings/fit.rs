//! All warnings of a fit, in their order.

use super::device::of_device;
use super::subject::{Ended, Placed};
use super::warning::{Warning, WarningCode};
use super::{empty, inertia, integers, stretched};
use crate::data::{DataError, Dataset};
use crate::kmeans::Fit;
use crate::lattice::Lattice;

/// All warnings of a fit of `data`. Reads the rows again if there is something to explain.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_fit(fit: &Fit, data: &Dataset) -> Result<Vec<Warning>, DataError> {
    let placed =
        Placed { lattice: &fit.lattice, rounding: &fit.rounding, weights_rounded: fit.weights_rounded };
    let mut warnings = of_device(&fit.device);
    warnings.extend(of_table(data, &placed)?);
    warnings.extend(of_result(data, &fit.lattice, &Ended::of(fit))?);
    Ok(warnings)
}

/// Warnings about the rows and their places on the lattice, which all fits of a table share.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_table(data: &Dataset, placed: &Placed<'_>) -> Result<Vec<Warning>, DataError> {
    let mut warnings = integers::warnings(data, placed.lattice)?;
    warnings.extend(stretched::warnings(data, placed.lattice, placed.rounding)?);
    if placed.weights_rounded {
        let text = "the weights were rounded to whole numbers of at most 65535, in proportion";
        warnings.push(Warning::new(WarningCode::WeightsRounded, text));
    }
    Ok(warnings)
}

/// Warnings about the result of a fit.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_result(data: &Dataset, lattice: &Lattice, ended: &Ended) -> Result<Vec<Warning>, DataError> {
    let empty = empty::warning(data, lattice, ended)?;
    Ok(empty.into_iter().chain(inertia::warning(lattice, ended)).collect())
}
