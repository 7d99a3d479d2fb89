//! What a guess finds of a tile of points.

use super::kernel::{MAX_TILE, Top2};

/// Results of a kernel for a tile. (tile)
pub(super) struct TileResult {
    pub(super) labels: [u32; MAX_TILE],
    pub(super) top: Top2,
    /// A bit for each point whose label is not proven, and needs integers.
    pub(super) open: u32,
    /// A bit for each point whose label is not proven, and needs `f32`.
    pub(super) again: u32,
    pub(super) upper: [f32; MAX_TILE],
    pub(super) lower: [f32; MAX_TILE],
    /// A lower bound of the distance to the label.
    pub(super) least: [f32; MAX_TILE],
}

impl TileResult {
    pub(super) const NONE: Self = Self {
        labels: [0; MAX_TILE],
        top: Top2::ZERO,
        open: 0,
        again: 0,
        upper: [0.0; MAX_TILE],
        lower: [0.0; MAX_TILE],
        least: [0.0; MAX_TILE],
    };
}
