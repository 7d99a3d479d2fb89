// Seed: distance of every point to its nearest seed, lowered by the newest one; weighted sums by block.
//
// A workgroup owns 256 points of a lane. Grid: (n_blocks wrapped into y; lanes).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> seeds: array<u32>;          // (lanes, n_clusters)
@group(0) @binding(5) var<storage, read> chosen: array<u32>;         // seeds so far, the newest included (lanes)
@group(0) @binding(6) var<storage, read_write> near: array<vec4<u32>>;   // (lanes, n_points)
@group(0) @binding(7) var<storage, read_write> blocks: array<vec4<u32>>; // sums of w D (lanes, n_blocks)

var<workgroup> terms: array<vec4<u32>, 256>;

@compute @workgroup_size(256)
fn seed_near(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) local: u32) {
    let block = group.x + group.y * groups.x;
    let lane = group.z;
    let point = block * 256u + local;
    var term = vec4<u32>(0u);
    if (point < sizes.n_points) {
        let at = lane * sizes.n_points + point;
        let seed = seeds[lane * sizes.n_clusters + chosen[lane] - 1u];
        var d = near[at];
        if (chosen[lane] == 1u) {
            d = distance_between(point, seed);
        } else if (seed != NO_ROW) {
            d = min4(d, distance_between(point, seed));
        }
        near[at] = d;
        term = mul4(d, weights[point]);
    }
    terms[local] = term;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) { terms[local] = add4(terms[local], terms[local + half]); }
    }
    if (local == 0u && block < sizes.n_blocks) { blocks[lane * sizes.n_blocks + block] = terms[0]; }
}
