//! Small random tables, equal on every machine.

use ndarray::Array2;

use crate::data::{Dataset, Reading};
use crate::engine::draws::Draws;

/// A table of values `value(random number in 0 .. 1, column)`.
pub(super) fn table(
    n_points: usize,
    n_dims: usize,
    seed: u64,
    value: impl Fn(f64, usize) -> f64,
) -> Dataset<'static> {
    let mut draws = Draws::new(seed, 0);
    let mut unit = || (draws.draw() >> 11) as f64 / (1u64 << 53) as f64;
    let points = Array2::from_shape_fn((n_points, n_dims), |(_, j)| value(unit(), j));
    Dataset {
        name: "made for a check".into(),
        points: points.into(),
        columns: (1..=n_dims).map(|j| format!("column {j}")).collect(),
        truth: None,
        weights: None,
        reading: Reading::default(),
    }
}

/// Values with many digits, dense in the middle, so that there are no ties.
pub(super) fn normal(n_points: usize, n_dims: usize, seed: u64) -> Dataset<'static> {
    table(n_points, n_dims, seed, |x, _| (2.0 * x - 1.0).powi(3))
}

/// Integers below `values`.
pub(super) fn grid(n_points: usize, n_dims: usize, values: u32, seed: u64) -> Dataset<'static> {
    table(n_points, n_dims, seed, move |x, _| (x * f64::from(values)).floor())
}
