//! Centroids in the layouts of the narrow guesses.

use super::cost::GuessCost;

/// Centroids as rows of bf16.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Bf16Columns {
    pub(in crate::engine::cpu) depth: usize,
    /// (n_rows, depth)
    pub(in crate::engine::cpu) values: Vec<u16>,
    pub(super) base: Vec<f32>,     // h - g h (n_rows)
    pub(super) per_norm: Vec<f32>, // g |c~| + R, multiplied by a tile's X (n_rows)
    pub(super) per_rest: Vec<f32>, // |c|, multiplied by a tile's r (n_rows)
    pub(super) own: Vec<f32>,      // g h (n_rows)
}

/// Centroids as columns of integers of 8 or of 16 bits.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct IntColumns {
    /// Values of a column: features by four or by two, rounded up.
    pub(in crate::engine::cpu) depth: usize,
    pub(in crate::engine::cpu) block: usize,
    /// Several features per value. (n_blocks, depth, block)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// `round(|c|^2 / 2)`; with sums of bytes in 32 bits, what these have in excess is added. (n_blocks, block)
    pub(in crate::engine::cpu) base: Vec<i32>,
    /// What sums of bytes in 16 bits have in excess, in either half, modulo 2^16. (n_blocks, block)
    pub(in crate::engine::cpu) over: Vec<i32>,
    pub(super) all: GuessCost,
}
