//! Guesses in integers of 8 or of 16 bits: rounded points, their scores, and bounds from these.
//!
//! [`super::int8`] and [`super::int16`] choose the scale, and derive the certificate that both use: with r the largest
//! residual of the points of a tile, X the norm of a point, C and R the largest norm and residual of all centroids,
//! `E = 1/2 + r C + (X + r) R`.

use super::columns::IntColumns;
use super::cost::GuessCost;
use super::tiles::{NarrowTiles, Scratch};
use crate::engine::cpu::bounds::UP;
use crate::engine::cpu::kernel::{Kernel, LeastCosts, MAX_TILE, Products, Scores};
use crate::engine::cpu::tile_result::TileResult;
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// Score of a padding column.
const NONE: i32 = i32::MAX;

/// How points and centroids become integers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) products: Products,
    /// Units per lattice step of points, and of centroids. A score has their product.
    pub(super) scales: [f32; 2],
    /// Bytes: how far those of points are above the coordinates.
    pub(super) above: u32,
    /// Largest magnitude of a centroid's coordinate.
    pub(super) most: i32,
    /// Largest norm of a centroid.
    pub(super) most_norm: f64,
    /// Whether points are exact, and centroids too that are twice a point: see [`Ints::fill_doubled`].
    pub(super) doubles: bool,
}

impl Format {
    /// Features per 32-bit value.
    fn per_value(self) -> usize {
        if self.products == Products::Halves { 2 } else { 4 }
    }
}

/// Points rounded to integers, with the cost of the rounding.
#[derive(Debug)]
pub(in crate::engine::cpu) struct Ints {
    format: Format,
    n_dims: usize,
    shares: [f32; 2], // fractions of the sound E: of all, and of its residuals. 1, or less in tests
    tiles: NarrowTiles,
    most_residual: f64, // of all points
    kernel: Kernel,
}

impl Ints {
    pub(super) fn new(
        table: &Table,
        (tiles, keep): (&Tiles<'_>, bool),
        kernel: Kernel,
        format: Format,
        shares: [f32; 2],
    ) -> Self {
        let scale = format.scales[0];
        let cost = |point: &[i32], half_norm: f64| {
            GuessCost::of_squares(2.0 * half_norm, scale, kernel.rounding(point, &table.centre, scale))
        };
        let make = |points: &[f32], to: &mut [i32]| make(format, kernel, points, tiles.width(), to);
        let n_values = table.n_dims().div_ceil(format.per_value());
        let tiles = NarrowTiles::new(table, tiles, (n_values, keep), cost, make);
        let most_residual = tiles.costs.iter().fold(0.0, |most: f64, cost| most.max(cost.residual));
        Self { format, n_dims: table.n_dims(), shares, tiles, most_residual, kernel }
    }

    /// Buffers for `n_clusters` centroids.
    pub(in crate::engine::cpu) fn columns(&self, n_clusters: usize) -> IntColumns {
        let block = self.kernel.block_of_ints(n_clusters);
        let (padded, depth) =
            (n_clusters.next_multiple_of(block), self.n_dims.div_ceil(self.format.per_value()));
        let (values, base, over) = (vec![0; padded * depth], vec![NONE; padded], vec![0; padded]);
        IntColumns { depth, block, values, base, over, all: GuessCost::default() }
    }

    /// Converts new centroids (any, n_dims). False if there is no room for one.
    pub(in crate::engine::cpu) fn fill(
        &self,
        columns: &mut IntColumns,
        centroids: &[i32],
        centre: &[i32],
    ) -> bool {
        self.fill_scaled(columns, centroids, centre, self.format.scales[1])
    }

    /// Whether [`Ints::fill_doubled`] is exact.
    pub(in crate::engine::cpu) fn doubles(&self) -> bool {
        self.format.doubles
    }

    /// Converts points (any, n_dims) as centroids of two units per point's unit, so that scores are `|c|^2 - 2 x.c` in
    /// squared units of points.
    pub(in crate::engine::cpu) fn fill_doubled(
        &self,
        columns: &mut IntColumns,
        points: &[i32],
        centre: &[i32],
    ) {
        let has_room = self.fill_scaled(columns, points, centre, 2.0 * self.format.scales[0]);
        debug_assert!(has_room && columns.all.residual == 0.0);
    }

    fn fill_scaled(&self, columns: &mut IntColumns, centroids: &[i32], centre: &[i32], scale: f32) -> bool {
        let Format { products, scales, above, most, most_norm, .. } = self.format;
        columns.all = GuessCost::default();
        let mut wholes = vec![0; columns.depth * self.format.per_value()];
        for (c, row) in centroids.chunks_exact(centre.len()).enumerate() {
            let rest = self.kernel.round_row(row, centre, scale, &mut wholes);
            let squares = self.kernel.squares(row, centre);
            let cost = GuessCost::of_squares(squares, scale, rest);
            let largest = wholes.iter().fold(0, |most, whole| whole.unsigned_abs().max(most));
            if largest > most.unsigned_abs() || cost.norm > most_norm {
                return false;
            }
            columns.all = columns.all.or(cost);
            // in units of the scores
            columns.base[c] = (squares / 2.0 * f64::from(scales[0]) * f64::from(scale)).round() as i32;
            let at = c / columns.block * columns.block * columns.depth + c % columns.block;
            let values = columns.values[at..].iter_mut().step_by(columns.block);
            if products == Products::Halves {
                let pairs = values.zip(wholes.as_chunks().0);
                pairs.for_each(|(to, [low, high])| *to = (low & 0xffff) | (high << 16));
                continue;
            }
            let (quads, _) = wholes.as_chunks::<4>();
            let bytes = |quad: &[i32; 4]| i32::from_le_bytes(quad.map(|x| x as u8));
            values.zip(quads).for_each(|(to, quad)| *to = bytes(quad));
            let [low, high] =
                quads.iter().fold([0, 0], |[low, high], q| [low + q[0] + q[1], high + q[2] + q[3]]);
            let above = above.cast_signed();
            if products == Products::Bytes {
                columns.base[c] += above * (low + high);
            } else {
                columns.over[c] = ((above * low) & 0xffff) | ((above * high) << 16);
            }
        }
        true
    }

    /// A thread's scratch buffers for these columns.
    pub(in crate::engine::cpu) fn begin(&self, columns: &IntColumns) -> Scratch {
        let kept = if self.format.products == Products::Halves { 0 } else { columns.base.len() };
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
        let points = self.points(tiles, tile, (narrow, wide));
        let margins = &mut margins[..labels.len()];
        let cost = self.tiles.costs[tile];
        if self.format.products == Products::Bytes {
            self.margins(cost.residual, tiles.half_norms(tile), columns, margins);
        } else {
            // the tile's largest norm loses little here, and takes less time
            let [share, of_residuals] = self.shares.map(f64::from);
            let all = columns.all;
            let rounding = cost.residual * all.norm + (cost.norm + cost.residual) * all.residual;
            // one more for the fraction: `ceil` is a call on the baseline of x86-64
            margins.fill((2.0 * (0.5 + rounding * of_residuals) * share) as i32 + 3);
        }
        self.score(points, columns, margins, scores, labels)
    }

    /// The scores of a tile alone, into `scratch`. In 8 bits.
    pub(in crate::engine::cpu) fn scores(
        &self,
        tiles: &Tiles<'_>,
        tile: usize,
        columns: &IntColumns,
        scratch: &mut Scratch,
    ) {
        let Scratch { narrow, wide, scores, margins, .. } = scratch;
        let points = self.points(tiles, tile, (narrow, wide));
        let mut labels = [0; MAX_TILE];
        let width = tiles.width();
        self.score(points, columns, &margins[..width], scores, &mut labels[..width]);
    }

    /// A tile in integers: kept, or made in these buffers.
    fn points<'t>(
        &'t self,
        tiles: &Tiles<'_>,
        tile: usize,
        room: (&'t mut Vec<i32>, &mut Vec<f32>),
    ) -> &'t [i32] {
        let make = |points: &[f32], to: &mut [i32]| make(self.format, self.kernel, points, tiles.width(), to);
        self.tiles.points(tiles, tile, room, make)
    }

