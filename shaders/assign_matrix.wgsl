// Assign, for many centroids of many features, on matrix units: products of f16, summed in f32 by the unit, are
// the guess; certify.rs says how far they may be off.
//
// Points and centroids come in f16 (narrow_points.wgsl, narrow_centroids.wgsl). A unit loads its pieces of EDGE x EDGE
// values straight from there. A workgroup owns a tile of 128 points and goes along the centroids, 128 at a time; a
// subgroup owns blocks of two by four pieces of that square, and where there are fewer subgroups than blocks the square
// is gone over several times. No one can see into what a unit holds, so scores come back through workgroup memory, a
// slice of 64 points and 32 centroids at a time, in two places by turns; four invocations reduce over the slice of a
// point. A point keeps its two best centroids and the value of the third: where only two are open, as nearly always, two
// distances decide.
//
// Nothing here may use atomics of storage: beside matrix units, naga 30 writes them for the whole device without the
// capability that SPIR-V asks for then. So repairs are counted by blocks of points, each written by one workgroup alone.
// Grid: (blocks of 128 points, wrapped into y; slots of the list `running`).

@group(0) @binding(9) var<storage, read_write> tallies: array<vec2<u32>>; // repairs: first pass, later (slots, n_tallies)
@group(0) @binding(10) var<storage, read> points_f16: array<f16>;    // pieces (n_points, depth)
@group(0) @binding(11) var<storage, read> norms: array<f32>;         // |x|, from above, with `flushed` (n_points)
@group(0) @binding(12) var<storage, read> centroids_f16: array<f16>; // pieces (slots, padded n_clusters, depth)

const WIDTH = 256u;
const TILE = 128u;  // points, and centroids
const HIGH = 64u;   // points of a slice
const WIDE = 32u;   // centroids of a slice
const SCORES = 68u; // from column to column of a slice: columns begin in different banks of memory
const SLICE = WIDE * SCORES;
const PIECE = EDGE * EDGE;
const ROWS = HIGH / EDGE;
const BLOCKS = ROWS * (WIDE / EDGE);
const UNSCALE = 4294967296.0; // 2^32: both factors were scaled by 2^-16
const TEAM = 16u;         // invocations that decide between two centroids of a point
const WORKERS = 64u;

var<workgroup> scores: array<f32, 2u * SLICE>;      // products of two slices (2, WIDE, SCORES)
var<workgroup> ends: array<vec2<f32>, 2u * TILE>;   // of the centroids of two squares: base, and factor of a point's norm
var<workgroup> open: array<vec2<u32>, TILE>;        // pairs from the front, the rest from the back: row, best; second
var<workgroup> distances: array<vec4<u32>, WORKERS>;
var<workgroup> others: array<vec3<u32>, WORKERS>; // of pairs: distances to the second
var<workgroup> indices: array<u32, WORKERS>;
var<workgroup> n_pairs: atomic<u32>;
var<workgroup> n_rest: atomic<u32>;
var<workgroup> count: u32;

