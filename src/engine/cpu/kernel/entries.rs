//! Entry points of the loops: for each set of instructions, a copy of each loop compiled with them enabled.

/// Defines a kernel file's entry points of the loops over `f32`. `V` is its vector type, `blocks` are the block widths,
/// `features` the target features beyond the baseline.
macro_rules! entries {
    ($(features: $features:literal,)? blocks: [$($block:literal),+ $(,)?]) => {
        pub(super) const BLOCKS: &[usize] = &[$($block),+];

        /// # Safety
        /// See `lanes::nearest`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn nearest(tile: Tile<'_>, columns: &Columns, labels: &mut [u32], top: &mut Top2) -> u32 {
            // SAFETY: by the caller's contract; the block is that of the columns.
            unsafe {
                match columns.block {
                    $($block => lanes::nearest::<V, $block>(tile, columns, labels, top),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        /// # Safety
        /// See `lanes::nearest_two`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn nearest_two(points: &[f32], columns: &Columns, top: &mut Top3) {
            // SAFETY: by the caller's contract; the block is that of the columns.
            unsafe {
                match columns.block {
                    $($block => lanes::nearest_two::<V, $block>(points, columns, top),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        /// # Safety
        /// See `lanes::scores`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn scores(points: &[f32], columns: &Columns, out: &mut [f32]) {
            // SAFETY: by the caller's contract; the block is that of the columns.
            unsafe {
                match columns.block {
                    $($block => lanes::scores::<V, $block>(points, columns, out),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        /// # Safety
        /// See `matrix::nearest`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn nearest_bf16(
            ready: &Ready,
            points: &[i32],
            columns: &Bf16Columns,
            ends: [&[f32]; 2],
            labels: &mut [u32],
        ) -> u32 {
            // SAFETY: by the caller's contract.
            unsafe { matrix::nearest::<V>(ready, points, columns, ends, labels) }
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn multiply_add(trips: usize, start: f32) -> f32 {
            // SAFETY: the processor has the instructions of this function.
            unsafe { peak::multiply_add::<V, SUMS>(trips, start) }
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn add_point(sums: &mut [f64], point: &[i32], weight: f64) {
            lanes::add_point(sums, point, weight);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn add_point_exactly(sums: &mut [i64], point: &[i32], weight: i64) {
            lanes::add_point_exactly(sums, point, weight);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn distance(point: &[i32], centroid: &[i32]) -> u128 {
            squared_distance(point, centroid)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn lower(scores: &[f32], norms: &[f32], near: &[u32], unit: f32, lowered: &mut [u32]) -> u32 {
            lanes::lower(scores, norms, near, unit, lowered)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn lower_ints(scores: &[i32], norms: &[i32], near: &[u32], lowered: &mut [u32]) -> u32 {
            ints::lower(scores, norms, near, lowered)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn at_most(scores: &[f32], limits: &[f32]) -> u32 {
            lanes::at_most(scores, limits)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn least_costs(
            tile: Tile<'_>,
            scores: &[f32],
            labels: &[u32],
            factors: &[f32],
            least: &mut LeastCosts,
        ) {
            lanes::least_costs(tile, scores, labels, factors, least);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn least_costs_of_ints(
            points: (&[f32], &[i32], &[u32]),
            scores: &[i32],
            unit: f32,
            factors: &[f32],
            least: &mut LeastCosts,
        ) {
            ints::least_costs(points, scores, unit, factors, least);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn bounds(tile: Tile<'_>, top: &Top2, errors: f32, bounds: [&mut [f32]; 3]) {
            lanes::bounds(tile, top, errors, bounds);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn margins(half_norms: &[f32], scale: f32, errors: [f32; 2], margins: &mut [i32]) {
            ints::margins(half_norms, scale, errors, margins);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn distances<const UPPER: bool>(
            half_norms: &[f32],
            scores: &[i32],
            margins: &[i32],
            unit: f32,
            distances: &mut [f32],
        ) {
            ints::distances::<UPPER>(half_norms, scores, margins, unit, distances);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn round_row(row: &[i32], centre: &[i32], scale: f32, wholes: &mut [i32]) -> f64 {
            lanes::round_row(row, centre, scale, wholes)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn rounding(row: &[i32], centre: &[i32], scale: f32) -> f64 {
            lanes::rounding(row, centre, scale)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn squares(row: &[i32], centre: &[i32]) -> f64 {
            lanes::squares(row, centre)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn mean_row(sums: &[f64], count: f64, means: &mut [i32]) -> bool {
            lanes::mean_row(sums, count, means)
        }

        /// # Safety
        /// See `lanes::transpose`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn transpose(rows: &[&[i32]], centre: &[i32], width: usize, to: &mut [f32]) {
            // SAFETY: by the caller's contract.
            unsafe { lanes::transpose::<V>(rows, centre, width, to) }
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn follow(
            bounds: [&mut [f32]; 2],
            labels: &[u32],
            moves: &Moves,
            open: &mut [bool],
        ) -> usize {
            bounds::follow(bounds, labels, moves, open)
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn int8_tile(
            points: &[f32],
            width: usize,
            (scale, above): (f32, u32),
            narrow: &mut [i32],
        ) {
            lanes::int8_tile(points, width, (scale, above), narrow);
        }

        /// # Safety
        /// See `lanes::nearest_of`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn nearest_of(
            columns: &[u32],
            x: &[f32],
            rows: &[f32],
            base: &[f32],
        ) -> (u32, f32, f32) {
            // SAFETY: by the caller's contract.
            unsafe { lanes::nearest_of::<V>(columns, x, rows, base) }
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn row_from_centre(point: &[i32], centre: &[i32], to: &mut [f32]) {
            lanes::row_from_centre(point, centre, to);
        }

        $(#[target_feature(enable = $features)])?
        pub(super) fn int16_tile(points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
            lanes::int16_tile(points, width, scale, narrow);
        }
    };
}

/// Defines the entry point `$name` of a loop over integers. `dots` are its [`ints::Dots`], `ints` is the vector.
macro_rules! ints_entry {
    (
        $name:ident, dots: $dots:ty, $(features: $features:literal,)?
        ints: $ints:ty, blocks: [$($block:literal),+ $(,)?]
    ) => {
        /// # Safety
        /// See `ints::nearest`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn $name(
            points: &[i32],
            columns: &IntColumns,
            margins: &[i32],
            scores: &mut Scores,
            labels: &mut [u32],
        ) -> u32 {
            // SAFETY: by the caller's contract; the block is that of the columns.
            unsafe {
                match columns.block {
                    $($block => ints::nearest::<$ints, $block, $dots>(points, columns, margins, scores, labels),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }
    };
}

/// Defines the entry point of the search for candidates.
macro_rules! candidates_entry {
    ($(features: $features:literal,)? ints: $ints:ty) => {
        /// # Safety
        /// See `ints::candidates`.
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn candidates(scores: &Scores, open: u32, found: &mut [Vec<u32>]) {
            // SAFETY: by the caller's contract.
            unsafe { ints::candidates::<$ints>(scores, open, found) }
        }
    };
}
pub(super) use candidates_entry;
pub(super) use entries;
pub(super) use ints_entry;
