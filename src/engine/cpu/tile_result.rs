//! What a guess finds of a tile of points.

use super::kernel::{MAX_TILE, Top2};

/// Results of a kernel for a tile. (tile)
pub(super) struct TileResult {
    pub(super) labels: [u32; MAX_TILE],
    pub(super) top: Top2,
    /// A bit for each point whose label is not proven.
    pub(super) open: u32,
    pub(super) upper: [f32; MAX_TILE],
    pub(super) lower: [f32; MAX_TILE],
}

impl TileResult {
    pub(super) const NONE: Self = Self {
        labels: [0; MAX_TILE],
        top: Top2::ZERO,
        open: 0,
        upper: [0.0; MAX_TILE],
        lower: [0.0; MAX_TILE],
    };
}
