//! Products of a matrix unit: rows of bf16 with a tile of points.

/// Rows per product.
pub(in crate::engine::cpu) const ROWS: usize = 16;
/// Features per step of a unit.
pub(in crate::engine::cpu) const DEPTH: usize = 32;
/// The products of a unit, in plain arithmetic.
#[inline(always)]
pub(super) fn plain(rows: &[u16], points: &[i32], depth: usize, products: &mut [f32]) {
    let width = points.len() / (depth / 2);
    for (row, products) in rows.chunks_exact(depth).zip(products.chunks_exact_mut(width)) {
        products.fill(0.0);
        for (pair, points) in row.chunks_exact(2).zip(points.chunks_exact(width)) {
            let [low, high] = [pair[0], pair[1]].map(|half| f32::from_bits(u32::from(half) << 16));
            for (product, &point) in products.iter_mut().zip(points) {
                let point = point as u32;
                *product += low * f32::from_bits(point << 16) + high * f32::from_bits(point & 0xffff_0000);
            }
        }
    }
}
