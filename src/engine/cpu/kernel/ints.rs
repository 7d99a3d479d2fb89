//! The loop of `assign` over integers of 16 bits, two products per instruction and lane, or of 8 bits, four of them, where
//! `f32` has one.
//!
//! A lane holds two or four features of its point, a value of a column as many of its centroid. Bytes of a point are
//! unsigned, some constant above the coordinate, those of a centroid signed. Sums are exact, so only the rounding of
//! coordinates needs a certificate: see `cpu/narrow/int16.rs` and `cpu/narrow/int8.rs`. In 8 bits all scores are kept,
//! since those close to the least are the candidates.
#![allow(
    clippy::needless_range_loop,
    reason = "an index runs over several arrays at once, of fixed lengths that the compiler unrolls"
)]

use super::bounds::{DOWN, UP};
use super::lanes::{LANES, two_least};
use super::{LeastCosts, MAX_TILE, ones};
use crate::engine::cpu::narrow::IntColumns;

/// Columns whose least score is looked at first.
const FEW: usize = 8;

/// Largest margin, which none comes near: see [`margins`].
const LARGEST: f32 = (1u32 << 30) as f32;

/// Scores of a tile.
#[derive(Debug, Default)]
pub(in crate::engine::cpu) struct Scores {
    /// `|c|^2 / 2 - x.c`, rounded: only of bytes. (n_columns, tile)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// The least and the second least score of each point. (tile)
    pub(in crate::engine::cpu) best: [i32; MAX_TILE],
    pub(in crate::engine::cpu) second: [i32; MAX_TILE],
    /// The largest score that may be the nearest centroid's. (tile)
    pub(in crate::engine::cpu) limits: [i32; MAX_TILE],
}

impl Scores {
    pub(in crate::engine::cpu) fn new(n_columns: usize, width: usize) -> Self {
        Self { values: vec![0; n_columns * width], ..Self::default() }
    }
}

/// A vector of 32-bit integers, one lane per point, for the loops over integers of 16 and of 8 bits.
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
    /// The same for either half of a lane, of 16 bits, with two of the products, whose sum must fit. Sums wrap.
    unsafe fn plus_short_dots(self, a: Self, b: Self) -> Self;
    /// The sum of the signed halves of each lane.
    unsafe fn halves_added(self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    /// The difference of either half of each lane. It wraps.
    unsafe fn minus_halves(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn less(self, other: Self) -> Self::Mask;
    /// `to` where the condition holds, else `from`.
    unsafe fn select(mask: Self::Mask, to: Self, from: Self) -> Self;
    /// A bit for each lane in which the condition holds.
    unsafe fn bits(mask: Self::Mask) -> u32;
}

/// The integers of a loop, and how their products are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::cpu) enum Products {
    /// Of 16 bits, in 32.
    Halves,
    /// Of bytes, in 32 bits.
    Bytes,
    /// Of bytes, in 16 bits: half of the features each. For processors with AVX2 and no more.
    ShortBytes,
}

/// [`Products`] as a type, so that each loop is compiled for one.
pub(super) trait Dots {
    /// Whether all scores are kept.
    const KEEPS: bool;

    /// `sum` plus the products of a point's values and a column's.
    unsafe fn plus<L: Ints>(sum: L, point: L, value: L) -> L;
    /// The sums of a column, which has `over` in excess.
    unsafe fn whole<L: Ints>(sum: L, over: i32) -> L;
}

/// See [`Products::Halves`].
pub(super) struct Halves;
/// See [`Products::Bytes`].
pub(super) struct Bytes;
/// See [`Products::ShortBytes`].
pub(super) struct ShortBytes;

// SAFETY (all methods): by the caller's contract the processor has L's instructions.
impl Dots for Halves {
    const KEEPS: bool = false;

    #[inline(always)]
    unsafe fn plus<L: Ints>(sum: L, point: L, value: L) -> L {
        // SAFETY: see above.
        unsafe { sum.plus_dot(point, value) }
    }
    #[inline(always)]
    unsafe fn whole<L: Ints>(sum: L, _: i32) -> L {
        sum
    }
}

impl Dots for Bytes {
    const KEEPS: bool = true;

    #[inline(always)]
    unsafe fn plus<L: Ints>(sum: L, point: L, value: L) -> L {
        // SAFETY: see above.
        unsafe { sum.plus_dot_bytes(point, value) }
    }
    #[inline(always)]
    unsafe fn whole<L: Ints>(sum: L, _: i32) -> L {
        sum
    }
}

