// Stop: decides what a slot does next, after the update of all its clusters, and resets its counts to zero. For a
// slot that is done, it also sums the repairs counted by block and resets those counts.
//
// A workgroup owns a slot. Grid: (slots of the list `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> running: array<u32>; // slots
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(3) var<storage, read_write> counts: array<vec2<u32>>;  // (slots, n_clusters)
@group(0) @binding(4) var<storage, read_write> tallies: array<vec2<u32>>; // repairs: first pass, later (slots, n_tallies)

const WIDTH = 64u;
var<workgroup> clears: u32;

const CLEARS = 1u; // reset the counts
const ENDS = 2u;   // reset the counts: the slot is done

/// Sets the next status of a slot after its update or its last assign. Returns CLEARS, ENDS or 0.
fn advance(slot: u32) -> u32 {
    let status = slots[slot].status;
    if (status == FINISHING) {
        slots[slot].status = DONE;
        return ENDS;
    }
    if (status != ACTIVE && status != RESUME) { return 0u; }
    if (atomicExchange(&slots[slot].empty, 0u) == 1u) {
        slots[slot].status = EMPTY;
        return 0u;
    }
    slots[slot].iterations += 1u;
    var shift = vec4<u32>(0u);
    for (var limb = 0u; limb < 4u; limb++) { shift[limb] = atomicExchange(&slots[slot].shift[limb], 0u); }
    let fixed = atomicExchange(&slots[slot].changed, 0u) == 0u;
    let small = sizes.has_limit == 1u && !less4(sizes.shift_limit, shift);
    let last = slots[slot].iterations >= sizes.max_iter;
    slots[slot].status = select(ACTIVE, FINISHING, fixed || small || last);
    slots[slot].stop = select(select(2u, 1u, small), 0u, fixed);
    return CLEARS;
}

@compute @workgroup_size(64)
fn stop(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = running[group.x];
    if (local == 0u) { clears = advance(slot); }
    let does = workgroupUniformLoad(&clears);
    if (does == 0u) { return; }
    for (var c = local; c < sizes.n_clusters; c += WIDTH) { counts[slot * sizes.n_clusters + c] = vec2<u32>(0u); }
    if (does == CLEARS || sizes.n_tallies == 0u) { return; }
    var repaired = vec2<u32>(0u);
    for (var i = local; i < sizes.n_tallies; i += WIDTH) {
        let at = slot * sizes.n_tallies + i;
        repaired += tallies[at];
        tallies[at] = vec2<u32>(0u);
    }
    atomicAdd(&slots[slot].repaired_first, repaired.x);
    atomicAdd(&slots[slot].repaired, repaired.y);
}
