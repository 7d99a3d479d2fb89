// Stop: what a lane does next, after the update of all its clusters; its counts go back to zero. Of a lane that is
// done, repairs that were counted by blocks of points are added up, and those counts go back to zero too.
//
// A workgroup owns a lane. Grid: (lanes of the list `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> running: array<u32>; // lanes
@group(0) @binding(2) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(3) var<storage, read_write> counts: array<vec2<u32>>;  // (lanes, n_clusters)
@group(0) @binding(4) var<storage, read_write> tallies: array<vec2<u32>>; // repairs: first pass, later (lanes, n_tallies)

const WIDTH = 64u;
var<workgroup> clears: u32;

const CLEARS = 1u; // its counts were used up
const ENDS = 2u;   // so they were, and it is done

/// Ends the update of a lane, or its last assign, or marks it as waiting. Returns what follows from that.
fn advance(lane: u32) -> u32 {
    let status = lanes[lane].status;
    if (status == FINISHING) {
        lanes[lane].status = DONE;
        return ENDS;
    }
    if (status != ACTIVE && status != RESUME) { return 0u; }
    if (atomicExchange(&lanes[lane].empty, 0u) == 1u) {
        lanes[lane].status = EMPTY;
        return 0u;
    }
    lanes[lane].iterations += 1u;
    var shift = vec4<u32>(0u);
    for (var limb = 0u; limb < 4u; limb++) { shift[limb] = atomicExchange(&lanes[lane].shift[limb], 0u); }
    let fixed = atomicExchange(&lanes[lane].changed, 0u) == 0u;
    let small = sizes.has_limit == 1u && !less4(sizes.shift_limit, shift);
    let last = lanes[lane].iterations >= sizes.max_iter;
    lanes[lane].status = select(ACTIVE, FINISHING, fixed || small || last);
    lanes[lane].stop = select(select(2u, 1u, small), 0u, fixed);
    return CLEARS;
}

@compute @workgroup_size(64)
fn stop(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let lane = running[group.x];
    if (local == 0u) { clears = advance(lane); }
    let does = workgroupUniformLoad(&clears);
    if (does == 0u) { return; }
    for (var c = local; c < sizes.n_clusters; c += WIDTH) { counts[lane * sizes.n_clusters + c] = vec2<u32>(0u); }
    if (does == CLEARS || sizes.n_tallies == 0u) { return; }
    var repaired = vec2<u32>(0u);
    for (var i = local; i < sizes.n_tallies; i += WIDTH) {
        let at = lane * sizes.n_tallies + i;
        repaired += tallies[at];
        tallies[at] = vec2<u32>(0u);
    }
    atomicAdd(&lanes[lane].repaired_first, repaired.x);
    atomicAdd(&lanes[lane].repaired, repaired.y);
}
