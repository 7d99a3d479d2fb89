//! AVX-512: 16 lanes, 32 registers.

use std::arch::x86_64::*;

use super::bounds::follow as follow_rows;
use super::lanes::{self, Lanes, VECTORS};
use super::narrow::{self, Ints};
use super::{Columns, Ends, Moves, NarrowColumns, Tile};

pub(super) const TILE: usize = VECTORS * 16;
pub(super) const BLOCKS: [usize; 5] = [4, 6, 8, 10, 12];

#[derive(Clone, Copy)]
struct V(__m512);

impl Lanes for V {
    const WIDTH: usize = 16;
    type Index = __m512i;
    type Mask = __mmask16;

    // SAFETY (all of them): the trait's promise, that the processor has AVX-512 F and DQ; pointers as the loops say.
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

/// # Safety
/// See `lanes::nearest`.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) unsafe fn nearest(tile: Tile<'_>, columns: &Columns, labels: &mut [u32], ends: &mut Ends) -> u32 {
    // SAFETY: the caller's promise; the block is the columns'.
    unsafe {
        match columns.block {
            4 => lanes::nearest::<V, 4>(tile, columns, labels, ends),
            6 => lanes::nearest::<V, 6>(tile, columns, labels, ends),
            8 => lanes::nearest::<V, 8>(tile, columns, labels, ends),
            10 => lanes::nearest::<V, 10>(tile, columns, labels, ends),
            12 => lanes::nearest::<V, 12>(tile, columns, labels, ends),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

/// # Safety
/// See `lanes::scores`.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) unsafe fn scores(points: &[f32], columns: &Columns, out: &mut [f32]) {
    // SAFETY: the caller's promise; the block is the columns'.
    unsafe {
        match columns.block {
            4 => lanes::scores::<V, 4>(points, columns, out),
            6 => lanes::scores::<V, 6>(points, columns, out),
            8 => lanes::scores::<V, 8>(points, columns, out),
            10 => lanes::scores::<V, 10>(points, columns, out),
            12 => lanes::scores::<V, 12>(points, columns, out),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn add_point(sums: &mut [f64], point: &[f32], weight: f64) {
    lanes::add_point(sums, point, weight);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn distance(point: &[f32], centroid: &[i32]) -> u64 {
    lanes::distance(point, centroid)
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn lower(scores: &[f32], norms: &[f32], near: &[u32], unit: f32, lowered: &mut [u32]) -> u32 {
    lanes::lower(scores, norms, near, unit, lowered)
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn at_most(scores: &[f32], limits: &[f32]) -> u32 {
    lanes::at_most(scores, limits)
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn bounds(tile: Tile<'_>, ends: &Ends, errors: f32, upper: &mut [f32], lower: &mut [f32]) {
    lanes::bounds(tile, ends, errors, upper, lower);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn follow(upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
    follow_rows(upper, lower, labels, moves);
}

/// Sixteen 32-bit integers, with VNNI's product of 16-bit pairs.
#[derive(Clone, Copy)]
struct I(__m512i);

impl Ints for I {
    const WIDTH: usize = 16;
    type Mask = __mmask16;

    // SAFETY (all of them): the trait's promise, that the processor has the instructions; pointers as the loop says.
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

/// # Safety
/// See `narrow::nearest`; and the processor has VNNI.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512vnni,fma")]
pub(super) unsafe fn nearest_narrow(
    points: &[i32],
    columns: &NarrowColumns,
    margin: i32,
    labels: &mut [u32],
) -> u32 {
    // SAFETY: the caller's promise; the block is the columns'.
    unsafe {
        match columns.block {
            4 => narrow::nearest::<I, 4>(points, columns, margin, labels),
            6 => narrow::nearest::<I, 6>(points, columns, margin, labels),
            8 => narrow::nearest::<I, 8>(points, columns, margin, labels),
            10 => narrow::nearest::<I, 10>(points, columns, margin, labels),
            12 => narrow::nearest::<I, 12>(points, columns, margin, labels),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,fma")]
pub(super) fn narrow_tile(points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
    narrow::narrow_tile(points, width, scale, narrow);
}
