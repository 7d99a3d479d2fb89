// Assign, for many centroids of many features: a tile of points against a tile of centroids, as in a matrix product,
// with the reduction for the best in registers.
//
// Compared with assign.wgsl, a coordinate read from memory serves a whole tile, and one from workgroup memory serves
// eight points or eight centroids. An invocation owns eight points and eight centroids of each tile: 64 sums in
// registers, fed by four loads per feature. HIGH invocations lie along the points and WIDE along the centroids, so a
// workgroup owns 8 HIGH points of one slot, and loops over all centroids of that slot. Results are merged once, at
// the end. The whole workgroup then repairs the points that are not proven, one after the other: a single invocation
// would take longer for n_clusters x n_dims operations than the others for the tile.
// Grid: (blocks of 8 HIGH points, wrapped into y; slots of the list `running`).

override HIGH: u32 = 8u;  // 8 or 16
override WIDE: u32 = 8u;  // 8 or 16
override QUADS: u32 = 4u; // quads per step: 32 / max(HIGH, WIDE)
override WIDTH: u32 = 64u; // HIGH * WIDE

const MAX_POINTS = 128u;
var<workgroup> tile: array<vec4<f32>, 256>;    // four points side by side (4 QUADS features, 2 HIGH fours)
var<workgroup> columns: array<vec4<f32>, 256>; // a group's four side by side (4 QUADS features, 2 WIDE groups)
var<workgroup> n_open: atomic<u32>;
var<workgroup> count: u32;
var<workgroup> open: array<u32, MAX_POINTS>; // points
var<workgroup> limits: array<f32, MAX_POINTS>;

/// Four points times four features: the share of an invocation below 2 HIGH QUADS. Rows are whole quads.
struct Rows {
    x0: vec4<i32>,
    x1: vec4<i32>,
    x2: vec4<i32>,
    x3: vec4<i32>,
}

/// Four centroids of a feature each: the share of an invocation, the first alone where HIGH is 16.
struct Packs {
    c0: vec4<i32>,
    c1: vec4<i32>,
    c2: vec4<i32>,
    c3: vec4<i32>,
}

fn row_of(point: u32, quad: u32) -> vec4<i32> {
    // rows past the end repeat the last; their labels are not written
    return points[min(point, sizes.n_points - 1u) * sizes.n_quads + quad];
}

/// Reads an invocation's share of the points, in features from `first_quad` on.
fn read_rows(first_point: u32, first_quad: u32, local: u32) -> Rows {
    let quad = first_quad + local % QUADS;
    let first = first_point + local / QUADS * 4u;
    if (local >= 2u * HIGH * QUADS || quad >= sizes.n_quads) { return Rows(); }
    return Rows(row_of(first, quad), row_of(first + 1u, quad), row_of(first + 2u, quad), row_of(first + 3u, quad));
}

/// Puts it down for the workgroup, transposed.
fn put_rows(rows: Rows, local: u32) {
    if (local >= 2u * HIGH * QUADS) { return; }
    let x0 = vec4<f32>(rows.x0);
    let x1 = vec4<f32>(rows.x1);
    let x2 = vec4<f32>(rows.x2);
    let x3 = vec4<f32>(rows.x3);
    let fours = 2u * HIGH;
    let to = local % QUADS * 4u * fours + local / QUADS;
    tile[to] = vec4<f32>(x0.x, x1.x, x2.x, x3.x);
    tile[to + fours] = vec4<f32>(x0.y, x1.y, x2.y, x3.y);
    tile[to + 2u * fours] = vec4<f32>(x0.z, x1.z, x2.z, x3.z);
    tile[to + 3u * fours] = vec4<f32>(x0.w, x1.w, x2.w, x3.w);
}

/// The i-th of all features of all packs of a step.
fn pack_of(slot: u32, first_pack: u32, first: u32, i: u32) -> vec4<i32> {
    let pack = first_pack + i / (4u * QUADS);
    let f = first + i % (4u * QUADS);
    if (pack >= sizes.n_packs || f >= 4u * sizes.n_quads) { return vec4<i32>(); }
    return centroids[(slot * sizes.n_packs + pack) * 4u * sizes.n_quads + f];
}

/// Reads an invocation's share of the packs from `first_pack` on, in features from `first` on.
fn read_packs(slot: u32, first_pack: u32, first: u32, local: u32) -> Packs {
    var packs = Packs();
    packs.c0 = pack_of(slot, first_pack, first, local);
    if (HIGH == 8u) {
        packs.c1 = pack_of(slot, first_pack, first, local + WIDTH);
        packs.c2 = pack_of(slot, first_pack, first, local + 2u * WIDTH);
        packs.c3 = pack_of(slot, first_pack, first, local + 3u * WIDTH);
    }
    return packs;
}

fn put_pack(c: vec4<i32>, first: u32, i: u32) {
    let f = i % (4u * QUADS);
    var value = vec4<f32>(c);
    if (MIXED) { value *= features[min(first + f, 4u * sizes.n_quads - 1u)].x; }
    columns[f * 2u * WIDE + i / (4u * QUADS)] = value;
}

/// Puts it down for the workgroup.
fn put_packs(packs: Packs, first: u32, local: u32) {
    put_pack(packs.c0, first, local);
    if (HIGH == 8u) {
        put_pack(packs.c1, first, local + WIDTH);
        put_pack(packs.c2, first, local + 2u * WIDTH);
        put_pack(packs.c3, first, local + 3u * WIDTH);
    }
}