impl Dots for ShortBytes {
    const KEEPS: bool = true;

    #[inline(always)]
    unsafe fn plus<L: Ints>(sum: L, point: L, value: L) -> L {
        // SAFETY: see above.
        unsafe { sum.plus_short_dots(point, value) }
    }
    #[inline(always)]
    unsafe fn whole<L: Ints>(sum: L, over: i32) -> L {
        // SAFETY: see above.
        unsafe { sum.minus_halves(L::splat(over)).halves_added() }
    }
}

/// See [`super::Kernel::nearest_ints`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_ints` asserts.
#[inline(always)]
pub(super) unsafe fn nearest<L: Ints, const BLOCK: usize, D: Dots>(
    points: &[i32],
    columns: &IntColumns,
    margins: &[i32],
    scores: &mut Scores,
    labels: &mut [u32],
) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe {
        let depth = columns.depth;
        let mut best = [L::splat(i32::MAX); 2];
        let mut second = [L::splat(i32::MAX); 2];
        let mut index = [L::splat(0); 2];
        let mut to = scores.values.as_mut_ptr();
        for block in 0..columns.base.len() / BLOCK {
            let mut sums = [[L::splat(0); 2]; BLOCK];
            let mut x = points.as_ptr();
            let mut values = columns.values.as_ptr().add(block * BLOCK * depth);
            for _ in 0..depth {
                let point = [L::load(x), L::load(x.add(L::WIDTH))];
                for c in 0..BLOCK {
                    let value = L::splat(*values.add(c));
                    for v in 0..2 {
                        sums[c][v] = D::plus(sums[c][v], point[v], value);
                    }
                }
                x = x.add(2 * L::WIDTH);
                values = values.add(BLOCK);
            }
            for c in 0..BLOCK {
                let base = L::splat(columns.base[block * BLOCK + c]);
                let over = columns.over[block * BLOCK + c];
                let here = L::splat((block * BLOCK + c) as i32);
                for v in 0..2 {
                    // at the end: sums that start from the base leave too few registers
                    let score = base.minus(D::whole(sums[c][v], over));
                    if D::KEEPS {
                        score.store(to);
                        to = to.add(L::WIDTH);
                    }
                    let better = score.less(best[v]);
                    second[v] = second[v].min(score.max(best[v]));
                    best[v] = best[v].min(score);
                    index[v] = L::select(better, here, index[v]);
                }
            }
        }
        let mut proven = 0;
        for v in 0..2 {
            let at = v * L::WIDTH;
            index[v].store(labels.as_mut_ptr().add(at).cast());
            let limit = best[v].plus(L::load(margins.as_ptr().add(at)));
            limit.store(scores.limits.as_mut_ptr().add(at));
            best[v].store(scores.best.as_mut_ptr().add(at));
            second[v].store(scores.second.as_mut_ptr().add(at));
            proven |= L::bits(limit.less(second[v])) << at;
        }
        !proven & (u32::MAX >> (32 - 2 * L::WIDTH))
    }
}

/// See [`super::Kernel::candidates`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::candidates` asserts.
#[inline(always)]
pub(super) unsafe fn candidates<L: Ints>(scores: &Scores, open: u32, found: &mut [Vec<u32>]) {
    let n_columns = scores.values.len() / (2 * L::WIDTH);
    let rest = n_columns - n_columns % FEW;
    // SAFETY: by the caller's contract; the columns are within the scores.
    unsafe {
        for first in (0..rest).step_by(FEW) {
            candidates_of::<L, FEW>(scores, first, open, found);
        }
        for first in rest..n_columns {
            candidates_of::<L, 1>(scores, first, open, found);
        }
    }
}

