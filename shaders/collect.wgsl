// Collect: records of the slots that are done, and which of them, if any, is the best restart so far: least inertia,
// then least number. The element after the last slot keeps the best.
//
// A single workgroup. Grid: (1).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> ended: array<u32>; // [0]: how many, then slots
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(3) var<storage, read_write> records: array<vec4<u32>>; // inertia; digest, iterations, stop; repairs (ended, 3)
@group(0) @binding(4) var<storage, read_write> choice: array<u32>; // slot of the new best or NO_ROW, index of the best

const WIDTH = 64u;
var<workgroup> inertias: array<vec4<u32>, WIDTH>;
var<workgroup> bests: array<u32, WIDTH>; // slots

fn inertia_of(slot: u32) -> vec4<u32> {
    // not in a loop: FXC refuses a vector of which a loop writes the components
    let change = vec4<u32>(
        atomicLoad(&slots[slot].inertia[0]),
        atomicLoad(&slots[slot].inertia[1]),
        atomicLoad(&slots[slot].inertia[2]),
        atomicLoad(&slots[slot].inertia[3]),
    );
    // the total is a sum of squares, so it is not negative
    return add4(sizes.squares, change);
}

/// Whether the first of two slots is at least as good as the second.
fn better(a: vec4<u32>, slot_a: u32, b: vec4<u32>, slot_b: u32) -> bool {
    if (slot_a == NO_ROW) { return false; }
    if (slot_b == NO_ROW || less4(a, b)) { return true; }
    return !less4(b, a) && slots[slot_a].restart < slots[slot_b].restart;
}

fn keep(place: u32, slot: u32) {
    slots[place].status = DONE;
    slots[place].restart = slots[slot].restart;
    for (var limb = 0u; limb < 4u; limb++) {
        atomicStore(&slots[place].inertia[limb], atomicLoad(&slots[slot].inertia[limb]));
    }
}

@compute @workgroup_size(64)
fn collect(@builtin(local_invocation_index) local: u32) {
    let place = arrayLength(&slots) - 1u;
    var best = NO_ROW;
    var least = vec4<u32>(0u);
    if (local == 0u && slots[place].status == DONE) {
        best = place;
        least = inertia_of(place);
    }
    for (var i = local; i < ended[0]; i += WIDTH) {
        let slot = ended[1u + i];
        let inertia = inertia_of(slot);
        let digest = vec2<u32>(atomicLoad(&slots[slot].digest[0]), atomicLoad(&slots[slot].digest[1]));
        records[3u * i] = inertia;
        records[3u * i + 1u] = vec4<u32>(digest, slots[slot].iterations, slots[slot].stop);
        let repaired = atomicLoad(&slots[slot].repaired);
        let repaired_first = atomicLoad(&slots[slot].repaired_first);
        records[3u * i + 2u] = vec4<u32>(repaired, repaired_first, slots[slot].restart, slots[slot].status);
        if (better(inertia, slot, least, best)) {
            best = slot;
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
