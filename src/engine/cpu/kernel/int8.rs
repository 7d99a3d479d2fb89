//! The loop of `assign` over 8-bit integers: four products per instruction and lane, where `f32` has one.
//!
//! A lane holds four features of its point, as unsigned bytes, 128 above the coordinate; a value of a column holds four
//! features of its centroid, as signed bytes. Sums are exact in 32 bits. All scores are kept, since those close to
//! the least are the candidates: see `cpu/narrow/int8.rs`.
#![allow(
    clippy::needless_range_loop,
    reason = "an index runs over several arrays at once, of fixed lengths that the compiler unrolls"
)]

use super::MAX_TILE;
use super::int16::Ints;
use crate::engine::cpu::narrow::Int8Columns;

/// Columns whose least score is looked at first.
const FEW: usize = 8;

/// Scores of a tile, and what is a candidate.
#[derive(Debug, Default)]
pub(in crate::engine::cpu) struct Scores {
    /// `|c|^2 / 2 - x.c`, rounded. (n_columns, tile)
    pub(in crate::engine::cpu) values: Vec<i32>,
    /// The least and the second least score of each point. (tile)
    pub(in crate::engine::cpu) best: [i32; MAX_TILE],
    pub(in crate::engine::cpu) second: [i32; MAX_TILE],
    /// The largest score of a candidate of each point. (tile)
    pub(in crate::engine::cpu) limits: [i32; MAX_TILE],
}

impl Scores {
    pub(in crate::engine::cpu) fn new(n_columns: usize, width: usize) -> Self {
        Self { values: vec![0; n_columns * width], ..Self::default() }
    }
}

/// See [`super::Kernel::nearest_int8`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_int8` asserts.
#[inline(always)]
pub(super) unsafe fn nearest<L: Ints, const BLOCK: usize>(
    points: &[i32],
    columns: &Int8Columns,
    margins: &[i32],
    scores: &mut Scores,
    labels: &mut [u32],
) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe {
        let quads = columns.n_quads;
        let mut best = [L::splat(i32::MAX); 2];
        let mut second = [L::splat(i32::MAX); 2];
        let mut index = [L::splat(0); 2];
        let mut to = scores.values.as_mut_ptr();
        for block in 0..columns.base.len() / BLOCK {
            let mut dots = [[L::splat(0); 2]; BLOCK];
            let mut x = points.as_ptr();
            let mut values = columns.values.as_ptr().add(block * BLOCK * quads);
            for _ in 0..quads {
                let point = [L::load(x), L::load(x.add(L::WIDTH))];
                for c in 0..BLOCK {
                    let value = L::splat(*values.add(c));
                    dots[c][0] = dots[c][0].plus_dot_bytes(point[0], value);
                    dots[c][1] = dots[c][1].plus_dot_bytes(point[1], value);
                }
                x = x.add(2 * L::WIDTH);
                values = values.add(BLOCK);
            }
            for c in 0..BLOCK {
                let base = L::splat(columns.base[block * BLOCK + c]);
                let here = L::splat((block * BLOCK + c) as i32);
                for v in 0..2 {
                    let score = base.minus(dots[c][v]);
                    score.store(to);
                    to = to.add(L::WIDTH);
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
            let limit = best[v].plus(L::load(margins.as_ptr().add(v * L::WIDTH)));
            limit.store(scores.limits.as_mut_ptr().add(v * L::WIDTH));
            best[v].store(scores.best.as_mut_ptr().add(v * L::WIDTH));
            second[v].store(scores.second.as_mut_ptr().add(v * L::WIDTH));
            proven |= L::bits(limit.less(second[v])) << (v * L::WIDTH);
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
    // SAFETY: by the caller's contract.
    unsafe {
        let limits = scores.limits.as_ptr();
        let limits = [L::load(limits), L::load(limits.add(L::WIDTH))];
        let of_vector = u32::MAX >> (32 - L::WIDTH);
        for (some, values) in scores.values.chunks(FEW * 2 * L::WIDTH).enumerate() {
            let n = values.len() / (2 * L::WIDTH);
            for v in 0..2 {
                let open = (open >> (v * L::WIDTH)) & of_vector;
                let values = values.as_ptr().add(v * L::WIDTH);
                // most have none: the least of a few says so
                let mut least = L::load(values);
                for c in 1..n {
                    least = least.min(L::load(values.add(c * 2 * L::WIDTH)));
                }
                if !L::bits(limits[v].less(least)) & open == 0 {
                    continue;
                }
                for c in 0..n {
                    let mut within = !L::bits(limits[v].less(L::load(values.add(c * 2 * L::WIDTH)))) & open;
                    while within != 0 {
                        found[v * L::WIDTH + within.trailing_zeros() as usize].push((some * FEW + c) as u32);
                        within &= within - 1;
                    }
                }
            }
        }
    }
}
