//! Guesses in integers of 8 or of 16 bits: rounded points, their scores, and bounds from these.
//!
//! [`super::int8`] and [`super::int16`] choose the scale, and derive the certificate that both use: with r the largest
//! residual of the points of a tile, X the norm of a point, C and R the largest norm and residual of all centroids,
//! `E = 1/2 + r C + (X + r) R`.

use super::columns::IntColumns;
use super::cost::GuessCost;
use super::tiles::{NarrowTiles, Scratch};
use crate::engine::cpu::bounds::UP;
use crate::engine::cpu::kernel::{Kernel, Scores};
use crate::engine::cpu::tile_result::TileResult;
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// Score of a padding column.
const NONE: i32 = i32::MAX;

/// Bits of an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bits {
    Eight,
    Sixteen,
}

impl Bits {
    /// Features per 32-bit value.
    fn per_value(self) -> usize {
        match self {
            Self::Eight => 4,
            Self::Sixteen => 2,
        }
    }
}

/// What the scores of centroids have room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Largest magnitude of a coordinate.
    pub(super) coordinate: i32,
    /// Largest norm.
    pub(super) norm: f64,
}

/// Points rounded to integers, with the cost of the rounding.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Ints {
    bits: Bits,
    scale: f32, // units per lattice step
    room: Room,
    shares: [f32; 2], // fractions of the sound E: of all, and of its residuals. 1, or less in tests
    tiles: NarrowTiles,
    most_residual: f64, // of all points
    kernel: Kernel,
}

impl Ints {
    pub(super) fn new(
        table: &Table,
        tiles: &Tiles<'_>,
        kernel: Kernel,
        (bits, scale, room): (Bits, f32, Room),
        shares: [f32; 2],
    ) -> Self {
        let cost = |point: &[i32], room: &mut Vec<i32>| {
            room.resize(point.len(), 0);
            GuessCost::of_squares(kernel.round_row(point, &table.centre, scale, room))
        };
        let make = |points: &[f32], to: &mut [i32]| make(bits, kernel, points, tiles.width(), scale, to);
        let n_values = table.n_dims().div_ceil(bits.per_value());
        let tiles = NarrowTiles::new(table, tiles, n_values, cost, make);
        let most_residual = tiles.costs.iter().fold(0.0, |most: f64, cost| most.max(cost.residual));
        Self { bits, scale, room, shares, tiles, most_residual, kernel }
    }

    /// Buffers for `n_clusters` centroids.
    pub(in crate::engine::cpu) fn columns(&self, table: &Table, n_clusters: usize) -> IntColumns {
        let block = self.kernel.block(n_clusters);
        let (padded, depth) =
            (n_clusters.next_multiple_of(block), table.n_dims().div_ceil(self.bits.per_value()));
        let (values, base) = (vec![0; padded * depth], vec![NONE; padded]);
        IntColumns { depth, block, values, base, all: GuessCost::default() }
    }

    /// Converts new centroids (any, n_dims). False if there is no room for one.
    pub(in crate::engine::cpu) fn fill(
        &self,
        columns: &mut IntColumns,
        centroids: &[i32],
        centre: &[i32],
    ) -> bool {
        let per_value = self.bits.per_value();
        columns.all = GuessCost::default();
        let mut wholes = vec![0; columns.depth * per_value];
        for (c, row) in centroids.chunks_exact(centre.len()).enumerate() {
            let squares = self.kernel.round_row(row, centre, self.scale, &mut wholes);
            let cost = GuessCost::of_squares(squares);
            let largest = wholes.iter().fold(0, |most, whole| whole.unsigned_abs().max(most));
            if largest > self.room.coordinate.unsigned_abs() || cost.norm > self.room.norm {
                return false;
            }
            columns.all = columns.all.or(cost);
            let at = c / columns.block * columns.block * columns.depth + c % columns.block;
            let values = columns.values[at..].iter_mut().step_by(columns.block);
            columns.base[c] = (squares[0] / 2.0).round() as i32;
            match self.bits {
                Bits::Eight => {
                    let bytes = |quad: &[i32; 4]| i32::from_le_bytes(quad.map(|x| x as u8));
                    values.zip(wholes.as_chunks().0).for_each(|(to, quad)| *to = bytes(quad));
                    columns.base[c] += 128 * wholes.iter().sum::<i32>();
                }
                Bits::Sixteen => {
                    let pairs = values.zip(wholes.as_chunks().0);
                    pairs.for_each(|(to, [low, high])| *to = (low & 0xffff) | (high << 16));
                }
            }
        }
        true
    }

    /// A thread's scratch buffers for these columns.
    pub(in crate::engine::cpu) fn begin(&self, columns: &IntColumns) -> Scratch {
        let kept = if self.bits == Bits::Eight { columns.base.len() } else { 0 };
        Scratch { scores: Scores::new(kept, self.kernel.tile()), ..Scratch::default() }
    }

    /// Scores a tile of the table in `scratch`, and writes the labels of the least scores (width). Returns a bit for
    /// each point whose label is not proven.
    pub(in crate::engine::cpu) fn tile(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &IntColumns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let Scratch { narrow, wide, scores, margins, .. } = scratch;
        let make = |points: &[f32], to: &mut [i32]| {
            make(self.bits, self.kernel, points, tiles.width(), self.scale, to)
        };
        let points = self.tiles.points(tiles, tile, (narrow, wide), make);
        let margins = &mut margins[..labels.len()];
        let cost = self.tiles.costs[tile];
        match self.bits {
            Bits::Eight => self.margins(cost.residual, tiles.half_norms(tile), columns, margins),
            // the tile's largest norm loses little here, and takes less time
            Bits::Sixteen => {
                let [share, of_residuals] = self.shares.map(f64::from);
                let all = columns.all;
                let rounding = cost.residual * all.norm + (cost.norm + cost.residual) * all.residual;
                margins.fill((2.0 * (0.5 + rounding * of_residuals) * share).ceil() as i32 + 2);
            }
        }
        self.score(points, columns, margins, scores, labels)
    }

