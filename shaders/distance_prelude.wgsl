// Shared by the kernels that compute in integers: the exact squared distance of a point to a centroid.
//
// They declare `sizes`, `points` (n_points, n_quads), `centroids` (slots, n_packs, 4 n_quads) and `features`
// (4 n_quads).

/// Whether the lattice is mixed.
override MIXED: bool = false;

/// The squared distance to a centroid, in the smallest units of the lattice.
fn distance_to(point: u32, columns: u32, side: u32) -> vec4<u32> {
    var narrow = vec3<u32>(0u);
    var wide = vec4<u32>(0u);
    // four features per step; padding is zero on both sides
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[point * sizes.n_quads + quad];
        let c = columns + quad * 4u;
        let a = square(x.x, centroids[c][side]);
        let b = square(x.y, centroids[c + 1u][side]);
        let p = square(x.z, centroids[c + 2u][side]);
        let q = square(x.w, centroids[c + 3u][side]);
        if (MIXED) {
            let f = quad * 4u;
            let max_shift = sizes.max_shift;
            let front = add4(widen(a, max_shift, features[f].y), widen(b, max_shift, features[f + 1u].y));
            let back = add4(widen(p, max_shift, features[f + 2u].y), widen(q, max_shift, features[f + 3u].y));
            wide = add4(wide, add4(front, back));
        } else {
            narrow = add_squares(narrow, a, b, p, q);
        }
    }
    if (MIXED) { return wide; }
    return vec4<u32>(narrow, 0u);
}
