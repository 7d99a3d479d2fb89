//! All warnings of a fit, in their order.

use super::device::of_device;
use super::subject::{Ended, Placed};
use super::warning::{Warning, WarningCode};
use super::{class_column, dominant, empty, inertia, integers, rounding, row_number, stretched, unlabelled};
use crate::data::{DataError, Dataset};
use crate::kmeans::Fit;
use crate::numbers::significant;

/// A change of the weights, relative to their sum, that is no cause for a warning.
const NEGLIGIBLE: f64 = 1e-6;

/// All warnings of a fit of `data`. Reads the rows again if there is something to explain.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_fit(fit: &Fit, data: &Dataset<'_>) -> Result<Vec<Warning>, DataError> {
    let Fit { lattice, rounding, weights_rounding, .. } = fit;
    let unplaced = fit.unlabelled();
    let placed = Placed { lattice, rounding, weights_rounding: *weights_rounding, unplaced: &unplaced };
    let mut warnings = of_device(&fit.device);
    warnings.extend(of_table(data, &placed)?);
    warnings.extend(of_labels(data, &placed, fit)?);
    Ok(warnings)
}

/// The same of a fit by ranks, of which this one has some rows: without those that follow from the labels of all rows.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_rank(fit: &Fit, own: &Dataset<'_>) -> Result<Vec<Warning>, DataError> {
    let Fit { lattice, rounding, weights_rounding, .. } = fit;
    let placed = Placed { lattice, rounding, weights_rounding: *weights_rounding, unplaced: &[] };
    let mut warnings = of_device(&fit.device);
    warnings.extend(of_table(own, &placed)?);
    warnings.extend(of_median(fit));
    if !is_explained(&placed, &warnings) {
        warnings.extend(rounding::of_all(rounding, &Ended::of(fit)));
    }
    Ok(warnings)
}

/// Warnings about the rows and their places on the lattice, which all fits of a table share.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_table(data: &Dataset<'_>, placed: &Placed<'_>) -> Result<Vec<Warning>, DataError> {
    let mut warnings = class_column::warnings(data)?;
    warnings.extend(row_number::warnings(data)?);
    warnings.extend(integers::warnings(data, placed.lattice)?);
    warnings.extend(stretched::warnings(data, placed.lattice, placed.rounding)?);
    let dominant = dominant::warning(data, placed.lattice, &warnings)?;
    warnings.extend(dominant);
    if placed.weights_rounding > NEGLIGIBLE {
        let change = significant(placed.weights_rounding * 100.0, 2);
        let text = format!(
            "rounding the weights to whole numbers below 2^32, in proportion, changed them by {change}% of their sum; \
             their largest and least differ too much, or there are too many; use weights of a smaller range"
        );
        warnings.push(Warning::new(WarningCode::WeightsRounded, text));
    }
    warnings.extend(unlabelled::of_fit(data, placed.unplaced));
    Ok(warnings)
}

/// Warnings about the result of a fit, of which labels are known.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_labels(data: &Dataset<'_>, placed: &Placed<'_>, fit: &Fit) -> Result<Vec<Warning>, DataError> {
    let mut warnings = of_result(data, placed, &Ended::of(fit))?;
    warnings.extend(of_median(fit));
    if !is_explained(placed, &warnings) {
        warnings.extend(rounding::of_clusters(data, fit)?);
    }
    Ok(warnings)
}

/// A warning if the median is not that of all restarts.
fn of_median(fit: &Fit) -> Option<Warning> {
    let (count, first) = (fit.spread.count, fit.spread.median_of);
    let text = format!(
        "of {count} restarts the median inertia, and charts in reports, are those of the first {first}; all else is of \
         all of them"
    );
    (first < count).then(|| Warning::new(WarningCode::MedianOfFirst, text))
}

/// Warnings about the end of a fit.
///
/// # Errors
/// [`DataError`] if rows can't be read again.
pub fn of_result(data: &Dataset<'_>, placed: &Placed<'_>, ended: &Ended) -> Result<Vec<Warning>, DataError> {
    let empty = empty::warning(data, placed.lattice, ended)?;
    let mut warnings: Vec<Warning> =
        empty.into_iter().chain(inertia::warning(placed.lattice, ended)).collect();
    if !is_explained(placed, &warnings) {
        warnings.extend(rounding::of_all(placed.rounding, ended));
    }
    Ok(warnings)
}

/// Whether another warning says already what rounding did, and why.
fn is_explained(placed: &Placed<'_>, warnings: &[Warning]) -> bool {
    let says =
        |warning: &Warning| matches!(warning.code, WarningCode::RowsMerged | WarningCode::CoarseRounding);
    !placed.rounding.coarse.is_empty() || warnings.iter().any(says)
}
