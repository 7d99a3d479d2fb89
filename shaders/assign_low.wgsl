// Assign, for few features (up to 16): points stay in registers, and the loop runs over all centroids of the slot.
//
// Compared with assign.wgsl, a point is read once for all centroids. A coordinate of a centroid is read once for four
// points, from workgroup memory, as a broadcast to all invocations. An invocation owns four points, 64 apart, of one
// slot. Grid: (blocks of 256 points, wrapped into y; slots of the list `running`).

override QUADS: u32 = 4u; // quads per row: n_quads, 1 to 4

const WIDTH = 64u;
const PACKS = 16u; // packs of centroids in workgroup memory
var<workgroup> columns: array<vec4<f32>, 256>; // (PACKS, 4 QUADS)
var<workgroup> bases: array<vec4<f32>, PACKS>;
var<workgroup> runs: u32;

/// Loads the packs from `first_pack` on, scaled.
fn load_columns(slot: u32, first_pack: u32, gamma: f32, local: u32) {
    let n_packs = min(PACKS, sizes.n_packs - first_pack);
    let first = slot * sizes.n_packs + first_pack;
    for (var i = local; i < n_packs * 4u * QUADS; i += WIDTH) {
        var c = vec4<f32>(centroids[first * 4u * QUADS + i]);
        if (MIXED) { c *= features[i % (4u * QUADS)].x; }
        columns[i] = c;
    }
    if (local < n_packs) { bases[local] = base_of(first + local, gamma); }
}

/// Adds to `a` the products of four features of a point and of four centroids, one after the other, so that a GPU can
/// fuse each with its addition.
fn add_products(a: vec4<f32>, x: vec4<f32>, c0: vec4<f32>, c1: vec4<f32>, c2: vec4<f32>, c3: vec4<f32>) -> vec4<f32> {
    return a + x.x * c0 + x.y * c1 + x.z * c2 + x.w * c3;
}

@compute @workgroup_size(64)
fn assign_low(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
    let first_point = block_of(group, groups) * 4u * WIDTH;
    if (first_point >= sizes.n_points) { return; }
    let slot = running[place_of(group)];
    let gamma = select(sizes.gamma, 0.0, is_exact(slot));
    if (local == 0u) { runs = u32(is_assigned(slots[slot].status)); }
    if (workgroupUniformLoad(&runs) == 0u) { return; }
    // rows past the end repeat the last; their labels are not written
    let r0 = min(first_point + local, sizes.n_points - 1u) * QUADS;
    let r1 = min(first_point + 64u + local, sizes.n_points - 1u) * QUADS;
    let r2 = min(first_point + 128u + local, sizes.n_points - 1u) * QUADS;
    let r3 = min(first_point + 192u + local, sizes.n_points - 1u) * QUADS;
    let x00 = vec4<f32>(points[r0]);
    let x10 = vec4<f32>(points[r1]);
    let x20 = vec4<f32>(points[r2]);
    let x30 = vec4<f32>(points[r3]);
    var x01 = vec4<f32>(0.0); var x11 = vec4<f32>(0.0); var x21 = vec4<f32>(0.0); var x31 = vec4<f32>(0.0);
    if (QUADS > 1u) {
        x01 = vec4<f32>(points[r0 + 1u]);
        x11 = vec4<f32>(points[r1 + 1u]);
        x21 = vec4<f32>(points[r2 + 1u]);
        x31 = vec4<f32>(points[r3 + 1u]);
    }
    var x02 = vec4<f32>(0.0); var x12 = vec4<f32>(0.0); var x22 = vec4<f32>(0.0); var x32 = vec4<f32>(0.0);
    if (QUADS > 2u) {
        x02 = vec4<f32>(points[r0 + 2u]);
        x12 = vec4<f32>(points[r1 + 2u]);
        x22 = vec4<f32>(points[r2 + 2u]);
        x32 = vec4<f32>(points[r3 + 2u]);
    }
    var x03 = vec4<f32>(0.0); var x13 = vec4<f32>(0.0); var x23 = vec4<f32>(0.0); var x33 = vec4<f32>(0.0);
    if (QUADS > 3u) {
        x03 = vec4<f32>(points[r0 + 3u]);
        x13 = vec4<f32>(points[r1 + 3u]);
        x23 = vec4<f32>(points[r2 + 3u]);
        x33 = vec4<f32>(points[r3 + 3u]);
    }

    var b0 = NONE_YET; var b1 = NONE_YET; var b2 = NONE_YET; var b3 = NONE_YET;
    for (var first_pack = 0u; first_pack < sizes.n_packs; first_pack += PACKS) {
        workgroupBarrier();
        load_columns(slot, first_pack, gamma, local);
        workgroupBarrier();
        for (var g = 0u; g < min(PACKS, sizes.n_packs - first_pack); g++) {
            let c = g * 4u * QUADS;
            var a0 = vec4<f32>(0.0); var a1 = vec4<f32>(0.0); var a2 = vec4<f32>(0.0); var a3 = vec4<f32>(0.0);
            {
                let c0 = columns[c];
                let c1 = columns[c + 1u];
                let c2 = columns[c + 2u];
                let c3 = columns[c + 3u];
                a0 = add_products(a0, x00, c0, c1, c2, c3);
                a1 = add_products(a1, x10, c0, c1, c2, c3);
                a2 = add_products(a2, x20, c0, c1, c2, c3);
                a3 = add_products(a3, x30, c0, c1, c2, c3);
            }
            if (QUADS > 1u) {
                let c0 = columns[c + 4u];
                let c1 = columns[c + 5u];
                let c2 = columns[c + 6u];
                let c3 = columns[c + 7u];
                a0 = add_products(a0, x01, c0, c1, c2, c3);
                a1 = add_products(a1, x11, c0, c1, c2, c3);
                a2 = add_products(a2, x21, c0, c1, c2, c3);
                a3 = add_products(a3, x31, c0, c1, c2, c3);
            }
            if (QUADS > 2u) {
                let c0 = columns[c + 8u];
                let c1 = columns[c + 9u];
                let c2 = columns[c + 10u];
                let c3 = columns[c + 11u];
                a0 = add_products(a0, x02, c0, c1, c2, c3);
                a1 = add_products(a1, x12, c0, c1, c2, c3);
                a2 = add_products(a2, x22, c0, c1, c2, c3);
                a3 = add_products(a3, x32, c0, c1, c2, c3);
            }
            if (QUADS > 3u) {
                let c0 = columns[c + 12u];
                let c1 = columns[c + 13u];
                let c2 = columns[c + 14u];
                let c3 = columns[c + 15u];
                a0 = add_products(a0, x03, c0, c1, c2, c3);
                a1 = add_products(a1, x13, c0, c1, c2, c3);
                a2 = add_products(a2, x23, c0, c1, c2, c3);
                a3 = add_products(a3, x33, c0, c1, c2, c3);
            }
            let at = (first_pack + g) * 4u;
            b0 = take(b0, bases[g] - a0, at);
            b1 = take(b1, bases[g] - a1, at);
            b2 = take(b2, bases[g] - a2, at);
            b3 = take(b3, bases[g] - a3, at);
        }
    }

    let bests = array<Top2, 4>(b0, b1, b2, b3);
    for (var i = 0u; i < 4u; i++) {
        let point = first_point + i * WIDTH + local;
        if (point < sizes.n_points) { write_or_repair(point, slot, bests[i]); }
    }
}
