// Seed: the candidates of a step, drawn in proportion to w D.
//
// A workgroup owns a lane, an invocation a candidate: it takes the first point whose running total exceeds
// t = floor(r * total / 2^64), by block, then by point. Grid: (lanes).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> weights: array<u32>;       // (n_points)
@group(0) @binding(2) var<storage, read> draws: array<vec2<u32>>;   // r (lanes, n_clusters - 1, n_candidates)
@group(0) @binding(3) var<storage, read> chosen: array<u32>;        // seeds so far (lanes)
@group(0) @binding(4) var<storage, read> near: array<vec4<u32>>;    // (lanes, n_points)
@group(0) @binding(5) var<storage, read> blocks: array<vec4<u32>>;  // sums of w D (lanes, n_blocks)
@group(0) @binding(6) var<storage, read_write> candidates: array<u32>; // rows (lanes, n_candidates)

/// floor(r * total / 2^64).
fn scale(r: vec2<u32>, total: vec4<u32>) -> vec4<u32> {
    // total * r.x, its lowest limb dropped, the carry into a fifth limb kept
    let x0 = mul2(total.x, r.x);
    let x1 = mul2(total.y, r.x);
    let x2 = mul2(total.z, r.x);
    let x3 = mul2(total.w, r.x);
    let low = add4(vec4<u32>(x0.y, x1.y, x2.y, x3.y), vec4<u32>(x1.x, x2.x, x3.x, 0u));
    // plus total * r.y
    let y0 = mul2(total.x, r.y);
    let y1 = mul2(total.y, r.y);
    let y2 = mul2(total.z, r.y);
    let y3 = mul2(total.w, r.y);
    // limbs 1 .. 5 of the product: `low` is limbs 1 .. 4 of the first, total < 2^124 leaves room at the top
    let bottom = low.x + y0.x;
    let carry = u32(bottom < low.x);
    let first = add4(vec4<u32>(low.y, low.z, low.w, 0u), vec4<u32>(y0.y, y1.y, y2.y, y3.y));
    let second = add4(vec4<u32>(y1.x, y2.x, y3.x, 0u), vec4<u32>(carry, 0u, 0u, 0u));
    return add4(first, second);
}

@compute @workgroup_size(32)
fn seed_draw(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let lane = group.x;
    if (local >= sizes.n_candidates) { return; }
    var total = vec4<u32>(0u);
    for (var b = 0u; b < sizes.n_blocks; b++) { total = add4(total, blocks[lane * sizes.n_blocks + b]); }

    let at = lane * sizes.n_candidates + local;
    candidates[at] = 0xffffffffu; // nothing to draw from
    if (all(total == vec4<u32>(0u))) { return; }
    let t = scale(draws[(lane * (sizes.n_clusters - 1u) + chosen[lane] - 1u) * sizes.n_candidates + local], total);

    var block = 0u;
    var before = vec4<u32>(0u);
    for (; block + 1u < sizes.n_blocks; block++) {
        let after = add4(before, blocks[lane * sizes.n_blocks + block]);
        if (less4(t, after)) { break; }
        before = after;
    }
    let last = min((block + 1u) * 256u, sizes.n_points) - 1u;
    var point = block * 256u;
    for (; point < last; point++) {
        before = add4(before, mul4(near[lane * sizes.n_points + point], weights[point]));
        if (less4(t, before)) { break; }
    }
    candidates[at] = point;
}
