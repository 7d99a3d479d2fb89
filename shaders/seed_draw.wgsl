// Seed: the candidates of a step, drawn in proportion to w D, and their coordinates.
//
// A workgroup owns a candidate: the first point whose running total exceeds t = floor(r * total / 2^64), by
// block, then by point. The chunk that holds the point does the second half. The first seed comes from the
// host, only its coordinates are fetched. Grid: (n_candidates; slots), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> draws: array<vec2<u32>>;    // r (slots, n_clusters - 1, n_candidates)
@group(0) @binding(4) var<storage, read> chosen: array<vec2<u32>>;   // seeds so far, the newest's place (slots)
@group(0) @binding(5) var<storage, read> near: array<vec4<u32>>;     // (slots, n_points)
@group(0) @binding(6) var<storage, read> blocks: array<vec4<u32>>;   // sums of w D (slots, all_blocks)
@group(0) @binding(7) var<storage, read_write> candidates: array<u32>;    // rows (slots, n_candidates)
@group(0) @binding(8) var<storage, read_write> picked: array<vec4<f32>>;  // (slots, n_candidates, n_quads)

const WIDTH = 256u;
var<workgroup> sums: array<vec4<u32>, WIDTH>;
var<workgroup> block_found: u32;
var<workgroup> before_block: vec4<u32>;
var<workgroup> row_found: u32;

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

/// Running totals of what every invocation brings. All of the workgroup must come here.
fn run_totals(local: u32, term: vec4<u32>) {
    workgroupBarrier();
    sums[local] = term;
    for (var reach = 1u; reach < WIDTH; reach *= 2u) {
        workgroupBarrier();
        var total = sums[local];
        if (local >= reach) { total = add4(sums[local - reach], total); }
        workgroupBarrier();
        sums[local] = total;
    }
    workgroupBarrier();
}

/// What lies before this invocation.
fn total_before(local: u32) -> vec4<u32> {
    if (local == 0u) { return vec4<u32>(0u); }
    return sums[local - 1u];
}

@compute @workgroup_size(256)
fn seed_draw(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = group.z;
    let at = slot * sizes.n_candidates + group.x;
    let step = chosen[slot].x;

    let share = (sizes.all_blocks + WIDTH - 1u) / WIDTH;
    let first = min(local * share, sizes.all_blocks);
    let end = min(first + share, sizes.all_blocks);
    var sum = vec4<u32>(0u);
    if (step > 0u) {
        for (var b = first; b < end; b++) { sum = add4(sum, blocks[slot * sizes.all_blocks + b]); }
    }
    if (local == 0u) {
        block_found = NO_ROW;
        row_found = NO_ROW;
        if (step == 0u && group.x == 0u) { row_found = candidates[at]; }
    }
    run_totals(local, sum);

    let total = sums[WIDTH - 1u];
    let can_draw = any(total != vec4<u32>(0u));
    var t = vec4<u32>(0u);
    if (can_draw) {
        t = scale(draws[(slot * (sizes.n_clusters - 1u) + step - 1u) * sizes.n_candidates + group.x], total);
    } else if (step > 0u && local == 0u) {
        candidates[at] = NO_ROW;
    }
    var before = total_before(local);
    if (can_draw && !less4(t, before) && less4(t, sums[local])) {
        var block = first;
        for (; block + 1u < end; block++) {
            let after = add4(before, blocks[slot * sizes.all_blocks + block]);
            if (less4(t, after)) { break; }
            before = after;
        }
        block_found = block;
        before_block = before;
    }
    workgroupBarrier();

    let block = block_found - sizes.first_block; // huge where it lies in a chunk before, or nowhere
    let point = block * WIDTH + local;
    let here = block < sizes.n_blocks && point < sizes.n_points;
    var term = vec4<u32>(0u);
    if (here) { term = mul4(near[slot * sizes.n_points + point], weights[point]); }
    run_totals(local, term);
    before = add4(before_block, total_before(local));
    if (here && !less4(t, before) && less4(t, add4(before_block, sums[local]))) {
        row_found = sizes.first_point + point;
        candidates[at] = row_found;
    }
    workgroupBarrier();

    let row = row_found - sizes.first_point;
    if (row_found == NO_ROW || row >= sizes.n_points) { return; }
    for (var quad = local; quad < sizes.n_quads; quad += WIDTH) {
        picked[at * sizes.n_quads + quad] = points[row * sizes.n_quads + quad];
    }
}
