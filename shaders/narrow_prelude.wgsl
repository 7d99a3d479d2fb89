// Shared by the kernels that round to f16 for matrix units, and the one that uses them: where pieces lie, and norms.
//
// A piece is EDGE rows (points or centroids) by EDGE features, row by row without gaps; the pieces of the same rows
// follow one another along the features.

/// Features of a row in f16: zero-padded to whole pieces of either size.
fn depth_of_pieces() -> u32 {
    return (sizes.n_quads + 3u) / 4u * 16u;
}

/// Centroids of a slot in f16: as many as are compared at a time, by units of either size.
fn padded_clusters() -> u32 {
    return (sizes.n_clusters + 31u) / 32u * 32u;
}

/// Where the four features of a quad of a row lie in f16, counted in quads.
fn narrow_place(row: u32, quad: u32) -> u32 {
    let first = row / EDGE * (EDGE * depth_of_pieces()) + quad * 4u / EDGE * (EDGE * EDGE);
    return (first + row % EDGE * EDGE + quad * 4u % EDGE) / 4u;
}

const SCALE = 0.0000152587890625; // 2^-16: 2^31 becomes 2^15

/// Four f16, the bits of two in a word: scaled, and rounded to nearest, ties to even. What would be subnormal, values
/// below 4, becomes zero.
fn narrow(x: vec4<f32>) -> vec2<u32> {
    let bits = bitcast<vec4<u32>>(x * SCALE);
    let even = (bits >> vec4<u32>(13u)) & vec4<u32>(1u);
    let rounded = bits + vec4<u32>(0xfffu) + even;
    let size = rounded & vec4<u32>(0x7fffffffu);
    // an f16 has 5 bits of exponent, from 15 on, and 10 of fraction; an f32 8, from 127 on, and 23
    let is_zero = size < vec4<u32>(113u << 23u);
    let half = select((size - vec4<u32>(112u << 23u)) >> vec4<u32>(13u), vec4<u32>(0u), is_zero);
    let f16s = half | ((rounded >> vec4<u32>(16u)) & vec4<u32>(0x8000u));
    return vec2<u32>(f16s.x | (f16s.y << 16u), f16s.z | (f16s.w << 16u));
}

/// F of certify.rs, from above: added to a norm, it covers the values that became zero.
fn flushed() -> f32 {
    return 8192.0 * root(f32(sizes.n_dims));
}

/// Not below the square root, whatever a driver makes of sqrt.
fn root(x: f32) -> f32 {
    let r = sqrt(x) * 1.00001;
    if (r * r >= x) { return r; }
    return max(x, 1.0);
}
