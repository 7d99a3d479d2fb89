// Empty: the coordinates of the farthest row, and its cluster, the donor.
//
// A workgroup owns a workspace, and works if the row is in its chunk. Grid: (workspaces), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> labels: array<u32>;       // (slots, n_points)
@group(0) @binding(3) var<storage, read_write> refills: array<Refill>;
@group(0) @binding(4) var<storage, read_write> picked: array<vec4<i32>>; // (workspaces, n_candidates, n_quads)

@compute @workgroup_size(64)
fn empty_pick(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workspace = group.x;
    let row = refills[workspace].row - sizes.first_point;
    if (refills[workspace].works == 0u || row >= sizes.n_points) { return; }
    for (var quad = local; quad < sizes.n_quads; quad += 64u) {
        picked[workspace * sizes.n_candidates * sizes.n_quads + quad] = points[row * sizes.n_quads + quad];
    }
    if (local == 0u) { refills[workspace].donor = labels[refills[workspace].slot * sizes.n_points + row]; }
}
