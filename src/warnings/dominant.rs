//! A column that carries nearly all of the variance, so that the others hardly count.

use super::first_rows::first_rows;
use super::place::{column_in_text, column_name};
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset};
use crate::lattice::Lattice;
use crate::numbers::significant;

/// Share of the sum of the variances that is nearly all of it.
const SHARE: f64 = 0.99;
/// Fewest rows whose variances tell something.
const LEAST_ROWS: usize = 10;

/// A warning if one column, of several, has more than 99% of the sum of their variances. None for rows that are scaled,
/// nor for a column that another warning is about: that one helps first.
pub(super) fn warning(
    data: &Dataset<'_>,
    lattice: &Lattice,
    others: &[Warning],
) -> Result<Option<Warning>, DataError> {
    let d = data.points.n_dims();
    if d < 2 || data.points.scaling().is_some() {
        return Ok(None);
    }
    // units in which no square of a value in range overflows
    let unit = lattice.exponent.iter().copied().max().unwrap_or(0);
    let mut columns = vec![Moments::default(); d];
    first_rows(data, &mut |row, values| {
        if data.weights.as_ref().is_none_or(|weights| weights[row] > 0.0) {
            for ((moments, x), offset) in columns.iter_mut().zip(values).zip(&lattice.offset) {
                moments.add(libm::scalbn(x - offset, -unit));
            }
        }
    })?;
    let sum: f64 = columns.iter().map(|column| column.squares).sum();
    let share = |j: usize| columns[j].squares / sum;
    let Some(j) = (0..d).find(|&j| share(j) > SHARE).filter(|_| columns[0].n >= LEAST_ROWS) else {
        return Ok(None);
    };
    let name = column_name(data, j);
    if others.iter().any(|warning| warning.column.as_ref() == Some(&name)) {
        return Ok(None);
    }
    let text = format!(
        "{} has {}% of the variance of all columns, so the clusters depend on it nearly alone",
        column_in_text(data, j),
        significant(share(j) * 100.0, 4),
    );
    Ok(Some(Warning::new(WarningCode::DominantColumn, text).in_column(name)))
}

/// Sum of the squares about the mean: Welford, "Note on a method for calculating corrected sums of squares and
/// products", 1962.
#[derive(Debug, Clone, Default)]
struct Moments {
    n: usize,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.n += 1;
        let off = x - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (x - self.mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kmeans::pack;

    fn found(columns: &[fn(f64) -> f64], n: usize, others: &[Warning]) -> Option<String> {
        let points = ndarray::Array2::from_shape_fn((n, columns.len()), |(i, j)| columns[j](i as f64));
        let data = Dataset::new("a table", points);
        let table = pack(&data, None).expect("a table");
        warning(&data, &table.lattice, others).expect("memory can be read")?.column
    }

    #[test]
    fn a_column_with_nearly_all_of_the_variance_is_found() {
        let large: fn(f64) -> f64 = |i| 20.0 * (i % 5.0);
        let small: fn(f64) -> f64 = |i| i % 3.0;
        assert_eq!(found(&[small, large], 30, &[]), Some("column 2".into()));
        assert_eq!(found(&[large, |i| 1e200 * (i % 7.0)], 30, &[]), Some("column 2".into()));
        assert_eq!(found(&[small, |i| 4.0 * (i % 5.0)], 30, &[]), None);
        assert_eq!(found(&[small, large], 9, &[]), None, "few rows");
        assert_eq!(found(&[large], 30, &[]), None, "the only column");
        assert_eq!(found(&[|_| 1.0, |_| 5.0], 30, &[]), None, "no variance");
        let other = Warning::new(WarningCode::RowNumber, "x").in_column("column 2");
        assert_eq!(found(&[small, large], 30, &[other]), None);
    }
}
