// Assign, for many centroids of many features, on matrix units: products of f16, summed in f32 by the unit, are
// the guess; certify.rs says how far they may be off.
//
// Points and centroids come in f16 (narrow_points.wgsl, narrow_centroids.wgsl). A unit loads its pieces of EDGE x EDGE
// values straight from there. Each subgroup of a workgroup owns TILE points and goes along the centroids, two pieces of
// them by two of points at a time, in step with the others, so that they find the centroids in the cache. No one can
// see into what a unit holds, so scores come back through workgroup memory, two pieces at a time, one below the other;
// only the subgroup waits for them. PARTS invocations reduce over a row. A point keeps its two best centroids and the
// value of the third. Points that are not proven are marked in their label, and left to repair.wgsl.
//
// Nothing here may use atomics of storage: beside matrix units, naga 30 writes them for the whole device without the
// capability that SPIR-V asks for then.
// Grid: (blocks of SUBGROUPS tiles, wrapped into y; slots of the list `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> half_norms: array<vec4<f32>>; // (slots, n_packs); 1e38 where there is no centroid
@group(0) @binding(2) var<storage, read> running: array<u32>;          // slots
@group(0) @binding(3) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;     // (slots, n_points)
@group(0) @binding(5) var<storage, read> points_f16: array<f16>;       // pieces (n_points, depth)
@group(0) @binding(6) var<storage, read> norms: array<f32>;            // |x|, from above, with `flushed` (n_points)
@group(0) @binding(7) var<storage, read> centroids_f16: array<f16>;    // pieces (slots, padded n_clusters, depth)
@group(0) @binding(8) var<storage, read_write> others: array<u32>;     // of open points: the only other centroid, or NO_ROW (slots, n_points)

const SUBGROUPS = 4u;          // of a workgroup
const WIDTH = SUBGROUPS * MEMBERS;
const TILE = 32u;              // points of a subgroup
const ROWS = 2u * EDGE;        // points at a time
const SPAN = 2u * EDGE;        // centroids at a time
const PIECE = EDGE * EDGE;
const STRIDE = EDGE + 4u;      // from column to column of a piece: columns begin in different banks of memory
const BELOW = EDGE * STRIDE;   // from a piece to the one below
const PARTS = MEMBERS / EDGE;  // invocations of a row
const COLUMNS = EDGE / PARTS;  // of a piece, that an invocation sees
const RUN = min(COLUMNS, 4u);  // of them, side by side
const ROOM = max(2u * BELOW, 5u * MEMBERS);
const UNSCALE = 4294967296.0;  // 2^32: both factors were scaled by 2^-16

var<workgroup> scores: array<f32, SUBGROUPS * ROOM>; // products of two pieces (SUBGROUPS, 2, EDGE, STRIDE)
var<workgroup> ends: array<vec2<f32>, 2u * SPAN>; // of the centroids of two spans: base, and factor of a point's norm
var<workgroup> count: u32;

/// A subgroup, and an invocation's place in it.
struct Place {
    subgroup: u32,
    member: u32,
}

/// The two least values of a point so far with their centroids, and the third least.
struct Top3 {
    least: f32,
    second: f32,
    third: f32,
    index: u32,
    other: u32,
}

/// The tops of a point, and of the one a piece below.
struct Tops {
    upper: Top3,
    lower: Top3,
}

const NO_TOP = Top3(3.0e38, 3.0e38, 3.0e38, 0u, 0u);

fn take_top3(t: Top3, value: f32, index: u32) -> Top3 {
    // strictly less: of equals the lowest index stays
    let first = value < t.least;
    let next = value < t.second;
    let other = select(select(t.other, index, next), t.index, first);
    let second = min(t.second, max(t.least, value));
    let third = min(t.third, max(t.second, value));
    return Top3(min(t.least, value), second, third, select(t.index, index, first), other);
}

/// The top of two of the same point, which saw different centroids.
fn merge_top3(a: Top3, b: Top3) -> Top3 {
    let a_wins = a.least < b.least || (a.least == b.least && a.index < b.index);
    var t = a;
    var less = b;
    if (!a_wins) {
        t = b;
        less = a;
    }
    t = take_top3(take_top3(t, less.least, less.index), less.second, less.other);
    t.third = min(t.third, less.third);
    return t;
}

/// |c|^2 / 2.
fn half_norm_of(slot: u32, c: u32) -> f32 {
    return half_norms[slot * sizes.n_packs + c / 4u][c % 4u];
}

/// Ends of the centroids from `first` on, from `to` on: h - 3 G h, and K (root(h) + flushed()).
fn load_ends(slot: u32, first: u32, to: u32, gamma: f32, share: f32, local: u32) {
    for (var i = local; i < SPAN; i += WIDTH) {
        var end = vec2<f32>(3.0e38, 0.0);
        if (first + i < sizes.n_clusters) {
            let h = half_norm_of(slot, first + i);
            end = vec2<f32>(h - 3.0 * gamma * h, share * (root(h) + flushed()));
        }
        ends[to + i] = end;
    }
}

/// Tops with an invocation's columns of two pieces. The first of all columns has the end `end`, and is the centroid
/// `first`.
fn reduce(tops: Tops, place: Place, end: u32, first: u32, norms: vec2<f32>) -> Tops {
    let row = place.member % EDGE;
    let side = place.member / EDGE * RUN;
    var t = tops;
    for (var i = 0u; i < COLUMNS; i++) {
        let column = i / RUN * (RUN * PARTS) + side + i % RUN;
        let base = ends[end + column];
        let at = place.subgroup * ROOM + column * STRIDE + row;
        t.upper = take_top3(t.upper, (base.x - norms.x * base.y) - UNSCALE * scores[at], first + column);
        t.lower = take_top3(t.lower, (base.x - norms.y * base.y) - UNSCALE * scores[at + BELOW], first + column);
    }
    return t;
}

