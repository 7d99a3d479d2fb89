// Shared by the kernels of greedy k-means++: the exact distance of a point to a picked one.

/// Adds the squared differences of a quad of features to `d`. The sum is in the smallest units of the lattice, or, if
/// it then fits 32 bits, with the common factor divided out (no draw or comparison depends on a common factor). If it
/// fits 24 bits it is an f32, which is exact in any order; `whole` converts it.
fn add_square(d: vec4<u32>, x: vec4<i32>, y: vec4<i32>, quad: u32) -> vec4<u32> {
    if (sizes.small == 2u) {
        let difference = vec4<f32>(x - y);
        return vec4<u32>(bitcast<u32>(bitcast<f32>(d.x) + dot(difference, difference)), 0u, 0u, 0u);
    }
    if (sizes.small == 1u) {
        let difference = (x - y) >> vec4<u32>(sizes.granularity);
        return vec4<u32>(d.x + u32(dot(difference, difference)), 0u, 0u, 0u);
    }
    if (sizes.max_shift == 0u) {
        let sum = add_squares(d.xyz, square(x.x, y.x), square(x.y, y.y), square(x.z, y.z), square(x.w, y.w));
        return vec4<u32>(sum, 0u);
    }
    let f = quad * 4u;
    let max_shift = sizes.max_shift;
    let p = widen(square(x.x, y.x), max_shift, features[f].y);
    let q = widen(square(x.y, y.y), max_shift, features[f + 1u].y);
    let r = widen(square(x.z, y.z), max_shift, features[f + 2u].y);
    let s = widen(square(x.w, y.w), max_shift, features[f + 3u].y);
    return add4(d, add4(add4(p, q), add4(r, s)));
}

/// Converts the result of add_square to an integer.
fn whole(d: vec4<u32>) -> vec4<u32> {
    if (sizes.small != 2u) { return d; }
    let unit = bitcast<f32>((127u - 2u * sizes.granularity) << 23u); // 4^-granularity
    return vec4<u32>(u32(bitcast<f32>(d.x) * unit), 0u, 0u, 0u);
}

/// The squared distance of a point to a picked one. Padding is zero on both sides.
fn distance_to_picked(point: u32, place: u32) -> vec4<u32> {
    var d = vec4<u32>(0u);
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        d = add_square(d, points[point * sizes.n_quads + quad], picked[place * sizes.n_quads + quad], quad);
    }
    return whole(d);
}
