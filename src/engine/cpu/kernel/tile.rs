//! Tiles of points, and the results of a kernel.

/// A tile of points, the input of a kernel.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine::cpu) struct Tile<'a> {
    /// Coordinates. (n_dims, tile)
    pub(in crate::engine::cpu) points: &'a [f32],
    /// `G |x|^2 / 2`, rounded up. (tile)
    pub(in crate::engine::cpu) errors: &'a [f32],
    /// `|x|^2 / 2`, to the nearest. (tile)
    pub(in crate::engine::cpu) half_norms: &'a [f32],
}

/// Most points per tile.
pub(in crate::engine::cpu) const MAX_TILE: usize = 32;

/// The lanes of a tile whose bits are set, in order.
pub(in crate::engine::cpu) fn ones(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (bits != 0).then_some(bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lane
    })
}

/// The least and the second least value of each point of a tile. A value is a score less its column's share of E.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Top2 {
    pub(in crate::engine::cpu) best: [f32; MAX_TILE],
    pub(in crate::engine::cpu) second: [f32; MAX_TILE],
}

impl Top2 {
    pub(in crate::engine::cpu) const ZERO: Self = Self { best: [0.0; MAX_TILE], second: [0.0; MAX_TILE] };
}

/// What each point of a tile costs in the clusters that are not its own, at least. (tile)
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct LeastCosts {
    /// The least and the second least.
    pub(in crate::engine::cpu) least: [f32; MAX_TILE],
    pub(in crate::engine::cpu) second: [f32; MAX_TILE],
    /// The cluster of the least.
    pub(in crate::engine::cpu) at: [u32; MAX_TILE],
}

impl LeastCosts {
    pub(in crate::engine::cpu) const NONE: Self =
        Self { least: [0.0; MAX_TILE], second: [0.0; MAX_TILE], at: [0; MAX_TILE] };
}

/// The guessed two nearest centroids of each point of a tile, and the values that may prove them. (tile)
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Top3 {
    pub(in crate::engine::cpu) labels: [u32; MAX_TILE],
    pub(in crate::engine::cpu) runners_up: [u32; MAX_TILE],
    /// The three least values: scores less the columns' share of E.
    pub(in crate::engine::cpu) best: [f32; MAX_TILE],
    pub(in crate::engine::cpu) second: [f32; MAX_TILE],
    pub(in crate::engine::cpu) third: [f32; MAX_TILE],
}

impl Top3 {
    pub(in crate::engine::cpu) const NONE: Self = Self {
        labels: [0; MAX_TILE],
        runners_up: [0; MAX_TILE],
        best: [0.0; MAX_TILE],
        second: [0.0; MAX_TILE],
        third: [0.0; MAX_TILE],
    };
}
