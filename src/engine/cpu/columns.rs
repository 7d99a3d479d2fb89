//! Centroids laid out for the assign kernel: sixteen side by side, with their half norms and error bounds.

use crate::engine::certify;
use crate::lattice::Table;

/// Centroids that stand side by side.
pub(super) const LANES: usize = 16;
/// Score of a lane without a centroid: never the best.
const NONE: f32 = 1e38;

/// Centroids as columns. Features of a mixed table carry their `4^-e`, so that points need no scaling.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) n_dims: usize,
    pub(super) values: Vec<[f32; LANES]>,     // (n_blocks, n_dims)
    pub(super) half_norms: Vec<[f32; LANES]>, // (n_blocks)
    pub(super) errors: Vec<[f32; LANES]>,     // 3 G h, (n_blocks)
    pub(super) exact: bool,
    gamma: f32,
    scale: Vec<f32>, // 4^-e (n_dims)
}

impl Columns {
    pub(super) fn new(table: &Table, n_clusters: usize) -> Self {
        let (n_blocks, n_dims) = (n_clusters.div_ceil(LANES), table.n_dims());
        Self {
            n_dims,
            values: vec![[0.0; LANES]; n_blocks * n_dims],
            half_norms: vec![[NONE; LANES]; n_blocks],
            errors: vec![[0.0; LANES]; n_blocks],
            exact: false,
            gamma: certify::gamma(n_dims, certify::UNIT_CPU),
            scale: table.lattice.shift.iter().map(|&e| 0.25f32.powi(e as i32)).collect(),
        }
    }

    /// Takes in new centroids. (n_clusters, n_dims)
    pub(super) fn fill(&mut self, table: &Table, centroids: &[i32]) {
        let (mut bits, mut most) = (0, 0);
        for (c, row) in centroids.chunks_exact(self.n_dims).enumerate() {
            let (block, lane) = (c / LANES, c % LANES);
            let mut norm = 0.0; // squares of 24-bit integers: at most a few roundings of 2^-53
            for (j, &q) in row.iter().enumerate() {
                let scaled = q as f32 * self.scale[j];
                self.values[block * self.n_dims + j][lane] = scaled;
                norm += f64::from(q) * f64::from(scaled);
                bits |= q.unsigned_abs();
                most = most.max(q.unsigned_abs());
            }
            self.half_norms[block][lane] = (norm / 2.0) as f32;
            self.errors[block][lane] = certify::round_up(3.0 * f64::from(self.gamma) * norm / 2.0);
        }
        let grid = table.granularity.min(bits.trailing_zeros());
        let most = most.max(table.max_coordinate);
        self.exact = !table.lattice.mixed() && certify::scores_are_exact(self.n_dims, most, grid);
    }
}
