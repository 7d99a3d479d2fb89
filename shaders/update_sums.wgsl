// Update, first half: weighted sums and weights of the clusters, in 64-bit integers.
//
// The plain kernel: adds every coordinate to its sum in storage by two atomics, for the low and the high half.
// A workgroup owns a block. Grid: (blocks of 64 points, wrapped into y; slots of the list `running`).

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
        add_sum((cluster * sizes.n_dims + j) * 2u, term);
        if (j == 0u) { add_weight(cluster, weights[point]); }
    }
}
