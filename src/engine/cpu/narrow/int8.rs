//! A guess in 8-bit integers, with a quarter of the instructions of `f32`. It prunes: it leaves a short list of
//! candidates of each point, most often one, which are decided in `f32` or in integers.
//!
//! # The certificate
//!
//! Let `scale` be units per lattice step. In these units let x and c_i be a point and the centroids from the centre,
//! x~ and c~_i their coordinates rounded to integers. The kernel computes `S_i = round(|c_i|^2 / 2) - x~.c~_i` exactly
//! (see below). As in 16 bits, compared with the score `s_i = |c_i|^2 / 2 - x.c_i`:
//!
//! `|S_i - s_i| <= 1/2 + |x - x~| |c_i| + |x~| |c_i - c~_i| <= E = 1/2 + r C + (X + r) R`
//!
//! with X the norm of the point, r the largest residual of the points of its tile, C and R the largest norm and residual
//! of all centroids, all rounded up. Let b have the least S. Of a centroid i with `S_i > S_b + 2 E` the score is
//! `s_i >= S_i - E > S_b + E >= s_b`: it is not nearest. All others are candidates, and the nearest is among them.
//!
//! # Room
//!
//! `scale` takes no coordinate beyond 127. A byte of a point is its coordinate plus 128, so the kernel's sums are too
//! large by `128 sum_j c~_ij`, which is in the base of the column. With at most [`MOST_DIMS`] features
//! `|S_i| <= 3/2 * 127^2 * 2^13 < 2^28`, E is below 2^21, and no sum of bytes passes 2^29.

use super::ints::{Bits, Ints, Room};
use crate::engine::certify::Bound;
use crate::engine::cpu::kernel::Kernel;
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// Largest magnitude of a coordinate.
const MOST: u32 = 127;
/// Most features of a table.
const MOST_DIMS: usize = 1 << 13;
/// Features from which this guess pays: with fewer, most of its time would go to candidates.
const FEATURES: usize = 32;

/// The points in 8 bits. `None` for few features, and for more than there is room for.
pub(in crate::engine::cpu) fn in_8_bits(
    table: &Table,
    tiles: &Tiles<'_>,
    kernel: Kernel,
    bound: Bound,
) -> Option<Ints> {
    if !(FEATURES..=MOST_DIMS).contains(&table.n_dims()) {
        return None;
    }
    let scale = scale(table.reach(), table.granularity);
    let room = Room { coordinate: MOST.cast_signed(), norm: f64::INFINITY };
    Some(Ints::new(table, tiles, kernel, (Bits::Eight, scale, room), bound.shares_in_int8()))
}

/// The largest scale of at most 7 bits with which no coordinate passes [`MOST`]; with few bits in the coordinates,
/// multiples of `2^granularity`, one that makes integers of all of them.
fn scale(reach: u32, granularity: u32) -> f32 {
    let steps = (reach >> granularity).max(1);
    if steps <= MOST {
        return (MOST / steps) as f32 * 0.5f32.powi(granularity as i32);
    }
    // MOST 2^e / reach, rounded down to 7 bits
    let bits = reach.ilog2();
    let mantissa = (u64::from(MOST) << bits) / u64::from(reach);
    mantissa as f32 * 0.5f32.powi(bits as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_coordinate_passes_a_byte_and_few_bits_are_whole() {
        for reach in [1, 5, 16, 126, 127, 128, 129, 1000, (1 << 30) - 1, 1 << 30, (1 << 31) - 1] {
            for granularity in [0, 3, 27] {
                let scale = scale(reach, granularity);
                let largest = reach >> granularity << granularity; // coordinates are multiples
                assert!(f64::from(largest) * f64::from(scale) <= 127.0, "{reach} {granularity}");
                if (1..=127).contains(&(reach >> granularity)) {
                    let rounded = Kernel::Portable.round_row(&[3 << granularity], &[0], scale, &mut [0]);
                    assert_eq!(rounded[1], 0.0);
                } else if reach > 127 && granularity == 0 {
                    assert!(f64::from(reach) * f64::from(scale) > 125.0, "{reach}");
                }
            }
        }
    }
}
