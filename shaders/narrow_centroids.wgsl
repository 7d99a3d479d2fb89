// Narrow: centroids in f16 for matrix units.
//
// An invocation owns four centroids in four features. Grid: (blocks of 64 of them, wrapped into y; slots of the list
// `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> centroids: array<vec4<i32>>;           // (slots, n_packs, 4 n_quads)
@group(0) @binding(2) var<storage, read> running: array<u32>;                   // slots
@group(0) @binding(3) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(4) var<storage, read_write> centroids_f16: array<vec2<u32>>; // pieces (slots, padded n_clusters, depth)

override EDGE: u32 = 16u; // of a piece

const WIDTH = 64u;

@compute @workgroup_size(64)
fn narrow_centroids(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                    @builtin(local_invocation_index) local: u32) {
    let slot = running[place_of(group)];
    let at = block_of(group, groups) * WIDTH + local;
    if (at >= sizes.n_packs * sizes.n_quads || !is_assigned(slots[slot].status)) { return; }
    let pack = at / sizes.n_quads;
    let quad = at % sizes.n_quads;
    let column = ((slot * sizes.n_packs + pack) * sizes.n_quads + quad) * 4u;
    let values = transpose(mat4x4<f32>(
        vec4<f32>(centroids[column]),
        vec4<f32>(centroids[column + 1u]),
        vec4<f32>(centroids[column + 2u]),
        vec4<f32>(centroids[column + 3u]),
    ));
    let row = slot * padded_clusters() + pack * 4u;
    centroids_f16[narrow_place(row, quad)] = narrow(values[0]);
    centroids_f16[narrow_place(row + 1u, quad)] = narrow(values[1]);
    centroids_f16[narrow_place(row + 2u, quad)] = narrow(values[2]);
    centroids_f16[narrow_place(row + 3u, quad)] = narrow(values[3]);
}
