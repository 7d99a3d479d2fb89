// Assign, for few clusters: a tile of points against the centroids of several slots in workgroup memory.
//
// Compared with assign.wgsl, a tile of points is read once for one, two or four slots, and a coordinate once for
// twelve centroids. An invocation owns four or eight points of one slot, and loops over all centroids of that slot,
// up to three packs at a time, so there is no reduction between invocations. Eight points and three packs are 96 sums
// in registers, fed by five loads per feature. Four points are half as many sums, for twice as many concurrent
// workgroups. Grid: (blocks of 256 FOURS / SLOTS points, wrapped into y; SLOTS at a time of the list `running`).

override SLOTS: u32 = 4u;  // slots per workgroup: 1, 2 or 4
override PACKS: u32 = 3u; // packs of centroids at a time: 1, 2 or 3
override FOURS: u32 = 2u;  // fours of points per invocation: 1 or 2

const WIDTH = 64u;
var<workgroup> tile: array<vec4<f32>, 512>;    // four points side by side (4 SLOTS features, 64 FOURS / SLOTS fours)
var<workgroup> columns: array<vec4<f32>, 192>; // a group's four side by side (4 SLOTS features, SLOTS PACKS)
var<workgroup> runs: atomic<u32>;
var<workgroup> go: u32;

/// Loads four points times four features from `first_quad` on, transposed. Rows are whole quads.
fn load_points(first_point: u32, first_quad: u32, local: u32) {
    let fours = 64u * FOURS / SLOTS;
    for (var i = local; i < 64u * FOURS; i += WIDTH) {
        let at = i % SLOTS;
        let four = i / SLOTS;
        let quad = first_quad + at;
        var x = array<vec4<f32>, 4>();
        if (quad < sizes.n_quads) {
            // rows past the end repeat the last; their labels are not written
            for (var row = 0u; row < 4u; row++) {
                x[row] = vec4<f32>(points[min(first_point + four * 4u + row, sizes.n_points - 1u) * sizes.n_quads + quad]);
            }
        }
        let to = at * 4u * fours + four;
        tile[to] = vec4<f32>(x[0].x, x[1].x, x[2].x, x[3].x);
        tile[to + fours] = vec4<f32>(x[0].y, x[1].y, x[2].y, x[3].y);
        tile[to + 2u * fours] = vec4<f32>(x[0].z, x[1].z, x[2].z, x[3].z);
        tile[to + 3u * fours] = vec4<f32>(x[0].w, x[1].w, x[2].w, x[3].w);
    }
}

/// Loads the features from `first` on of the packs from `first_pack` on, of the slots from place `first_slot` of the
/// list on.
fn load_columns(first_slot: u32, n_slots: u32, first_pack: u32, first: u32, local: u32) {
    let n_features = 4u * SLOTS;
    let wide = SLOTS * PACKS;
    for (var i = local; i < n_features * wide; i += WIDTH) {
        let f = i % n_features;
        let column = i / n_features;
        let pack = first_pack + column % PACKS;
        var c = vec4<f32>(0.0);
        if (column / PACKS < n_slots && pack < sizes.n_packs && first + f < 4u * sizes.n_quads) {
            let slot = running[first_slot + column / PACKS];
            c = vec4<f32>(centroids[(slot * sizes.n_packs + pack) * 4u * sizes.n_quads + first + f]);
            if (MIXED) { c *= features[first + f].x; }
        }
        columns[f * wide + column] = c;
    }
}

