//! AVX2 with FMA: 8 lanes, 16 registers.

use std::arch::x86_64::*;

use super::bounds::follow as follow_rows;
use super::lanes::{self, Lanes, VECTORS};
use super::narrow::{self, Ints};
use super::{Columns, Ends, Moves, NarrowColumns, Tile};

pub(super) const TILE: usize = VECTORS * 8;
pub(super) const BLOCKS: [usize; 3] = [4, 5, 6];

#[derive(Clone, Copy)]
struct V(__m256);

impl Lanes for V {
    const WIDTH: usize = 8;
    type Index = __m256i;
    type Mask = __m256;

    // SAFETY (all of them): the trait's promise, that the processor has AVX2 and FMA; pointers as the loops say.
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

/// # Safety
/// See `lanes::nearest`.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn nearest(tile: Tile<'_>, columns: &Columns, labels: &mut [u32], ends: &mut Ends) -> u32 {
    // SAFETY: the caller's promise; the block is the columns'.
    unsafe {
        match columns.block {
            4 => lanes::nearest::<V, 4>(tile, columns, labels, ends),
            5 => lanes::nearest::<V, 5>(tile, columns, labels, ends),
            6 => lanes::nearest::<V, 6>(tile, columns, labels, ends),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

/// # Safety
/// See `lanes::scores`.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn scores(points: &[f32], columns: &Columns, out: &mut [f32]) {
    // SAFETY: the caller's promise; the block is the columns'.
    unsafe {
        match columns.block {
            4 => lanes::scores::<V, 4>(points, columns, out),
            5 => lanes::scores::<V, 5>(points, columns, out),
            6 => lanes::scores::<V, 6>(points, columns, out),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn add_point(sums: &mut [f64], point: &[f32], weight: f64) {
    lanes::add_point(sums, point, weight);
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn distance(point: &[f32], centroid: &[i32]) -> u64 {
    lanes::distance(point, centroid)
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn lower(scores: &[f32], norms: &[f32], near: &[u32], unit: f32, lowered: &mut [u32]) -> u32 {
    lanes::lower(scores, norms, near, unit, lowered)
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn at_most(scores: &[f32], limits: &[f32]) -> u32 {
    lanes::at_most(scores, limits)
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn bounds(tile: Tile<'_>, ends: &Ends, errors: f32, upper: &mut [f32], lower: &mut [f32]) {
    lanes::bounds(tile, ends, errors, upper, lower);
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn follow(upper: &mut [f32], lower: &mut [f32], labels: &[u32], moves: &Moves) {
    follow_rows(upper, lower, labels, moves);
}

/// Eight 32-bit integers.
#[derive(Clone, Copy)]
struct I(__m256i);

impl Ints for I {
    const WIDTH: usize = 8;
    type Mask = __m256i;

    // SAFETY (all of them): the trait's promise, that the processor has the instructions; pointers as the loop says.
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

/// # Safety
/// See `narrow::nearest`.
#[target_feature(enable = "avx2,fma")]
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
            5 => narrow::nearest::<I, 5>(points, columns, margin, labels),
            6 => narrow::nearest::<I, 6>(points, columns, margin, labels),
            other => unreachable!("no kernel for blocks of {other}"),
        }
    }
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn narrow_tile(points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
    narrow::narrow_tile(points, width, scale, narrow);
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn transpose(rows: &[f32], n_dims: usize, width: usize, to: &mut [f32]) {
    lanes::transpose(rows, n_dims, width, to);
}
