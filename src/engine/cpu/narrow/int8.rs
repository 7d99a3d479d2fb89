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
//! The units of points and of centroids may differ: norms and residuals are in their own, scores in the product. Points
//! of few bits are taken as they are, so that r = 0, and centroids in the finest units that fit.
//!
//! # Room
//!
//! No coordinate is beyond 127. With sums in 32 bits a byte of a point is its coordinate plus 128, so the kernel's sums are
//! too large by `128 sum_j c~_ij`, which is in the base of the column. With at most [`MOST_DIMS`] features
//! `|S_i| <= 3/2 * 127^2 * 2^13 < 2^28`, E is below 2^21, and no sum of bytes passes 2^29.
//!
//! With sums in 16 bits ([`short`]) points have coordinates of magnitude at most A, centroids of at most M, and a byte of a
//! point is its coordinate plus A, at most 2 A. The instruction adds two products, at most `4 A M`. Of all features half are
//! summed apart, in `2 ceil(d / 4)` products. Where neither `4 A M` nor `2 ceil(d / 4) A M` passes 2^15 - 1, the former
//! does not saturate, and the half of `x~.c~_i` fits 16 bits. The sum of bytes may not, but it is that half modulo 2^16,
//! once `A sum_j c~_ij` of its features is taken off.

use super::ints::{Format, Ints};
use crate::engine::certify::Bound;
use crate::engine::cpu::kernel::{Kernel, Products};
use crate::engine::cpu::tiles::Tiles;
use crate::lattice::Table;

/// Largest magnitude of a coordinate.
const MOST: u32 = 127;
/// Most features of a table.
const MOST_DIMS: usize = 1 << 13;
/// Features from which this guess pays: with fewer, most of its time would go to candidates.
const FEATURES: usize = 32;

/// Fewest units of centroids per unit of points with which sums in 16 bits pay: with fewer, too much is left open.
const FEWEST: u32 = 4;

/// The points in 8 bits, as tiles that are kept or made anew for each pass. `None` for few features, and for more than there is room for.
pub(in crate::engine::cpu) fn in_8_bits(
    table: &Table,
    (tiles, keep): (&Tiles<'_>, bool),
    (kernel, products): (Kernel, Products),
    bound: Bound,
) -> Option<Ints> {
    let format = format(table, products)?;
    Some(Ints::new(table, (tiles, keep), kernel, format, bound.shares_in_int8()))
}

/// Whether [`in_8_bits`] has points.
pub(in crate::engine::cpu) fn fits_8_bits(table: &Table, products: Products) -> bool {
    format(table, products).is_some()
}

fn format(table: &Table, products: Products) -> Option<Format> {
    if !(FEATURES..=MOST_DIMS).contains(&table.n_dims()) {
        return None;
    }
    match products {
        Products::ShortBytes => short(table),
        _ => Some(wide(table)),
    }
}

/// Bytes with sums in 32 bits.
fn wide(table: &Table) -> Format {
    let steps = (table.reach() >> table.granularity).max(1);
    let scales =
        if steps <= MOST { of_few_bits(MOST / steps, table.granularity) } else { [scale(table.reach()); 2] };
    Format {
        products: Products::Bytes,
        scales,
        above: MOST + 1,
        most: MOST.cast_signed(),
        most_norm: f64::INFINITY,
        doubles: 2 * steps <= MOST,
    }
}

/// Bytes with sums in 16 bits, if points have few bits.
fn short(table: &Table) -> Option<Format> {
    let steps = u64::from((table.reach() >> table.granularity).max(1));
    let products = 2 * table.n_dims().div_ceil(4).max(2) as u64;
    let most = u32::try_from(i16::MAX as u64 / (steps * products)).unwrap_or(MOST).min(MOST);
    let finer = most / u32::try_from(steps).unwrap_or(u32::MAX);
    (finer >= FEWEST).then(|| Format {
        products: Products::ShortBytes,
        scales: of_few_bits(finer, table.granularity),
        above: steps as u32,
        most: most.cast_signed(),
        most_norm: f64::INFINITY,
        doubles: true,
    })
}

/// Scales that take multiples of `2^granularity` as they are, and centroids in units as many times as fine.
fn of_few_bits(finer: u32, granularity: u32) -> [f32; 2] {
    let unit = 0.5f32.powi(granularity as i32);
    [unit, finer as f32 * unit]
}

/// The largest scale of at most 7 bits with which no coordinate passes [`MOST`].
fn scale(reach: u32) -> f32 {
    // MOST 2^e / reach, rounded down to 7 bits
    let bits = reach.ilog2();
    let mantissa = (u64::from(MOST) << bits) / u64::from(reach);
    mantissa as f32 * 0.5f32.powi(bits as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_coordinate_passes_a_byte() {
        for reach in [128, 129, 1000, (1 << 30) - 1, 1 << 30, (1 << 31) - 1] {
            let largest = f64::from(reach) * f64::from(scale(reach));
            assert!(largest <= 127.0 && largest > 125.0, "{reach}");
        }
    }

    #[test]
    fn few_bits_are_whole() {
        for (finer, granularity) in [(1, 0), (15, 27), (127, 3)] {
            let [of_points, of_centroids] = of_few_bits(finer, granularity);
            for scale in [of_points, of_centroids] {
                let rounded = Kernel::Portable.round_row(&[3 << granularity], &[0], scale, &mut [0]);
                assert_eq!(rounded, 0.0);
            }
        }
    }
}
