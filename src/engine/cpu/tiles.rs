//! Points as tiles (n_dims, width), the layout that the kernels read: seen from the table's centre, rounded to `f32`.

use std::borrow::Cow;

use rayon::prelude::*;

use super::kernel::{Kernel, MAX_TILE, Tile};
use crate::engine::certify;
use crate::lattice::Table;

/// Bytes of points that may be kept as tiles in `f32`. Tiles of larger tables are made when needed.
pub(super) const KEPT: usize = 40 << 20;

/// The passes for which points are prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// Many, by all threads.
    Many,
    /// One, by all threads.
    One,
    /// One, by the calling thread alone.
    Alone,
}

impl Span {
    /// The fewest of so many things that a thread takes: all, if no other takes any.
    pub(super) fn least(self, of_shared: usize) -> usize {
        if self == Self::Alone { usize::MAX } else { of_shared }
    }
}

/// The points as tiles; the last tile is padded with zeros.
#[derive(Debug)]
pub(super) struct Tiles<'a> {
    table: &'a Table,
    kernel: Kernel,
    width: usize,
    span: Span,
    kept: Option<Vec<f32>>, // from the centre, rounded to f32 (n_tiles, n_dims, width)
    errors: Vec<f32>,       // G |x|^2 / 2, rounded up (n_tiles, width)
    half_norms: Vec<f32>,   // |x|^2 / 2, to the nearest (n_tiles, width)
}

impl<'a> Tiles<'a> {
    pub(super) fn new(table: &'a Table, kernel: Kernel, gamma: f32) -> Self {
        let keep = 4 * table.n_dims() * padded(table, kernel) <= KEPT;
        Self::spanning(table, kernel, gamma, (Span::Many, keep))
    }

    /// The same for these passes, kept or not.
    pub(super) fn spanning(table: &'a Table, kernel: Kernel, gamma: f32, (span, keep): (Span, bool)) -> Self {
        let (d, width) = (table.n_dims(), kernel.tile());
        let n_tiles = table.n_points().div_ceil(width);
        let mut half_norms = half_norms(table, kernel, span);
        half_norms.resize(n_tiles * width, 0.0);
        let error = |&half_norm: &f32| certify::point_error(gamma, f64::from(half_norm.next_up()));
        let errors = half_norms.iter().map(error).collect();
        let mut tiles = Self { table, kernel, width, span, kept: None, errors, half_norms };
        if keep {
            let mut kept = vec![0.0; n_tiles * width * d];
            kept.par_chunks_exact_mut(width * d).enumerate().for_each(|(tile, to)| tiles.make(tile, to));
            tiles.kept = Some(kept);
        }
        tiles
    }

    /// Half the largest squared norm of a point, rounded up.
    pub(super) fn largest_half_norm(&self) -> f64 {
        self.half_norms.iter().copied().fold(0.0, f32::max).next_up().into()
    }

    /// The passes for which they were made.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Points per tile.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of tiles.
    pub(super) fn len(&self) -> usize {
        self.errors.len() / self.width
    }

    /// Coordinates of a tile (n_dims, width). `room` is the buffer where tiles are not kept.
    pub(super) fn points<'t>(&'t self, tile: usize, room: &'t mut Vec<f32>) -> Cow<'t, [f32]> {
        let size = self.width * self.table.n_dims();
        if let Some(kept) = &self.kept {
            return Cow::Borrowed(&kept[tile * size..][..size]);
        }
        room.resize(size, 0.0);
        self.make(tile, room);
        Cow::Borrowed(room)
    }

    /// Half the squared norms of a tile's points, to the nearest. (width)
    pub(super) fn half_norms(&self, tile: usize) -> &[f32] {
        &self.half_norms[tile * self.width..][..self.width]
    }

    /// Shares of E of a tile's points. (width)
    pub(super) fn errors(&self, tile: usize) -> &[f32] {
        &self.errors[tile * self.width..][..self.width]
    }

    /// A tile with its points' errors.
    pub(super) fn tile<'t>(&'t self, tile: usize, points: &'t [f32]) -> Tile<'t> {
        Tile { points, errors: self.errors(tile), half_norms: self.half_norms(tile) }
    }

    /// Gathers rows into a tile (n_dims, width): at most as many as it has lanes.
    pub(super) fn gather(&self, rows: impl Iterator<Item = usize>, to: &mut [f32]) {
        let mut points: [&[i32]; MAX_TILE] = [&[]; MAX_TILE];
        let n = points.iter_mut().zip(rows).map(|(point, row)| *point = self.table.point(row)).count();
        self.kernel.transpose(&points[..n], &self.table.centre, self.width, to);
    }

    /// Gathers the norms of rows.
    pub(super) fn gather_norms(&self, rows: impl Iterator<Item = usize>, to: &mut Gathered) {
        for (lane, row) in rows.enumerate() {
            (to.errors[lane], to.half_norms[lane]) = (self.errors[row], self.half_norms[row]);
        }
    }

    fn make(&self, tile: usize, to: &mut [f32]) {
        let first = tile * self.width;
        let end = self.table.n_points().min(first + self.width);
        if end < first + self.width {
            to.fill(0.0);
        }
        self.gather(first..end, to);
    }
}

/// Number of points in all tiles of a table, with those that fill the last.
pub(super) fn padded(table: &Table, kernel: Kernel) -> usize {
    table.n_points().next_multiple_of(kernel.tile())
}

/// A tile of gathered points.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) points: Vec<f32>, // (n_dims, width)
    errors: Vec<f32>,            // (width)
    half_norms: Vec<f32>,        // (width)
}

impl Gathered {
    pub(super) fn new(width: usize, n_dims: usize) -> Self {
        Self { points: vec![0.0; width * n_dims], errors: vec![0.0; width], half_norms: vec![0.0; width] }
    }

    pub(super) fn tile(&self) -> Tile<'_> {
        Tile { points: &self.points, errors: &self.errors, half_norms: &self.half_norms }
    }
}

/// Half the squared norm of each point from the centre; features of a mixed table are scaled by `2^-e`. (n_points)
fn half_norms(table: &Table, kernel: Kernel, span: Span) -> Vec<f32> {
    let half_norm = |i: usize| match table.lattice.mixed() {
        true => table.half_norm(i),
        false => kernel.squares(table.point(i), &table.centre) / 2.0,
    };
    let points = (0..table.n_points()).into_par_iter().with_min_len(span.least(4096));
    points.map(|i| half_norm(i) as f32).collect()
}
