//! A guess in 8-bit integers, with a quarter of the instructions of `f32`. It prunes: it leaves a short list of
//! candidates of each point, most often one, which are decided in `f32` or in integers.
//!
//! # The certificate
//!
//! Let `scale` be units per lattice step. In these units let x and c_i be a point and the centroids from the centre,
//! x~ and c~_i their coordinates rounded to integers. The kernel computes `S_i = round(|c_i|^2 / 2) - x~.c~_i` exactly
//! (see below). As in 16 bits, compared with the score `s_i = |c_i|^2 / 2 - x.c_i`:
//!
//! `|S_i - s_i| <= 1/2 + |x - x~| |c_i| + |x~| |c_i - c~_i| <= E = 1/2 + r C + (X + r) R`
//!
//! with X the norm of the point, r the largest residual of the points of its tile, C and R the largest norm and residual
//! of all centroids, all rounded up. Let b have the least S. Of a centroid i with `S_i > S_b + 2 E` the score is
//! `s_i >= S_i - E > S_b + E >= s_b`: it is not nearest. All others are candidates, and the nearest is among them.
//!
//! # Room
//!
//! `scale` takes no coordinate beyond 127. A byte of a point is its coordinate plus 128, so the kernel's sums are too
//! large by `128 sum_j c~_ij`, which is in the base of the column. With at most [`MOST_DIMS`] features
//! `|S_i| <= 3/2 * 127^2 * 2^13 < 2^28`, E is below 2^21, and no sum of bytes passes 2^29.

use super::columns::Int8Columns;
use super::cost::{GuessCost, rounded};
use super::tiles::{NarrowTiles, Scratch};
use crate::engine::certify::Bound;
use crate::engine::cpu::bounds::{DOWN, UP};
use crate::engine::cpu::kernel::{DOT, Kernel, MAX_TILE, Scores, Tile};
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::{Table, from_centre};

/// Largest magnitude of a coordinate.
const MOST: u32 = 127;
/// Most features of a table.
const MOST_DIMS: usize = 1 << 13;
/// Score of a padding column.
const NONE: i32 = i32::MAX;
/// Features from which this guess pays: with fewer, most of its time would go to candidates.
const FEATURES: usize = 32;

/// Points rounded to 8-bit integers, with the cost of the rounding.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Int8 {
    scale: f32,       // units per lattice step, of at most 7 bits
    shares: [f32; 2], // fractions of the sound E: of all, and of its residuals. 1, or less in tests
    tiles: NarrowTiles,
    most_residual: f64, // of all points
    kernel: Kernel,
}

impl Int8 {
    /// `None` for few features, and for more than there is room for.
    pub(in crate::engine::cpu) fn new(
        table: &Table,
        tiles: &Tiles<'_>,
        kernel: Kernel,
        bound: Bound,
    ) -> Option<Self> {
        if !(FEATURES..=MOST_DIMS).contains(&table.n_dims()) {
            return None;
        }
        let scale = scale(table.reach(), table.granularity);
        let cost =
            |point: &[i32]| GuessCost::of(from_centre(point, &table.centre).map(|x| rounded(x, scale)));
        let make = |points: &[f32], to: &mut [i32]| kernel.int8_tile(points, tiles.width(), scale, to);
        let tiles = NarrowTiles::new(table, tiles, table.n_dims().div_ceil(4), cost, make);
        let most_residual = tiles.costs.iter().fold(0.0, |most: f64, cost| most.max(cost.residual));
        Some(Self { scale, shares: bound.shares_in_int8(), tiles, most_residual, kernel })
    }

    /// Buffers for `n_clusters` centroids.
    pub(in crate::engine::cpu) fn columns(&self, table: &Table, n_clusters: usize) -> Int8Columns {
        let block = self.kernel.block(n_clusters);
        let (padded, n_quads) = (n_clusters.next_multiple_of(block), table.n_dims().div_ceil(4));
        Int8Columns {
            n_quads,
            block,
            values: vec![0; padded * n_quads],
            base: vec![NONE; padded],
            all: GuessCost::default(),
            width: table.n_dims().next_multiple_of(DOT),
            rows: vec![0.0; n_clusters * table.n_dims().next_multiple_of(DOT)],
        }
    }

