// Update, first half: weighted sums and weights of the clusters, in 64-bit integers.
//
// The plain kernel: every coordinate is added to its sum in storage by two atomics, low and high half.
// Grid: (blocks of 64 points, wrapped into y; slots of the list `running`). A workgroup owns its block.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;      // (n_points)
@group(0) @binding(3) var<storage, read> labels: array<u32>;       // (slots, n_points)
@group(0) @binding(4) var<storage, read> running: array<u32>;      // slots
@group(0) @binding(5) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<u32>>;   // (slots, n_clusters, n_dims, 2)
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>; // (slots, n_clusters, 2)

@compute @workgroup_size(64)
fn update_sums(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
    let first = block_of(group, groups) * 64u;
    let slot = running[place_of(group)];
    let status = slots[slot].status;
    if (first >= sizes.n_points || !(status == ACTIVE || status == FINISHING)) { return; }

    let n = min(64u, sizes.n_points - first);
    for (var at = local; at < n * sizes.n_dims; at += 64u) {
        let point = first + at / sizes.n_dims;
        let j = at % sizes.n_dims;
        let cluster = slot * sizes.n_clusters + labels[slot * sizes.n_points + point];
        let term = weigh(points[point * sizes.n_quads + j / 4u][j % 4u], weights[point]);
        let sum = (cluster * sizes.n_dims + j) * 2u;
        let old = atomicAdd(&sums[sum], term.x);
        let high = term.y + u32(old + term.x < old);
        if (high != 0u) { atomicAdd(&sums[sum + 1u], high); }
        if (j == 0u) {
            let w = weights[point];
            let old_count = atomicAdd(&counts[cluster * 2u], w);
            if (old_count + w < old_count) { atomicAdd(&counts[cluster * 2u + 1u], 1u); }
        }
    }
}
