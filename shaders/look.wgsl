// Look: which lanes are done, and which wait for a refill, as a bit each: all that the host reads regularly.
//
// An invocation owns 32 lanes. Grid: (blocks of 64 words).

@group(0) @binding(0) var<storage, read_write> lanes: array<Lane>;  // the last one holds the best restart
@group(0) @binding(1) var<storage, read_write> signs: array<u32>;   // done, then empty (2, words)

@compute @workgroup_size(64)
fn look(@builtin(global_invocation_id) id: vec3<u32>) {
    let n_lanes = arrayLength(&lanes) - 1u;
    let words = (n_lanes + 31u) / 32u;
    if (id.x >= words) { return; }
    var done = 0u;
    var empty = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
        let lane = id.x * 32u + bit;
        if (lane < n_lanes) {
            done |= u32(lanes[lane].status == DONE) << bit;
            empty |= u32(lanes[lane].status == EMPTY) << bit;
        }
    }
    signs[id.x] = done;
    signs[words + id.x] = empty;
}