    /// Gathers rows of the table into a tile, in `scratch`: at most as many as it has lanes.
    pub(in crate::engine::cpu) fn gather(
        &self,
        tiles: &Tiles<'_>,
        rows: impl Iterator<Item = usize>,
        scratch: &mut Scratch,
    ) {
        let Scratch { narrow, wide, .. } = scratch;
        wide.resize(self.n_dims * tiles.width(), 0.0);
        narrow.resize(self.n_dims.div_ceil(self.format.per_value()) * tiles.width(), 0);
        tiles.gather(rows, wide);
        make(self.format, self.kernel, wide, tiles.width(), narrow);
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
        self.kernel.nearest_ints(self.format.products, points, columns, margins, scores, labels)
    }

    /// Twice E of the points of a tile whose largest residual this is, rounded up.
    fn margins(&self, residual: f64, half_norms: &[f32], columns: &IntColumns, margins: &mut [i32]) {
        let up = |x: f64| (x as f32) * UP;
        let [share, of_residuals] = self.shares;
        let (r, c) = (up(residual) * of_residuals, up(columns.all.norm));
        let of_centroids = up(columns.all.residual) * of_residuals;
        let errors = [(0.5 + r * c + r * of_centroids) * share, of_centroids * share];
        self.kernel.margins(half_norms, self.format.scales[0], errors, margins);
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

    /// The least costs of the last tile's points: see `Kernel::least_costs`. In 8 bits. (tile)
    pub(in crate::engine::cpu) fn least_costs(
        &self,
        half_norms: &[f32],
        scratch: &Scratch,
        labels: &[u32],
        factors: &[f32],
        least: &mut LeastCosts,
    ) {
        let margins = &scratch.margins[..labels.len()];
        let of_points = (half_norms, margins, labels);
        self.kernel.least_costs_of_ints(of_points, &scratch.scores.values, self.unit(), factors, least);
    }

    /// Half the squared distance, at least and at most, of a point of the last tile to a centroid. In 8 bits.
    pub(in crate::engine::cpu) fn half_distances(
        &self,
        half_norm: f32,
        lane: usize,
        c: usize,
        scratch: &Scratch,
    ) -> [f64; 2] {
        let Scratch { scores, margins, .. } = scratch;
        let score = scores.values[c * self.kernel.tile() + lane] as f32 * self.unit();
        let error = margins[lane] as f32 * 0.5 * self.unit();
        let error = error + (half_norm + score.abs() + error) * (UP - 1.0); // as `Kernel::distances`
        let [half_norm, score, error] = [half_norm, score, error].map(f64::from);
        [(half_norm + score - error).max(0.0), (half_norm + score + error).max(0.0)]
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
        let [of_points, of_centroids] = self.format.scales;
        1.0 / (of_points * of_centroids)
    }
}

/// Converts a tile (n_dims, width) to integers, several features per value. (n_values, width)
fn make(format: Format, kernel: Kernel, points: &[f32], width: usize, to: &mut [i32]) {
    let scale = format.scales[0];
    match format.products {
        Products::Halves => kernel.int16_tile(points, width, scale, to),
        Products::Bytes | Products::ShortBytes => kernel.int8_tile(points, width, (scale, format.above), to),
    }
}
