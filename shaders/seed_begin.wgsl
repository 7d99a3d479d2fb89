// Seed: newcomers take their lanes, and their first seed is drawn already.
//
// A workgroup owns a newcomer; its number is its slot in the buffers of seeding. Grid: (newcomers).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> newcomers: array<vec4<u32>>; // lane, restart, first seed's row
@group(0) @binding(2) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(3) var<storage, read_write> chosen: array<vec2<u32>>; // seeds so far, the newest's place (slots)
@group(0) @binding(4) var<storage, read_write> candidates: array<u32>;   // rows (slots, n_candidates)

@compute @workgroup_size(1)
fn seed_begin(@builtin(workgroup_id) group: vec3<u32>) {
    let slot = group.x;
    let lane = newcomers[slot].x;
    lanes[lane].status = ACTIVE;
    lanes[lane].iterations = 0u;
    lanes[lane].stop = 0u;
    lanes[lane].restart = newcomers[slot].y;
    atomicStore(&lanes[lane].empty, 0u);
    atomicStore(&lanes[lane].changed, 0u);
    atomicStore(&lanes[lane].repaired, 0u);
    atomicStore(&lanes[lane].repaired_first, 0u);
    for (var limb = 0u; limb < 4u; limb++) {
        atomicStore(&lanes[lane].shift[limb], 0u);
        atomicStore(&lanes[lane].inertia[limb], 0u);
    }
    atomicStore(&lanes[lane].digest[0], 0u);
    atomicStore(&lanes[lane].digest[1], 0u);
    chosen[slot] = vec2<u32>(0u);
    candidates[slot * sizes.n_candidates] = newcomers[slot].z;
}
