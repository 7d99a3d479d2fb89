// Seed: copies the seeds' rows to the first centroids of their slot.
//
// A workgroup owns a cluster of an admitted restart, and works if the row is in its chunk. Grid: (n_clusters wrapped
// into y; admitted restarts), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;    // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> features: array<vec2<f32>>;  // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(3) var<storage, read> admitted: array<vec4<u32>>; // slot, restart, first seed's row
@group(0) @binding(4) var<storage, read> seeds: array<u32>;           // (workspaces, n_clusters)
@group(0) @binding(5) var<storage, read_write> centroids: array<i32>;  // (slots, n_packs, 4 n_quads, 4)
@group(0) @binding(6) var<storage, read_write> half_norms: array<f32>; // (slots, n_packs, 4)

const WIDTH = 64u;
var<workgroup> norms: array<f32, WIDTH>; // squared norms

@compute @workgroup_size(64)
fn seed_place(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
    let cluster = block_of(group, groups);
    let workspace = place_of(group);
    let slot = admitted[workspace].x;
    var here = false;
    var row = 0u;
    if (cluster < sizes.n_clusters) {
        row = seeds[workspace * sizes.n_clusters + cluster] - sizes.first_point;
        here = row < sizes.n_points;
    }
    let columns = (slot * sizes.n_packs + cluster / 4u) * sizes.n_quads * 16u + cluster % 4u;
    var norm = 0.0;
    if (here) {
        for (var j = local; j < sizes.n_dims; j += WIDTH) {
            let q = points[row * sizes.n_quads + j / 4u][j % 4u];
            centroids[columns + j * 4u] = q;
            norm += f32(q) * (f32(q) * features[j].x);
        }
    }
    norms[local] = norm;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) { norms[local] += norms[local + half]; }
    }
    if (here && local == 0u) {
        let to = slot * sizes.n_packs * 4u + cluster;
        half_norms[to] = norms[0] * 0.5;
    }
}
