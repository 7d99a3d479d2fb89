//! A guess in 16-bit integers, with half the instructions of `f32`.
//!
//! # The certificate
//!
//! In units of `2^a` lattice steps, let x and c be a point and a centroid from the centre, x~ and c~ their coordinates
//! rounded to integers. The kernel computes `S_i = round(|c_i|^2 / 2) - x~.c~_i` exactly (all sums fit 32 bits, see below).
//! Compared with the score `s_i = |c_i|^2 / 2 - x.c_i`:
//!
//! `|S_i - s_i| <= 1/2 + |x - x~| |c_i| + |x~| |c_i - c~_i| <= E = 1/2 + r C + (X + r) R`
//!
//! with r and X the largest residual and norm of the points of the tile, C and R those of all centroids: norms
//! are computed, not assumed, and rounded up. One E serves every centroid, so the label is proven when the
//! second least S exceeds the least by more than 2 E. Points that are not proven are examined again in `f32`.
//!
//! # Room
//!
//! `a` is chosen so that the norm X is at most 2^14.5 for all points of the table. Then coordinates fit 16 bits, and
//! `|S| <= C^2 / 2 + (X + r) (C + R)` stays below 2^30 while C has the same bound, as means do; given centroids are
//! checked.

use super::columns::Int16Columns;
use super::cost::{GuessCost, rounded};
use super::tiles::{NarrowTiles, Scratch};
use crate::engine::certify::Bound;
use crate::engine::cpu::kernel::Kernel;
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::{Table, from_centre};

/// Largest norm of a point, in units of 2^a.
const ROOM: f64 = 23_170.0; // 2^14.5
/// Score of a padding column.
const NONE: i32 = i32::MAX;

/// Points rounded to 16-bit integers, with the cost of the rounding.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Int16 {
    scale: f32, // 2^-a
    sound: bool,
    tiles: NarrowTiles,
    kernel: Kernel,
}

impl Int16 {
    pub(super) fn new(table: &Table, tiles: &Tiles<'_>, kernel: Kernel, bound: Bound) -> Self {
        let scale = scale(tiles.largest_half_norm());
        let cost =
            |point: &[i32]| GuessCost::of(from_centre(point, &table.centre).map(|x| rounded(x, scale)));
        let make = |points: &[f32], to: &mut [i32]| kernel.int16_tile(points, tiles.width(), scale, to);
        let tiles = NarrowTiles::new(table, tiles, table.n_dims().div_ceil(2), cost, make);
        Self { scale, sound: bound.is_sound_in_int16(), tiles, kernel }
    }

    pub(super) fn columns(&self, table: &Table, n_clusters: usize) -> Int16Columns {
        let block = self.kernel.block(n_clusters);
        let (padded, n_pairs) = (n_clusters.next_multiple_of(block), table.n_dims().div_ceil(2));
        let (values, base) = (vec![0; padded * n_pairs], vec![NONE; padded]);
        Int16Columns { n_pairs, block, values, base, all: GuessCost::default() }
    }

    /// Converts new centroids. False if their sums might exceed 32 bits.
    pub(super) fn fill(&self, columns: &mut Int16Columns, centroids: &[i32], centre: &[i32]) -> bool {
        let n_dims = centre.len();
        columns.all = GuessCost::default();
        let mut wholes = vec![0i32; n_dims + 1]; // padded to an even number of features
        for (c, row) in centroids.chunks_exact(n_dims).enumerate() {
            let scaled = from_centre(row, centre).map(|x| rounded(x, self.scale));
            wholes.iter_mut().zip(scaled.clone()).for_each(|(to, (_, whole))| *to = whole as i32);
            columns.all = columns.all.or(GuessCost::of(scaled.clone()));
            if columns.all.norm > ROOM {
                return false;
            }
            let at = c / columns.block * columns.block * columns.n_pairs + c % columns.block;
            let values = columns.values[at..].iter_mut().step_by(columns.block);
            values
                .zip(wholes.chunks_exact(2))
                .for_each(|(to, pair)| *to = (pair[0] & 0xffff) | (pair[1] << 16));
            let norm: f64 = scaled.map(|(value, _)| value * value).sum();
            columns.base[c] = (norm / 2.0).round() as i32;
        }
        true
    }

    pub(super) fn assign(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &Int16Columns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let make = |points: &[f32], to: &mut [i32]| {
            self.kernel.int16_tile(points, tiles.width(), self.scale, to);
        };
        let points = self.tiles.points(tiles, tile, (&mut scratch.narrow, &mut scratch.wide), make);
        self.kernel.nearest_int16(points, columns, self.margin(tile, columns), labels)
    }

    /// Twice E of a tile, rounded up.
    fn margin(&self, tile: usize, columns: &Int16Columns) -> i32 {
        if !self.sound {
            return 0;
        }
        let (GuessCost { residual, norm }, all) = (self.tiles.costs[tile], columns.all);
        let error = 0.5 + residual * all.norm + (norm + residual) * all.residual;
        (2.0 * error).ceil() as i32 + 1
    }
}

/// The largest power of two that keeps norms within [`ROOM`].
fn scale(largest_half_norm: f64) -> f32 {
    let norm = (2.0 * largest_half_norm).sqrt() * (1.0 + 1e-9);
    let mut scale = 1.0;
    while norm * scale > ROOM {
        scale /= 2.0;
    }
    while norm > 0.0 && norm * scale * 2.0 <= ROOM {
        scale *= 2.0;
    }
    scale as f32
}