    /// Gathers rows of the table into a tile, in `scratch`: at most as many as it has lanes.
    pub(in crate::engine::cpu) fn gather(
        &self,
        table: &Table,
        rows: impl Iterator<Item = usize>,
        scratch: &mut Scratch,
    ) {
        let (width, per_value) = (self.kernel.tile(), self.bits.per_value());
        let n_values = table.n_dims().div_ceil(per_value);
        let Scratch { narrow, bytes, halves, .. } = scratch;
        narrow.resize(n_values * width, 0);
        for (lane, row) in rows.enumerate() {
            let (point, column) = (table.point(row), narrow[lane..].iter_mut().step_by(width));
            match self.bits {
                Bits::Eight => {
                    bytes.resize(n_values * per_value, 0);
                    self.kernel.int8_row(point, &table.centre, self.scale, bytes);
                    let quads = bytes.as_chunks().0;
                    column.zip(quads).for_each(|(to, &quad)| *to = i32::from_le_bytes(quad));
                }
                Bits::Sixteen => {
                    halves.resize(n_values * per_value, 0);
                    self.kernel.int16_row(point, &table.centre, self.scale, halves);
                    let pairs = halves.as_chunks().0;
                    let pair = |[low, high]: [u16; 2]| (u32::from(low) | u32::from(high) << 16).cast_signed();
                    column.zip(pairs).for_each(|(to, &halves)| *to = pair(halves));
                }
            }
        }
    }

    /// [`Ints::tile`] for the gathered tile, whose points have these half norms. (width)
    pub(in crate::engine::cpu) fn gathered(
        &self,
        half_norms: &[f32],
        columns: &IntColumns,
        scratch: &mut Scratch,
        labels: &mut [u32],
    ) -> u32 {
        let Scratch { narrow, scores, margins, .. } = scratch;
        let margins = &mut margins[..labels.len()];
        self.margins(self.most_residual, half_norms, columns, margins);
        self.score(narrow, columns, margins, scores, labels)
    }

    fn score(
        &self,
        points: &[i32],
        columns: &IntColumns,
        margins: &[i32],
        scores: &mut Scores,
        labels: &mut [u32],
    ) -> u32 {
        let bytes = self.bits == Bits::Eight;
        self.kernel.nearest_ints(bytes, points, columns, margins, scores, labels)
    }

    /// Twice E of the points of a tile whose largest residual this is, rounded up.
    fn margins(&self, residual: f64, half_norms: &[f32], columns: &IntColumns, margins: &mut [i32]) {
        let up = |x: f64| (x as f32) * UP;
        let [share, of_residuals] = self.shares;
        let (r, c) = (up(residual) * of_residuals, up(columns.all.norm));
        let of_centroids = up(columns.all.residual) * of_residuals;
        let errors = [(0.5 + r * c + r * of_centroids) * share, of_centroids * share];
        self.kernel.margins(half_norms, self.scale, errors, margins);
    }

    /// Bounds of the last tile's points, if the labels of the least scores hold: see `bounds::from_top2`.
    pub(in crate::engine::cpu) fn bounds(
        &self,
        half_norms: &[f32],
        scratch: &Scratch,
        found: &mut TileResult,
    ) {
        let (n, Scratch { scores, margins, .. }) = (half_norms.len(), scratch);
        let (unit, margins, kernel) = (self.unit(), &margins[..n], self.kernel);
        kernel.distances::<true>(half_norms, &scores.best[..n], margins, unit, &mut found.upper[..n]);
        kernel.distances::<false>(half_norms, &scores.second[..n], margins, unit, &mut found.lower[..n]);
    }

    /// Lower bounds of the distances of the last tile's points to the columns of the least scores. (width)
    pub(in crate::engine::cpu) fn least(&self, half_norms: &[f32], scratch: &Scratch, to: &mut [f32]) {
        let (n, Scratch { scores, margins, .. }) = (half_norms.len(), scratch);
        self.kernel.distances::<false>(half_norms, &scores.best[..n], &margins[..n], self.unit(), to);
    }

    /// A lower bound of the distances of a point to what is no candidate.
    pub(in crate::engine::cpu) fn beyond(&self, lane: usize, half_norm: f32, scratch: &Scratch) -> f32 {
        let (limits, margins) = (&scratch.scores.limits[lane..=lane], &scratch.margins[lane..=lane]);
        let mut beyond = [0.0];
        self.kernel.distances::<false>(&[half_norm], limits, margins, self.unit(), &mut beyond);
        beyond[0]
    }

    /// Squared lattice steps of a unit of the scores.
    fn unit(&self) -> f32 {
        1.0 / (self.scale * self.scale)
    }
}

/// Converts a tile (n_dims, width) to integers, several features per value. (n_values, width)
fn make(bits: Bits, kernel: Kernel, points: &[f32], width: usize, scale: f32, to: &mut [i32]) {
    match bits {
        Bits::Eight => kernel.int8_tile(points, width, scale, to),
        Bits::Sixteen => kernel.int16_tile(points, width, scale, to),
    }
}
