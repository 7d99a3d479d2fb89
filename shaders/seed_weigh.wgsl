// Seed: the potential sum w min(D, D to the candidate) that each candidate would leave, by block.
//
// A workgroup owns 256 points of a slot and takes the candidates in turn. Grid: (n_blocks wrapped into y;
// slots), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> candidates: array<u32>;     // rows (slots, n_candidates)
@group(0) @binding(5) var<storage, read> picked: array<vec4<f32>>;   // (slots, n_candidates, n_quads)
@group(0) @binding(6) var<storage, read> near: array<vec4<u32>>;     // (slots, n_points)
@group(0) @binding(7) var<storage, read_write> potentials: array<vec4<u32>>; // (slots, n_candidates, all_blocks)

var<workgroup> terms: array<vec4<u32>, 256>;

@compute @workgroup_size(256)
fn seed_weigh(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
    let block = group.x + group.y * groups.x;
    let slot = group.z;
    let point = block * 256u + local;
    for (var l = 0u; l < sizes.n_candidates; l++) {
        let place = slot * sizes.n_candidates + l;
        var term = vec4<u32>(0u);
        if (point < sizes.n_points && candidates[place] != NO_ROW) {
            let d = min4(near[slot * sizes.n_points + point], distance_to_picked(point, place));
            term = mul4(d, weights[point]);
        }
        terms[local] = term;
        for (var half = 128u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (local < half) { terms[local] = add4(terms[local], terms[local + half]); }
        }
        if (local == 0u && block < sizes.n_blocks) {
            potentials[place * sizes.all_blocks + sizes.first_block + block] = terms[0];
        }
        workgroupBarrier();
    }
}
