// Poll: one bit for each slot that is done, and one for each that waits for a refill. The host reads them regularly.
//
// An invocation owns 32 slots. Grid: (blocks of 64 words).

@group(0) @binding(0) var<storage, read_write> slots: array<Slot>;      // the last one holds the best restart
@group(0) @binding(1) var<storage, read_write> status_bits: array<u32>; // done, then empty (2, words)

@compute @workgroup_size(64)
fn poll(@builtin(global_invocation_id) id: vec3<u32>) {
    let n_slots = arrayLength(&slots) - 1u;
    let words = (n_slots + 31u) / 32u;
    if (id.x >= words) { return; }
    var done = 0u;
    var empty = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
        let slot = id.x * 32u + bit;
        if (slot < n_slots) {
            done |= u32(slots[slot].status == DONE) << bit;
            empty |= u32(slots[slot].status == EMPTY) << bit;
        }
    }
    status_bits[id.x] = done;
    status_bits[words + id.x] = empty;
}
