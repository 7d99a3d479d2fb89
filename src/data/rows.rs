//! Rows of a table, in their own precision.

use std::borrow::Cow;
use std::ops::Range;

/// Most bytes of values in a chunk, unless a single row is larger.
pub(super) const CHUNK_BYTES: usize = 2 << 20;

/// Whole rows, row-major. (n_rows, n_dims)
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rows<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl<'a> Rows<'a> {
    /// Number of values.
    pub(super) fn len(self) -> usize {
        match self {
            Rows::F32(values) => values.len(),
            Rows::F64(values) => values.len(),
        }
    }

    /// Some of the values.
    pub(super) fn part(self, values: Range<usize>) -> Self {
        match self {
            Rows::F32(all) => Rows::F32(&all[values]),
            Rows::F64(all) => Rows::F64(&all[values]),
        }
    }

    /// The values as f64; copies if they are f32.
    #[must_use]
    pub fn to_f64(self) -> Cow<'a, [f64]> {
        match self {
            Rows::F32(values) => values.iter().copied().map(f64::from).collect(),
            Rows::F64(values) => Cow::Borrowed(values),
        }
    }
}

/// Rows per chunk, for rows of `n_values` values of `value_bytes` bytes.
pub(super) fn rows_per_chunk(n_values: usize, value_bytes: usize) -> usize {
    (CHUNK_BYTES / n_values.saturating_mul(value_bytes).max(1)).max(1)
}
