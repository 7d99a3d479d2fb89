// Empty: starts the refill of the slots in a list that wait for one.
//
// A workgroup owns a slot of the list; the index in the list is its workspace. Grid: (workspaces).

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
