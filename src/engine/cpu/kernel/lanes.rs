//! The inner loops, written once over vectors of points.
//!
//! A lane is a point, and centroids are broadcast. So columns need no padding to a vector's width, and nothing is
//! reduced across lanes. Two vectors of points and a block of centroids give enough independent sums to hide the
//! latency of a multiply-add.
#![allow(
    clippy::needless_range_loop,
    reason = "an index runs over several arrays at once, of fixed lengths that the compiler unrolls"
)]

use super::{LeastCosts, Tile, Top2, Top3, ones};
use crate::engine::cpu::bounds::{DOWN, at_least, from_top2};
use crate::engine::cpu::columns::Columns;

/// A vector of `f32`, one lane per point, with the operations that the loops need.
///
/// # Safety
/// The methods may only run on a processor that has the implementor's instructions.
pub(super) trait Lanes: Copy {
    /// Number of lanes.
    const WIDTH: usize;
    /// A vector of as many `u32`: indices of centroids.
    type Indices: Copy;
    /// Result of a comparison, per lane.
    type Mask: Copy;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// `self - a * b`, with one rounding or two.
    unsafe fn minus_product(self, a: Self, b: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn less(self, other: Self) -> Self::Mask;
    unsafe fn index(value: u32) -> Self::Indices;
    /// `to` where the condition holds, else `from`.
    unsafe fn select(mask: Self::Mask, to: Self::Indices, from: Self::Indices) -> Self::Indices;
    unsafe fn store_index(index: Self::Indices, to: *mut u32);
    /// A bit for each lane in which the condition holds.
    unsafe fn bits(mask: Self::Mask) -> u32;
    /// Writes [`SQUARE`] coordinates of as many rows, less those of `centre` and rounded, as columns `width` apart.
    #[inline(always)]
    unsafe fn transpose(rows: [*const i32; SQUARE], centre: *const i32, width: usize, to: *mut f32) {
        for i in 0..SQUARE {
            for j in 0..SQUARE {
                // SAFETY: by the caller's contract all of them have so many.
                unsafe { *to.add(j * width + i) = (*rows[i].add(j) - *centre.add(j)) as f32 };
            }
        }
    }
}

/// Rows for [`nearest_of`] are padded with zeros to a multiple of this.
pub(in crate::engine::cpu) const DOT: usize = 16;
/// Rows and columns that are transposed at a time.
pub(super) const SQUARE: usize = 8;
/// Vectors of points per tile.
pub(super) const VECTORS: usize = 2;

/// `base - x.c` for the points of a tile and a block of columns.
///
/// # Safety
/// The processor has L's instructions; `points` is (n_dims, tile), `values` (n_dims, BLOCK), `base` (BLOCK).
#[inline(always)]
unsafe fn block_scores<L: Lanes, const BLOCK: usize>(
    points: *const f32,
    values: *const f32,
    base: *const f32,
    n_dims: usize,
) -> [[L; VECTORS]; BLOCK] {
    // SAFETY: by the caller's contract every offset stays within these lengths.
    unsafe {
        let mut scores = [[L::splat(0.0); VECTORS]; BLOCK];
        for c in 0..BLOCK {
            scores[c] = [L::splat(*base.add(c)); VECTORS];
        }
        for j in 0..n_dims {
            let x = points.add(j * VECTORS * L::WIDTH);
            let x = [L::load(x), L::load(x.add(L::WIDTH))];
            for c in 0..BLOCK {
                let value = L::splat(*values.add(j * BLOCK + c));
                scores[c][0] = scores[c][0].minus_product(x[0], value);
                scores[c][1] = scores[c][1].minus_product(x[1], value);
            }
        }
        scores
    }
}

/// See [`super::Kernel::nearest`]. The value of a column is its score less its own share of E. The least value is the
/// guess. It is proven when the second least exceeds it by twice the shares of the best column and of the point.
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest` asserts; `columns.block == BLOCK`.
#[inline(always)]
pub(super) unsafe fn nearest<L: Lanes, const BLOCK: usize>(
    tile: Tile<'_>,
    columns: &Columns,
    labels: &mut [u32],
    top: &mut Top2,
) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe {
        let d = columns.n_dims;
        let mut best = [L::splat(f32::MAX); VECTORS];
        let mut second = [L::splat(f32::MAX); VECTORS];
        let mut index = [L::index(0); VECTORS];
        for block in 0..columns.base.len() / BLOCK {
            let values = columns.values.as_ptr().add(block * BLOCK * d);
            let base = columns.base.as_ptr().add(block * BLOCK);
            let scores = block_scores::<L, BLOCK>(tile.points.as_ptr(), values, base, d);
            for c in 0..BLOCK {
                let here = L::index((block * BLOCK + c) as u32);
                for v in 0..VECTORS {
                    let score = scores[c][v];
                    // strictly less: ties keep the lowest index
                    let better = score.less(best[v]);
                    second[v] = second[v].min(score.max(best[v]));
                    best[v] = best[v].min(score);
                    index[v] = L::select(better, here, index[v]);
                }
            }
        }
        let mut open = 0;
        for v in 0..VECTORS {
            L::store_index(index[v], labels.as_mut_ptr().add(v * L::WIDTH));
            if !columns.exact {
                let own = L::load(tile.errors.as_ptr().add(v * L::WIDTH));
                let margin = own.plus(own).plus(L::splat(columns.largest_error));
                let proven = L::bits(best[v].plus(margin).less(second[v]));
                open |= (!proven & lane_bits(L::WIDTH)) << (v * L::WIDTH);
            }
        }
        for v in 0..VECTORS {
            best[v].store(top.best.as_mut_ptr().add(v * L::WIDTH));
            second[v].store(top.second.as_mut_ptr().add(v * L::WIDTH));
        }
        if open == 0 { 0 } else { reopen(open, top, tile, columns, labels) }
    }
}

/// See [`super::Kernel::nearest_two`]: the three least values, as in `nearest`, and the columns of the first two.
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_two` asserts; `columns.block == BLOCK`.
#[inline(always)]
pub(super) unsafe fn nearest_two<L: Lanes, const BLOCK: usize>(
    points: &[f32],
    columns: &Columns,
    top: &mut Top3,
) {
    // SAFETY: by the caller's contract.
    unsafe {
        let d = columns.n_dims;
        let [mut best, mut second, mut third] = [[L::splat(f32::MAX); VECTORS]; 3];
        let [mut label, mut runner_up] = [[L::index(0); VECTORS]; 2];
        for block in 0..columns.base.len() / BLOCK {
            let values = columns.values.as_ptr().add(block * BLOCK * d);
            let base = columns.base.as_ptr().add(block * BLOCK);
            let scores = block_scores::<L, BLOCK>(points.as_ptr(), values, base, d);
            for c in 0..BLOCK {
                let here = L::index((block * BLOCK + c) as u32);
                for v in 0..VECTORS {
                    let score = scores[c][v];
                    // strictly less: ties keep the lowest index
                    let (better, closer) = (score.less(best[v]), score.less(second[v]));
                    third[v] = third[v].min(score.max(second[v]));
                    second[v] = second[v].min(score.max(best[v]));
                    best[v] = best[v].min(score);
                    runner_up[v] = L::select(better, label[v], L::select(closer, here, runner_up[v]));
                    label[v] = L::select(better, here, label[v]);
                }
            }
        }
        for v in 0..VECTORS {
            let at = v * L::WIDTH;
            L::store_index(label[v], top.labels.as_mut_ptr().add(at));
            L::store_index(runner_up[v], top.runners_up.as_mut_ptr().add(at));
            best[v].store(top.best.as_mut_ptr().add(at));
            second[v].store(top.second.as_mut_ptr().add(at));
            third[v].store(top.third.as_mut_ptr().add(at));
        }
    }
}

fn lane_bits(width: usize) -> u32 {
    if width == 32 { u32::MAX } else { (1 << width) - 1 }
}

/// Rechecks points that the largest error of all columns left open, with the error of each point's best column.
#[cold]
fn reopen(mut open: u32, top: &Top2, tile: Tile<'_>, columns: &Columns, labels: &[u32]) -> u32 {
    for i in ones(open) {
        let margin = 2.0 * tile.errors[i] + columns.errors[labels[i] as usize];
        if top.best[i] + margin < top.second[i] {
            open &= !(1 << i);
        }
    }
    open
}

/// See [`super::Kernel::scores`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::scores` asserts; `columns.block == BLOCK`.
#[inline(always)]
pub(super) unsafe fn scores<L: Lanes, const BLOCK: usize>(
    points: &[f32],
    columns: &Columns,
    out: &mut [f32],
) {
    // SAFETY: by the caller's contract.
    unsafe {
        let d = columns.n_dims;
        for block in 0..columns.base.len() / BLOCK {
            let values = columns.values.as_ptr().add(block * BLOCK * d);
            let base = columns.base.as_ptr().add(block * BLOCK);
            let scores = block_scores::<L, BLOCK>(points.as_ptr(), values, base, d);
            for c in 0..BLOCK {
                for v in 0..VECTORS {
                    let at = ((block * BLOCK + c) * VECTORS + v) * L::WIDTH;
                    scores[c][v].store(out.as_mut_ptr().add(at));
                }
            }
        }
    }
}

/// Points that a loop without a vector type takes at a time; it divides every tile.
pub(super) const LANES: usize = 8;

/// Takes the cost in cluster `c` among the least, the second least, and the place of the least.
#[inline(always)]
pub(super) fn two_least(cost: f32, c: u32, (least, second, place): (&mut f32, &mut f32, &mut u32)) {
    let better = cost < *least;
    let other = if better { *least } else { cost };
    *second = if other < *second { other } else { *second };
    *place = if better { c } else { *place };
    *least = if better { cost } else { *least };
}

/// See [`super::Kernel::least_costs`].
#[inline(always)]
pub(super) fn least_costs(
    tile: Tile<'_>,
    scores: &[f32],
    labels: &[u32],
    factors: &[f32],
    least: &mut LeastCosts,
) {
    let width = labels.len();
    for at in (0..width).step_by(LANES) {
        let (mut half_norm, mut error) = ([0.0; LANES], [0.0; LANES]);
        let (mut own, mut places) = ([0; LANES], [0; LANES]);
        let [mut least_here, mut second] = [[f32::INFINITY; LANES]; 2];
        for i in 0..LANES {
            (half_norm[i], error[i], own[i]) =
                (tile.half_norms[at + i], 2.0 * tile.errors[at + i], labels[at + i]);
        }
        for (c, &factor) in factors.iter().enumerate() {
            let scores = &scores[c * width + at..][..LANES];
            for i in 0..LANES {
                // as in `bounds::at_least`
                let half = half_norm[i] + scores[i] - error[i];
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

/// See [`super::Kernel::add_point`].
#[inline(always)]
pub(super) fn add_point(sums: &mut [f64], point: &[i32], weight: f64) {
    for (sum, &q) in sums.iter_mut().zip(point) {
        *sum += weight * f64::from(q);
    }
}

/// See [`super::Kernel::add_point_exactly`].
#[inline(always)]
pub(super) fn add_point_exactly(sums: &mut [i64], point: &[i32], weight: i64) {
    let pairs = sums.iter_mut().zip(point);
    match weight {
        // few processors multiply vectors of 64-bit integers
        1 => pairs.for_each(|(sum, &q)| *sum += i64::from(q)),
        -1 => pairs.for_each(|(sum, &q)| *sum -= i64::from(q)),
        weight => pairs.for_each(|(sum, &q)| *sum += weight * i64::from(q)),
    }
}

/// See [`super::Kernel::transpose`]. In squares, so that reads and writes are whole vectors.
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::transpose` asserts.
#[inline(always)]
pub(super) unsafe fn transpose<L: Lanes>(rows: &[&[i32]], centre: &[i32], width: usize, to: &mut [f32]) {
    let n_dims = centre.len();
    let whole = n_dims - n_dims % SQUARE;
    let (squares, rest) = rows.as_chunks::<SQUARE>();
    for (lane, rows) in (0..).step_by(SQUARE).zip(squares) {
        for j in (0..whole).step_by(SQUARE) {
            // SAFETY: by the caller's contract; a row has n_dims coordinates, of which so many follow j.
            unsafe {
                let rows = std::array::from_fn(|i| rows[i].as_ptr().add(j));
                L::transpose(rows, centre.as_ptr().add(j), width, to.as_mut_ptr().add(j * width + lane));
            }
        }
        for (i, row) in rows.iter().enumerate() {
            transpose_row(row, centre, whole, width, &mut to[lane + i..]);
        }
    }
    for (i, row) in rest.iter().enumerate() {
        transpose_row(row, centre, 0, width, &mut to[squares.len() * SQUARE + i..]);
    }
}

/// The coordinates of a row from `first` on.
#[inline(always)]
fn transpose_row(row: &[i32], centre: &[i32], first: usize, width: usize, to: &mut [f32]) {
    for j in first..centre.len() {
        to[j * width] = (row[j] - centre[j]) as f32;
    }
}

/// See [`super::Kernel::lower`].
#[inline(always)]
pub(super) fn lower(scores: &[f32], norms: &[f32], near: &[u32], unit: f32, lowered: &mut [u32]) -> u32 {
    let mut sum = 0;
    for (((&score, &norm), &near), lowered) in scores.iter().zip(norms).zip(near).zip(lowered) {
        // SAFETY: by the caller's contract an integer below 2^24.
        let distance: i32 = unsafe { ((2.0 * score + norm) * unit).to_int_unchecked() };
        *lowered = near.min(distance as u32);
        sum += *lowered;
    }
    sum
}

/// See [`super::Kernel::at_most`].
#[inline(always)]
pub(super) fn at_most(scores: &[f32], limits: &[f32]) -> u32 {
    let bit = |(i, (score, limit)): (usize, (&f32, &f32))| u32::from(score <= limit) << i;
    scores.iter().zip(limits).enumerate().map(bit).sum()
}

/// See [`super::Kernel::bounds`].
#[inline(always)]
pub(super) fn bounds(tile: Tile<'_>, top: &Top2, errors: f32, [upper, lower, least]: [&mut [f32]; 3]) {
    let n = upper.len();
    let (best, second, own, half_norms) =
        (&top.best[..n], &top.second[..n], &tile.errors[..n], &tile.half_norms[..n]);
    let (lower, least) = (&mut lower[..n], &mut least[..n]);
    for i in 0..n {
        (upper[i], lower[i]) = from_top2(half_norms[i], best[i], second[i], own[i], errors);
        least[i] = at_least(half_norms[i], best[i], own[i]);
    }
}

/// Adding this rounds a number below 2^22 to the nearest integer, ties to even, and leaves it in the low bits.
const ROUND: f32 = 1.5 * (1u32 << 23) as f32;
/// The same in `f64`, below 2^51.
const ROUND_F64: f64 = 1.5 * (1u64 << 52) as f64;

/// See [`super::Kernel::int16_tile`].
#[inline(always)]
pub(super) fn int16_tile(points: &[f32], width: usize, scale: f32, narrow: &mut [i32]) {
    let whole = |x: f32| (x * scale + ROUND).to_bits();
    for (to, pair) in narrow.chunks_exact_mut(width).zip(points.chunks(2 * width)) {
        let (low, high) = pair.split_at(width);
        if high.is_empty() {
            to.iter_mut().zip(low).for_each(|(to, &x)| *to = (whole(x) & 0xffff) as i32);
        } else {
            for ((to, &low), &high) in to.iter_mut().zip(low).zip(high) {
                *to = ((whole(low) & 0xffff) | (whole(high) << 16)) as i32;
            }
        }
    }
}

/// See [`super::Kernel::int8_tile`].
#[inline(always)]
pub(super) fn int8_tile(points: &[f32], width: usize, (scale, above): (f32, u32), narrow: &mut [i32]) {
    let byte = |x: f32| (x * scale + ROUND).to_bits().wrapping_add(above) & 0xff;
    for (to, quad) in narrow.chunks_exact_mut(width).zip(points.chunks(4 * width)) {
        to.fill(0);
        for (j, feature) in quad.chunks_exact(width).enumerate() {
            to.iter_mut().zip(feature).for_each(|(to, &x)| *to |= (byte(x) << (8 * j)) as i32);
        }
    }
}

/// Largest magnitude to which [`round_row`] rounds.
const MOST_WHOLE: f32 = (1 << 30) as f32;

/// Partial sums of [`round_row`] and [`squares`], which are vectors.
const SUMS: usize = 8;

/// Coordinates that are rounded at a time: as many that the compiler makes loops of vectors of the steps.
const ROUNDED: usize = 64;

/// See [`super::Kernel::round_row`].
#[inline(always)]
pub(super) fn round_row(row: &[i32], centre: &[i32], scale: f32, wholes: &mut [i32]) -> f64 {
    for_rounded(row, centre, scale, |first, near| {
        for (to, &near) in wholes[first..row.len()].iter_mut().zip(near) {
            // limited first, since a cast that checks is no instruction of vectors; what is as large is in no format
            let whole = if near < MOST_WHOLE { near } else { MOST_WHOLE };
            let whole = if whole > -MOST_WHOLE { whole } else { -MOST_WHOLE };
            // SAFETY: it is a number within an i32.
            *to = unsafe { whole.to_int_unchecked() };
        }
    })
}

/// See [`super::Kernel::rounding`].
#[inline(always)]
pub(super) fn rounding(row: &[i32], centre: &[i32], scale: f32) -> f64 {
    for_rounded(row, centre, scale, |_, _| {})
}

/// Calls `rounded` with the first of some coordinates, and these as whole numbers, rounded as the tiles are, first to `f32`.
/// Returns the sum of the squares of what rounding took.
#[inline(always)]
fn for_rounded(
    row: &[i32],
    centre: &[i32],
    scale: f32,
    mut rounded: impl FnMut(usize, &[f32; ROUNDED]),
) -> f64 {
    let mut sums = [0.0; SUMS];
    for (part, (row, centre)) in row.chunks(ROUNDED).zip(centre.chunks(ROUNDED)).enumerate() {
        let (mut xs, mut near) = ([0; ROUNDED], [0.0; ROUNDED]); // where there is no coordinate, 0 adds nothing
        for ((x, &q), &m) in xs.iter_mut().zip(row).zip(centre) {
            *x = q - m;
        }
        for i in 0..ROUNDED {
            near[i] = (xs[i] as f32 * scale + ROUND) - ROUND;
        }
        let mut squares = [0.0; ROUNDED];
        for i in 0..ROUNDED {
            let value = f64::from(xs[i]) * f64::from(scale);
            let over = value - f64::from(near[i]); // exact: both are close (Sterbenz)
            squares[i] = over * over;
        }
        for squares in squares.as_chunks::<SUMS>().0 {
            sums.iter_mut().zip(squares).for_each(|(sum, square)| *sum += square);
        }
        rounded(part * ROUNDED, &near);
    }
    sums.iter().sum()
}

/// See [`super::Kernel::squares`].
#[inline(always)]
pub(super) fn squares(row: &[i32], centre: &[i32]) -> f64 {
    let mut sums = [0.0; SUMS];
    let ((rows, row_end), (centres, centre_end)) = (row.as_chunks::<SUMS>(), centre.as_chunks::<SUMS>());
    for (row, centre) in rows.iter().zip(centres) {
        for i in 0..SUMS {
            let x = f64::from(row[i] - centre[i]);
            sums[i] += x * x;
        }
    }
    for i in 0..row_end.len() {
        let x = f64::from(row_end[i] - centre_end[i]);
        sums[i] += x * x;
    }
    sums.iter().sum()
}

/// See [`super::Kernel::mean_row`].
#[inline(always)]
pub(super) fn mean_row(sums: &[f64], count: f64, means: &mut [i32]) -> bool {
    let mut decided = true;
    for (mean, &sum) in means.iter_mut().zip(sums) {
        let quotient = sum / count;
        let near = (quotient + ROUND_F64) - ROUND_F64;
        decided &= (quotient - near).abs() < 0.5 - 1e-6;
        // SAFETY: a mean is at most 2^30 in magnitude.
        *mean = unsafe { near.to_int_unchecked() };
    }
    decided
}

/// See [`super::Kernel::nearest_of`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_of` asserts.
#[inline(always)]
pub(super) unsafe fn nearest_of<L: Lanes>(
    columns: &[u32],
    x: &[f32],
    rows: &[f32],
    base: &[f32],
) -> (u32, f32, f32) {
    let (mut label, mut best, mut second) = (0, f32::MAX, f32::MAX);
    for &c in columns {
        let row = &rows[c as usize * x.len()..][..x.len()];
        let mut lanes = [0.0; DOT];
        // SAFETY: by the caller's contract; a row is as long as x, a multiple of DOT and of the lanes.
        unsafe {
            let mut sums = [L::splat(0.0); 4];
            let (x, row, mut at, end) = (x.as_ptr(), row.as_ptr(), 0, x.len());
            while at + 4 * L::WIDTH <= end {
                for i in 0..4 {
                    let from = at + i * L::WIDTH;
                    sums[i] = sums[i].minus_product(L::load(x.add(from)), L::load(row.add(from)));
                }
                at += 4 * L::WIDTH;
            }
            while at < end {
                sums[0] = sums[0].minus_product(L::load(x.add(at)), L::load(row.add(at)));
                at += L::WIDTH;
            }
            sums[0].plus(sums[1]).plus(sums[2].plus(sums[3])).store(lanes.as_mut_ptr());
        }
        let mut half = L::WIDTH / 2;
        while half > 0 {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
            half /= 2;
        }
        let score = base[c as usize] + lanes[0];
        second = second.min(score.max(best));
        if score < best {
            (label, best) = (c, score);
        }
    }
    (label, best, second)
}

/// See [`super::Kernel::row_from_centre`].
#[inline(always)]
pub(super) fn row_from_centre(point: &[i32], centre: &[i32], to: &mut [f32]) {
    for ((to, &q), &m) in to.iter_mut().zip(point).zip(centre) {
        *to = (q - m) as f32;
    }
}
