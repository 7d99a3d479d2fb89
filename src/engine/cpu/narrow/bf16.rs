//! A guess in bf16, `f32` with 8 bits of precision, for matrix units.
//!
//! # The certificate
//!
//! Let x and c be a point and a centroid from the centre, x~ and c~ their coordinates rounded to bf16. The units compute
//! `P_i ~ x~.c~_i`: products of two bf16 are exact in `f32`, sums are rounded, in an unspecified order. Coordinates
//! are integers, so no product or sum other than zero is small enough to be flushed. Let `h_i = |c_i|^2 / 2`, the
//! score
//! `s_i = h_i - x.c_i`, and g the relative error of a sum ([`certify::gamma`] of all products, in a unit of 2^-23,
//! for any direction of rounding). Then
//!
//! `|h_i - P_i - s_i| <= g |x~| |c~_i| + |x - x~| |c_i| + |x~| |c_i - c~_i|`
//!
//! by Cauchy-Schwarz. With X and r the largest |x~| and |x - x~| of a tile of points, and R_i = |c_i - c~_i|:
//!
//! `E_i = X (g |c~_i| + R_i) + r |c_i| + g h_i`
//!
//! The last term and the slack in g cover the later roundings of `f32`: of `h_i - g h_i` to the base, of the base
//! less the tile's share of E_i, of that less P_i, and of the comparison, each at most 2^-24 of `h_i + X |c~_i| +
//! E_i`. A factor of
//! `1 + 2^-20` on E_i covers the share of E_i itself.
//! The label is proven when `h_i - P_i - E_i` of every other centroid is above that of the best by 2 E_best.
//! Points that are not proven are examined again in `f32`.

use super::columns::Bf16Columns;
use super::cost::GuessCost;
use super::tiles::{NarrowTiles, Scratch};
use crate::engine::certify::{self, Bound};
use crate::engine::cpu::kernel::{DEPTH, Kernel, Matrix, ROWS};
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::{Table, from_centre};

/// Value of a padding row: never the least, never near it.
const NONE: f32 = 1e38;
/// Allowance for the roundings of E itself.
const UP: f64 = 1.0 + 1.0 / (1 << 20) as f64;

/// Points rounded to bf16, with the cost of the rounding.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Bf16 {
    matrix: Matrix,
    kernel: Kernel,
    tiles: NarrowTiles,
    depth: usize, // n_dims, padded to a multiple of DEPTH
    gamma: f64,
    share: f64, // fraction of the sound bound: 1, or less in tests
}

impl Bf16 {
    /// Values of a point of so many features: padded, two in one.
    pub(in crate::engine::cpu) fn n_values(n_dims: usize) -> usize {
        n_dims.next_multiple_of(DEPTH) / 2
    }

