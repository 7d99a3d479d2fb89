// Collect: what the host keeps of lanes that are done, and which of them, if any, is the best so far: least
// inertia, then least restart. The place behind the last lane keeps the best.
//
// One workgroup does it all. Grid: (1).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> ended: array<u32>; // [0]: how many, then lanes
@group(0) @binding(2) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(3) var<storage, read_write> records: array<vec4<u32>>; // inertia; digest, iterations, stop; repairs (ended, 3)
@group(0) @binding(4) var<storage, read_write> choice: array<u32>; // lane of the new best or NO_ROW, place of the best

const WIDTH = 64u;
var<workgroup> inertias: array<vec4<u32>, WIDTH>;
var<workgroup> bests: array<u32, WIDTH>; // lanes

fn inertia_of(lane: u32) -> vec4<u32> {
    var change = vec4<u32>(0u);
    for (var limb = 0u; limb < 4u; limb++) { change[limb] = atomicLoad(&lanes[lane].inertia[limb]); }
    // the whole is a sum of squares: never below zero, whatever the parts
    return add4(sizes.squares, change);
}

/// Whether the first of two lanes, or none of them, is better.
fn better(a: vec4<u32>, lane_a: u32, b: vec4<u32>, lane_b: u32) -> bool {
    if (lane_a == NO_ROW) { return false; }
    if (lane_b == NO_ROW || less4(a, b)) { return true; }
    return !less4(b, a) && lanes[lane_a].restart < lanes[lane_b].restart;
}

fn keep(place: u32, lane: u32) {
    lanes[place].status = DONE;
    lanes[place].restart = lanes[lane].restart;
    for (var limb = 0u; limb < 4u; limb++) {
        atomicStore(&lanes[place].inertia[limb], atomicLoad(&lanes[lane].inertia[limb]));
    }
}

@compute @workgroup_size(64)
fn collect(@builtin(local_invocation_index) local: u32) {
    let place = arrayLength(&lanes) - 1u;
    var best = NO_ROW;
    var least = vec4<u32>(0u);
    if (local == 0u && lanes[place].status == DONE) {
        best = place;
        least = inertia_of(place);
    }
    for (var i = local; i < ended[0]; i += WIDTH) {
        let lane = ended[1u + i];
        let inertia = inertia_of(lane);
        let digest = vec2<u32>(atomicLoad(&lanes[lane].digest[0]), atomicLoad(&lanes[lane].digest[1]));
        records[3u * i] = inertia;
        records[3u * i + 1u] = vec4<u32>(digest, lanes[lane].iterations, lanes[lane].stop);
        let repaired = atomicLoad(&lanes[lane].repaired);
        let repaired_first = atomicLoad(&lanes[lane].repaired_first);
        records[3u * i + 2u] = vec4<u32>(repaired, repaired_first, lanes[lane].restart, lanes[lane].status);
        if (better(inertia, lane, least, best)) {
            best = lane;
            least = inertia;
        }
    }
    inertias[local] = least;
    bests[local] = best;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half && better(inertias[local + half], bests[local + half], inertias[local], bests[local])) {
            inertias[local] = inertias[local + half];
            bests[local] = bests[local + half];
        }
    }
    if (local != 0u) { return; }
    choice[0] = NO_ROW;
    choice[1] = place;
    if (bests[0] != NO_ROW && bests[0] != place) {
        choice[0] = bests[0];
        keep(place, bests[0]);
    }
}
