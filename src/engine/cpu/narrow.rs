//! A guess in 16-bit integers, for many centroids of many features: half the instructions of `f32`.
//!
//! # The certificate
//!
//! In units of `2^a` lattice steps let x and c be a point and a centroid, x~ and c~ their coordinates rounded
//! to whole numbers. The kernel computes `S_i = round(|c_i|^2 / 2) - x~.c~_i` without an error (all sums fit 32
//! bits, as below). Against the score `s_i = |c_i|^2 / 2 - x.c_i`:
//!
//! `|S_i - s_i| <= 1/2 + |x - x~| |c_i| + |x~| |c_i - c~_i| <= E = 1/2 + r C + (X + r) R`
//!
//! with r and X the largest residual and norm of the points of the tile, C and R those of all centroids: norms
//! are computed, not assumed, and rounded up. One E serves every centroid, so the label is proven when the
//! second least S is above the least by more than 2 E. What is not proven is looked at again in `f32`.
//!
//! # Room
//!
//! `a` is chosen so that X' <= 2^14.5 for all points of the table: then coordinates fit 16 bits, and
//! `|S| <= C^2 / 2 + (X + r) (C + R)` stays below 2^30 while C is at most X', as means are; centroids given
//! from elsewhere are checked.

use rayon::prelude::*;

use super::kernel::Kernel;
use super::tiles::Tiles;
use crate::engine::certify::Bound;
use crate::lattice::Table;

/// Multiply-adds of a point and pass from which the narrow guess pays for what it leaves open.
const PAYS: usize = 512;
/// Tables whose narrow tiles take up to this many bytes keep them.
const KEPT: usize = 8 << 20;
/// Largest norm of a point in narrow units.
const ROOM: f64 = 23_170.0; // 2^14.5
/// Adding and taking away this rounds a number below 2^22 to the nearest whole one, ties to even.
const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
/// Score of a place in a block without a centroid.
const NONE: i32 = i32::MAX;

/// How points are made narrow, and what that costs them.
#[derive(Debug)]
pub(super) struct Narrow {
    scale: f32, // 2^-a
    sound: bool,
    tiles: Vec<Cost>,
    kept: Option<Vec<i32>>, // small tables: all tiles (n_tiles, n_pairs, width)
    kernel: Kernel,
    width: usize,
}

/// Largest residual and norm of the points of a tile, in narrow units.
#[derive(Debug, Clone, Copy)]
struct Cost {
    residual: f64,
    norm: f64,
}

/// Centroids as narrow columns.
#[derive(Debug, Clone)]
pub(super) struct NarrowColumns {
    pub(super) n_pairs: usize,
    pub(super) block: usize,
    /// Two features a value. (n_blocks, n_pairs, block)
    pub(super) values: Vec<i32>,
    /// `round(|c|^2 / 2)`. (n_blocks, block)
    pub(super) base: Vec<i32>,
    residual: f64,
    norm: f64,
}

impl Narrow {
    /// None where it would not pay, or can't be done: mixed tables, kernels without the instructions.
    pub(super) fn new(
        table: &Table,
        tiles: &Tiles<'_>,
        kernel: Kernel,
        n_clusters: usize,
        bound: Bound,
    ) -> Option<Self> {
        let pays = n_clusters * table.n_dims() >= PAYS && kernel.is_narrow() && !table.lattice.mixed();
        if !pays {
            return None;
        }
        let norm = (2.0 * tiles.largest_half_norm()).sqrt() * (1.0 + 1e-9);
        let mut scale = 1.0;
        while norm * scale > ROOM {
            scale /= 2.0;
        }
        while norm > 0.0 && norm * scale * 2.0 <= ROOM {
            scale *= 2.0;
        }
        let scale = scale as f32; // a power of two
        let cost = |tile: usize| {
            let first = tile * tiles.width();
            let rows = first..table.n_points().min(first + tiles.width());
            rows.map(|i| cost_of(table.point(i), scale)).fold(Cost { residual: 0.0, norm: 0.0 }, Cost::or)
        };
        let sound = bound == Bound::Sound;
        let costs = (0..tiles.len()).into_par_iter().map(cost).collect();
        let mut narrow = Self { scale, sound, tiles: costs, kept: None, kernel, width: tiles.width() };
        let size = table.n_dims().div_ceil(2) * tiles.width();
        if tiles.len() * size * 4 <= KEPT {
            let mut kept = vec![0; tiles.len() * size];
            kept.par_chunks_exact_mut(size).enumerate().for_each_init(Vec::new, |room, (tile, to)| {
                narrow.make(&tiles.points(tile, room), to);
            });
            narrow.kept = Some(kept);
        }
        Some(narrow)
    }