    pub(in crate::engine::cpu) fn new(
        table: &Table,
        (tiles, keep): (&Tiles<'_>, bool),
        kernel: Kernel,
        matrix: Matrix,
        bound: Bound,
    ) -> Self {
        let depth = 2 * Self::n_values(table.n_dims());
        let cost = |point: &[i32], _| GuessCost::of(from_centre(point, &table.centre).map(rounded));
        let tiles = NarrowTiles::new(table, tiles, (depth / 2, keep), cost, |points, to| {
            pair_up(points, tiles.width(), to);
        });
        let gamma = f64::from(certify::gamma(depth, certify::UNIT_WGSL));
        Self { matrix, kernel, tiles, depth, gamma, share: bound.share_in_bf16() }
    }

    /// Buffers for `n_clusters` centroids.
    pub(in crate::engine::cpu) fn columns(&self, n_clusters: usize) -> Bf16Columns {
        let rows = n_clusters.next_multiple_of(ROWS);
        let (values, zeros) = (vec![0; rows * self.depth], vec![0.0; rows]);
        Bf16Columns {
            depth: self.depth,
            values,
            base: vec![NONE; rows],
            per_norm: zeros.clone(),
            per_rest: zeros.clone(),
            own: zeros,
        }
    }

    /// Converts new centroids. (n_clusters, n_dims)
    pub(in crate::engine::cpu) fn fill(&self, columns: &mut Bf16Columns, centroids: &[i32], centre: &[i32]) {
        let n_dims = centre.len();
        for (c, row) in centroids.chunks_exact(n_dims).enumerate() {
            let to = &mut columns.values[c * self.depth..][..n_dims];
            let values = from_centre(row, centre);
            to.iter_mut().zip(values.clone()).for_each(|(to, x)| *to = round(x as f32));
            let GuessCost { residual, norm } = GuessCost::of(values.clone().map(rounded));
            let half_norm = values.map(|x| f64::from(x) * f64::from(x)).sum::<f64>() / 2.0;
            let error = |error: f64| certify::round_up(error * self.share * UP);
            columns.own[c] = error(self.gamma * half_norm);
            columns.base[c] = (half_norm - f64::from(columns.own[c])) as f32;
            columns.per_norm[c] = error(self.gamma * (norm + residual) + residual);
            columns.per_rest[c] = error(norm);
        }
    }

    /// A thread's scratch buffers and matrix unit for [`Bf16::assign`].
    pub(in crate::engine::cpu) fn begin(&self) -> Scratch {
        Scratch { ready: self.matrix.begin(), ..Scratch::default() }
    }

    /// Guesses the nearest centroid of each point of a tile. Writes the labels (width) and returns a bit for each that
    /// is not proven.
    pub(in crate::engine::cpu) fn assign(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &Bf16Columns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let make = |points: &[f32], to: &mut [i32]| pair_up(points, tiles.width(), to);
        let Scratch { narrow, wide, values, ready, .. } = scratch;
        let points = self.tiles.points(tiles, tile, (narrow, wide), make);
        let errors = self.errors(tile, columns, values);
        let (base, errors) = errors.split_at(columns.base.len());
        self.kernel.nearest_bf16(ready, points, columns, [base, errors], labels)
    }

    /// `h - E` and `2 E` of every centroid, for a tile. (2, n_rows)
    fn errors<'t>(&self, tile: usize, columns: &Bf16Columns, room: &'t mut Vec<f32>) -> &'t [f32] {
        let GuessCost { residual, norm } = self.tiles.costs[tile];
        let (rest, norm) = (certify::round_up(residual), certify::round_up((norm + residual) * UP));
        let n = columns.base.len();
        room.resize(2 * n, 0.0);
        let (bases, errors) = room.split_at_mut(n);
        for c in 0..n {
            let share = norm * columns.per_norm[c] + rest * columns.per_rest[c];
            bases[c] = columns.base[c] - share;
            errors[c] = 2.0 * (share + columns.own[c]);
        }
        room
    }
}

/// Rounds to the nearest bf16, ties to even. `x` is finite and far from the largest.
fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// A coordinate from the centre, and rounded to bf16 as the kernel does: first to `f32`.
fn rounded(x: i32) -> (f64, f32) {
    (f64::from(x), widen(round(x as f32)))
}

fn widen(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

/// Rounds a tile (n_dims, width) to bf16: two features per value, padded with zeros. (depth / 2, width)
fn pair_up(points: &[f32], width: usize, narrow: &mut [i32]) {
    let (with, without) = narrow.split_at_mut(points.len().div_ceil(2 * width) * width);
    for (to, pair) in with.chunks_exact_mut(width).zip(points.chunks(2 * width)) {
        let (low, high) = pair.split_at(width);
        to.iter_mut().zip(low).for_each(|(to, &x)| *to = round(x).into());
        to.iter_mut().zip(high).for_each(|(to, &x)| *to |= i32::from(round(x)) << 16);
    }
    without.fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_nearest_even() {
        for (x, nearest) in
            [(0.0, 0.0), (1.0, 1.0), (257.0, 256.0), (259.0, 260.0), (-257.0, -256.0), (261.0, 260.0)]
        {
            assert_eq!(widen(round(x)), nearest, "{x}");
        }
    }

    #[test]
    fn an_odd_last_feature_has_a_zero_beside_it() {
        let points = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // (3, 2)
        let mut narrow = [-1; 6];
        pair_up(&points, 2, &mut narrow);
        let pair = |low: f32, high: f32| (u32::from(round(low)) | (u32::from(round(high)) << 16)) as i32;
        assert_eq!(narrow, [pair(1.0, 3.0), pair(2.0, 4.0), pair(5.0, 0.0), pair(6.0, 0.0), 0, 0]);
    }
}