    /// Converts new centroids. False if one lies beyond the points' range.
    pub(in crate::engine::cpu) fn fill(
        &self,
        columns: &mut Int8Columns,
        centroids: &[i32],
        centre: &[i32],
    ) -> bool {
        let n_dims = centre.len();
        columns.all = GuessCost::default();
        let mut bytes = vec![0u8; n_dims.next_multiple_of(4)];
        for (c, row) in centroids.chunks_exact(n_dims).enumerate() {
            let to = &mut columns.rows[c * columns.width..][..n_dims];
            to.iter_mut().zip(from_centre(row, centre)).for_each(|(to, x)| *to = x as f32);
            let (mut sum, mut norm) = (0, 0.0);
            let scaled = from_centre(row, centre).map(|x| rounded(x, self.scale));
            for (to, (value, whole)) in bytes.iter_mut().zip(scaled.clone()) {
                if whole.abs() > MOST as f32 {
                    return false;
                }
                sum += whole as i32;
                norm += value * value;
                *to = whole as i32 as u8;
            }
            columns.all = columns.all.or(GuessCost::of(scaled));
            let at = c / columns.block * columns.block * columns.n_quads + c % columns.block;
            let values = columns.values[at..].iter_mut().step_by(columns.block);
            values.zip(bytes.chunks_exact(4)).for_each(|(to, quad)| {
                *to = i32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]);
            });
            columns.base[c] = (norm / 2.0).round() as i32 + 128 * sum;
        }
        true
    }

    /// A thread's scratch buffers for [`Int8::assign`].
    pub(in crate::engine::cpu) fn begin(&self, columns: &Int8Columns) -> Scratch {
        Scratch { scores: Scores::new(columns.base.len(), self.kernel.tile()), ..Scratch::default() }
    }

    /// Scores a tile of the table in `scratch`, and writes the labels of the least scores (width). Returns a bit for
    /// each point that has other candidates.
    pub(in crate::engine::cpu) fn assign(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &Int8Columns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let Scratch { narrow, wide, scores, margins, .. } = scratch;
        let make =
            |points: &[f32], to: &mut [i32]| self.kernel.int8_tile(points, tiles.width(), self.scale, to);
        let points = self.tiles.points(tiles, tile, (narrow, wide), make);
        *margins = self.margins(self.tiles.costs[tile].residual, tiles.half_norms(tile), columns);
        self.kernel.nearest_int8(points, columns, &margins[..labels.len()], scores, labels)
    }

    /// The same for a tile of gathered points.
    pub(in crate::engine::cpu) fn assign_gathered(
        &self,
        tile: Tile<'_>,
        columns: &Int8Columns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let Scratch { narrow, scores, margins, .. } = scratch;
        let width = labels.len();
        narrow.resize(columns.n_quads * width, 0);
        self.kernel.int8_tile(tile.points, width, self.scale, narrow);
        *margins = self.margins(self.most_residual, tile.half_norms, columns);
        self.kernel.nearest_int8(narrow, columns, &margins[..width], scores, labels)
    }

    /// Twice E of the points of a tile whose largest residual this is, rounded up.
    fn margins(&self, residual: f64, half_norms: &[f32], columns: &Int8Columns) -> [i32; MAX_TILE] {
        let up = |x: f64| (x as f32) * UP;
        let [share, of_residuals] = self.shares;
        let (r, c) = (up(residual) * of_residuals, up(columns.all.norm));
        let of_centroids = up(columns.all.residual) * of_residuals;
        let mut margins = [0; MAX_TILE];
        for (margin, &half_norm) in margins.iter_mut().zip(half_norms) {
            let norm = (2.0 * half_norm * UP).sqrt() * self.scale * UP;
            let error = 0.5 + r * c + (norm + r) * of_centroids;
            // one for the fraction, one for the roundings of |c|^2 / 2
            *margin = (2.0 * error * share * UP) as i32 + 2;
        }
        margins
    }

    /// Bounds of a point's distances to its label, if that has the least score, and to all others: see
    /// `bounds::from_top2`.
    pub(in crate::engine::cpu) fn bounds(
        &self,
        lane: usize,
        half_norm: f32,
        scratch: &Scratch,
    ) -> (f32, f32) {
        let Scores { best, second, .. } = &scratch.scores;
        (
            self.distance(lane, half_norm, best[lane], scratch, 1.0) * UP,
            self.distance(lane, half_norm, second[lane], scratch, -1.0) * DOWN,
        )
    }

    /// A lower bound of the distances of a point to what is no candidate.
    pub(in crate::engine::cpu) fn beyond(&self, lane: usize, half_norm: f32, scratch: &Scratch) -> f32 {
        self.distance(lane, half_norm, scratch.scores.limits[lane], scratch, -1.0) * DOWN
    }

    /// The distance of a point to a centroid of this score, in lattice units: at most (side 1) or at least (side -1).
    /// The margin is at least twice E; the roundings to `f32` of three terms and of their sum, each of at most 2^-24,
    /// are within 2^-20 of the terms.
    fn distance(&self, lane: usize, half_norm: f32, score: i32, scratch: &Scratch, side: f32) -> f32 {
        let unit = 1.0 / (self.scale * self.scale);
        let (score, error) = (score as f32 * unit, scratch.margins[lane] as f32 * 0.5 * unit);
        let slack = (half_norm + score.abs() + error) * (UP - 1.0);
        ((half_norm + score + side * (error + slack)).max(0.0) * 2.0).sqrt()
    }
}

/// The largest scale of at most 7 bits with which no coordinate passes [`MOST`]; with few bits in the coordinates,
/// multiples of `2^granularity`, one that makes integers of all of them.
fn scale(reach: u32, granularity: u32) -> f32 {
    let steps = (reach >> granularity).max(1);
    if steps <= MOST {
        return (MOST / steps) as f32 * 0.5f32.powi(granularity as i32);
    }
    // MOST 2^e / reach, rounded down to 7 bits
    let bits = reach.ilog2();
    let mantissa = (u64::from(MOST) << bits) / u64::from(reach);
    mantissa as f32 * 0.5f32.powi(bits as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_coordinate_passes_a_byte_and_few_bits_are_whole() {
        for reach in [1, 5, 16, 126, 127, 128, 129, 1000, (1 << 30) - 1, 1 << 30, (1 << 31) - 1] {
            for granularity in [0, 3, 27] {
                let scale = scale(reach, granularity);
                let largest = reach >> granularity << granularity; // coordinates are multiples
                assert!(f64::from(largest) * f64::from(scale) <= 127.0, "{reach} {granularity}");
                if (1..=127).contains(&(reach >> granularity)) {
                    let (value, whole) = rounded(3 << granularity, scale);
                    assert_eq!(value, f64::from(whole));
                } else if reach > 127 && granularity == 0 {
                    assert!(f64::from(reach) * f64::from(scale) > 125.0, "{reach}");
                }
            }
        }
    }
}
