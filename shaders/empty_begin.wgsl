// Empty: which of the lanes of a list wait for a refill.
//
// A workgroup owns a lane of the list; its number is its slot. Grid: (slots).

@group(0) @binding(0) var<storage, read> waiting: array<u32>; // lanes (slots)
@group(0) @binding(1) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(2) var<storage, read_write> refills: array<Refill>; // (slots)

@compute @workgroup_size(1)
fn empty_begin(@builtin(workgroup_id) group: vec3<u32>) {
    let slot = group.x;
    refills[slot].lane = waiting[slot];
    refills[slot].works = u32(lanes[waiting[slot]].status == EMPTY);
    refills[slot].pending = 0u;
}
