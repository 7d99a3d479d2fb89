//! The loop of `assign` over 16-bit integers: two products per instruction and lane, where `f32` has one.
//!
//! A lane holds two features of its point, a value of a column two features of its centroid. Sums are exact in 32 bits,
//! so only the rounding of coordinates to 16 bits needs a certificate: see `cpu/narrow/int16.rs`.
#![allow(
    clippy::needless_range_loop,
    reason = "an index runs over several arrays at once, of fixed lengths that the compiler unrolls"
)]

use crate::engine::cpu::narrow::Int16Columns;

/// A vector of 32-bit integers, one lane per point, for this loop and that over bytes.
///
/// # Safety
/// The methods may only run on a processor that has the implementor's instructions.
pub(super) trait Ints: Copy {
    const WIDTH: usize;
    type Mask: Copy;

    unsafe fn splat(value: i32) -> Self;
    unsafe fn load(from: *const i32) -> Self;
    unsafe fn store(self, to: *mut i32);
    /// `self` plus both products of the 16-bit halves of `a` and `b`.
    unsafe fn plus_dot(self, a: Self, b: Self) -> Self;
    /// `self` plus the four products of the unsigned bytes of `a` and the signed ones of `b`. On AVX2 it needs AVX-VNNI.
    unsafe fn plus_dot_bytes(self, a: Self, b: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn less(self, other: Self) -> Self::Mask;
    /// `to` where the condition holds, else `from`.
    unsafe fn select(mask: Self::Mask, to: Self, from: Self) -> Self;
    /// A bit for each lane in which the condition holds.
    unsafe fn bits(mask: Self::Mask) -> u32;
}

/// See [`super::Kernel::nearest_int16`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_int16` asserts.
#[inline(always)]
pub(super) unsafe fn nearest<L: Ints, const BLOCK: usize>(
    points: &[i32],
    columns: &Int16Columns,
    margin: i32,
    labels: &mut [u32],
) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe {
        let pairs = columns.n_pairs;
        let mut best = [L::splat(i32::MAX); 2];
        let mut second = [L::splat(i32::MAX); 2];
        let mut index = [L::splat(0); 2];
        for block in 0..columns.base.len() / BLOCK {
            let mut dots = [[L::splat(0); 2]; BLOCK];
            let mut x = points.as_ptr();
            let mut values = columns.values.as_ptr().add(block * BLOCK * pairs);
            for _ in 0..pairs {
                let point = [L::load(x), L::load(x.add(L::WIDTH))];
                for c in 0..BLOCK {
                    let value = L::splat(*values.add(c));
                    dots[c][0] = dots[c][0].plus_dot(point[0], value);
                    dots[c][1] = dots[c][1].plus_dot(point[1], value);
                }
                x = x.add(2 * L::WIDTH);
                values = values.add(BLOCK);
            }
            for c in 0..BLOCK {
                let base = L::splat(columns.base[block * BLOCK + c]);
                let here = L::splat((block * BLOCK + c) as i32);
                for v in 0..2 {
                    let score = base.minus(dots[c][v]);
                    let better = score.less(best[v]);
                    second[v] = second[v].min(score.max(best[v]));
                    best[v] = best[v].min(score);
                    index[v] = L::select(better, here, index[v]);
                }
            }
        }
        let mut proven = 0;
        for v in 0..2 {
            index[v].store(labels.as_mut_ptr().add(v * L::WIDTH).cast());
            proven |= L::bits(best[v].plus(L::splat(margin)).less(second[v])) << (v * L::WIDTH);
        }
        !proven & (u32::MAX >> (32 - 2 * L::WIDTH))
    }
}
