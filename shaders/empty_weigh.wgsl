// Empty: marks the rows at the location of the farthest row and sums their weights; finds the farthest of the other
// rows of each block.
//
// Rows of equal coordinates have equal labels, hence equal distances, which are compared first. A workgroup owns 256
// points of a workspace. Grid: (n_blocks wrapped into y; workspaces), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;      // (n_points)
@group(0) @binding(3) var<storage, read> picked: array<vec4<i32>>; // (workspaces, n_candidates, n_quads)
@group(0) @binding(4) var<storage, read_write> labels: array<u32>; // (slots, n_points)
@group(0) @binding(5) var<storage, read_write> refills: array<Refill>;
@group(0) @binding(6) var<storage, read_write> near: array<vec4<u32>>; // (workspaces, n_points)
@group(0) @binding(7) var<storage, read_write> far: array<vec4<u32>>;  // distance and row (workspaces, n_candidates, all_blocks)

var<workgroup> weighed: array<atomic<u32>, 2>; // the sum of weights, 64 bits

fn same_place(point: u32, workspace: u32) -> bool {
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[point * sizes.n_quads + quad];
        if (any(x != picked[workspace * sizes.n_candidates * sizes.n_quads + quad])) { return false; }
    }
    return true;
}

@compute @workgroup_size(256)
fn empty_weigh(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
    let block = block_of(group, groups);
    let workspace = place_of(group);
    let point = block * 256u + local;
    let works = refills[workspace].works == 1u;
    if (local < 2u) { atomicStore(&weighed[local], 0u); }
    workgroupBarrier();
    var d = vec4<u32>(0u);
    if (works && point < sizes.n_points) {
        let at = workspace * sizes.n_points + point;
        d = near[at];
        // a distance above zero implies that the row has weight
        if (all(d == refills[workspace].distance) && same_place(point, workspace)) {
            d = vec4<u32>(0u);
            near[at] = d;
            let label = refills[workspace].slot * sizes.n_points + point;
            labels[label] = labels[label] | OUT;
            let old = atomicAdd(&weighed[0], weights[point]);
            if (old + weights[point] < old) { atomicAdd(&weighed[1], 1u); }
        }
    }
    farthest(local, d, sizes.first_point + point);
    let weight = vec2<u32>(atomicLoad(&weighed[0]), atomicLoad(&weighed[1]));
    if (local != 0u || all(weight == vec2<u32>(0u))) { return; }
    let at = workspace * sizes.n_candidates * sizes.all_blocks + sizes.first_block + block;
    far[at] = far_distances[0];
    far[at + sizes.all_blocks] = vec4<u32>(far_rows[0], 0u, 0u, 0u);
    let old = atomicAdd(&refills[workspace].weight[0], weight.x);
    atomicAdd(&refills[workspace].weight[1], weight.y + u32(old + weight.x < old));
}