    /// Centroids of as many clusters, in this kernel's blocks.
    pub(super) fn columns(&self, table: &Table, n_clusters: usize) -> NarrowColumns {
        let block = self.kernel.block(n_clusters);
        let (padded, n_pairs) = (n_clusters.next_multiple_of(block), table.n_dims().div_ceil(2));
        let (values, base) = (vec![0; padded * n_pairs], vec![NONE; padded]);
        NarrowColumns { n_pairs, block, values, base, residual: 0.0, norm: 0.0 }
    }

    /// Takes in new centroids (n_clusters, n_dims). False if sums of theirs might outgrow 32 bits.
    pub(super) fn fill(&self, columns: &mut NarrowColumns, centroids: &[i32], n_dims: usize) -> bool {
        let mut all = Cost { residual: 0.0, norm: 0.0 };
        let mut narrow = vec![0i32; n_dims + 1]; // a zero after an odd last feature
        for (c, row) in centroids.chunks_exact(n_dims).enumerate() {
            let mut cost = (0.0, 0.0);
            for (to, &q) in narrow.iter_mut().zip(row) {
                let value = q as f32 * self.scale;
                let whole = (value + WHOLE) - WHOLE;
                let rest = f64::from(value - whole);
                cost = (cost.0 + rest * rest, cost.1 + f64::from(value) * f64::from(value));
                *to = whole as i32;
            }
            all = all.or(Cost::from_squares(cost.0, cost.1));
            if all.norm > ROOM {
                return false;
            }
            let at = c / columns.block * columns.block * columns.n_pairs + c % columns.block;
            let values = columns.values[at..].iter_mut().step_by(columns.block);
            values
                .zip(narrow.chunks_exact(2))
                .for_each(|(to, pair)| *to = (pair[0] & 0xffff) | (pair[1] << 16));
            columns.base[c] = (cost.1 / 2.0).round() as i32;
        }
        (columns.residual, columns.norm) = (all.residual, all.norm);
        true
    }

    /// Twice E of a tile, rounded up.
    pub(super) fn margin(&self, tile: usize, columns: &NarrowColumns) -> i32 {
        if !self.sound {
            return 0;
        }
        let Cost { residual, norm } = self.tiles[tile];
        let error = 0.5 + residual * columns.norm + (norm + residual) * columns.residual;
        (2.0 * error).ceil() as i32 + 1
    }

    /// A tile in narrow units (n_pairs, width). `room` and `wide` are used where tiles are not kept.
    pub(super) fn points<'t>(
        &'t self,
        tiles: &Tiles<'_>,
        tile: usize,
        room: &'t mut Vec<i32>,
        wide: &mut Vec<f32>,
    ) -> &'t [i32] {
        if let Some(kept) = &self.kept {
            let size = kept.len() / self.tiles.len();
            return &kept[tile * size..][..size];
        }
        let from = tiles.points(tile, wide);
        let n_dims = from.len() / self.width;
        room.resize(n_dims.div_ceil(2) * self.width, 0);
        self.make(&from, room);
        room
    }

    fn make(&self, points: &[f32], to: &mut [i32]) {
        self.kernel.narrow_tile(points, self.width, self.scale, to);
    }
}

impl Cost {
    /// From sums of squares with a relative error of at most 2^-36.
    fn from_squares(residual: f64, norm: f64) -> Self {
        Self { residual: residual.sqrt() * (1.0 + 1e-9), norm: norm.sqrt() * (1.0 + 1e-9) }
    }

    fn or(self, other: Self) -> Self {
        Self { residual: self.residual.max(other.residual), norm: self.norm.max(other.norm) }
    }
}

fn cost_of(point: &[f32], scale: f32) -> Cost {
    let (mut residual, mut norm) = (0.0, 0.0);
    for &q in point {
        let value = q * scale;
        // adding and taking away 1.5 * 2^23 rounds as the kernel does
        let rest = f64::from(value - ((value + WHOLE) - WHOLE));
        residual += rest * rest;
        norm += f64::from(value) * f64::from(value);
    }
    Cost::from_squares(residual, norm)
}
