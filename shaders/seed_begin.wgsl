// Seed: assigns admitted restarts to their slots. The host has drawn their first seeds.
//
// A workgroup owns an admitted restart, whose index is its workspace. Grid: (admitted restarts).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> admitted: array<vec4<u32>>; // slot, restart, first seed's row
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(3) var<storage, read_write> chosen: array<vec2<u32>>; // seeds so far, candidate index of the newest (workspaces)
@group(0) @binding(4) var<storage, read_write> candidates: array<u32>;   // rows (workspaces, n_candidates)

@compute @workgroup_size(1)
fn seed_begin(@builtin(workgroup_id) group: vec3<u32>) {
    let workspace = group.x;
    let slot = admitted[workspace].x;
    slots[slot].status = ACTIVE;
    slots[slot].iterations = 0u;
    slots[slot].stop = 0u;
    slots[slot].restart = admitted[workspace].y;
    atomicStore(&slots[slot].empty, 0u);
    atomicStore(&slots[slot].changed, 0u);
    atomicStore(&slots[slot].repaired, 0u);
    atomicStore(&slots[slot].repaired_first, 0u);
    for (var limb = 0u; limb < 4u; limb++) {
        atomicStore(&slots[slot].shift[limb], 0u);
        atomicStore(&slots[slot].inertia[limb], 0u);
    }
    atomicStore(&slots[slot].digest[0], 0u);
    atomicStore(&slots[slot].digest[1], 0u);
    chosen[workspace] = vec2<u32>(0u);
    candidates[workspace * sizes.n_candidates] = admitted[workspace].z;
}