/// The two least values of a point so far with their centroids, and the third least.
struct Top3 {
    least: f32,
    second: f32,
    third: f32,
    index: u32,
    other: u32,
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

/// The centroids from `first` on, for the ends from `to` on: h - 3 G h, and K (root(h) + flushed()).
fn load_ends(slot: u32, first: u32, to: u32, gamma: f32, share: f32, local: u32) {
    if (local >= TILE) { return; }
    var end = vec2<f32>(3.0e38, 0.0);
    if (first + local < sizes.n_clusters) {
        let h = half_norm_of(slot, first + local);
        end = vec2<f32>(h - 3.0 * gamma * h, share * (root(h) + flushed()));
    }
    ends[to + local] = end;
}

/// The top of a point with its quarter of a slice, which lies at `at`. `end` is the slice's first end, and `first` its
/// first centroid.
fn reduce(top: Top3, row: u32, quarter: u32, at: u32, end: u32, first: u32, norm: f32) -> Top3 {
    var t = top;
    for (var i = 0u; i < WIDE / 4u; i++) {
        let column = quarter * (WIDE / 4u) + i;
        let base = ends[end + column];
        let value = (base.x - norm * base.y) - UNSCALE * scores[at + column * SCORES + row];
        t = take_top3(t, value, first + column);
    }
    return t;
}

/// Puts a top down for the others to see.
fn put(t: Top3, local: u32) {
    // indices are below 2^24
    scores[local] = t.least;
    scores[WIDTH + local] = t.second;
    scores[2u * WIDTH + local] = t.third;
    scores[3u * WIDTH + local] = f32(t.index);
    scores[4u * WIDTH + local] = f32(t.other);
}

fn seen(local: u32) -> Top3 {
    let index = u32(scores[3u * WIDTH + local]);
    let other = u32(scores[4u * WIDTH + local]);
    return Top3(scores[local], scores[WIDTH + local], scores[2u * WIDTH + local], index, other);
}

/// Writes the label of a point that is proven; lists it otherwise.
fn write_or_list(first_point: u32, row: u32, slot: u32, exact: bool, t: Top3, norm: f32) {
    let point = first_point + row;
    if (point >= sizes.n_points) { return; }
    let h = half_norm_of(slot, t.index);
    let limit = t.least + 2.0 * (norm * (sizes.share * (root(h) + flushed())) + 3.0 * sizes.gamma * h);
    if (exact || t.second > limit) {
        labels[slot * sizes.n_points + point] = t.index;
    } else if (t.third > limit) {
        open[atomicAdd(&n_pairs, 1u)] = vec2<u32>(row << 24u | t.index, t.other);
    } else {
        open[TILE - 1u - atomicAdd(&n_rest, 1u)] = vec2<u32>(row << 24u | t.index, 0u);
    }
}

/// The part of a squared distance that is due to every TEAM-th quad from `member` on.
fn part_of_distance(point: u32, slot: u32, c: u32, member: u32) -> vec3<u32> {
    let columns = (slot * sizes.n_packs + c / 4u) * sizes.n_quads * 4u;
    let side = c % 4u;
    var sum = vec3<u32>(0u);
    for (var quad = member; quad < sizes.n_quads; quad += TEAM) {
        let x = points[point * sizes.n_quads + quad];
        let at = columns + quad * 4u;
        sum = add_squares(sum, square(x.x, centroids[at][side]), square(x.y, centroids[at + 1u][side]),
                          square(x.z, centroids[at + 2u][side]), square(x.w, centroids[at + 3u][side]));
    }
    return sum;
}

/// Decides between two centroids for as many points as there are teams. All of the workgroup must come here.
fn decide_pairs(first_point: u32, slot: u32, first: u32, n: u32, local: u32) {
    let at = first + local / TEAM;
    let works = local < WORKERS && at < n;
    var pair = vec2<u32>(0u);
    if (works) {
        pair = open[at];
        let point = first_point + (pair.x >> 24u);
        let a = part_of_distance(point, slot, pair.x & 0xffffffu, local % TEAM);
        let b = part_of_distance(point, slot, pair.y, local % TEAM);
        distances[local] = vec4<u32>(a, 0u);
        others[local] = b;
    }
    workgroupBarrier();
    if (works && local % TEAM == 0u) {
        var a = vec4<u32>(0u);
        var b = vec4<u32>(0u);
        for (var i = 0u; i < TEAM; i++) {
            a = add4(a, distances[local + i]);
            b = add4(b, vec4<u32>(others[local + i], 0u));
        }
        let best = pair.x & 0xffffffu;
        let farther = less4(b, a);
        let takes_other = farther || (all(a == b) && pair.y < best);
        labels[slot * sizes.n_points + first_point + (pair.x >> 24u)] = select(best, pair.y, takes_other);
    }
    workgroupBarrier();
}

/// Keeps the nearer of two in a place.
fn keep_nearer(at: u32, other: Nearest) {
    let nearer = less4(other.distance, distances[at]);
    let farther = less4(distances[at], other.distance);
    if (nearer || (!farther && other.index < indices[at])) {
        distances[at] = other.distance;
        indices[at] = other.index;
    }
}

/// Decides a point among all centroids, of which each invocation takes every WIDTH-th pack. All of the workgroup
/// must come here. The guess, in f32, says which centroids are too far.
fn decide(first_point: u32, slot: u32, listed: u32, local: u32) {
    let point = first_point + (listed >> 24u);
    let guess = listed & 0xffffffu;
    let pack = slot * sizes.n_packs + guess / 4u;
    let values = base_of(pack, sizes.gamma) - dots(point, pack * sizes.n_quads * 4u);
    let best = Top2(values[guess % 4u], 0.0, guess);
    let limit = limit_of(best, slot, errors[point], sizes.gamma);
    let own = nearest_of(point, slot, sizes.gamma, limit, local, WIDTH);
    for (var part = 0u; part < WIDTH / WORKERS; part++) {
        if (local / WORKERS == part) {
            if (part == 0u) {
                distances[local] = own.distance;
                indices[local] = own.index;
            } else {
                keep_nearer(local % WORKERS, own);
            }
        }
        workgroupBarrier();
    }
    for (var half = WORKERS / 2u; half > 0u; half /= 2u) {
        if (local < half) { keep_nearer(local, Nearest(distances[local + half], indices[local + half])); }
        workgroupBarrier();
    }
    if (local == 0u) { labels[slot * sizes.n_points + point] = indices[0]; }
    workgroupBarrier();
}

@compute @workgroup_size(256)
fn assign_matrix(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32,
                 @builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) subgroups: u32) {
    let tile = block_of(group, groups);
    let first_point = tile * TILE;
    let slot = running[place_of(group)];
    let is_first = slots[slot].iterations == 0u;
    let exact = is_first && sizes.exact_seeds == 2u;
    let gamma = select(sizes.gamma, 0.0, exact);
    let share = select(sizes.share, 0.0, exact);
    if (local == 0u) {
        atomicStore(&n_pairs, 0u);
        atomicStore(&n_rest, 0u);
        // a driver is free to make subgroups of other sizes than it says
        let works = first_point < sizes.n_points && is_assigned(slots[slot].status);
        count = select(0u, min(subgroups, BLOCKS), works);
    }
    // all of the workgroup returns here or none: naga takes no number of a slice for uniform
    let n_blocks = workgroupUniformLoad(&count);
    if (n_blocks == 0u) { return; }

    let row = local % HIGH;
    let quarter = local / HIGH;
    let norm_0 = norms[min(first_point + row, sizes.n_points - 1u)];
    let norm_1 = norms[min(first_point + HIGH + row, sizes.n_points - 1u)];
    // a quarter of a slice is in one block
    let block_of_own = row / EDGE + quarter * (WIDE / 4u) / EDGE * ROWS;
    let depth = depth_of_pieces();
    var top_0 = NO_TOP;
    var top_1 = NO_TOP;
    for (var first = 0u; first < sizes.n_clusters; first += TILE) {
        let end = first % (2u * TILE);
        load_ends(slot, first, end, gamma, share, local);
        for (var first_block = 0u; first_block < BLOCKS; first_block += n_blocks) {
            let block = (first_block + subgroup % n_blocks) % BLOCKS;
            let rows = block % ROWS * EDGE;
            let columns = block / ROWS * EDGE;
            let mine = block_of_own - first_block < n_blocks;
            let left_0 = (first_point + rows) * depth;
            let left_1 = left_0 + HIGH * depth;
            let right_0 = (slot * padded_clusters() + first + columns) * depth;
            let right_1 = right_0 + WIDE * depth;
            let right_2 = right_1 + WIDE * depth;
            let right_3 = right_2 + WIDE * depth;
            var s00 = Sums(); var s01 = Sums(); var s02 = Sums(); var s03 = Sums();
            var s10 = Sums(); var s11 = Sums(); var s12 = Sums(); var s13 = Sums();
            for (var at = 0u; at < EDGE * depth; at += PIECE) {
                let x0 = coopLoadT<Left>(&points_f16[left_0 + at], EDGE);
                let x1 = coopLoadT<Left>(&points_f16[left_1 + at], EDGE);
                let c0 = coopLoad<Right>(&centroids_f16[right_0 + at], EDGE);
                let c1 = coopLoad<Right>(&centroids_f16[right_1 + at], EDGE);
                let c2 = coopLoad<Right>(&centroids_f16[right_2 + at], EDGE);
                let c3 = coopLoad<Right>(&centroids_f16[right_3 + at], EDGE);
                s00 = coopMultiplyAdd(x0, c0, s00);
                s10 = coopMultiplyAdd(x1, c0, s10);
                s01 = coopMultiplyAdd(x0, c1, s01);
                s11 = coopMultiplyAdd(x1, c1, s11);
                s02 = coopMultiplyAdd(x0, c2, s02);
                s12 = coopMultiplyAdd(x1, c2, s12);
                s03 = coopMultiplyAdd(x0, c3, s03);
                s13 = coopMultiplyAdd(x1, c3, s13);
            }
            let to_0 = columns * SCORES + rows;
            let to_1 = SLICE + to_0;
            coopStore(s00, &scores[to_0], SCORES);
            workgroupBarrier();
            if (mine) { top_0 = reduce(top_0, row, quarter, 0u, end, first, norm_0); }
            coopStore(s10, &scores[to_1], SCORES);
            workgroupBarrier();
            if (mine) { top_1 = reduce(top_1, row, quarter, SLICE, end, first, norm_1); }
            coopStore(s01, &scores[to_0], SCORES);
            workgroupBarrier();
            if (mine) { top_0 = reduce(top_0, row, quarter, 0u, end + WIDE, first + WIDE, norm_0); }
            coopStore(s11, &scores[to_1], SCORES);
            workgroupBarrier();
            if (mine) { top_1 = reduce(top_1, row, quarter, SLICE, end + WIDE, first + WIDE, norm_1); }
            coopStore(s02, &scores[to_0], SCORES);
            workgroupBarrier();
            if (mine) { top_0 = reduce(top_0, row, quarter, 0u, end + 2u * WIDE, first + 2u * WIDE, norm_0); }
            coopStore(s12, &scores[to_1], SCORES);
            workgroupBarrier();
            if (mine) { top_1 = reduce(top_1, row, quarter, SLICE, end + 2u * WIDE, first + 2u * WIDE, norm_1); }
            coopStore(s03, &scores[to_0], SCORES);
            workgroupBarrier();
            if (mine) { top_0 = reduce(top_0, row, quarter, 0u, end + 3u * WIDE, first + 3u * WIDE, norm_0); }
            coopStore(s13, &scores[to_1], SCORES);
            workgroupBarrier();
            if (mine) { top_1 = reduce(top_1, row, quarter, SLICE, end + 3u * WIDE, first + 3u * WIDE, norm_1); }
        }
    }

    workgroupBarrier();
    put(top_0, local);
    workgroupBarrier();
    if (quarter == 0u) {
        var t = top_0;
        for (var i = 1u; i < 4u; i++) { t = merge_top3(t, seen(i * HIGH + row)); }
        write_or_list(first_point, row, slot, exact, t, norm_0);
    }
    workgroupBarrier();
    put(top_1, local);
    workgroupBarrier();
    if (quarter == 0u) {
        var t = top_1;
        for (var i = 1u; i < 4u; i++) { t = merge_top3(t, seen(i * HIGH + row)); }
        write_or_list(first_point, HIGH + row, slot, exact, t, norm_1);
    }
    workgroupBarrier();
    if (local == 0u) { count = atomicLoad(&n_pairs); }
    let pairs = workgroupUniformLoad(&count);
    if (local == 0u) { count = atomicLoad(&n_rest); }
    let rest = workgroupUniformLoad(&count);
    if (local == 0u) {
        let at = slot * sizes.n_tallies + sizes.first_point / TILE + tile;
        tallies[at] += select(vec2<u32>(0u, pairs + rest), vec2<u32>(pairs + rest, 0u), is_first);
    }
    for (var i = 0u; i < pairs; i += WORKERS / TEAM) { decide_pairs(first_point, slot, i, pairs, local); }
    for (var i = 0u; i < rest; i++) { decide(first_point, slot, open[TILE - 1u - i].x, local); }
}
