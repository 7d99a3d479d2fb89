//! Narrow guesses: in fewer bits than `f32`, for many centroids of many features. Points that they leave open are
//! examined in `f32`.
//!
//! [`int16`] needs half the instructions of `f32`; [`bf16`] is for processors with matrix units. Both round points and
//! centroids, and certify labels against the cost of the rounding, one tile of points at a time. Mixed tables use
//! neither.

mod bf16;
mod columns;
mod cost;
mod int16;
mod int8;
mod ints;
mod tiles;

use crate::lattice::Table;
pub(super) use bf16::Bf16;
pub(super) use columns::{Bf16Columns, IntColumns};
pub(super) use int8::{fits_8_bits, in_8_bits};
pub(super) use int16::in_16_bits;
pub(super) use ints::Ints;
pub(super) use tiles::Scratch;

/// Multiply-adds per point and pass from which a narrow guess pays, despite the points that it leaves open.
const PAYS: usize = 512;

/// Clusters from which it pays to round the points for a single pass. Rounding a value takes as long as about so many
/// multiply-adds.
const PAYS_ONCE: usize = 256;

/// Whether guesses in fewer bits may pay for this table, of which there is one pass or many.
pub(super) fn pays(table: &Table, n_clusters: usize, once: bool) -> bool {
    let many = !once || n_clusters >= PAYS_ONCE;
    many && n_clusters * table.n_dims() >= PAYS && !table.lattice.mixed()
}