/// Puts a top down for the subgroup to see.
fn put(t: Top3, place: Place) {
    let at = place.subgroup * ROOM + place.member;
    // indices are below 2^24
    scores[at] = t.least;
    scores[at + MEMBERS] = t.second;
    scores[at + 2u * MEMBERS] = t.third;
    scores[at + 3u * MEMBERS] = f32(t.index);
    scores[at + 4u * MEMBERS] = f32(t.other);
}

fn seen(subgroup: u32, member: u32) -> Top3 {
    let at = subgroup * ROOM + member;
    let index = u32(scores[at + 3u * MEMBERS]);
    let other = u32(scores[at + 4u * MEMBERS]);
    return Top3(scores[at], scores[at + MEMBERS], scores[at + 2u * MEMBERS], index, other);
}

/// The top of a row, of those of its invocations. Must be called in uniform control flow.
fn whole_top(t: Top3, place: Place) -> Top3 {
    subgroupBarrier();
    put(t, place);
    subgroupBarrier();
    var whole = t;
    for (var part = 1u; part < PARTS; part++) {
        whole = merge_top3(whole, seen(place.subgroup, part * EDGE + place.member % EDGE));
    }
    return whole;
}

/// Writes the label of a point, marked where it is not proven.
fn write(point: u32, slot: u32, exact: bool, t: Top3, norm: f32) {
    if (point >= sizes.n_points) { return; }
    let h = half_norm_of(slot, t.index);
    let limit = t.least + 2.0 * (norm * (sizes.share * (root(h) + flushed())) + 3.0 * sizes.gamma * h);
    let at = slot * sizes.n_points + point;
    if (exact || t.second > limit) {
        labels[at] = t.index;
    } else {
        labels[at] = t.index | UNPROVEN;
        others[at] = select(NO_ROW, t.other, t.third > limit);
    }
}

@compute @workgroup_size(WIDTH)
fn assign_matrix(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32,
                 @builtin(num_subgroups) subgroups: u32, @builtin(subgroup_id) subgroup: u32,
                 @builtin(subgroup_invocation_id) member: u32) {
    let block = block_of(group, groups);
    let slot = running[place_of(group)];
    let is_first = slots[slot].iterations == 0u;
    let exact = is_first && sizes.exact_seeds == 2u;
    let gamma = select(sizes.gamma, 0.0, exact);
    let share = select(sizes.share, 0.0, exact);
    // a driver is free to make subgroups of other sizes than it says: then the self-test finds no labels
    if (local == 0u) {
        let any = block * SUBGROUPS * TILE < sizes.n_points;
        count = u32(any && is_assigned(slots[slot].status) && subgroups == SUBGROUPS);
    }
    if (workgroupUniformLoad(&count) == 0u) { return; }

    let place = Place(subgroup, member);
    let tile = block * SUBGROUPS + subgroup;
    let depth = depth_of_pieces();
    for (var part = 0u; part < TILE / ROWS; part++) {
        let first_point = tile * TILE + part * ROWS;
        let row = member % EDGE;
        let last = sizes.n_points - 1u;
        let norms_of_rows = vec2<f32>(norms[min(first_point + row, last)], norms[min(first_point + EDGE + row, last)]);
        let left_0 = first_point * depth;
        let left_1 = left_0 + EDGE * depth;
        let to_0 = subgroup * ROOM;
        let to_1 = to_0 + BELOW;
        var tops = Tops(NO_TOP, NO_TOP);
        for (var first = 0u; first < sizes.n_clusters; first += SPAN) {
            let end = first % (2u * SPAN);
            load_ends(slot, first, end, gamma, share, local);
            let right_0 = (slot * padded_clusters() + first) * depth;
            let right_1 = right_0 + EDGE * depth;
            var s00 = Sums(); var s01 = Sums();
            var s10 = Sums(); var s11 = Sums();
            for (var at = 0u; at < EDGE * depth; at += PIECE) {
                let x0 = coopLoadT<Left>(&points_f16[left_0 + at], EDGE);
                let x1 = coopLoadT<Left>(&points_f16[left_1 + at], EDGE);
                let c0 = coopLoad<Right>(&centroids_f16[right_0 + at], EDGE);
                let c1 = coopLoad<Right>(&centroids_f16[right_1 + at], EDGE);
                s00 = coopMultiplyAdd(x0, c0, s00);
                s10 = coopMultiplyAdd(x1, c0, s10);
                s01 = coopMultiplyAdd(x0, c1, s01);
                s11 = coopMultiplyAdd(x1, c1, s11);
            }
            workgroupBarrier();
            coopStore(s00, &scores[to_0], STRIDE);
            coopStore(s10, &scores[to_1], STRIDE);
            subgroupBarrier();
            tops = reduce(tops, place, end, first, norms_of_rows);
            subgroupBarrier();
            coopStore(s01, &scores[to_0], STRIDE);
            coopStore(s11, &scores[to_1], STRIDE);
            subgroupBarrier();
            tops = reduce(tops, place, end + EDGE, first + EDGE, norms_of_rows);
            subgroupBarrier();
        }

        let upper = whole_top(tops.upper, place);
        let lower = whole_top(tops.lower, place);
        if (member < EDGE) {
            write(first_point + row, slot, exact, upper, norms_of_rows.x);
            write(first_point + EDGE + row, slot, exact, lower, norms_of_rows.y);
        }
    }
}
