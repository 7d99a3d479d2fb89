//! NEON, which every 64-bit Arm processor has: 4 lanes, 32 registers, a fused multiply-add.

use std::arch::aarch64::*;

use super::entries::entries;
use super::ints;
use super::lanes::{self, Lanes, VECTORS};
use super::matrix::{self, Ready};
use super::{Bf16Columns, Columns, LeastCosts, Moves, Tile, Top2, Top3, bounds, peak};
use crate::engine::distance::squared_distance;

pub(super) const TILE: usize = VECTORS * WIDTH;
/// Vectors of the loop that measures multiply-adds; they fit the registers.
pub(super) const SUMS: usize = 6;
const WIDTH: usize = 8;

entries!(features: "neon", blocks: [2, 3, 4, 5, 6]);

/// Two registers: with one, each centroid value loaded would be used too rarely.
#[derive(Clone, Copy)]
struct V(float32x4_t, float32x4_t);

impl Lanes for V {
    const WIDTH: usize = WIDTH;
    type Indices = (uint32x4_t, uint32x4_t);
    type Mask = (uint32x4_t, uint32x4_t);

    // SAFETY (all methods): by the trait's contract the processor has NEON, and pointers are valid.
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(vdupq_n_f32(value), vdupq_n_f32(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(vld1q_f32(from), vld1q_f32(from.add(4))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            vst1q_f32(to, self.0);
            vst1q_f32(to.add(4), self.1);
        }
    }
    #[inline(always)]
    unsafe fn minus_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(vfmsq_f32(self.0, a.0, b.0), vfmsq_f32(self.1, a.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(vaddq_f32(self.0, other.0), vaddq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(vminq_f32(self.0, other.0), vminq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(vmaxq_f32(self.0, other.0), vmaxq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> Self::Mask {
        // SAFETY: see above.
        unsafe { (vcltq_f32(self.0, other.0), vcltq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn index(value: u32) -> Self::Indices {
        // SAFETY: see above.
        unsafe { (vdupq_n_u32(value), vdupq_n_u32(value)) }
    }
    #[inline(always)]
    unsafe fn select(mask: Self::Mask, to: Self::Indices, from: Self::Indices) -> Self::Indices {
        // SAFETY: see above.
        unsafe { (vbslq_u32(mask.0, to.0, from.0), vbslq_u32(mask.1, to.1, from.1)) }
    }
    #[inline(always)]
    unsafe fn store_index(index: Self::Indices, to: *mut u32) {
        // SAFETY: see above.
        unsafe {
            vst1q_u32(to, index.0);
            vst1q_u32(to.add(4), index.1);
        }
    }
    #[inline(always)]
    unsafe fn bits(mask: Self::Mask) -> u32 {
        let places = [1, 2, 4, 8];
        // SAFETY: see above.
        unsafe {
            let places = vld1q_u32(places.as_ptr());
            vaddvq_u32(vandq_u32(mask.0, places)) | vaddvq_u32(vandq_u32(mask.1, places)) << 4
        }
    }
}
