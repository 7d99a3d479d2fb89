//! Whole numbers that an `f64` can't tell apart.

use super::place::{column_in_text, column_name, row_number};
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset};
use crate::lattice::{Lattice, MAX_COORDINATE};

/// From this number on an `f64` does not hold every whole number.
const EXACT: f64 = (1u64 << 53) as f64;
/// Whole numbers of 64 bits end here; larger values are hardly meant as such.
const MOST: f64 = 1.8446744073709552e19;

/// A warning for each column of whole numbers, some of them beyond 2^53.
pub(super) fn warnings(data: &Dataset<'_>, lattice: &Lattice) -> Result<Vec<Warning>, DataError> {
    let reach = |j: usize| {
        let half = libm::ldexp(f64::from(MAX_COORDINATE), lattice.exponent[j]);
        lattice.offset[j].abs() + half
    };
    let scaled = data.points.scaling().is_some(); // then the lattice says nothing of the given values
    let columns: Vec<usize> =
        (0..lattice.n_dims()).filter(|&j| scaled || (EXACT..4.0 * MOST).contains(&reach(j))).collect();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let d = lattice.n_dims();
    let mut first_row: Vec<Option<(usize, f64)>> = vec![None; columns.len()];
    let mut whole = vec![true; columns.len()];
    data.points.raw().visit::<DataError>(&mut |first, rows| {
        for (i, row) in rows.to_f64().chunks_exact(d).enumerate() {
            for (at, &j) in columns.iter().enumerate() {
                let x = row[j];
                whole[at] &= x.fract() == 0.0 && x.abs() < MOST;
                if x.abs() > EXACT && first_row[at].is_none() {
                    first_row[at] = Some((first + i, x));
                }
            }
        }
        Ok(())
    })?;
    let found = columns.iter().zip(whole).zip(first_row).filter(|((_, whole), _)| *whole);
    Ok(found.filter_map(|((&j, _), row)| Some(warning(data, j, row?))).collect())
}

fn warning(data: &Dataset<'_>, j: usize, (row, value): (usize, f64)) -> Warning {
    let (column, row) = (column_in_text(data, j), row_number(data, row));
    let step = libm::ldexp(1.0, libm::ilogb(value) - 52);
    Warning::new(
        WarningCode::LargeIntegers,
        format!(
            "{column}: its whole numbers go beyond 2^53, as {value} in row {row} does; a 64-bit float holds only \
             multiples of {step} there, so they may have been rounded when they were read; subtract a common offset \
             before, or leave the column out if it is an id"
        ),
    )
    .in_column(column_name(data, j))
    .in_rows(vec![row])
}
