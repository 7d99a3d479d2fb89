// Empty: which of the slots of a list wait for a refill.
//
// A workgroup owns a slot of the list; its number is its workspace. Grid: (workspaces).

@group(0) @binding(0) var<storage, read> waiting: array<u32>; // slots (workspaces)
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read_write> refills: array<Refill>; // (workspaces)

@compute @workgroup_size(1)
fn empty_begin(@builtin(workgroup_id) group: vec3<u32>) {
    let workspace = group.x;
    refills[workspace].slot = waiting[workspace];
    refills[workspace].works = u32(slots[waiting[workspace]].status == EMPTY);
    refills[workspace].pending = 0u;
}
