//! Points as tiles: a feature's values of many points side by side, as the kernels read them.

use std::borrow::Cow;

use rayon::prelude::*;

use super::kernel::{Kernel, Tile};
use crate::engine::certify;
use crate::lattice::Table;

/// Tables up to this many bytes are kept as tiles; of larger ones a tile is made when it is needed.
const KEPT: usize = 48 << 20;

/// The points as tiles, the last one padded with zeros.
#[derive(Debug)]
pub(super) struct Tiles<'a> {
    table: &'a Table,
    width: usize,
    kept: Option<Vec<f32>>, // (n_tiles, n_dims, width)
    errors: Vec<f32>,       // G |x|^2 / 2, rounded up (n_tiles, width)
}

impl<'a> Tiles<'a> {
    pub(super) fn new(table: &'a Table, kernel: Kernel, gamma: f32) -> Self {
        let (d, width) = (table.n_dims(), kernel.tile());
        let n_tiles = table.n_points().div_ceil(width);
        let mut tiles = Self { table, width, kept: None, errors: errors(table, gamma, n_tiles * width) };
        if n_tiles * width * d * 4 <= KEPT {
            let mut kept = vec![0.0; n_tiles * width * d];
            kept.par_chunks_exact_mut(width * d).enumerate().for_each(|(tile, to)| tiles.make(tile, to));
            tiles.kept = Some(kept);
        }
        tiles
    }

    /// Points of a tile.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of tiles.
    pub(super) fn len(&self) -> usize {
        self.errors.len() / self.width
    }

    /// Coordinates of a tile (n_dims, width). `room` is used where tiles are not kept.
    pub(super) fn points<'t>(&'t self, tile: usize, room: &'t mut Vec<f32>) -> Cow<'t, [f32]> {
        let size = self.width * self.table.n_dims();
        if let Some(kept) = &self.kept {
            return Cow::Borrowed(&kept[tile * size..][..size]);
        }
        room.resize(size, 0.0);
        self.make(tile, room);
        Cow::Borrowed(room)
    }

    /// A tile with its points' errors.
    pub(super) fn tile<'t>(&'t self, tile: usize, points: &'t [f32]) -> Tile<'t> {
        Tile { points, errors: &self.errors[tile * self.width..][..self.width] }
    }

    fn make(&self, tile: usize, to: &mut [f32]) {
        let d = self.table.n_dims();
        let first = tile * self.width;
        let n = self.width.min(self.table.n_points() - first);
        for (j, to) in to.chunks_exact_mut(self.width).enumerate() {
            let column = self.table.points[first * d + j..].iter().step_by(d);
            to.iter_mut().zip(column.take(n)).for_each(|(to, &q)| *to = q);
            to[n..].fill(0.0);
        }
    }
}

/// Each point's share of the error of its scores; zero for padding. (length)
fn errors(table: &Table, gamma: f32, length: usize) -> Vec<f32> {
    let d = table.n_dims();
    let scale: Vec<f64> = table.lattice.shift.iter().map(|&e| 0.25f64.powi(e as i32)).collect();
    let error = |point: &[f32]| {
        let norm: f64 = point.iter().zip(&scale).map(|(&q, s)| f64::from(q) * f64::from(q) * s).sum();
        certify::point_error(gamma, norm / 2.0)
    };
    let mut errors: Vec<f32> = table.points.par_chunks_exact(d).map(error).collect();
    errors.resize(length, 0.0);
    errors
}