/// Writes the label of a point that is proven, or adds the point to the list of open points. No label is written twice: a
/// barrier of a workgroup does not order what its invocations write to storage.
fn write_or_list(point: u32, slot: u32, b: Top2) {
    if (!is_exact(slot)) {
        let limit = limit_of(b, slot, errors[point], sizes.gamma);
        if (!(b.second > limit)) {
            let at = atomicAdd(&n_open, 1u);
            open[at] = point;
            limits[at] = limit;
            count_repairs(slot, 1u);
            return;
        }
    }
    labels[slot * sizes.n_points + point] = b.index;
}

@compute @workgroup_size(WIDTH)
fn assign_tiled(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let first_point = block_of(group, groups) * 8u * HIGH;
    if (first_point >= sizes.n_points) { return; }
    let slot = running[place_of(group)];
    let four = local % HIGH;
    let wide = local / HIGH;
    let gamma = select(sizes.gamma, 0.0, is_exact(slot));
    if (local == 0u) {
        atomicStore(&n_open, 0u);
        count = u32(is_assigned(slots[slot].status));
    }
    if (workgroupUniformLoad(&count) == 0u) { return; }

    var b0 = NONE_YET; var b1 = NONE_YET; var b2 = NONE_YET; var b3 = NONE_YET;
    var b4 = NONE_YET; var b5 = NONE_YET; var b6 = NONE_YET; var b7 = NONE_YET;
    for (var first_pack = 0u; first_pack < sizes.n_packs; first_pack += 2u * WIDE) {
        var a00 = vec4<f32>(0.0); var a01 = vec4<f32>(0.0); var a02 = vec4<f32>(0.0); var a03 = vec4<f32>(0.0);
        var a04 = vec4<f32>(0.0); var a05 = vec4<f32>(0.0); var a06 = vec4<f32>(0.0); var a07 = vec4<f32>(0.0);
        var a10 = vec4<f32>(0.0); var a11 = vec4<f32>(0.0); var a12 = vec4<f32>(0.0); var a13 = vec4<f32>(0.0);
        var a14 = vec4<f32>(0.0); var a15 = vec4<f32>(0.0); var a16 = vec4<f32>(0.0); var a17 = vec4<f32>(0.0);
        // a step is read while the one before is computed
        var rows = read_rows(first_point, 0u, local);
        var packs = read_packs(slot, first_pack, 0u, local);
        for (var quad = 0u; quad < sizes.n_quads; quad += QUADS) {
            workgroupBarrier();
            put_rows(rows, local);
            put_packs(packs, 4u * quad, local);
            workgroupBarrier();
            rows = read_rows(first_point, quad + QUADS, local);
            packs = read_packs(slot, first_pack, 4u * (quad + QUADS), local);
            for (var f = 0u; f < 4u * QUADS; f++) {
                let x0 = tile[f * 2u * HIGH + four];
                let x1 = tile[f * 2u * HIGH + HIGH + four];
                let c0 = columns[f * 2u * WIDE + wide];
                let c1 = columns[f * 2u * WIDE + WIDE + wide];
                a00 += x0.x * c0;
                a01 += x0.y * c0;
                a02 += x0.z * c0;
                a03 += x0.w * c0;
                a04 += x1.x * c0;
                a05 += x1.y * c0;
                a06 += x1.z * c0;
                a07 += x1.w * c0;
                a10 += x0.x * c1;
                a11 += x0.y * c1;
                a12 += x0.z * c1;
                a13 += x0.w * c1;
                a14 += x1.x * c1;
                a15 += x1.y * c1;
                a16 += x1.z * c1;
                a17 += x1.w * c1;
            }
        }
        let group0 = first_pack + wide;
        if (group0 < sizes.n_packs) {
            let base = base_of(slot * sizes.n_packs + group0, gamma);
            b0 = take(b0, base - a00, group0 * 4u);
            b1 = take(b1, base - a01, group0 * 4u);
            b2 = take(b2, base - a02, group0 * 4u);
            b3 = take(b3, base - a03, group0 * 4u);
            b4 = take(b4, base - a04, group0 * 4u);
            b5 = take(b5, base - a05, group0 * 4u);
            b6 = take(b6, base - a06, group0 * 4u);
            b7 = take(b7, base - a07, group0 * 4u);
        }
        let group1 = first_pack + wide + WIDE;
        if (group1 < sizes.n_packs) {
            let base = base_of(slot * sizes.n_packs + group1, gamma);
            b0 = take(b0, base - a10, group1 * 4u);
            b1 = take(b1, base - a11, group1 * 4u);
            b2 = take(b2, base - a12, group1 * 4u);
            b3 = take(b3, base - a13, group1 * 4u);
            b4 = take(b4, base - a14, group1 * 4u);
            b5 = take(b5, base - a15, group1 * 4u);
            b6 = take(b6, base - a16, group1 * 4u);
            b7 = take(b7, base - a17, group1 * 4u);
        }
    }

    let bests = array<Top2, 8>(b0, b1, b2, b3, b4, b5, b6, b7);
    for (var i = 0u; i < 8u; i++) {
        workgroupBarrier();
        tile[local] = vec4<f32>(bests[i].least, bests[i].second, f32(bests[i].index), 0.0); // indices are below 2^24
        workgroupBarrier();
        let point = first_point + (four + (i / 4u) * HIGH) * 4u + i % 4u;
        if (wide == 0u && point < sizes.n_points) {
            var b = bests[i];
            for (var w = 1u; w < WIDE; w++) {
                let other = tile[w * HIGH + four];
                b = merge(b, Top2(other.x, other.y, u32(other.z)));
            }
            write_or_list(point, slot, b);
        }
    }
    workgroupBarrier();
    if (local == 0u) { count = atomicLoad(&n_open); }
    let n = workgroupUniformLoad(&count);
    for (var i = 0u; i < n; i++) { decide(open[i], slot, limits[i], local); }
}