@compute @workgroup_size(64)
fn assign_small(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let wide = SLOTS * PACKS;
    let per_slot = WIDTH / SLOTS; // invocations per slot
    let fours = FOURS * per_slot;
    let first_point = block_of(group, groups) * 4u * fours;
    if (first_point >= sizes.n_points) { return; }
    let n_slots = min(SLOTS, slice.n_places - group.z * SLOTS);
    let first_slot = slice.first_place + group.z * SLOTS;
    let place = local / per_slot;
    let four = local % per_slot;
    let slot = running[first_slot + min(place, n_slots - 1u)];
    let gamma = select(sizes.gamma, 0.0, is_exact(slot));
    let own = place * PACKS;
    let works = place < n_slots && is_assigned(slots[slot].status);
    if (local == 0u) { atomicStore(&runs, 0u); }
    workgroupBarrier();
    if (works) { atomicOr(&runs, 1u); }
    workgroupBarrier();
    if (local == 0u) { go = atomicLoad(&runs); }
    if (workgroupUniformLoad(&go) == 0u) { return; }

    var b0 = NONE_YET; var b1 = NONE_YET; var b2 = NONE_YET; var b3 = NONE_YET;
    var b4 = NONE_YET; var b5 = NONE_YET; var b6 = NONE_YET; var b7 = NONE_YET;
    for (var first_pack = 0u; first_pack < sizes.n_packs; first_pack += PACKS) {
        var a00 = vec4<f32>(0.0); var a01 = vec4<f32>(0.0); var a02 = vec4<f32>(0.0); var a03 = vec4<f32>(0.0);
        var a04 = vec4<f32>(0.0); var a05 = vec4<f32>(0.0); var a06 = vec4<f32>(0.0); var a07 = vec4<f32>(0.0);
        var a10 = vec4<f32>(0.0); var a11 = vec4<f32>(0.0); var a12 = vec4<f32>(0.0); var a13 = vec4<f32>(0.0);
        var a14 = vec4<f32>(0.0); var a15 = vec4<f32>(0.0); var a16 = vec4<f32>(0.0); var a17 = vec4<f32>(0.0);
        var a20 = vec4<f32>(0.0); var a21 = vec4<f32>(0.0); var a22 = vec4<f32>(0.0); var a23 = vec4<f32>(0.0);
        var a24 = vec4<f32>(0.0); var a25 = vec4<f32>(0.0); var a26 = vec4<f32>(0.0); var a27 = vec4<f32>(0.0);
        for (var quad = 0u; quad < sizes.n_quads; quad += SLOTS) {
            workgroupBarrier();
            load_points(first_point, quad, local);
            load_columns(first_slot, n_slots, first_pack, 4u * quad, local);
            workgroupBarrier();
            for (var f = 0u; f < 4u * SLOTS; f++) {
                let x0 = tile[f * fours + four];
                var x1 = vec4<f32>(0.0);
                if (FOURS > 1u) { x1 = tile[f * fours + per_slot + four]; }
                {
                    let c = columns[f * wide + own];
                    a00 += x0.x * c;
                    a01 += x0.y * c;
                    a02 += x0.z * c;
                    a03 += x0.w * c;
                    if (FOURS > 1u) {
                        a04 += x1.x * c;
                        a05 += x1.y * c;
                        a06 += x1.z * c;
                        a07 += x1.w * c;
                    }
                }
                if (PACKS > 1u) {
                    let c = columns[f * wide + own + 1u];
                    a10 += x0.x * c;
                    a11 += x0.y * c;
                    a12 += x0.z * c;
                    a13 += x0.w * c;
                    if (FOURS > 1u) {
                        a14 += x1.x * c;
                        a15 += x1.y * c;
                        a16 += x1.z * c;
                        a17 += x1.w * c;
                    }
                }
                if (PACKS > 2u) {
                    let c = columns[f * wide + own + 2u];
                    a20 += x0.x * c;
                    a21 += x0.y * c;
                    a22 += x0.z * c;
                    a23 += x0.w * c;
                    if (FOURS > 1u) {
                        a24 += x1.x * c;
                        a25 += x1.y * c;
                        a26 += x1.z * c;
                        a27 += x1.w * c;
                    }
                }
            }
        }
        if (first_pack < sizes.n_packs) {
            let at = first_pack * 4u;
            let base = base_of(slot * sizes.n_packs + first_pack, gamma);
            b0 = take(b0, base - a00, at);
            b1 = take(b1, base - a01, at);
            b2 = take(b2, base - a02, at);
            b3 = take(b3, base - a03, at);
            if (FOURS > 1u) {
                b4 = take(b4, base - a04, at);
                b5 = take(b5, base - a05, at);
                b6 = take(b6, base - a06, at);
                b7 = take(b7, base - a07, at);
            }
        }
        if (PACKS > 1u && first_pack + 1u < sizes.n_packs) {
            let at = (first_pack + 1u) * 4u;
            let base = base_of(slot * sizes.n_packs + first_pack + 1u, gamma);
            b0 = take(b0, base - a10, at);
            b1 = take(b1, base - a11, at);
            b2 = take(b2, base - a12, at);
            b3 = take(b3, base - a13, at);
            if (FOURS > 1u) {
                b4 = take(b4, base - a14, at);
                b5 = take(b5, base - a15, at);
                b6 = take(b6, base - a16, at);
                b7 = take(b7, base - a17, at);
            }
        }
        if (PACKS > 2u && first_pack + 2u < sizes.n_packs) {
            let at = (first_pack + 2u) * 4u;
            let base = base_of(slot * sizes.n_packs + first_pack + 2u, gamma);
            b0 = take(b0, base - a20, at);
            b1 = take(b1, base - a21, at);
            b2 = take(b2, base - a22, at);
            b3 = take(b3, base - a23, at);
            if (FOURS > 1u) {
                b4 = take(b4, base - a24, at);
                b5 = take(b5, base - a25, at);
                b6 = take(b6, base - a26, at);
                b7 = take(b7, base - a27, at);
            }
        }
    }

    if (!works) { return; }
    let bests = array<Top2, 8>(b0, b1, b2, b3, b4, b5, b6, b7);
    for (var i = 0u; i < 4u * FOURS; i++) {
        let point = first_point + (four + (i / 4u) * per_slot) * 4u + i % 4u;
        if (point < sizes.n_points) { write_or_repair(point, slot, bests[i]); }
    }
}
