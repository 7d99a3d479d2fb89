//! Trips: how far the loops of a kernel go.
//!
//! This is the only bound of them. It is crude, and may be: it is there for drivers that end loops early, as Mesa's
//! llvmpipe does, so that they refuse a job and are not wrong about it.

/// Trips that grow with no size of a job: the reduce of a workgroup, the slots of a batch, the points of a workgroup of
/// `update_sums_shared`.
const FIXED: u64 = 8192;

/// Trips of the loops of one invocation of a kernel, from above.
///
/// It compares so many pairs of a point with a group of four centroids: guesses, then decides each of the four in
/// integers. Kernels that compare no such pairs go less far than one that takes one point past all groups, so that
/// they need no number of their own, but for `others`: loops over what may be many besides.
pub(super) fn trips(n_quads: u32, pairs: u64, others: u64) -> u64 {
    5 * (u64::from(n_quads) + 8) * pairs + others + FIXED
}
