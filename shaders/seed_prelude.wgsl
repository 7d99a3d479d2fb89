// Shared by the kernels of greedy k-means++: the exact distance between points.

/// The row that stands for no row: nothing could be drawn.
const NO_ROW = 0xffffffffu;

/// A square in the smallest units of the lattice.
fn scaled(square: vec2<u32>, feature: u32) -> vec4<u32> {
    return shl4(vec4<u32>(square, 0u, 0u), 2u * (sizes.max_shift - u32(features[feature].y)));
}

/// The squared distance between two points: whole and in the smallest units, or with the common factor
/// divided out where it then fits 32 bits (no draw and no comparison depends on a common factor).
fn distance_between(a: u32, b: u32) -> vec4<u32> {
    var small = 0u;
    var narrow = vec2<u32>(0u);
    var wide = vec4<u32>(0u);
    // four features a round: padding is zero on both sides
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[a * sizes.n_quads + quad];
        let y = points[b * sizes.n_quads + quad];
        if (sizes.small == 1u) {
            let difference = (vec4<i32>(x) - vec4<i32>(y)) >> vec4<u32>(sizes.granularity);
            small += u32(dot(difference, difference));
        } else if (sizes.max_shift == 0u) {
            let front = add2(square(x.x, y.x), square(x.y, y.y));
            narrow = add2(narrow, add2(front, add2(square(x.z, y.z), square(x.w, y.w))));
        } else {
            let f = quad * 4u;
            let front = add4(scaled(square(x.x, y.x), f), scaled(square(x.y, y.y), f + 1u));
            let back = add4(scaled(square(x.z, y.z), f + 2u), scaled(square(x.w, y.w), f + 3u));
            wide = add4(wide, add4(front, back));
        }
    }
    return add4(wide, vec4<u32>(narrow.x + small, narrow.y, 0u, 0u));
}
