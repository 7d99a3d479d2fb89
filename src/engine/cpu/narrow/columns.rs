//! Centroids as a narrow guess wants them.

use super::cost::GuessCost;

/// Centroids as a narrow guess wants them.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) enum NarrowColumns {
    Int16(Int16Columns),
    Bf16(Bf16Columns),
}

/// Centroids as rows of bf16.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Bf16Columns {
    pub(in crate::engine::cpu) depth: usize,
    /// (n_rows, depth)
    pub(in crate::engine::cpu) values: Vec<u16>,
    pub(super) base: Vec<f32>,     // h - g h (n_rows)
    pub(super) per_norm: Vec<f32>, // g |c~| + R, of which a tile's share is X (n_rows)
    pub(super) per_rest: Vec<f32>, // |c|, of which a tile's share is r (n_rows)
    pub(super) own: Vec<f32>,      // g h (n_rows)
}

/// Centroids as columns of 16-bit integers.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Int16Columns {
    pub(in crate::engine::cpu) n_pairs: usize,
    pub(in crate::engine::cpu) block: usize,
    /// Two features a value. (n_blocks, n_pairs, block)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// `round(|c|^2 / 2)`. (n_blocks, block)
    pub(in crate::engine::cpu) base: Vec<i32>,
    pub(super) all: GuessCost,
}
