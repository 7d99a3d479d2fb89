//! Fixed-point quantisation: rows of floats to a lattice of 31-bit integers, and back to the user's units.
//!
//! `q[i][j] = round_ties_even((x[i][j] - offset[j]) * 2^-p[j])` with `|q| <= 2^B`, where B is 30, or less for weights
//! that add up to more than 2^31. Offsets and exponents come from minima, maxima and single rounded operations, so they
//! do not depend on the order of the rows. Two passes make a [`Table`]: [`Extent`] finds the range, [`Packer`] places the
//! rows. See docs/DEFINITION.md, section 2.

mod bits;
mod centre;
mod direction;
mod extent;
mod moments;
mod pack;
mod rounding;
mod select;
mod weights;

pub(crate) use centre::from_centre;
pub(crate) use extent::WHOLE;
pub use extent::{Extent, Value};
pub use moments::Moments;
pub(crate) use pack::{Found, Scale};
pub use pack::{Packer, Table, check_shape};
pub use rounding::{CoarseFeature, Rounding};
pub(crate) use rounding::{FEW_BITS, centre_and_deviation};
pub use weights::Weights;

/// The largest B: coordinates are of magnitude at most 2^B.
pub const MAX_BITS: u32 = 30;
/// Largest magnitude of a coordinate. An `i32` holds every such integer and, but for one, the differences of any two.
pub const MAX_COORDINATE: i32 = 1 << MAX_BITS;
/// The magnitude that a coordinate of a row that is not fitted (of weight zero, or new) does not reach.
pub const MAX_OUTSIDE: f64 = (1u64 << 62) as f64;
/// Most features of a table: then a squared distance on a uniform lattice is below 2^78.
pub const MAX_DIMS: usize = 65_535;
/// A table is mixed when some varying feature would keep fewer steps than this on the common lattice.
const MIN_STEPS: f64 = 65_536.0;
/// Largest difference between exponents of a mixed table.
const MAX_SHIFT: u32 = 31;
/// The least B of a lattice: that of models of earlier versions.
const LEAST_BITS: u32 = 23;

/// The largest E <= 31 with `4^E * n_dims * 2^(2 bits + 2) * W < 2^124`: then costs fit `u128`.
fn most_shift(n_dims: usize, total_weight: u64, bits: u32) -> u32 {
    let size = n_dims as u128 * u128::from(total_weight);
    let fits = |e: &u32| (122u32.checked_sub(2 * bits + 2 * e)).is_some_and(|room| size < 1 << room);
    (0..=MAX_SHIFT).rev().find(fits).unwrap_or(0)
}

/// What is wrong with a table's values or weights.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LatticeError {
    /// A value is NaN or infinite. `row` and `column` count from 1.
    #[error(
        "row {row}, column {column}: {value} is not a finite number; remove or repair the row (k-means has no meaning for it)"
    )]
    NotFinite {
        /// Row, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The value.
        value: f64,
    },
    /// The difference between the largest and the least value of a feature overflows `f64`.
    #[error(
        "column {column}: its values range from {lo:e} to {hi:e}, and the difference exceeds a 64-bit float; scale the column down"
    )]
    RangeOverflow {
        /// Column, from 1.
        column: usize,
        /// Least value.
        lo: f64,
        /// Largest value.
        hi: f64,
    },
    /// A row of weight zero, or a new row, lies too far outside the range: see [`MAX_OUTSIDE`].
    #[error(
        "row {row}, column {column}: {value} lies 2^62 lattice steps or more ({limit:e}) from the centre of the fitted rows ({centre}); remove the row, or fit with it and a positive weight"
    )]
    TooFarOutside {
        /// Row, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The value.
        value: f64,
        /// Middle of the feature's range.
        centre: f64,
        /// 2^62 steps, in the user's units.
        limit: f64,
    },
    /// A start centroid lies outside the range of the table, which was packed without it.
    #[error(
        "start centroid {row}, column {column}: {value} lies outside the table's range {lo} .. {hi}; pack the table with the start centroids"
    )]
    CentroidOutside {
        /// Centroid, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The value.
        value: f64,
        /// Least value that can be placed.
        lo: f64,
        /// Largest value that can be placed.
        hi: f64,
    },
    /// A value of a start centroid is NaN or infinite.
    #[error(
        "start centroid {row}, column {column}: {value} is not a finite number; replace it with a number"
    )]
    BadCentroid {
        /// Centroid, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The value.
        value: f64,
    },
    /// No rows, or no features.
    #[error("the table has {n_points} rows and {n_dims} columns; at least one of each is needed")]
    Empty {
        /// Rows.
        n_points: usize,
        /// Features.
        n_dims: usize,
    },
    /// More than [`MAX_DIMS`] features.
    #[error("the table has {n_dims} columns of features; at most {MAX_DIMS} are possible, so leave some out")]
    TooManyDims {
        /// Features.
        n_dims: usize,
    },
    /// More than 2^32 - 1 rows.
    #[error("the table has {n_points} rows; at most 4294967295 are supported")]
    TooManyPoints {
        /// Rows.
        n_points: usize,
    },
    /// The number of weights is not the number of rows.
    #[error("{n_weights} weights for {n_points} rows; give one weight per row")]
    WeightCount {
        /// Weights given.
        n_weights: usize,
        /// Rows.
        n_points: usize,
    },
    /// A weight is negative, NaN or infinite.
    #[error("row {row}: weight {value} is not a finite number of zero or more")]
    BadWeight {
        /// Row, from 1.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// No weight is positive.
    #[error("all {n_points} weights are zero; at least one row needs a positive weight")]
    NoWeight {
        /// Rows.
        n_points: usize,
    },
}

