//! Guesses in fewer bits than `f32`, for many centroids of many features; what they leave open goes to `f32`.
//!
//! [`int16`] is half the instructions of `f32`; [`bf16`] is for processors with matrix units. Both round points
//! and centroids, and certify the label against what the rounding costs, a tile of points at a time. Mixed
//! tables have neither.

mod bf16;
mod int16;

use rayon::prelude::*;

use super::kernel::{Instructions, Ready};
use super::tiles::Tiles;
use crate::engine::certify::Bound;
use crate::lattice::Table;
use bf16::Bf16;
pub(in crate::engine::cpu) use bf16::Bf16Columns;
use int16::Int16;
pub(in crate::engine::cpu) use int16::Int16Columns;

/// Multiply-adds of a point and pass from which a narrow guess pays for what it leaves open.
const PAYS: usize = 512;
/// Tables whose narrow tiles take up to this many bytes keep them.
const KEPT: usize = 8 << 20;

/// A narrow guess.
#[derive(Debug)]
pub(super) enum Narrow {
    Int16(Int16),
    Bf16(Bf16),
}

/// Centroids as a narrow guess wants them.
#[derive(Debug, Clone)]
pub(super) enum NarrowColumns {
    Int16(Int16Columns),
    Bf16(Bf16Columns),
}

/// What a thread needs while it looks: room, and the matrix units.
#[derive(Debug, Default)]
pub(super) struct Looking {
    narrow: Vec<i32>, // (n_pairs, width)
    wide: Vec<f32>,   // (n_dims, width)
    values: Vec<f32>,
    ready: Ready,
}

impl Narrow {
    /// The guesses that may pay for this table, the one to try first last. None of mixed tables.
    pub(super) fn all(
        table: &Table,
        tiles: &Tiles<'_>,
        instructions: Instructions,
        n_clusters: usize,
        bound: Bound,
    ) -> Vec<Self> {
        if n_clusters * table.n_dims() < PAYS || table.lattice.mixed() {
            return Vec::new();
        }
        let Instructions { kernel, matrix } = instructions;
        let int16 = kernel.is_narrow().then(|| Self::Int16(Int16::new(table, tiles, kernel, bound)));
        let bf16 = matrix.map(|matrix| Self::Bf16(Bf16::new(table, tiles, kernel, matrix, bound)));
        int16.into_iter().chain(bf16).collect()
    }

    /// Room for as many centroids.
    pub(super) fn columns(&self, table: &Table, n_clusters: usize) -> NarrowColumns {
        match self {
            Self::Int16(guess) => NarrowColumns::Int16(guess.columns(table, n_clusters)),
            Self::Bf16(guess) => NarrowColumns::Bf16(guess.columns(table, n_clusters)),
        }
    }

    /// Takes in new centroids (n_clusters, n_dims). False if they are too large for this guess.
    pub(super) fn fill(&self, columns: &mut NarrowColumns, centroids: &[i32], n_dims: usize) -> bool {
        match (self, columns) {
            (Self::Int16(guess), NarrowColumns::Int16(columns)) => guess.fill(columns, centroids, n_dims),
            (Self::Bf16(guess), NarrowColumns::Bf16(columns)) => guess.fill(columns, centroids, n_dims),
            _ => false, // columns of another guess
        }
    }

    /// What a thread needs to [`Narrow::look`].
    pub(super) fn begin(&self) -> Looking {
        match self {
            Self::Int16(_) => Looking::default(),
            Self::Bf16(guess) => Looking { ready: guess.matrix.begin(), ..Looking::default() },
        }
    }

    /// Finds the nearest centroid of each point of a tile: the labels (width), and a bit for each that is not
    /// proven.
    pub(super) fn look(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &NarrowColumns,
        looking: &mut Looking,
        labels: &mut [u32],
    ) -> u32 {
        match (self, columns) {
            (Self::Int16(guess), NarrowColumns::Int16(columns)) => {
                guess.look(tiles, tile, columns, looking, labels)
            }
            (Self::Bf16(guess), NarrowColumns::Bf16(columns)) => {
                guess.look(tiles, tile, columns, looking, labels)
            }
            _ => u32::MAX, // proves nothing
        }
    }
}

/// The points of a table, made narrow: two features a value.
#[derive(Debug)]
struct NarrowTiles {
    costs: Vec<Cost>,       // (n_tiles)
    kept: Option<Vec<i32>>, // small tables: all tiles (n_tiles, n_pairs, width)
    size: usize,            // n_pairs * width
}

impl NarrowTiles {
    /// With `cost` of a point, and `make` that makes a tile (n_dims, width) narrow.
    fn new(
        table: &Table,
        tiles: &Tiles<'_>,
        n_pairs: usize,
        cost: impl Fn(&[f32]) -> Cost + Sync,
        make: impl Fn(&[f32], &mut [i32]) + Sync,
    ) -> Self {
        let (width, size) = (tiles.width(), n_pairs * tiles.width());
        let cost = |tile: usize| {
            let first = tile * width;
            let rows = first..table.n_points().min(first + width);
            rows.map(|i| cost(table.point(i))).fold(Cost::default(), Cost::or)
        };
        let costs = (0..tiles.len()).into_par_iter().map(cost).collect();
        let kept = (tiles.len() * size * 4 <= KEPT).then(|| {
            let mut kept = vec![0; tiles.len() * size];
            kept.par_chunks_exact_mut(size).enumerate().for_each_init(Vec::new, |room, (tile, to)| {
                make(&tiles.points(tile, room), to);
            });
            kept
        });
        Self { costs, kept, size }
    }

    /// A tile (n_pairs, width), made by `make` unless it is kept. `room` and `wide` are used then.
    fn points<'t>(
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

/// What rounding costs: the norm of a point or centroid, and that of what was rounded off; or the largest of
/// many. In the guess's units, rounded up.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    residual: f64,
    norm: f64,
}

impl Cost {
    /// Of (value, rounded) pairs.
    fn of(pairs: impl Iterator<Item = (f32, f32)>) -> Self {
        let (mut residual, mut norm) = (0.0, 0.0);
        for (value, rounded) in pairs {
            let rest = f64::from(value - rounded); // exact: both are near
            residual += rest * rest;
            norm += f64::from(value) * f64::from(value);
        }
        // sums of squares with a relative error of at most 2^-36
        Self { residual: residual.sqrt() * (1.0 + 1e-9), norm: norm.sqrt() * (1.0 + 1e-9) }
    }

    fn or(self, other: Self) -> Self {
        Self { residual: self.residual.max(other.residual), norm: self.norm.max(other.norm) }
    }
}
