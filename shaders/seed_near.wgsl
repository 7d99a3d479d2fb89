// Seed: distance of every point to its nearest seed, lowered by the newest one; weighted sums by block.
//
// A workgroup owns 256 points of a slot. Grid: (n_blocks wrapped into y; slots), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> chosen: array<vec2<u32>>;   // seeds so far, the newest's place (slots)
@group(0) @binding(5) var<storage, read> picked: array<vec4<f32>>;   // (slots, n_candidates, n_quads)
@group(0) @binding(6) var<storage, read_write> near: array<vec4<u32>>;   // (slots, n_points)
@group(0) @binding(7) var<storage, read_write> blocks: array<vec4<u32>>; // sums of w D (slots, all_blocks)

var<workgroup> terms: array<vec4<u32>, 256>;

@compute @workgroup_size(256)
fn seed_near(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) local: u32) {
    let block = group.x + group.y * groups.x;
    let slot = group.z;
    let point = block * 256u + local;
    var term = vec4<u32>(0u);
    if (point < sizes.n_points) {
        let at = slot * sizes.n_points + point;
        let newest = chosen[slot].y;
        let place = slot * sizes.n_candidates + newest;
        var d = near[at];
        if (chosen[slot].x == 1u) {
            d = distance_to_picked(point, place);
        } else if (newest != NO_ROW) {
            d = min4(d, distance_to_picked(point, place));
        }
        near[at] = d;
        term = mul4(d, weights[point]);
    }
    terms[local] = term;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) { terms[local] = add4(terms[local], terms[local + half]); }
    }
    if (local == 0u && block < sizes.n_blocks) {
        blocks[slot * sizes.all_blocks + sizes.first_block + block] = terms[0];
    }
}
