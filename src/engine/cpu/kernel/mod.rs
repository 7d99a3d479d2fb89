//! The inner loops, for several sets of instructions.
//!
//! Each loop ([`lanes`], [`ints`], [`matrix`]) is written once and compiled for each set of instructions, in a file
//! of its own. [`pick`] chooses a set when a job is loaded.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod entries;
mod ints;
mod lanes;
mod matrix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod peak;
mod pick;
mod plain_ints;
mod portable;
mod products;
mod tile;

use super::bounds::{self, Moves};
use super::columns::Columns;
use super::narrow::{Bf16Columns, IntColumns};

pub(super) use ints::{Products, Scores};
pub(super) use lanes::DOT;
pub(super) use matrix::{Matrix, Ready};
pub(super) use pick::Instructions;
pub(super) use products::{DEPTH, ROWS};
pub(super) use tile::{LeastCosts, MAX_TILE, Tile, Top2, Top3, ones};

/// A set of instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// Evaluates an expression in which `kernel` is the module of `$self`.
macro_rules! in_kernel {
    ($self:ident, $kernel:ident => $value:expr) => {
        match $self {
            Self::Portable => {
                use portable as $kernel;
                $value
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                use avx2 as $kernel;
                $value
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                use avx512 as $kernel;
                $value
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => {
                use neon as $kernel;
                $value
            }
        }
    };
}

#[allow(unused_unsafe, reason = "the portable entries need no instructions")]
impl Kernel {
    /// Whether this processor has the instructions.
    pub(super) fn runs_here(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
        }
    }

    /// Points per tile.
    pub(super) fn tile(self) -> usize {
        in_kernel!(self, kernel => kernel::TILE)
    }

    /// Centroids per pass over a tile: of the compiled block widths the one that pads `n_columns` least.
    pub(super) fn block(self, n_columns: usize) -> usize {
        let widths: &[usize] = in_kernel!(self, kernel => kernel::BLOCKS);
        // of equals the widest, which loads points less often
        let padded = |&&width: &&usize| (n_columns.next_multiple_of(width), usize::MAX - width);
        widths.iter().min_by_key(padded).copied().unwrap_or(1)
    }

    /// The same for the loops over integers. AVX2's are the faster for sums that leave it registers, if features are few.
    pub(super) fn block_of_ints(self, n_columns: usize) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if n_columns.is_multiple_of(4) => 4,
            _ => self.block(n_columns),
        }
    }

    /// Finds the nearest centroid of each point of a tile.
    ///
    /// Writes the labels (tile) and the two least values. Returns a bit for each point whose label is not proven.
    pub(super) fn nearest(
        self,
        tile: Tile<'_>,
        columns: &Columns,
        labels: &mut [u32],
        top: &mut Top2,
    ) -> u32 {
        let (width, d) = (self.tile(), columns.n_dims);
        assert!(tile.points.len() == d * width && tile.errors.len() == width && labels.len() == width);
        assert!(columns.values.len() == columns.base.len() * d);
        assert!(columns.base.len().is_multiple_of(columns.block));
        // SAFETY: `pick` found these instructions on this processor; the lengths are checked above.
        in_kernel!(self, kernel => unsafe { kernel::nearest(tile, columns, labels, top) })
    }

    /// Scores `base - x.c` of each column for each point of a tile. (n_columns, tile)
    pub(super) fn scores(self, points: &[f32], columns: &Columns, scores: &mut [f32]) {
        let (width, d) = (self.tile(), columns.n_dims);
        assert!(points.len() == d * width && scores.len() == columns.base.len() * width);
        assert!(columns.values.len() == columns.base.len() * d);
        assert!(columns.base.len().is_multiple_of(columns.block));
        // SAFETY: `pick` found these instructions on this processor; the lengths are checked above.
        in_kernel!(self, kernel => unsafe { kernel::scores(points, columns, scores) });
    }

    /// The least that each point of a tile costs in a cluster other than its own: half its squared distance, at least, times
    /// the factor of the cluster. `scores` are those of [`Kernel::scores`] of at least as many columns as there are
    /// `factors` (n_clusters); `labels` are (tile).
    pub(super) fn least_costs(
        self,
        tile: Tile<'_>,
        scores: &[f32],
        labels: &[u32],
        factors: &[f32],
        least: &mut LeastCosts,
    ) {
        assert!(scores.len() >= factors.len() * self.tile());
        assert!([tile.half_norms.len(), tile.errors.len(), labels.len()] == [self.tile(); 3]);
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::least_costs(tile, scores, labels, factors, least) });
    }

    /// The same from scores in 8 bits. `points` are half norms, margins and labels (tile); see [`Kernel::distances`].
    pub(super) fn least_costs_of_ints(
        self,
        points: (&[f32], &[i32], &[u32]),
        scores: &[i32],
        unit: f32,
        factors: &[f32],
        least: &mut LeastCosts,
    ) {
        assert!(scores.len() >= factors.len() * self.tile());
        assert!([points.0.len(), points.1.len(), points.2.len()] == [self.tile(); 3]);
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe {
            kernel::least_costs_of_ints(points, scores, unit, factors, least);
        });
    }

    /// Finds the two nearest centroids of each point of a tile: `points` is (n_dims, tile).
    pub(super) fn nearest_two(self, points: &[f32], columns: &Columns, top: &mut Top3) {
        assert!(points.len() == columns.n_dims * self.tile() && self.tile() <= MAX_TILE);
        assert!(columns.values.len() == columns.base.len() * columns.n_dims);
        assert!(columns.base.len().is_multiple_of(columns.block));
        // SAFETY: `pick` found these instructions on this processor; the lengths are checked above.
        in_kernel!(self, kernel => unsafe { kernel::nearest_two(points, columns, top) });
    }

    /// Whether it has a loop over 16-bit integers that this processor can run.
    pub(super) fn is_narrow(self) -> bool {
        match self {
            Self::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512vnni"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => false,
        }
    }

    /// Guesses the nearest centroid of each point of a tile of bf16 (depth / 2, tile). `ends` holds `h - E` and `2 E`
    /// of each row of the columns. (2, n_rows)
    ///
    /// Writes the labels (tile). Returns a bit for each point whose label is not proven.
    pub(super) fn nearest_bf16(
        self,
        ready: &Ready,
        points: &[i32],
        columns: &Bf16Columns,
        ends: [&[f32]; 2],
        labels: &mut [u32],
    ) -> u32 {
        let (width, depth) = (self.tile(), columns.depth);
        assert!(points.len() == depth / 2 * width && labels.len() == width);
        assert!(ends.iter().all(|ends| ends.len() * depth == columns.values.len()));
        assert!(depth.is_multiple_of(DEPTH) && ends[0].len().is_multiple_of(ROWS));
        // SAFETY: `pick` found these instructions on this processor; the lengths are checked above.
        in_kernel!(self, kernel => unsafe { kernel::nearest_bf16(ready, points, columns, ends, labels) })
    }

    /// The loop over bytes that this processor can run fast.
    pub(super) fn bytes(self) -> Option<Products> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if is_x86_feature_detected!("avxvnni") => Some(Products::Bytes),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Some(Products::ShortBytes),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if is_x86_feature_detected!("avx512vnni") => Some(Products::Bytes),
            _ => None,
        }
    }

    /// Guesses the nearest centroid of each point of a tile of integers (depth, tile): bytes, or 16 bits. A margin is twice a
    /// point's E. (tile)
    ///
    /// Writes the labels (tile), the two least scores, the limits, and of bytes all scores, into the first of
    /// `scores.values`. Returns a bit for each point of which another column is within the limit too. Only for products that
    /// the kernel has, and for bytes in the portable one.
    pub(super) fn nearest_ints(
        self,
        products: Products,
        points: &[i32],
        columns: &IntColumns,
        margins: &[i32],
        scores: &mut Scores,
        labels: &mut [u32],
    ) -> u32 {
        let (width, depth, n) = (self.tile(), columns.depth, columns.base.len());
        assert!(points.len() == depth * width && labels.len() == width && margins.len() == width);
        assert!(columns.values.len() == n * depth && columns.over.len() == n);
        assert!(products == Products::Halves || scores.values.len() >= n * width);
        assert!(n.is_multiple_of(columns.block));
        // SAFETY: this processor has the instructions; the lengths are checked above.
        unsafe {
            match (self, products) {
                (Self::Portable, Products::Bytes) => {
                    portable::nearest_int8(points, columns, margins, scores, labels)
                }
                (Self::Portable, Products::ShortBytes) => {
                    portable::nearest_short_int8(points, columns, margins, scores, labels)
                }
                #[cfg(target_arch = "x86_64")]
                (Self::Avx2, Products::Bytes) if self.bytes() == Some(products) => {
                    avx2::nearest_int8(points, columns, margins, scores, labels)
                }
                #[cfg(target_arch = "x86_64")]
                (Self::Avx2, Products::ShortBytes) => {
                    avx2::nearest_short_int8(points, columns, margins, scores, labels)
                }
                #[cfg(target_arch = "x86_64")]
                (Self::Avx2, Products::Halves) if self.is_narrow() => {
                    avx2::nearest_int16(points, columns, margins, scores, labels)
                }
                #[cfg(target_arch = "x86_64")]
                (Self::Avx512, Products::Bytes) if self.bytes() == Some(products) => {
                    avx512::nearest_int8(points, columns, margins, scores, labels)
                }
                #[cfg(target_arch = "x86_64")]
                (Self::Avx512, Products::Halves) if self.is_narrow() => {
                    avx512::nearest_int16(points, columns, margins, scores, labels)
                }
                _ => unreachable!("no loop over such integers"),
            }
        }
    }

    /// Adds to `found` of each open point the columns whose score is within the limit, in order. `found` is (tile).
    pub(super) fn candidates(self, scores: &Scores, open: u32, found: &mut [Vec<u32>]) {
        let width = self.tile();
        assert!(scores.values.len().is_multiple_of(width) && found.len() == width);
        match self {
            // SAFETY: the lengths are checked above.
            Self::Portable => unsafe { portable::candidates(scores, open, found) },
            // SAFETY: this processor has the instructions; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::candidates(scores, open, found) },
            // SAFETY: this processor has the instructions; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.bytes().is_some() => unsafe { avx512::candidates(scores, open, found) },
            #[allow(unreachable_patterns, reason = "all are listed on some targets")]
            _ => unreachable!("no loop over bytes"),
        }
    }

    /// Rounds a tile (n_dims, width) to bytes `round(x * scale) + above`, four features per value. (n_quads, width)
    pub(super) fn int8_tile(
        self,
        points: &[f32],
        width: usize,
        (scale, above): (f32, u32),
        narrow: &mut [i32],
    ) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::int8_tile(points, width, (scale, above), narrow) });
    }

    /// Of these columns the one of least score `base - x.c`, the first of equals, with that score and the second least.
    /// `x` is (width), a multiple of [`DOT`]; `rows` is (n_columns, width).
    pub(super) fn nearest_of(
        self,
        columns: &[u32],
        x: &[f32],
        rows: &[f32],
        base: &[f32],
    ) -> (u32, f32, f32) {
        assert!(x.len().is_multiple_of(DOT));
        // SAFETY: `pick` found these instructions on this processor; rows are as long as x, a multiple of the lanes.
        in_kernel!(self, kernel => unsafe { kernel::nearest_of(columns, x, rows, base) })
    }

    /// Asks for a row that will be read soon.
    pub(super) fn prefetch(self, point: &[i32]) {
        #[cfg(target_arch = "x86_64")]
        for line in point.chunks(16) {
            // SAFETY: every x86-64 has SSE, and the address is valid.
            unsafe {
                std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast())
            };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = point;
    }

    /// A row less `centre`, rounded to `f32`. All are (n_dims); `to` may be longer.
    pub(super) fn row_from_centre(self, point: &[i32], centre: &[i32], to: &mut [f32]) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::row_from_centre(point, centre, to) });
    }

    /// Rounds a tile (n_dims, width) to 16-bit integers `round(x * scale)`, two features per value. (n_pairs, width)
    pub(super) fn int16_tile(self, points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::int16_tile(points, width, scale, narrow) });
    }

    /// Adds `weight * point` to `sums`; exact while the sums stay below 2^53 steps. Both are (n_dims).
    pub(super) fn add_point(self, sums: &mut [f64], point: &[i32], weight: f64) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::add_point(sums, point, weight) });
    }

    /// The same in integers.
    pub(super) fn add_point_exactly(self, sums: &mut [i64], point: &[i32], weight: i64) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::add_point_exactly(sums, point, weight) });
    }

    /// The squared distance of a point to a centroid of a uniform table, in integers. Both are (n_dims).
    pub(super) fn distance(self, point: &[i32], centroid: &[i32]) -> u128 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::distance(point, centroid) })
    }

    /// Transposes rows (at most `width`, n_dims), less `centre` (n_dims) and rounded to `f32`, to (n_dims, width). Columns
    /// without a row are not written.
    pub(super) fn transpose(self, rows: &[&[i32]], centre: &[i32], width: usize, to: &mut [f32]) {
        assert!(rows.len() <= width && to.len() == width * centre.len());
        assert!(rows.iter().all(|row| row.len() == centre.len()));
        match self {
            // SAFETY: `pick` found these instructions on this processor, which then also has AVX2; the lengths are
            // checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx2::transpose(rows, centre, width, to) },
            // SAFETY: `pick` found these instructions on this processor; the lengths are checked above.
            other => in_kernel!(other, kernel => unsafe { kernel::transpose(rows, centre, width, to) }),
        }
    }

    /// The least of `near` and the distance to a candidate, `(2 score + norm) * unit`, an integer below 2^24. Returns
    /// the sum. All slices are (tile).
    pub(super) fn lower(
        self,
        scores: &[f32],
        norms: &[f32],
        near: &[u32],
        unit: f32,
        lowered: &mut [u32],
    ) -> u32 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::lower(scores, norms, near, unit, lowered) })
    }

    /// The same with the distance `score + norm`, an integer below 2^24.
    pub(super) fn lower_ints(self, scores: &[i32], norms: &[i32], near: &[u32], lowered: &mut [u32]) -> u32 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::lower_ints(scores, norms, near, lowered) })
    }

    /// Bounds (upper, lower, least) of the points of a tile: of the distance to the column of the least value, at most; to
    /// all others, at least; and to the column of the least value, at least. `errors` is twice the largest share of E of a
    /// column. (3, tile)
    pub(super) fn bounds(self, tile: Tile<'_>, top: &Top2, errors: f32, bounds: [&mut [f32]; 3]) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::bounds(tile, top, errors, bounds) });
    }

    /// Twice E of points of a guess in integers, rounded up: of `fixed + per_norm |x|`, with the norm in units of the
    /// guess, `scale` of them a lattice step. All slices have one length.
    pub(super) fn margins(self, half_norms: &[f32], scale: f32, errors: [f32; 2], margins: &mut [i32]) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::margins(half_norms, scale, errors, margins) });
    }

    /// Distances in lattice steps of points to centroids with these scores: at most (`UPPER`) or at least. A margin is
    /// twice a point's E, `unit` is that of the scores in squared lattice steps. All slices have one length.
    ///
    /// The roundings to `f32` of three terms and of their sum, each of at most 2^-24, are within 2^-20 of the terms.
    pub(super) fn distances<const UPPER: bool>(
        self,
        half_norms: &[f32],
        scores: &[i32],
        margins: &[i32],
        unit: f32,
        distances: &mut [f32],
    ) {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe {
            kernel::distances::<UPPER>(half_norms, scores, margins, unit, distances);
        });
    }

    /// Updates the bounds (upper, lower) of points with these labels after the centroids moved, and says which are open:
    /// see [`Moves`]. Returns how many are. All slices have one length.
    ///
    /// # Panics
    /// A label is no centroid's.
    pub(super) fn follow(
        self,
        bounds: [&mut [f32]; 2],
        labels: &[u32],
        moves: &Moves,
        open: &mut [bool],
    ) -> usize {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::follow(bounds, labels, moves, open) })
    }

    /// Rounds a row, less `centre`, to integers of `scale` a lattice step. Returns the sum of squares of what the rounding
    /// took, in these units. All are (n_dims); `wholes` may be longer.
    pub(super) fn round_row(self, row: &[i32], centre: &[i32], scale: f32, wholes: &mut [i32]) -> f64 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::round_row(row, centre, scale, wholes) })
    }

    /// The sum alone that [`Kernel::round_row`] returns.
    pub(super) fn rounding(self, row: &[i32], centre: &[i32], scale: f32) -> f64 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::rounding(row, centre, scale) })
    }

    /// The sum of squares of a row less `centre`. Both are (n_dims).
    pub(super) fn squares(self, row: &[i32], centre: &[i32]) -> f64 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::squares(row, centre) })
    }

    /// [`Kernel::squares`] as a function.
    pub(super) fn squaring(self) -> impl Fn(&[i32], &[i32]) -> f64 + Copy {
        move |row, centre| self.squares(row, centre)
    }

    /// The rounded means of sums of `count` points. False if one is so close to a tie that it may be wrong. A mean is at
    /// most 2^30, so a quotient has an error of at most 2^-22. Both slices are (n_dims).
    pub(super) fn mean_row(self, sums: &[f64], count: f64, means: &mut [i32]) -> bool {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::mean_row(sums, count, means) })
    }

    /// Multiply-adds per trip of [`Kernel::multiply_add`].
    pub(super) fn multiply_adds(self) -> usize {
        self.tile() / lanes::VECTORS * in_kernel!(self, kernel => kernel::SUMS)
    }

    /// Runs `trips` trips of a loop of independent multiply-adds. `start` is between 0 and 1.
    pub(super) fn multiply_add(self, trips: usize, start: f32) -> f32 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::multiply_add(trips, start) })
    }

    /// A bit for each score that is at most its limit. Both slices have one length, at most 32.
    pub(super) fn at_most(self, scores: &[f32], limits: &[f32]) -> u32 {
        // SAFETY: `pick` found these instructions on this processor.
        in_kernel!(self, kernel => unsafe { kernel::at_most(scores, limits) })
    }
}
