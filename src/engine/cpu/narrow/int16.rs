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
//! with r the largest residual of the points of the tile, X the norm of the point or the largest of its tile, C and R the
//! largest norm and residual of all centroids: norms are computed, not assumed, and rounded up. One E serves every
//! centroid, so the label is proven when the second least S exceeds the least by more than 2 E. Points that are not
//! proven are examined again in `f32`.
//!
//! # Room
//!
//! `a` is chosen so that the norm X is at most 2^14.5 for all points of the table. Then coordinates fit 16 bits, and
//! `|S| <= C^2 / 2 + (X + r) (C + R)` stays below 2^30 while C has the same bound, as means do; given centroids are
//! checked.

use super::ints::{Format, Ints};
use crate::engine::certify::Bound;
use crate::engine::cpu::kernel::{Kernel, Products};
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// Largest norm of a point, in units of 2^a.
const ROOM: f64 = 23_170.0; // 2^14.5

/// The points in 16 bits, as tiles that are kept or made anew for each pass.
pub(in crate::engine::cpu) fn in_16_bits(
    table: &Table,
    (tiles, keep): (&Tiles<'_>, bool),
    kernel: Kernel,
    bound: Bound,
) -> Ints {
    let scale = scale(tiles.largest_half_norm());
    let format = Format {
        products: Products::Halves,
        scales: [scale; 2],
        above: 0,
        most: i16::MAX.into(),
        most_norm: ROOM,
        doubles: false,
    };
    Ints::new(table, (tiles, keep), kernel, format, bound.shares_in_int16())
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