/// The candidates among N columns.
///
/// # Safety
/// As for [`candidates`]; these columns are within the scores.
#[inline(always)]
unsafe fn candidates_of<L: Ints, const N: usize>(
    scores: &Scores,
    first: usize,
    open: u32,
    found: &mut [Vec<u32>],
) {
    // SAFETY: by the caller's contract.
    unsafe {
        let width = 2 * L::WIDTH;
        let values = scores.values.as_ptr().add(first * width);
        // most points have none here: the least of a few says so
        let mut with = 0;
        for v in 0..2 {
            let values = values.add(v * L::WIDTH);
            let mut least = L::load(values);
            for c in 1..N {
                least = least.min(L::load(values.add(c * width)));
            }
            let limit = L::load(scores.limits.as_ptr().add(v * L::WIDTH));
            with |= (!L::bits(limit.less(least)) & (u32::MAX >> (32 - L::WIDTH))) << (v * L::WIDTH);
        }
        for lane in ones(with & open) {
            let limit = scores.limits[lane];
            let mut within = 0;
            for c in 0..N {
                within |= u32::from(*values.add(c * width + lane) <= limit) << c;
            }
            for c in ones(within) {
                found[lane].push((first + c) as u32);
            }
        }
    }
}

/// See [`super::Kernel::least_costs_of_ints`].
#[inline(always)]
pub(super) fn least_costs(
    (half_norms, margins, labels): (&[f32], &[i32], &[u32]),
    scores: &[i32],
    unit: f32,
    factors: &[f32],
    least: &mut LeastCosts,
) {
    let width = labels.len();
    for at in (0..width).step_by(LANES) {
        let (mut half_norm, mut error) = ([0.0; LANES], [0.0; LANES]);
        let (mut own, mut places) = ([0; LANES], [0; LANES]);
        let [mut least_here, mut second] = [[f32::INFINITY; LANES]; 2];
        for i in 0..LANES {
            (half_norm[i], own[i]) = (half_norms[at + i], labels[at + i]);
            // the slack of `distances`, but for what the score adds to it
            error[i] = margins[at + i] as f32 * 0.5 * unit;
            error[i] += (half_norm[i] + error[i]) * (UP - 1.0);
        }
        for (c, &factor) in factors.iter().enumerate() {
            let scores = &scores[c * width + at..][..LANES];
            for i in 0..LANES {
                let score = scores[i] as f32 * unit;
                let half = half_norm[i] + (score - (error[i] + score.abs() * (UP - 1.0)));
                let cost = if half > 0.0 { half * (factor * DOWN) } else { 0.0 };
                let cost = if own[i] == c as u32 { f32::INFINITY } else { cost };
                two_least(cost, c as u32, (&mut least_here[i], &mut second[i], &mut places[i]));
            }
        }
        least.least[at..at + LANES].copy_from_slice(&least_here);
        least.second[at..at + LANES].copy_from_slice(&second);
        least.at[at..at + LANES].copy_from_slice(&places);
    }
}

/// See [`super::Kernel::lower_ints`].
#[inline(always)]
pub(super) fn lower(scores: &[i32], norms: &[i32], near: &[u32], lowered: &mut [u32]) -> u32 {
    let mut sum = 0;
    for (((&score, &norm), &near), lowered) in scores.iter().zip(norms).zip(near).zip(lowered) {
        *lowered = near.min((norm + score) as u32);
        sum += *lowered;
    }
    sum
}

/// See [`super::Kernel::margins`].
#[inline(always)]
pub(super) fn margins(half_norms: &[f32], scale: f32, [fixed, per_norm]: [f32; 2], margins: &mut [i32]) {
    for (margin, &half_norm) in margins.iter_mut().zip(half_norms) {
        let norm = (2.0 * half_norm * UP).sqrt() * scale * UP;
        // one for the fraction, one for the roundings of |c|^2 / 2
        // `min` leaves no NaN
        let twice = (2.0 * (fixed + per_norm * norm) * UP).abs().min(LARGEST);
        // SAFETY: between 0 and 2^30.
        *margin = unsafe { twice.to_int_unchecked::<i32>() } + 2;
    }
}

/// See [`super::Kernel::distances`].
#[inline(always)]
pub(super) fn distances<const UPPER: bool>(
    half_norms: &[f32],
    scores: &[i32],
    margins: &[i32],
    unit: f32,
    distances: &mut [f32],
) {
    let all = distances.iter_mut().zip(scores).zip(margins).zip(half_norms);
    for (((distance, &score), &margin), &half_norm) in all {
        let (score, error) = (score as f32 * unit, margin as f32 * 0.5 * unit);
        let slack = (half_norm + score.abs() + error) * (UP - 1.0);
        let error = error + slack;
        let square = half_norm + if UPPER { score + error } else { score - error };
        *distance = (square.max(0.0) * 2.0).sqrt() * if UPPER { UP } else { DOWN };
    }
}
