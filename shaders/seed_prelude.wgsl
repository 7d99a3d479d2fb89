// Shared by the kernels of greedy k-means++: the exact distance of a point to one that was picked.

/// The squared distance of a point to a picked one: whole and in the smallest units, or with the common factor
/// divided out where it then fits 32 bits (no draw and no comparison depends on a common factor).
fn distance_to_picked(point: u32, place: u32) -> vec4<u32> {
    var small = 0u;
    var narrow = vec2<u32>(0u);
    var wide = vec4<u32>(0u);
    // four features a round: padding is zero on both sides
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[point * sizes.n_quads + quad];
        let y = picked[place * sizes.n_quads + quad];
        if (sizes.small == 1u) {
            let difference = (vec4<i32>(x) - vec4<i32>(y)) >> vec4<u32>(sizes.granularity);
            small += u32(dot(difference, difference));
        } else if (sizes.max_shift == 0u) {
            let front = add2(square(x.x, y.x), square(x.y, y.y));
            narrow = add2(narrow, add2(front, add2(square(x.z, y.z), square(x.w, y.w))));
        } else {
            let f = quad * 4u;
            let max_shift = sizes.max_shift;
            let p = widen(square(x.x, y.x), max_shift, features[f].y);
            let q = widen(square(x.y, y.y), max_shift, features[f + 1u].y);
            let r = widen(square(x.z, y.z), max_shift, features[f + 2u].y);
            let s = widen(square(x.w, y.w), max_shift, features[f + 3u].y);
            wide = add4(wide, add4(add4(p, q), add4(r, s)));
        }
    }
    return add4(wide, vec4<u32>(narrow.x + small, narrow.y, 0u, 0u));
}