/// The lattice: scale and offset of the integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    /// The user's value of coordinate 0 in each feature. (n_dims)
    pub offset: Vec<f64>,
    /// A step of feature j is `2^exponent[j]` of the user's units. (n_dims)
    pub exponent: Vec<i32>,
    /// `max(exponent) - exponent[j]`: all zero on a uniform lattice. (n_dims)
    pub shift: Vec<u32>,
    /// B: coordinates inside the range are of magnitude at most `2^bits`.
    pub bits: u32,
    max_shift: u32,
}

impl Lattice {
    /// A lattice of these steps and offsets for coordinates of magnitude at most `2^bits`.
    #[must_use]
    pub(crate) fn with_bits(offset: Vec<f64>, exponent: Vec<i32>, shift: Vec<u32>, bits: u32) -> Self {
        let max_shift = shift.iter().copied().max().unwrap_or(0);
        Self { offset, exponent, shift, bits, max_shift }
    }

    /// A lattice of these steps and offsets, with the largest B for which squared distances stay below 2^124. `None` if
    /// the steps differ too much for coordinates of 24 bits.
    #[must_use]
    pub fn new(offset: Vec<f64>, exponent: Vec<i32>, shift: Vec<u32>) -> Option<Self> {
        let max_shift = shift.iter().copied().max().unwrap_or(0);
        let fits = |bits: &u32| max_shift <= most_shift(offset.len(), 1, *bits);
        let bits = (LEAST_BITS..=MAX_BITS).rev().find(fits)?;
        Some(Self { offset, exponent, shift, bits, max_shift })
    }

    /// Largest magnitude of a coordinate inside the range.
    #[must_use]
    pub fn max_coordinate(&self) -> i32 {
        1 << self.bits
    }

    /// Number of features.
    #[must_use]
    pub fn n_dims(&self) -> usize {
        self.offset.len()
    }

    /// Whether the lattice is mixed: features have different steps.
    #[must_use]
    pub fn mixed(&self) -> bool {
        self.max_shift() > 0
    }

    /// Largest of `shift`.
    #[must_use]
    pub fn max_shift(&self) -> u32 {
        self.max_shift
    }

    /// Smallest and largest step, in the user's units.
    #[must_use]
    pub fn steps(&self) -> (f64, f64) {
        let least = self.exponent.iter().copied().min().unwrap_or(0);
        let most = self.exponent.iter().copied().max().unwrap_or(0);
        (libm::ldexp(1.0, least), libm::ldexp(1.0, most))
    }

    /// The coordinate of `value` in feature `j`, as a float, since it may be out of range.
    #[must_use]
    pub fn place(&self, value: f64, j: usize) -> f64 {
        libm::ldexp(value - self.offset[j], -self.exponent[j]).round_ties_even()
    }

    /// The user's value of coordinate `q` in feature `j`.
    #[must_use]
    pub fn value(&self, q: i64, j: usize) -> f64 {
        self.offset[j] + libm::ldexp(q as f64, self.exponent[j])
    }

    /// Converts a cost (inertia, squared distance) to the user's units.
    #[must_use]
    pub fn cost(&self, cost: u128) -> f64 {
        let least = self.exponent.iter().copied().min().unwrap_or(0);
        libm::ldexp(cost as f64, least.saturating_mul(2))
    }

    /// Places centroids in the user's units on the lattice.
    ///
    /// `rows` is (n_clusters, n_dims), row-major.
    ///
    /// # Errors
    /// [`LatticeError`] for a value that is not finite or lies outside the range of the points.
    pub fn place_centroids(&self, rows: &[f64]) -> Result<Vec<i32>, LatticeError> {
        let d = self.n_dims();
        let limit = f64::from(self.max_coordinate());
        rows.iter()
            .enumerate()
            .map(|(at, &value)| {
                let (row, j) = (at / d, at % d);
                let (row, column) = (row + 1, j + 1);
                if !value.is_finite() {
                    return Err(LatticeError::BadCentroid { row, column, value });
                }
                let q = self.place(value, j);
                if q.abs() > limit {
                    let edge = i64::from(self.max_coordinate());
                    return Err(LatticeError::CentroidOutside {
                        row,
                        column,
                        value,
                        lo: self.value(-edge, j),
                        hi: self.value(edge, j),
                    });
                }
                Ok(q as i32)
            })
            .collect()
    }

    /// Centroids in the user's units, row-major. (n_clusters, n_dims)
    #[must_use]
    pub fn centroid_values(&self, centroids: &[i32]) -> Vec<f64> {
        let d = self.n_dims();
        centroids.iter().enumerate().map(|(at, &q)| self.value(i64::from(q), at % d)).collect()
    }
}
