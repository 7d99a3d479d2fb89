//! Tiles of points in a narrow format.

use rayon::prelude::*;

use super::cost::GuessCost;
use crate::engine::cpu::kernel::{MAX_TILE, Ready, Scores};
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// A thread's scratch for a pass: buffers and the matrix unit.
#[derive(Debug, Default)]
pub(in crate::engine::cpu) struct Scratch {
    pub(super) narrow: Vec<i32>, // (n_values, width)
    pub(super) wide: Vec<f32>,   // (n_dims, width)
    pub(super) values: Vec<f32>,
    pub(super) ready: Ready,
    /// Of a guess in integers: scores of a tile, and twice E of its points.
    pub(in crate::engine::cpu) scores: Scores,
    pub(super) margins: [i32; MAX_TILE],
}

impl Scratch {
    /// Takes the last tile's scores as if they had no error: only in tests.
    pub(in crate::engine::cpu) fn without_margins(&mut self) {
        self.margins = [0; MAX_TILE];
    }
}

/// The points of a table in a narrow format, several features per value.
#[derive(Debug)]
pub(in crate::engine::cpu) struct NarrowTiles {
    pub(super) costs: Vec<GuessCost>, // (n_tiles)
    kept: Option<Vec<i32>>,           // all tiles (n_tiles, n_values, width)
    size: usize,                      // n_values * width
}

impl NarrowTiles {
    /// `cost` gives the cost of rounding a point (n_dims), of which half the squared norm is at most so much, `make`
    /// converts a tile (n_dims, width) to `n_values` a point. Tiles that are not kept are made when needed.
    pub(super) fn new(
        table: &Table,
        tiles: &Tiles<'_>,
        (n_values, keep): (usize, bool),
        cost: impl Fn(&[i32], f64) -> GuessCost + Sync,
        make: impl Fn(&[f32], &mut [i32]) + Sync,
    ) -> Self {
        let (width, size) = (tiles.width(), n_values * tiles.width());
        let cost = |tile: usize| {
            let first = tile * width;
            let rows = first..table.n_points().min(first + width);
            let norms = tiles.half_norms(tile).iter().map(|half_norm| f64::from(half_norm.next_up()));
            let costs = rows.zip(norms).map(|(i, half_norm)| cost(table.point(i), half_norm));
            costs.fold(GuessCost::default(), GuessCost::or)
        };
        let least = tiles.span().least(1);
        let costs = (0..tiles.len()).into_par_iter().with_min_len(least).map(cost).collect();
        let kept = keep.then(|| {
            let mut kept = vec![0; tiles.len() * size];
            let each = kept.par_chunks_exact_mut(size).enumerate().with_min_len(least);
            each.for_each_init(Vec::new, |room, (tile, to)| {
                make(&tiles.points(tile, room), to);
            });
            kept
        });
        Self { costs, kept, size }
    }

    /// A tile (n_values, width): kept, or made by `make` in the buffers `room` and `wide`.
    pub(super) fn points<'t>(
        &'t self,
        tiles: &Tiles<'_>,
        tile: usize,
        (room, wide): (&'t mut Vec<i32>, &mut Vec<f32>),
        make: impl Fn(&[f32], &mut [i32]),
    ) -> &'t [i32] {
        if let Some(kept) = &self.kept {
            return &kept[tile * self.size..][..self.size];
        }
        room.resize(self.size, 0);
        make(&tiles.points(tile, wide), room);
        room
    }
}
