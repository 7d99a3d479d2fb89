//! The instructions that the inner loops run on, chosen when a job is loaded.
//!
//! One text of each loop ([`lanes`]), compiled once for each set of instructions: a file each.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod entries;
mod lanes;
mod narrow;
#[cfg(target_arch = "x86_64")]
mod peak;
mod portable;

use super::bounds::{self, Moves};
use super::columns::Columns;
use super::narrow::NarrowColumns;
use crate::engine::EngineError;

/// Names the kernel to use, instead of the widest that the processor has: `avx512`, `avx2` or `portable`.
pub(super) const OVERRIDE: &str = "CAIRN_CPU";

/// A set of instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Points of a tile on their way through a kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    /// Coordinates, (n_dims, tile): a feature's values stand side by side.
    pub(super) points: &'a [f32],
    /// `G |x|^2 / 2`, rounded up. (tile)
    pub(super) errors: &'a [f32],
    /// `|x|^2 / 2`, to the nearest. (tile)
    pub(super) half_norms: &'a [f32],
}

/// Most points of a tile.
pub(super) const MAX_TILE: usize = 32;

/// The least and the second least value of each point of a tile: scores less the columns' share of E.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) best: [f32; MAX_TILE],
    pub(super) second: [f32; MAX_TILE],
}

impl Ends {
    pub(super) const ZERO: Self = Self { best: [0.0; MAX_TILE], second: [0.0; MAX_TILE] };
}

impl Kernel {
    /// All that this program was compiled with, the widest first.
    pub(super) const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    /// The one that `CAIRN_CPU` names, else the widest that this processor has.
    pub(super) fn pick() -> Result<Self, EngineError> {
        match std::env::var(OVERRIDE) {
            Ok(name) if !name.is_empty() => Self::named(&name),
            _ => Ok(Self::widest()),
        }
    }

    pub(super) fn widest() -> Self {
        Self::ALL.iter().copied().find(|kernel| kernel.runs_here()).unwrap_or(Self::Portable)
    }

