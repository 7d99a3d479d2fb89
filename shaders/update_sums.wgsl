// Update, first half: weighted sums and weights of the clusters, in 64-bit integers.
//
// The plain kernel: adds every coordinate to its sum in storage by two atomics, for the low and the high half.
// A workgroup owns a block. Grid: (blocks of 64 points, wrapped into y; slots of the list `running`).

const WIDTH = 64u;
var<workgroup> moved: array<u32, WIDTH>; // points, from the block's first on
var<workgroup> n_moved: atomic<u32>;

@compute @workgroup_size(64)
fn update_sums(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
    let first = block_of(group, groups) * WIDTH;
    let slot = running[place_of(group)];
    let n = points_to_sum(first, WIDTH, slot);
    let kept = slots[slot].kept == 1u;
    let own = slot * sizes.n_points + first + local;

    if (local == 0u) { atomicStore(&n_moved, 0u); }
    workgroupBarrier();
    if (local < n && is_moved(kept, labels[own], settled_in(own, kept))) { moved[atomicAdd(&n_moved, 1u)] = first + local; }
    workgroupBarrier();
    for (var at = local; at < atomicLoad(&n_moved) * sizes.n_dims; at += WIDTH) {
        move_coordinate(moved[at / sizes.n_dims], at % sizes.n_dims, slot, kept);
    }
    workgroupBarrier();
    if (local < n) { settle(first + local, slot); }
}
