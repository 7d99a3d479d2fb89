//! Centroids in the layout of the kernels, seen from the table's centre: blocks of columns, each column with the start
//! value of its score.

use crate::engine::certify;
use crate::engine::nearest_two::guesses_are_exact;
use crate::lattice::{Table, from_centre};

/// Score of a padding column: never the least, never near it.
const NONE: f32 = 1e38;

/// Centroids as columns. On mixed tables the columns are scaled by `4^-e`, so that points need no scaling.
#[derive(Debug, Clone)]
pub(in crate::engine::cpu) struct Columns {
    pub(super) n_dims: usize,
    /// Columns per block.
    pub(super) block: usize,
    /// (n_blocks, n_dims, block)
    pub(super) values: Vec<f32>,
    /// `h - E` without the point's share of E. (n_blocks, block)
    pub(super) base: Vec<f32>,
    /// Twice the column's share of E. (n_blocks, block)
    pub(super) errors: Vec<f32>,
    /// The largest of `errors`.
    pub(super) largest_error: f32,
    /// Whether scores are exact: then every share of E is zero, and ties go to the lowest index.
    pub(super) exact: bool,
    gamma: f32,
    scale: Vec<f32>, // 4^-e (n_dims)
}

impl Columns {
    pub(super) fn new(table: &Table, n_columns: usize, block: usize, gamma: f32) -> Self {
        let (padded, n_dims) = (n_columns.next_multiple_of(block), table.n_dims());
        Self {
            n_dims,
            block,
            values: vec![0.0; padded * n_dims],
            base: vec![NONE; padded],
            errors: vec![0.0; padded],
            largest_error: 0.0,
            exact: false,
            gamma,
            scale: table.lattice.shift.iter().map(|&e| 0.25f32.powi(e as i32)).collect(),
        }
    }

    /// Converts new centroids (n_clusters, n_dims). `squares` is the squared distance of two rows of a uniform table.
    pub(super) fn fill(&mut self, table: &Table, squares: impl Fn(&[i32], &[i32]) -> f64, centroids: &[i32]) {
        self.fill_bases(table, squares, centroids);
        self.fill_values(table, centroids);
    }

    /// The start values alone, where nothing reads the columns.
    pub(super) fn fill_bases(
        &mut self,
        table: &Table,
        squares: impl Fn(&[i32], &[i32]) -> f64,
        centroids: &[i32],
    ) {
        self.exact = guesses_are_exact(table, centroids);
        self.largest_error = 0.0;
        for (c, row) in centroids.chunks_exact(self.n_dims).enumerate() {
            let mixed = table.lattice.mixed();
            let half_norm = if mixed { table.half_norm_of(row) } else { squares(row, &table.centre) / 2.0 };
            self.set_base(c, half_norm);
        }
    }

    fn fill_values(&mut self, table: &Table, centroids: &[i32]) {
        for (c, row) in centroids.chunks_exact(self.n_dims).enumerate() {
            let at = c / self.block * self.block * self.n_dims + c % self.block;
            let column = self.values[at..].iter_mut().step_by(self.block);
            for ((value, x), &scale) in column.zip(from_centre(row, &table.centre)).zip(&self.scale) {
                *value = x as f32 * scale;
            }
        }
    }

    fn set_base(&mut self, c: usize, half_norm: f64) {
        let error = if self.exact { 0.0 } else { certify::centroid_error(self.gamma, half_norm) };
        self.base[c] = (half_norm - f64::from(error)) as f32;
        self.errors[c] = 2.0 * error;
        self.largest_error = self.largest_error.max(self.errors[c]);
    }
}