    fn named(name: &str) -> Result<Self, EngineError> {
        let here: Vec<_> = Self::ALL.iter().filter(|kernel| kernel.runs_here()).collect();
        let wanted = here.iter().find(|kernel| kernel.name() == name);
        wanted.map(|&&kernel| kernel).ok_or_else(|| {
            let names: Vec<_> = here.iter().map(|kernel| kernel.name()).collect();
            EngineError::NoAdapter(format!("{OVERRIDE}={name}: this processor runs {}", names.join(", ")))
        })
    }

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
            }
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    /// Points of a tile.
    pub(super) fn tile(self) -> usize {
        match self {
            Self::Portable => portable::TILE,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::TILE,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::TILE,
        }
    }

    /// Centroids that share a pass over a tile: the width among those compiled that pads `n_columns` least.
    pub(super) fn block(self, n_columns: usize) -> usize {
        let widths: &[usize] = match self {
            Self::Portable => &portable::BLOCKS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::BLOCKS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::BLOCKS,
        };
        // a wider block loads fewer points: among equals the last, which is the widest
        let padded = |&&width: &&usize| (n_columns.next_multiple_of(width), usize::MAX - width);
        widths.iter().min_by_key(padded).copied().unwrap_or(1)
    }

    /// Finds the nearest centroid of each point of a tile.
    ///
    /// Writes the labels (tile) and the ends, and returns a bit for each point whose label is not proven.
    pub(super) fn nearest(
        self,
        tile: Tile<'_>,
        columns: &Columns,
        labels: &mut [u32],
        ends: &mut Ends,
    ) -> u32 {
        let (width, d) = (self.tile(), columns.n_dims);
        assert!(tile.points.len() == d * width && tile.errors.len() == width && labels.len() == width);
        assert!(
            columns.values.len() == columns.base.len() * d
                && columns.base.len().is_multiple_of(columns.block)
        );
        match self {
            Self::Portable => portable::nearest(tile, columns, labels, ends),
            // SAFETY: `pick` saw these instructions on this processor; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::nearest(tile, columns, labels, ends) },
            // SAFETY: `pick` saw these instructions on this processor; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::nearest(tile, columns, labels, ends) },
        }
    }

    /// Whether it has a loop over 16-bit integers, and this processor the instructions for it.
    pub(super) fn is_narrow(self) -> bool {
        match self {
            Self::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512vnni"),
        }
    }

    /// Finds the nearest centroid of each point of a narrow tile (n_pairs, tile), as far as `margin` proves it.
    ///
    /// Writes the labels (tile), and returns a bit for each point whose label is not proven. Only for kernels
    /// that are narrow.
    pub(super) fn nearest_narrow(
        self,
        points: &[i32],
        columns: &NarrowColumns,
        margin: i32,
        labels: &mut [u32],
    ) -> u32 {
        let (width, pairs) = (self.tile(), columns.n_pairs);
        assert!(self.is_narrow() && points.len() == pairs * width && labels.len() == width);
        assert!(columns.values.len() == columns.base.len() * pairs);
        assert!(columns.base.len().is_multiple_of(columns.block));
        match self {
            Self::Portable => u32::MAX, // proves nothing
            // SAFETY: `pick` and `is_narrow` saw these instructions here; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::nearest_narrow(points, columns, margin, labels) },
            // SAFETY: `pick` and `is_narrow` saw these instructions here; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::nearest_narrow(points, columns, margin, labels) },
        }
    }

    /// Makes a tile (n_dims, width) narrow: `round(x * scale)`, two features a value. (n_pairs, width)
    pub(super) fn narrow_tile(self, points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
        match self {
            Self::Portable => narrow::narrow_tile(points, width, scale, narrow),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::narrow_tile(points, width, scale, narrow) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::narrow_tile(points, width, scale, narrow) },
        }
    }

    /// Scores of each column for each point of a tile: `base - x.c`. (n_columns, tile)
    pub(super) fn scores(self, points: &[f32], columns: &Columns, scores: &mut [f32]) {
        let (width, d) = (self.tile(), columns.n_dims);
        assert!(points.len() == d * width && scores.len() == columns.base.len() * width);
        assert!(
            columns.values.len() == columns.base.len() * d
                && columns.base.len().is_multiple_of(columns.block)
        );
        match self {
            Self::Portable => portable::scores(points, columns, scores),
            // SAFETY: `pick` saw these instructions on this processor; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::scores(points, columns, scores) },
            // SAFETY: `pick` saw these instructions on this processor; the lengths are checked above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::scores(points, columns, scores) },
        }
    }

    /// Adds `weight * point` to sums; exact while all of them stay below 2^53. Both are (n_dims).
    pub(super) fn add_point(self, sums: &mut [f64], point: &[f32], weight: f64) {
        match self {
            Self::Portable => lanes::add_point(sums, point, weight),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::add_point(sums, point, weight) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::add_point(sums, point, weight) },
        }
    }

    /// The squared distance of a point to a centroid of a uniform table, in integers. Both are (n_dims).
    pub(super) fn distance(self, point: &[f32], centroid: &[i32]) -> u64 {
        match self {
            Self::Portable => lanes::distance(point, centroid),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::distance(point, centroid) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::distance(point, centroid) },
        }
    }

    /// Rows (at most `width`, n_dims) side by side: (n_dims, width). What lies beyond the rows is left alone.
    pub(super) fn transpose(self, rows: &[f32], n_dims: usize, width: usize, to: &mut [f32]) {
        match self {
            Self::Portable => lanes::transpose(rows, n_dims, width, to),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::transpose(rows, n_dims, width, to) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx2::transpose(rows, n_dims, width, to) }, // wider, it becomes gathers
        }
    }

    /// Lowers distances to those of a candidate, `(2 score + norm) * unit`, whole and below 2^24. Returns their
    /// sum. All are (tile).
    pub(super) fn lower(
        self,
        scores: &[f32],
        norms: &[f32],
        near: &[u32],
        unit: f32,
        lowered: &mut [u32],
    ) -> u32 {
        match self {
            Self::Portable => lanes::lower(scores, norms, near, unit, lowered),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::lower(scores, norms, near, unit, lowered) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::lower(scores, norms, near, unit, lowered) },
        }
    }

    /// Bounds of the points of a tile, from their ends and twice the largest share of E of a column. (tile)
    pub(super) fn bounds(
        self,
        tile: Tile<'_>,
        ends: &Ends,
        errors: f32,
        upper: &mut [f32],
        lower: &mut [f32],
    ) {
        match self {
            Self::Portable => lanes::bounds(tile, ends, errors, upper, lower),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::bounds(tile, ends, errors, upper, lower) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::bounds(tile, ends, errors, upper, lower) },
        }
    }

    /// Moves the bounds of points with these labels. All are of one length.
    pub(super) fn follow(self, upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
        match self {
            Self::Portable => bounds::follow(upper, lower, labels, moves),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::follow(upper, lower, labels, moves) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::follow(upper, lower, labels, moves) },
        }
    }

    /// Multiply-adds of a round of [`Kernel::multiply_add`].
    pub(super) fn multiply_adds(self) -> usize {
        self.tile() / lanes::VECTORS
            * match self {
                Self::Portable => portable::SUMS,
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 | Self::Avx512 => entries::SUMS,
            }
    }

    /// Runs so many rounds of independent multiply-adds. `start` is between 0 and 1.
    pub(super) fn multiply_add(self, rounds: usize, start: f32) -> f32 {
        match self {
            Self::Portable => portable::multiply_add(rounds, start),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::multiply_add(rounds, start) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::multiply_add(rounds, start) },
        }
    }

    /// A bit for each score that is at most its limit. Both are of one length, at most 32.
    pub(super) fn at_most(self, scores: &[f32], limits: &[f32]) -> u32 {
        match self {
            Self::Portable => lanes::at_most(scores, limits),
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::at_most(scores, limits) },
            // SAFETY: `pick` saw these instructions on this processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::at_most(scores, limits) },
        }
    }
}
