//! The loop of `assign` over products of a matrix unit: rows of centroids times a tile of points.
//!
//! The unit writes the products of a block of centroids to a buffer that fits the L1 cache. The loop then finds the
//! least and the second least value with a lane per point, as the other loops do. [`Matrix::Plain`] computes the
//! products in plain arithmetic, so that all but the unit's own instructions is tested on every processor.
#![allow(
    clippy::needless_range_loop,
    reason = "an index runs over several arrays at once, of fixed lengths that the compiler unrolls"
)]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::amx;
use super::lanes::Lanes;
use super::products::{ROWS, plain};
use super::{Bf16Columns, MAX_TILE};

/// Rows per pass over a tile.
const BLOCK: usize = 2 * ROWS;

/// A unit that multiplies bf16 matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::cpu) enum Matrix {
    /// No unit: plain loops, slow.
    Plain,
    /// AMX tiles.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx,
}

/// A unit configured on this thread.
#[derive(Debug, Default)]
pub(in crate::engine::cpu) enum Ready {
    #[default]
    Plain,
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx(amx::Configured),
}

impl Matrix {
    /// Configures the unit on this thread.
    pub(in crate::engine::cpu) fn begin(self) -> Ready {
        match self {
            Self::Plain => Ready::Plain,
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx => amx::Configured::new().map_or(Ready::Plain, Ready::Amx),
        }
    }
}

impl Ready {
    /// Products (rows, width) of bf16 rows (16 or 32, depth) and a tile of points (depth / 2, width).
    #[inline(always)]
    fn products(&self, rows: &[u16], points: &[i32], depth: usize, products: &mut [f32]) {
        match self {
            Self::Plain => plain(rows, points, depth, products),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx(units) => units.products(rows, points, depth, products),
        }
    }
}

/// See [`super::Kernel::nearest_bf16`].
///
/// # Safety
/// The processor has L's instructions; the lengths are as `Kernel::nearest_bf16` asserts.
#[inline(always)]
pub(super) unsafe fn nearest<L: Lanes>(
    ready: &Ready,
    points: &[i32],
    columns: &Bf16Columns,
    [bases, errors]: [&[f32]; 2],
    labels: &mut [u32],
) -> u32 {
    let (depth, width) = (columns.depth, 2 * L::WIDTH);
    let mut products = [0.0; BLOCK * MAX_TILE];
    let mut ends = [[0.0; MAX_TILE]; 2];
    // SAFETY: by the caller's contract; products and ends have room for the widest tile.
    unsafe {
        let mut best = [L::splat(f32::MAX); 2];
        let mut second = [L::splat(f32::MAX); 2];
        let mut index = [L::index(0); 2];
        for (block, base) in bases.chunks(BLOCK).enumerate() {
            let rows = &columns.values[block * BLOCK * depth..][..base.len() * depth];
            ready.products(rows, points, depth, &mut products[..base.len() * width]);
            for c in 0..base.len() {
                let (base, here) = (L::splat(base[c]), L::index((block * BLOCK + c) as u32));
                for v in 0..2 {
                    let product = L::load(products.as_ptr().add((c * 2 + v) * L::WIDTH));
                    let score = base.minus_product(product, L::splat(1.0));
                    let better = score.less(best[v]);
                    second[v] = second[v].min(score.max(best[v]));
                    best[v] = best[v].min(score);
                    index[v] = L::select(better, here, index[v]);
                }
            }
        }
        for v in 0..2 {
            L::store_index(index[v], labels.as_mut_ptr().add(v * L::WIDTH));
            best[v].store(ends[0].as_mut_ptr().add(v * L::WIDTH));
            second[v].store(ends[1].as_mut_ptr().add(v * L::WIDTH));
        }
    }
    let [best, second] = ends;
    let open = |i: usize| best[i] + errors[labels[i] as usize] >= second[i];
    (0..width).map(|i| u32::from(open(i)) << i).sum()
}
