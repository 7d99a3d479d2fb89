//! AVX-512: 16 lanes, 32 registers.

use std::arch::x86_64::*;

use super::entries::{candidates_entry, entries, ints_entry};
use super::ints::{self, Ints, Scores};
use super::lanes::{self, Lanes, VECTORS};
use super::matrix::{self, Ready};
use super::{Bf16Columns, Columns, IntColumns, LeastCosts, Moves, Tile, Top2, Top3, bounds, peak};
use crate::engine::distance::squared_distance;

pub(super) const TILE: usize = VECTORS * 16;
/// Vectors of the loop that measures multiply-adds; they fit the registers.
pub(super) const SUMS: usize = 12;

entries!(features: "avx512f,avx512dq,avx512vl,avx512bw,fma", blocks: [4, 6, 8, 10, 12]);
ints_entry!(nearest_int16, dots: ints::Halves, features: "avx512f,avx512dq,avx512vl,avx512bw,avx512vnni,fma", ints: I, blocks: [4, 6, 8, 10, 12]);
ints_entry!(nearest_int8, dots: ints::Bytes, features: "avx512f,avx512dq,avx512vl,avx512bw,avx512vnni,fma", ints: I, blocks: [4, 6, 8, 10, 12]);
candidates_entry!(features: "avx512f,avx512dq,avx512vl,avx512bw,avx512vnni,fma", ints: I);

#[derive(Clone, Copy)]
struct V(__m512);

impl Lanes for V {
    const WIDTH: usize = 16;
    type Indices = __m512i;
    type Mask = __mmask16;

    // SAFETY (all methods): by the trait's contract the processor has AVX-512 F and DQ, and pointers are valid.
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn minus_product(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_fnmadd_ps(a.0, b.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_min_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_max_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> __mmask16 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    unsafe fn index(value: u32) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_set1_epi32(value as i32) }
    }
    #[inline(always)]
    unsafe fn select(mask: __mmask16, to: __m512i, from: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_mask_blend_epi32(mask, from, to) }
    }
    #[inline(always)]
    unsafe fn store_index(index: __m512i, to: *mut u32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(to.cast(), index) }
    }
    #[inline(always)]
    unsafe fn bits(mask: __mmask16) -> u32 {
        mask.into()
    }
}

/// Sixteen 32-bit integers, with VNNI's product of 16-bit pairs.
#[derive(Clone, Copy)]
struct I(__m512i);

impl Ints for I {
    const WIDTH: usize = 16;
    type Mask = __mmask16;

    // SAFETY (all methods): by the trait's contract the processor has the instructions, and pointers are valid.
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_set1_epi32(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_loadu_si512(from.cast())) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn plus_dot(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_dpwssd_epi32(self.0, a.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn plus_dot_bytes(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_dpbusd_epi32(self.0, a.0, b.0)) }
    }
    #[inline(always)]
    unsafe fn plus_short_dots(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_add_epi16(self.0, _mm512_maddubs_epi16(a.0, b.0))) }
    }
    #[inline(always)]
    unsafe fn halves_added(self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_madd_epi16(self.0, _mm512_set1_epi16(1))) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_add_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_sub_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn minus_halves(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_sub_epi16(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_min_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_max_epi32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> Self::Mask {
        // SAFETY: see above.
        unsafe { _mm512_cmplt_epi32_mask(self.0, other.0) }
    }
    #[inline(always)]
    unsafe fn select(mask: Self::Mask, to: Self, from: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm512_mask_blend_epi32(mask, from.0, to.0)) }
    }
    #[inline(always)]
    unsafe fn bits(mask: Self::Mask) -> u32 {
        mask.into()
    }
}
