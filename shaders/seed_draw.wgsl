// Seed: draws the blocks of a step's candidates, in proportion to w D.
//
// A workgroup owns a candidate. It finds the first block of 256 points whose running total exceeds
// t = floor(r * total / 2^64); seed_pick then finds the point in the block. The sums of the blocks are the potentials
// computed for the newest seed when it was a candidate. The first seed comes from the host.
// Grid: (n_candidates; workspaces).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> draws: array<vec2<u32>>;      // r (workspaces, n_clusters - 1, n_candidates)
@group(0) @binding(2) var<storage, read> chosen: array<vec2<u32>>;     // seeds so far, candidate index of the newest (workspaces)
@group(0) @binding(3) var<storage, read> potentials: array<vec4<u32>>; // (workspaces, n_candidates, all_blocks)
@group(0) @binding(4) var<storage, read_write> candidates: array<u32>; // rows (workspaces, n_candidates)
@group(0) @binding(5) var<storage, read_write> found: array<Found>;    // (workspaces, n_candidates)

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

@compute @workgroup_size(256)
fn seed_draw(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workspace = place_of(group);
    let at = workspace * sizes.n_candidates + group.x;
    let step = chosen[workspace].x;
    let newest = chosen[workspace].y;
    let sums_at = (workspace * sizes.n_candidates + newest) * sizes.all_blocks;

    let share = (sizes.all_blocks + WIDTH - 1u) / WIDTH;
    let first = min(local * share, sizes.all_blocks);
    let end = min(first + share, sizes.all_blocks);
    var sum = vec4<u32>(0u);
    if (step > 0u && newest != NO_ROW) {
        for (var b = first; b < end; b++) { sum = add4(sum, potentials[sums_at + b]); }
    }
    run_totals(local, sum);

    let total = sums[WIDTH - 1u];
    let can_draw = any(total != vec4<u32>(0u));
    if (!can_draw) {
        if (local != 0u) { return; }
        if (step == 0u) {
            found[at].block = select(NO_ROW, candidates[at] / WIDTH, group.x == 0u);
        } else {
            found[at].block = NO_ROW;
            candidates[at] = NO_ROW;
        }
        return;
    }
    let r = draws[(workspace * (sizes.n_clusters - 1u) + step - 1u) * sizes.n_candidates + group.x];
    let t = scale(r, total);
    var before = total_before(local);
    if (!less4(t, before) && less4(t, sums[local])) {
        var block = first;
        for (; block + 1u < end; block++) {
            let after = add4(before, potentials[sums_at + block]);
            if (less4(t, after)) { break; }
            before = after;
        }
        found[at] = Found(before, t, block);
    }
}
