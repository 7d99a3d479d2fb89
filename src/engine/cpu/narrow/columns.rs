//! Centroids in the layouts of the narrow guesses.

use super::cost::GuessCost;

/// Centroids in the layout of a narrow guess.
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
    pub(super) per_norm: Vec<f32>, // g |c~| + R, multiplied by a tile's X (n_rows)
    pub(super) per_rest: Vec<f32>, // |c|, multiplied by a tile's r (n_rows)
    pub(super) own: Vec<f32>,      // g h (n_rows)
}

/// Centroids as columns of 8-bit integers, and as rows of `f32` for the candidates.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Int8Columns {
    pub(in crate::engine::cpu) n_quads: usize,
    pub(in crate::engine::cpu) block: usize,
    /// Four features per value. (n_blocks, n_quads, block)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// `round(|c|^2 / 2) + 128 sum_j c_j`. (n_blocks, block)
    pub(in crate::engine::cpu) base: Vec<i32>,
    pub(super) all: GuessCost,
    /// Length of a row: n_dims, padded.
    pub(in crate::engine::cpu) width: usize,
    /// From the centre, padded with zeros. (n_clusters, width)
    pub(in crate::engine::cpu) rows: Vec<f32>,
}

/// Centroids as columns of 16-bit integers.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Int16Columns {
    pub(in crate::engine::cpu) n_pairs: usize,
    pub(in crate::engine::cpu) block: usize,
    /// Two features per value. (n_blocks, n_pairs, block)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// `round(|c|^2 / 2)`. (n_blocks, block)
    pub(in crate::engine::cpu) base: Vec<i32>,
    pub(super) all: GuessCost,
}
