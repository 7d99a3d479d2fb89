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
mod tiles;

use super::kernel::Instructions;
use super::tiles::Tiles;
use crate::engine::certify::Bound;
use crate::lattice::Table;
use bf16::Bf16;
pub(in crate::engine::cpu) use columns::{Bf16Columns, Int8Columns, Int16Columns, NarrowColumns};
pub(in crate::engine::cpu) use int8::Int8;
use int16::Int16;
pub(super) use tiles::Scratch;

/// Multiply-adds per point and pass from which a narrow guess pays, despite the points that it leaves open.
const PAYS: usize = 512;

/// Whether guesses in fewer bits may pay for this table.
pub(super) fn pays(table: &Table, n_clusters: usize) -> bool {
    n_clusters * table.n_dims() >= PAYS && !table.lattice.mixed()
}

/// A narrow guess.
#[derive(Debug)]
pub(super) enum Narrow {
    Int16(Int16),
    Bf16(Bf16),
}

impl Narrow {
    /// The guesses in 16 bits that may pay for this table. Empty for mixed tables.
    pub(super) fn all(
        table: &Table,
        tiles: &Tiles<'_>,
        instructions: Instructions,
        n_clusters: usize,
        bound: Bound,
    ) -> Vec<Self> {
        if !pays(table, n_clusters) {
            return Vec::new();
        }
        let Instructions { kernel, matrix, .. } = instructions;
        let int16 = kernel.is_narrow().then(|| Self::Int16(Int16::new(table, tiles, kernel, bound)));
        let bf16 = matrix.map(|matrix| Self::Bf16(Bf16::new(table, tiles, kernel, matrix, bound)));
        int16.into_iter().chain(bf16).collect()
    }

    /// Whether it needs matrix units.
    pub(super) fn is_on_units(&self) -> bool {
        matches!(self, Self::Bf16(_))
    }

    /// Buffers for `n_clusters` centroids.
    pub(super) fn columns(&self, table: &Table, n_clusters: usize) -> NarrowColumns {
        match self {
            Self::Int16(guess) => NarrowColumns::Int16(guess.columns(table, n_clusters)),
            Self::Bf16(guess) => NarrowColumns::Bf16(guess.columns(table, n_clusters)),
        }
    }

    /// Converts new centroids (n_clusters, n_dims). False if they are too large for this guess.
    pub(super) fn fill(&self, columns: &mut NarrowColumns, centroids: &[i32], centre: &[i32]) -> bool {
        match (self, columns) {
            (Self::Int16(guess), NarrowColumns::Int16(columns)) => guess.fill(columns, centroids, centre),
            (Self::Bf16(guess), NarrowColumns::Bf16(columns)) => guess.fill(columns, centroids, centre),
            _ => false, // columns of another guess
        }
    }

    /// A thread's scratch buffers for [`Narrow::assign`].
    pub(super) fn begin(&self) -> Scratch {
        match self {
            Self::Int16(_) => Scratch::default(),
            Self::Bf16(guess) => Scratch { ready: guess.matrix.begin(), ..Scratch::default() },
        }
    }

    /// Guesses the nearest centroid of each point of a tile. Writes the labels (width) and returns a bit for each that
    /// is not proven.
    pub(super) fn assign(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &NarrowColumns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        match (self, columns) {
            (Self::Int16(guess), NarrowColumns::Int16(columns)) => {
                guess.assign(tiles, tile, columns, scratch, labels)
            }
            (Self::Bf16(guess), NarrowColumns::Bf16(columns)) => {
                guess.assign(tiles, tile, columns, scratch, labels)
            }
            _ => u32::MAX, // proves nothing
        }
    }
}
