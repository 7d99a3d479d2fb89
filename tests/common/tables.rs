//! Test tables. Numbers come from the engine's generator, so they are the same everywhere.

use cairn::data::{Dataset, Points};
use cairn::engine::draws::Draws;
use ndarray::Array2;

/// A stream of numbers to fill tables with.
pub(crate) struct Numbers(Draws);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Draws::new(seed, 0))
    }

    /// A whole number in `0 .. most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0.below(most.into()) as u64
    }

    /// A whole number in `lo ..= hi`.
    pub(crate) fn whole(&mut self, lo: i64, hi: i64) -> f64 {
        (lo + self.below((hi - lo + 1) as u64) as i64) as f64
    }

    /// A number in `0 .. 1` with 53 bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly Gaussian: mean 0, deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A table of these values, row by row. (n_points, n_dims)
pub(crate) fn dataset(n_dims: usize, values: Vec<f64>) -> Dataset<'static> {
    let n_points = values.len() / n_dims;
    let points = Array2::from_shape_vec((n_points, n_dims), values).expect("whole rows");
    let columns = (1..=n_dims).map(|j| format!("column {j}")).collect();
    Dataset {
        name: "made by a test".into(),
        points: points.into(),
        columns,
        truth: None,
        weights: None,
        reading: cairn::data::Reading::default(),
    }
}

/// A table of these rows.
pub(crate) fn rows<const D: usize>(rows: &[[f64; D]]) -> Dataset<'static> {
    dataset(D, rows.concat())
}

/// `data` with a weight a row.
pub(crate) fn weighted(data: Dataset<'static>, weights: &[f64]) -> Dataset<'static> {
    Dataset { weights: Some(weights.to_vec()), ..data }
}

/// Nearly Gaussian values: no clusters at all, no ties.
pub(crate) fn normal(n_points: usize, n_dims: usize, seed: u64) -> Dataset<'static> {
    let mut numbers = Numbers::new(seed);
    dataset(n_dims, (0..n_points * n_dims).map(|_| numbers.normal()).collect())
}

/// Rows and their mirror images about zero, two of them far out, and a zero of nearly all the weight, from which seeding
/// starts: a candidate gains as much as its image.
pub(crate) fn mirrored(n_points: usize, n_dims: usize, seed: u64) -> Dataset<'static> {
    let mut numbers = Numbers::new(seed);
    let mut rows = vec![0.0; n_dims];
    for i in 0..n_points {
        let scale = if i == n_points / 2 { 20.0 } else { 1.0 };
        let row: Vec<f64> = (0..n_dims).map(|_| scale * numbers.normal()).collect();
        rows.extend(row.iter().chain(&row.iter().map(|x| -x).collect::<Vec<_>>()));
    }
    let weights: Vec<f64> = (0..=2 * n_points).map(|i| if i == 0 { 1e6 } else { 1.0 }).collect();
    weighted(dataset(n_dims, rows), &weights)
}

/// The values of a table, row by row. (n_points, n_dims)
pub(crate) fn values(data: &Dataset<'_>) -> Vec<f64> {
    match &data.points {
        Points::F32(rows) => rows.iter().map(|&x| x.into()).collect(),
        Points::F64(rows) => rows.iter().copied().collect(),
        Points::Source(_) | Points::Scaled(_) => unreachable!("tests hold their tables in memory, unscaled"),
    }
}

/// Rows and features of a table.
pub(crate) fn shape(data: &Dataset<'_>) -> (usize, usize) {
    (data.points.n_points(), data.points.n_dims())
}

/// Each row as many times, in its place, as `times` says.
pub(crate) fn repeated(data: &Dataset<'_>, times: &[usize]) -> Dataset<'static> {
    let d = data.points.n_dims();
    let values = values(data);
    let rows = values.chunks_exact(d).zip(times);
    dataset(d, rows.flat_map(|(row, &times)| row.repeat(times)).collect())
}

/// The digits, without their truth.
pub(crate) fn digits() -> Dataset<'static> {
    Dataset { truth: None, ..cairn::data::digits() }
}
