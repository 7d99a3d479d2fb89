// Empty: the exact distance of every point to its own centroid, zero for points that may not move; and the farthest
// point of each block.
//
// A workgroup owns 256 points of a workspace. Grid: (n_blocks wrapped into y; workspaces), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;    // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;         // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>;  // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> labels: array<u32>;          // (slots, n_points)
@group(0) @binding(5) var<storage, read> centroids: array<vec4<i32>>; // (slots, n_packs, 4 n_quads)
@group(0) @binding(6) var<storage, read_write> refills: array<Refill>;
@group(0) @binding(7) var<storage, read_write> near: array<vec4<u32>>; // (workspaces, n_points)
@group(0) @binding(8) var<storage, read_write> far: array<vec4<u32>>;  // distance and row (workspaces, n_candidates, all_blocks)

@compute @workgroup_size(256)
fn empty_far(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) local: u32) {
    let block = block_of(group, groups);
    let workspace = place_of(group);
    let point = block * 256u + local;
    let slot = refills[workspace].slot;
    let works = refills[workspace].works == 1u;
    var d = vec4<u32>(0u);
    if (works && point < sizes.n_points) {
        let label = labels[slot * sizes.n_points + point];
        if (weights[point] > 0u && label < OUT) {
            let columns = (slot * sizes.n_packs + label / 4u) * sizes.n_quads * 4u;
            d = distance_to(point, columns, label % 4u);
        }
        near[workspace * sizes.n_points + point] = d;
    }
    farthest(local, d, sizes.first_point + point);
    if (works && local == 0u && block < sizes.n_blocks) {
        let at = workspace * sizes.n_candidates * sizes.all_blocks + sizes.first_block + block;
        far[at] = far_distances[0];
        far[at + sizes.all_blocks] = vec4<u32>(far_rows[0], 0u, 0u, 0u);
    }
}
