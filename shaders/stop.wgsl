// Stop: decides what a slot does next, after the update of all its clusters, and whether its counts are kept: after a
// refill and when it is done they are reset to zero.
//
// A workgroup owns a slot. Grid: (slots of the list `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> running: array<u32>; // slots
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(3) var<storage, read_write> counts: array<vec2<u32>>;  // (slots, n_clusters)

const WIDTH = 64u;
var<workgroup> clears: u32; // 1: the counts are reset

/// Sets the next status of a slot after its update or its last assign. Returns whether the counts are reset.
fn advance(slot: u32) -> bool {
    let status = slots[slot].status;
    if (status == FINISHING) {
        slots[slot].status = DONE;
        slots[slot].kept = 0u;
        return true;
    }
    if (status != ACTIVE && status != RESUME) { return false; }
    if (atomicExchange(&slots[slot].empty, 0u) == 1u) {
        slots[slot].status = EMPTY;
        return false;
    }
    let refilled = status == RESUME;
    slots[slot].kept = select(1u, 0u, refilled);
    slots[slot].iterations += 1u;
    // not in a loop: FXC refuses a vector of which a loop writes the components
    let shift = vec4<u32>(
        atomicExchange(&slots[slot].shift[0], 0u),
        atomicExchange(&slots[slot].shift[1], 0u),
        atomicExchange(&slots[slot].shift[2], 0u),
        atomicExchange(&slots[slot].shift[3], 0u),
    );
    let fixed = atomicExchange(&slots[slot].changed, 0u) == 0u;
    let small = sizes.has_limit == 1u && !less4(sizes.shift_limit, shift);
    let last = slots[slot].iterations >= sizes.max_iter;
    slots[slot].status = select(ACTIVE, FINISHING, fixed || small || last);
    slots[slot].stop = select(select(2u, 1u, small), 0u, fixed);
    return refilled;
}

@compute @workgroup_size(64)
fn stop(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = running[group.x];
    if (local == 0u) { clears = u32(advance(slot)); }
    if (workgroupUniformLoad(&clears) == 0u) { return; }
    for (var c = local; c < sizes.n_clusters; c += WIDTH) { counts[slot * sizes.n_clusters + c] = vec2<u32>(0u); }
}
