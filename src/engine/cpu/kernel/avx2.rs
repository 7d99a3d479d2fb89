//! AVX2 with FMA: 8 lanes, 16 registers.

use std::arch::x86_64::*;

use super::entries::{candidates_entry, entries, ints_entry};
use super::ints::{self, Ints, Scores};
use super::lanes::{self, Lanes, VECTORS};
use super::matrix::{self, Ready};
use super::{Bf16Columns, Columns, IntColumns, Moves, Tile, Top2, Top3, bounds, peak};
use crate::engine::distance::squared_distance;

pub(super) const TILE: usize = VECTORS * 8;
/// Vectors of the loop that measures multiply-adds; they fit the registers.
pub(super) const SUMS: usize = 12;

entries!(features: "avx2,fma", blocks: [4, 5, 6]);
ints_entry!(nearest_int16, bytes: false, features: "avx2,fma", ints: I, blocks: [4, 5, 6]);
ints_entry!(nearest_int8, bytes: true, features: "avx2,fma,avxvnni", ints: I, blocks: [4, 5, 6]);
candidates_entry!(features: "avx2,fma,avxvnni", ints: I);

#[derive(Clone, Copy)]
struct V(__m256);

impl Lanes for V {
    const WIDTH: usize = 8;
    type Indices = __m256i;
    type Mask = __m256;

    // SAFETY (all methods): by the trait's contract the processor has AVX2 and FMA, and pointers are valid.
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn minus_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_fnmadd_ps(a.0, b.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_min_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_max_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> __m256 {
        // SAFETY: see above.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    unsafe fn index(value: u32) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_set1_epi32(value as i32) }
    }
    #[inline(always)]
    unsafe fn select(mask: __m256, to: __m256i, from: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_blendv_epi8(from, to, _mm256_castps_si256(mask)) }
    }
    #[inline(always)]
    unsafe fn store_index(index: __m256i, to: *mut u32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_si256(to.cast(), index) }
    }
    #[inline(always)]
    unsafe fn bits(mask: __m256) -> u32 {
        // SAFETY: see above.
        unsafe { _mm256_movemask_ps(mask) as u32 }
    }
}

/// Eight 32-bit integers.
#[derive(Clone, Copy)]
struct I(__m256i);

impl Ints for I {
    const WIDTH: usize = 8;
    type Mask = __m256i;

    // SAFETY (all methods): by the trait's contract the processor has the instructions, and pointers are valid.
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_epi32(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_loadu_si256(from.cast())) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn plus_dot(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_epi32(self.0, _mm256_madd_epi16(a.0, b.0))) }
    }
    #[inline(always)]
    unsafe fn plus_dot_bytes(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_dpbusd_avx_epi32(self.0, a.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_sub_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_min_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_max_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> Self::Mask {
        // SAFETY: see above.
        unsafe { _mm256_cmpgt_epi32(other.0, self.0) }
    }
    #[inline(always)]
    unsafe fn select(mask: Self::Mask, to: Self, from: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_blendv_epi8(from.0, to.0, mask)) }
    }
    #[inline(always)]
    unsafe fn bits(mask: Self::Mask) -> u32 {
        // SAFETY: see above.
        unsafe { _mm256_movemask_ps(_mm256_castsi256_ps(mask)) as u32 }
    }
}
