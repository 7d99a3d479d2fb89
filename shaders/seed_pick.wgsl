// Seed: picks the candidates in the drawn blocks, and copies their coordinates.
//
// A workgroup owns a candidate, and works if its block is in the chunk. It finds the first point whose running total
// exceeds the number drawn. The stored distances do not include the newest seed yet (the next seed_weigh updates
// them), so its distances are computed here, for the block. Of a streamed table only the drawn blocks are bound, one
// per candidate. Grid: (n_candidates; workspaces), for each chunk.

override FETCHED: bool = false; // points and weights are those of the drawn blocks

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;   // (n_points, n_quads) or (workspaces, n_candidates, 256, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points) or (workspaces, n_candidates, 256)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> chosen: array<vec2<u32>>;   // seeds so far, candidate index of the newest (workspaces)
@group(0) @binding(5) var<storage, read> near: array<vec4<u32>>;     // (workspaces, n_points)
@group(0) @binding(6) var<storage, read> found: array<Found>;        // (workspaces, n_candidates)
@group(0) @binding(7) var<storage, read_write> candidates: array<u32>;    // rows (workspaces, n_candidates)
@group(0) @binding(8) var<storage, read_write> picked: array<vec4<i32>>;  // (workspaces, n_candidates + 1, n_quads), the newest seed last

var<workgroup> point_found: u32;

@compute @workgroup_size(256)
fn seed_pick(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workspace = place_of(group);
    let at = workspace * sizes.n_candidates + group.x;
    let step = chosen[workspace].x;
    let block = found[at].block - sizes.first_block; // wraps to a huge number if it is in an earlier chunk, or there is none
    if (block >= sizes.n_blocks) { return; }

    let first_seen = select(block * WIDTH, at * WIDTH, FETCHED); // index in `points`
    let point = block * WIDTH + local;
    let here = point < sizes.n_points;
    if (local == 0u) {
        point_found = NO_ROW;
        if (step == 0u) { point_found = candidates[at] % WIDTH; }
    }
    var term = vec4<u32>(0u);
    if (step > 0u && here) {
        let newest = workspace * (sizes.n_candidates + 1u) + sizes.n_candidates;
        var d = distance_to_picked(first_seen + local, newest);
        if (step > 1u) { d = min4(near[workspace * sizes.n_points + point], d); }
        term = mul4(d, weights[first_seen + local]);
    }
    run_totals(local, term);
    let t = found[at].t;
    let before = add4(found[at].before, total_before(local));
    if (step > 0u && here && !less4(t, before) && less4(t, add4(found[at].before, sums[local]))) {
        point_found = local;
        candidates[at] = sizes.first_point + point;
    }
    workgroupBarrier();

    let row = first_seen + point_found;
    let place = workspace * (sizes.n_candidates + 1u) + group.x;
    for (var quad = local; quad < sizes.n_quads; quad += WIDTH) {
        picked[place * sizes.n_quads + quad] = points[row * sizes.n_quads + quad];
    }
}
