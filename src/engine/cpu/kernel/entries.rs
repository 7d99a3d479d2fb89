//! The loops' entries for a set of instructions: a copy of each loop that the compiler may use them in.

/// Sums of the loop of multiply-adds: they leave room for two more vectors in 16 registers.
pub(super) const SUMS: usize = 12;

/// Makes the entries of a kernel file. `V` and `I` are its vectors of `f32` and of integers, `blocks` the numbers
/// of columns that share a pass; `narrow` names the instructions that the loop over 16-bit integers needs.
macro_rules! entries {
    (features: $features:literal, narrow: $narrow:literal, blocks: [$($block:literal),+ $(,)?]) => {
        pub(super) const BLOCKS: &[usize] = &[$($block),+];

        /// # Safety
        /// See `lanes::nearest`.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn nearest(tile: Tile<'_>, columns: &Columns, labels: &mut [u32], ends: &mut Ends) -> u32 {
            // SAFETY: the caller's promise; the block is the columns'.
            unsafe {
                match columns.block {
                    $($block => lanes::nearest::<V, $block>(tile, columns, labels, ends),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        /// # Safety
        /// See `lanes::scores`.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn scores(points: &[f32], columns: &Columns, out: &mut [f32]) {
            // SAFETY: the caller's promise; the block is the columns'.
            unsafe {
                match columns.block {
                    $($block => lanes::scores::<V, $block>(points, columns, out),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        /// # Safety
        /// See `narrow::nearest`; and the processor has the instructions that it needs.
        #[target_feature(enable = $narrow)]
        pub(super) unsafe fn nearest_narrow(
            points: &[i32],
            columns: &NarrowColumns,
            margin: i32,
            labels: &mut [u32],
        ) -> u32 {
            // SAFETY: the caller's promise; the block is the columns'.
            unsafe {
                match columns.block {
                    $($block => narrow::nearest::<I, $block>(points, columns, margin, labels),)+
                    other => unreachable!("no kernel for blocks of {other}"),
                }
            }
        }

        #[target_feature(enable = $features)]
        pub(super) fn multiply_add(rounds: usize, start: f32) -> f32 {
            // SAFETY: the processor has the instructions of this function.
            unsafe { peak::multiply_add::<V, SUMS>(rounds, start) }
        }

        #[target_feature(enable = $features)]
        pub(super) fn narrow_tile(points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
            narrow::narrow_tile(points, width, scale, narrow);
        }

        #[target_feature(enable = $features)]
        pub(super) fn add_point(sums: &mut [f64], point: &[f32], weight: f64) {
            lanes::add_point(sums, point, weight);
        }

        #[target_feature(enable = $features)]
        pub(super) fn distance(point: &[f32], centroid: &[i32]) -> u64 {
            lanes::distance(point, centroid)
        }

        #[target_feature(enable = $features)]
        pub(super) fn lower(scores: &[f32], norms: &[f32], near: &[u32], unit: f32, lowered: &mut [u32]) -> u32 {
            lanes::lower(scores, norms, near, unit, lowered)
        }

        #[target_feature(enable = $features)]
        pub(super) fn at_most(scores: &[f32], limits: &[f32]) -> u32 {
            lanes::at_most(scores, limits)
        }

        #[target_feature(enable = $features)]
        pub(super) fn bounds(tile: Tile<'_>, ends: &Ends, errors: f32, upper: &mut [f32], lower: &mut [f32]) {
            lanes::bounds(tile, ends, errors, upper, lower);
        }

        #[target_feature(enable = $features)]
        pub(super) fn follow(upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
            follow_rows(upper, lower, labels, moves);
        }
    };
}
pub(super) use entries;
