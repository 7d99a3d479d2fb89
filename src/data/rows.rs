//! Some rows of a table, in the precision that they come in.

use std::borrow::Cow;

/// Bytes of values in a chunk, unless a single row is larger.
pub(super) const CHUNK_BYTES: usize = 2 << 20;

/// Some whole rows, one after the other, of as many values each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rows<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl<'a> Rows<'a> {
    /// The values as f64, copied only if they are f32.
    #[must_use]
    pub fn to_f64(self) -> Cow<'a, [f64]> {
        match self {
            Rows::F32(values) => values.iter().copied().map(f64::from).collect(),
            Rows::F64(values) => Cow::Borrowed(values),
        }
    }
}

/// How many rows of so many values make a chunk.
pub(super) fn rows_per_chunk(n_values: usize, value_bytes: usize) -> usize {
    (CHUNK_BYTES / n_values.saturating_mul(value_bytes).max(1)).max(1)
}
