// Shared by the kernels of greedy k-means++: the exact distance between points.

/// The squared distance between two points: whole and in the smallest units, or with the common factor
/// divided out where it then fits 32 bits (no draw and no comparison depends on a common factor).
fn distance_between(a: u32, b: u32) -> vec4<u32> {
    var small = 0u;
    var narrow = vec2<u32>(0u);
    var wide = vec4<u32>(0u);
    for (var j = 0u; j < sizes.n_dims; j++) {
        let x = points[a * sizes.n_quads + j / 4u][j % 4u];
        let y = points[b * sizes.n_quads + j / 4u][j % 4u];
        if (sizes.small == 1u) {
            let difference = (i32(x) - i32(y)) >> sizes.granularity;
            small += u32(difference * difference);
        } else if (sizes.max_shift == 0u) {
            narrow = add2(narrow, square(x, y));
        } else {
            wide = add4(wide, shl4(vec4<u32>(square(x, y), 0u, 0u), 2u * (sizes.max_shift - u32(features[j].y))));
        }
    }
    return add4(wide, vec4<u32>(narrow.x + small, narrow.y, 0u, 0u));
}
