//! The spread of columns: their range, and the typical deviation within it.

use crate::data::{DataError, Dataset};
use crate::lattice::centre_and_deviation;

/// Most rows in the sample of a column.
const SAMPLE: usize = 4096;

/// Calls `each` with the index and the values of every row of positive weight.
pub(super) fn visit(data: &Dataset<'_>, each: &mut dyn FnMut(usize, &[f64])) -> Result<(), DataError> {
    let d = data.points.n_dims();
    data.points.visit::<DataError>(&mut |first, rows| {
        for (i, row) in rows.to_f64().chunks_exact(d).enumerate() {
            if data.weights.as_ref().is_none_or(|weights| weights[first + i] > 0.0) {
                each(first + i, row);
            }
        }
        Ok(())
    })
}

/// The range of every column, over rows of positive weight. (n_dims)
pub(super) fn ranges(data: &Dataset<'_>) -> Result<Vec<(f64, f64)>, DataError> {
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); data.points.n_dims()];
    visit(data, &mut |_, row| {
        for (range, &x) in ranges.iter_mut().zip(row) {
            *range = (range.0.min(x), range.1.max(x));
        }
    })?;
    Ok(ranges)
}

/// The spread of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ColumnSpread {
    /// The median of a sample.
    pub(super) centre: f64,
    /// Median distance from it, of the sampled values that differ from it; `None` if none does.
    pub(super) typical: Option<f64>,
    /// Least and largest value.
    pub(super) range: (f64, f64),
}

impl ColumnSpread {
    /// Distance from the centre beyond which a value stretches the range: between a typical deviation and the largest,
    /// on a logarithmic scale.
    pub(super) fn far(&self) -> f64 {
        let (lo, hi) = self.range;
        let most = (hi - self.centre).max(self.centre - lo);
        self.typical.map_or(most / 2.0, |typical| typical.sqrt() * most.sqrt())
    }
}

/// The spread of these columns, with the given ranges of all columns.
pub(super) fn spreads(
    data: &Dataset<'_>,
    columns: &[usize],
    ranges: &[(f64, f64)],
) -> Result<Vec<ColumnSpread>, DataError> {
    let stride = data.points.n_points().div_ceil(SAMPLE).max(1);
    let mut samples = vec![Vec::new(); columns.len()];
    let mut seen = 0;
    visit(data, &mut |_, row| {
        if seen % stride == 0 {
            columns.iter().zip(&mut samples).for_each(|(&j, sample)| sample.push(row[j]));
        }
        seen += 1;
    })?;
    let spread = |(&j, mut sample): (&usize, Vec<f64>)| {
        let (centre, typical) = centre_and_deviation(&mut sample).unwrap_or_default();
        ColumnSpread { centre, typical, range: ranges[j] }
    };
    Ok(columns.iter().zip(samples).map(spread).collect())
}
