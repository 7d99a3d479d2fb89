//! Portable kernels: arrays, which the compiler vectorises for the target's baseline (SSE2 on x86-64, NEON with its
//! fused multiply-add on 64-bit Arm).
#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays at once")]

use super::entries::{candidates_entry, entries, ints_entry};
use super::ints::{self, Scores};
use super::lanes::{self, Lanes, VECTORS};
use super::matrix::{self, Ready};
use super::plain_ints::I;
use super::{Bf16Columns, Columns, IntColumns, LeastCosts, Moves, Tile, Top2, Top3, bounds, peak};
use crate::engine::distance::squared_distance;

const WIDTH: usize = 8;
pub(super) const TILE: usize = VECTORS * WIDTH;
/// Vectors of the loop that measures multiply-adds; they fit the registers.
pub(super) const SUMS: usize = 6;

entries!(blocks: [2, 3, 4]);
ints_entry!(nearest_int8, dots: ints::Bytes, ints: I, blocks: [2, 3, 4]);
ints_entry!(nearest_short_int8, dots: ints::ShortBytes, ints: I, blocks: [2, 3, 4]);
candidates_entry!(ints: I);

#[derive(Clone, Copy)]
struct V([f32; WIDTH]);

impl V {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = [0.0; WIDTH];
        for l in 0..WIDTH {
            out[l] = f(self.0[l], other.0[l]);
        }
        Self(out)
    }
}

impl Lanes for V {
    const WIDTH: usize = WIDTH;
    type Indices = [u32; WIDTH];
    type Mask = [bool; WIDTH];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; WIDTH])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait's contract a vector's lanes lie there.
        unsafe { Self(from.cast::<[f32; WIDTH]>().read()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait's contract a vector's lanes fit there.
        unsafe { to.cast::<[f32; WIDTH]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn minus_product(self, a: Self, b: Self) -> Self {
        let mut out = [0.0; WIDTH];
        for l in 0..WIDTH {
            // fused only where that is an instruction, not a call
            out[l] = if cfg!(target_arch = "aarch64") {
                (-a.0[l]).mul_add(b.0[l], self.0[l])
            } else {
                self.0[l] - a.0[l] * b.0[l]
            };
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn less(self, other: Self) -> [bool; WIDTH] {
        let mut out = [false; WIDTH];
        for l in 0..WIDTH {
            out[l] = self.0[l] < other.0[l];
        }
        out
    }
    #[inline(always)]
    unsafe fn index(value: u32) -> [u32; WIDTH] {
        [value; WIDTH]
    }
    #[inline(always)]
    unsafe fn select(mask: [bool; WIDTH], to: [u32; WIDTH], from: [u32; WIDTH]) -> [u32; WIDTH] {
        let mut out = [0; WIDTH];
        for l in 0..WIDTH {
            out[l] = if mask[l] { to[l] } else { from[l] };
        }
        out
    }
    #[inline(always)]
    unsafe fn store_index(index: [u32; WIDTH], to: *mut u32) {
        // SAFETY: by the trait's contract a vector's lanes fit there.
        unsafe { to.cast::<[u32; WIDTH]>().write(index) }
    }
    #[inline(always)]
    unsafe fn bits(mask: [bool; WIDTH]) -> u32 {
        (0..WIDTH).fold(0, |bits, l| bits | u32::from(mask[l]) << l)
    }
}
