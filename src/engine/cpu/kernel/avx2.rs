//! AVX2 with FMA: 8 lanes, 16 registers.

use std::arch::x86_64::*;

use super::entries::{candidates_entry, entries, ints_entry};
use super::ints::{self, Ints, Scores};
use super::lanes::{self, Lanes, SQUARE, VECTORS};
use super::matrix::{self, Ready};
use super::{Bf16Columns, Columns, IntColumns, LeastCosts, Moves, Tile, Top2, Top3, bounds, peak};
use crate::engine::distance::squared_distance;

pub(super) const TILE: usize = VECTORS * 8;
/// Vectors of the loop that measures multiply-adds; they fit the registers.
pub(super) const SUMS: usize = 12;

entries!(features: "avx2,fma", blocks: [4, 5, 6]);
ints_entry!(nearest_int16, dots: ints::Halves, features: "avx2,fma", ints: I, blocks: [4, 5, 6]);
ints_entry!(nearest_int8, dots: ints::Bytes, features: "avx2,fma,avxvnni", ints: I, blocks: [4, 5, 6]);
ints_entry!(nearest_short_int8, dots: ints::ShortBytes, features: "avx2,fma", ints: I, blocks: [4, 5, 6]);
candidates_entry!(features: "avx2,fma", ints: I);

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
    #[inline(always)]
    unsafe fn transpose(rows: [*const i32; SQUARE], centre: *const i32, width: usize, to: *mut f32) {
        // SAFETY: see above; by the caller's contract all of them have so many.
        unsafe {
            let centre = _mm256_loadu_si256(centre.cast());
            let mut row = [_mm256_setzero_ps(); SQUARE];
            for (row, from) in row.iter_mut().zip(rows) {
                *row = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_loadu_si256(from.cast()), centre));
            }
            let mut pairs = row; // of two rows
            for i in 0..4 {
                pairs[2 * i] = _mm256_unpacklo_ps(row[2 * i], row[2 * i + 1]);
                pairs[2 * i + 1] = _mm256_unpackhi_ps(row[2 * i], row[2 * i + 1]);
            }
            let mut fours = row; // of four rows: columns 0 and 4, 1 and 5, 2 and 6, 3 and 7
            for i in 0..2 {
                for half in 0..2 {
                    let [a, b] = [pairs[4 * i + half], pairs[4 * i + 2 + half]];
                    fours[4 * i + 2 * half] = _mm256_shuffle_ps::<0x44>(a, b);
                    fours[4 * i + 2 * half + 1] = _mm256_shuffle_ps::<0xee>(a, b);
                }
            }
            for j in 0..4 {
                let [a, b] = [fours[j], fours[4 + j]];
                _mm256_storeu_ps(to.add(j * width), _mm256_permute2f128_ps::<0x20>(a, b));
                _mm256_storeu_ps(to.add((4 + j) * width), _mm256_permute2f128_ps::<0x31>(a, b));
            }
        }
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
    unsafe fn plus_short_dots(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_epi16(self.0, _mm256_maddubs_epi16(a.0, b.0))) }
    }
    #[inline(always)]
    unsafe fn halves_added(self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_madd_epi16(self.0, _mm256_set1_epi16(1))) }
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
    unsafe fn minus_halves(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_sub_epi16(self.0, other.0)) }
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
