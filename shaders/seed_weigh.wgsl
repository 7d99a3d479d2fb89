// Seed: the newest seed lowers the distance of every point to its nearest seed; then the potential
// sum w min(D, D to the candidate) that each candidate would leave, by block.
//
// One pass over the points a step: what the winner leaves is what the next step draws by. At the first step there is
// one candidate, and no seed yet. A workgroup owns 256 points of a slot and takes the candidates in turn.
// Grid: (n_blocks wrapped into y; slots), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> chosen: array<vec2<u32>>;   // seeds so far, the newest's place (slots)
@group(0) @binding(5) var<storage, read> candidates: array<u32>;     // rows (slots, n_candidates)
@group(0) @binding(6) var<storage, read> picked: array<vec4<f32>>;   // (slots, n_candidates + 1, n_quads), the newest seed last
@group(0) @binding(7) var<storage, read_write> near: array<vec4<u32>>;       // (slots, n_points)
@group(0) @binding(8) var<storage, read_write> potentials: array<vec4<u32>>; // (slots, n_candidates, all_blocks)

var<workgroup> terms: array<vec4<u32>, 256>;

/// The distance of a point to its nearest seed, the newest included.
fn lowered(point: u32, slot: u32) -> vec4<u32> {
    let at = slot * sizes.n_points + point;
    let newest = slot * (sizes.n_candidates + 1u) + sizes.n_candidates;
    let step = chosen[slot].x;
    if (step == 0u) { return vec4<u32>(0xffffffffu); }
    if (step > 1u && chosen[slot].y == NO_ROW) { return near[at]; }
    var d = distance_to_picked(point, newest);
    if (step > 1u) { d = min4(near[at], d); }
    near[at] = d;
    return d;
}

@compute @workgroup_size(256)
fn seed_weigh(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
    let block = block_of(group, groups);
    let slot = place_of(group);
    let point = block * 256u + local;
    var now = vec4<u32>(0u);
    if (point < sizes.n_points) { now = lowered(point, slot); }
    for (var l = 0u; l < sizes.n_candidates; l++) {
        let candidate = slot * sizes.n_candidates + l;
        var term = vec4<u32>(0u);
        let stands = candidates[candidate] != NO_ROW && (l == 0u || chosen[slot].x > 0u);
        if (point < sizes.n_points && stands) {
            let d = min4(now, distance_to_picked(point, candidate + slot));
            term = mul4(d, weights[point]);
        }
        terms[local] = term;
        for (var half = 128u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (local < half) { terms[local] = add4(terms[local], terms[local + half]); }
        }
        if (local == 0u && block < sizes.n_blocks) {
            potentials[candidate * sizes.all_blocks + sizes.first_block + block] = terms[0];
        }
        workgroupBarrier();
    }
}
