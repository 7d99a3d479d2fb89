// Assign, for many centroids of many features, on matrix units: products of f16, summed in f32 by the unit, are
// the guess; certify.rs says how far they may be off.
//
// Beside assign_tiled.wgsl: the same tile of points against one of centroids, with the products made by the units,
// EDGE x EDGE of them at a time. No one can see into what a unit holds, so scores come back through workgroup
// memory, a slice of 64 points and 32 centroids at a time, and four invocations reduce over the slice of a point.
// A point keeps its two best centroids and the value of the third: where only two are open, as nearly always,
// two distances decide.
//
// Points and centroids are seen from the centre of the points, which shortens their norms, and with these the errors.
// A subgroup owns blocks of two by four pieces of the tile; where there are fewer subgroups than blocks the tile
// is gone over several times. Nothing here may use atomics of storage: beside matrix units, naga 30 writes them for
// the whole device without the capability that SPIR-V asks for then. So repairs are counted by blocks of points,
// each written by one workgroup alone.
// Grid: (blocks of 128 points, wrapped into y; slots of the list `running`).

@group(0) @binding(9) var<storage, read_write> tallies: array<vec2<u32>>; // repairs: first pass, later (slots, n_tallies)

const WIDTH = 256u;
const TILE = 128u;  // points, and centroids
const DEPTH = 32u;  // features of a step
const STRIDE = 40u; // from row to row of a tile: rows begin in different banks of memory, at multiples of 16 bytes
const HIGH = 64u;   // points of a slice
const WIDE = 32u;   // centroids of a slice
const SCORES = 68u; // from column to column of a slice: as STRIDE
const ROWS = HIGH / EDGE;
const BLOCKS = ROWS * (WIDE / EDGE);
const SCALE = 0.001953125; // 2^-9: 2^24 becomes 2^15, 1 stays above the least normal f16
const UNSCALE = 262144.0;  // 2^18
const TEAM = 16u;         // invocations that decide between two centroids of a point
const WORKERS = 64u;

var<workgroup> left: array<f16, TILE * STRIDE>;    // points (TILE, STRIDE)
var<workgroup> right: array<f16, TILE * STRIDE>;   // centroids (TILE, STRIDE)
var<workgroup> scores: array<f32, WIDE * SCORES>;  // products of a slice (WIDE, SCORES)
var<workgroup> ends: array<vec2<f32>, TILE>;       // of each centroid: base, and factor of a point's norm
var<workgroup> open: array<vec2<u32>, TILE>;       // pairs from the front, the rest from the back: row, best; second
var<workgroup> distances: array<vec4<u32>, WORKERS>;
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

/// Not below the square root, whatever a driver makes of sqrt.
fn root(x: f32) -> f32 {
    let r = sqrt(x) * 1.00001;
    if (r * r >= x) { return r; }
    return max(x, 1.0);
}

/// The centre of the points in four features. It comes behind what is known of features: whole numbers.
fn centre_of(quad: u32) -> vec4<f32> {
    let f = 4u * (sizes.n_quads + quad);
    return vec4<f32>(features[f].x, features[f + 1u].x, features[f + 2u].x, features[f + 3u].x);
}

/// Scaled, and rounded to the nearest f16, ties to even: what is left of the f32 is an f16 in any rounding.
fn narrow(x: vec4<f32>) -> vec4<f16> {
    let bits = bitcast<vec4<u32>>(x * SCALE);
    let even = (bits >> vec4<u32>(13u)) & vec4<u32>(1u);
    return vec4<f16>(bitcast<vec4<f32>>((bits + vec4<u32>(0xfffu) + even) & vec4<u32>(0xffffe000u)));
}

/// Points from `first_point` on, features from 4 `first_quad` on.
fn load_points(first_point: u32, first_quad: u32, local: u32) {
    let quads = DEPTH / 4u;
    for (var i = local; i < TILE * quads; i += WIDTH) {
        let quad = first_quad + i % quads;
        let row = i / quads;
        var x = vec4<f32>(0.0);
        if (quad < sizes.n_quads) {
            // rows past the end repeat the last: their labels are not kept
            x = points[min(first_point + row, sizes.n_points - 1u) * sizes.n_quads + quad] - centre_of(quad);
        }
        let half = narrow(x);
        let to = row * STRIDE + i % quads * 4u;
        left[to] = half.x;
        left[to + 1u] = half.y;
        left[to + 2u] = half.z;
        left[to + 3u] = half.w;
    }
}

/// Centroids of the packs from `first_pack` on, features from `first` on.
fn load_columns(slot: u32, first_pack: u32, first: u32, local: u32) {
    for (var i = local; i < TILE / 4u * DEPTH; i += WIDTH) {
        let f = i % DEPTH;
        let pack = i / DEPTH;
        var c = vec4<f32>(0.0);
        if (first_pack + pack < sizes.n_packs && first + f < 4u * sizes.n_quads) {
            let at = (slot * sizes.n_packs + first_pack + pack) * 4u * sizes.n_quads + first + f;
            c = centroids[at] - features[4u * sizes.n_quads + first + f].x;
        }
        let half = narrow(c);
        let to = pack * 4u * STRIDE + f;
        right[to] = half.x;
        right[to + STRIDE] = half.y;
        right[to + 2u * STRIDE] = half.z;
        right[to + 3u * STRIDE] = half.w;
    }
}

/// |c|^2 / 2 from the centre of the points: such come behind the plain ones of all slots.
fn half_norm_of(slot: u32, c: u32) -> f32 {
    return half_norms[arrayLength(&half_norms) / 2u + slot * sizes.n_packs + c / 4u][c % 4u];
}

/// A quarter of |x|^2 from the centre of the points.
fn square_of(point: u32, quarter: u32) -> f32 {
    var sum = 0.0;
    for (var quad = quarter; quad < sizes.n_quads; quad += 4u) {
        let x = points[min(point, sizes.n_points - 1u) * sizes.n_quads + quad] - centre_of(quad);
        sum += dot(x, x);
    }
    return sum;
}

/// Norms of the two points of an invocation, from above. All of the workgroup must come here.
fn norms_of(first_point: u32, row: u32, quarter: u32) -> vec2<f32> {
    scores[quarter * TILE + row] = square_of(first_point + row, quarter);
    scores[quarter * TILE + HIGH + row] = square_of(first_point + HIGH + row, quarter);
    workgroupBarrier();
    var sum = vec2<f32>(0.0);
    for (var i = 0u; i < 4u; i++) { sum += vec2<f32>(scores[i * TILE + row], scores[i * TILE + HIGH + row]); }
    workgroupBarrier();
    return vec2<f32>(root(sum.x), root(sum.y));
}

/// The centroids from `first` on: h - 3 G h, and K root(h).
fn load_ends(slot: u32, first: u32, gamma: f32, share: f32, local: u32) {
    if (local >= TILE) { return; }
    var end = vec2<f32>(3.0e38, 0.0);
    if (first + local < sizes.n_clusters) {
        let h = half_norm_of(slot, first + local);
        end = vec2<f32>(h - 3.0 * gamma * h, share * root(h));
    }
    ends[local] = end;
}

/// The top of a point with its quarter of a slice. `row` is the point's in the slice, `first` the slice's first
/// centroid; only blocks from `first_block` on, of which there are `n_blocks`, are in the slice.
fn reduce(top: Top3, row: u32, quarter: u32, slice: u32, first: u32, norm: f32, first_block: u32, n_blocks: u32) -> Top3 {
    var t = top;
    for (var i = 0u; i < WIDE / 4u; i++) {
        let column = quarter * (WIDE / 4u) + i;
        let block = row / EDGE + column / EDGE * ROWS;
        if (block - first_block < n_blocks) {
            let end = ends[slice * WIDE + column];
            let value = (end.x - norm * end.y) - UNSCALE * scores[column * SCORES + row];
            t = take_top3(t, value, first + slice * WIDE + column);
        }
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
    let limit = t.least + 2.0 * (norm * (sizes.share * root(h)) + 3.0 * sizes.gamma * h);
    if (exact || t.second > limit) {
        labels[slot * sizes.n_points + point] = t.index;
    } else if (t.third > limit) {
        open[atomicAdd(&n_pairs, 1u)] = vec2<u32>(row << 24u | t.index, t.other);
    } else {
        open[TILE - 1u - atomicAdd(&n_rest, 1u)] = vec2<u32>(row << 24u | t.index, 0u);
    }
}

/// The part of a squared distance that is due to every TEAM-th quarter from `member` on.
fn part_of_distance(point: u32, slot: u32, c: u32, member: u32) -> vec2<u32> {
    let columns = (slot * sizes.n_packs + c / 4u) * sizes.n_quads * 4u;
    let side = c % 4u;
    var sum = vec2<u32>(0u);
    for (var quad = member; quad < sizes.n_quads; quad += TEAM) {
        let x = points[point * sizes.n_quads + quad];
        let at = columns + quad * 4u;
        let front = add2(square(x.x, centroids[at][side]), square(x.y, centroids[at + 1u][side]));
        let back = add2(square(x.z, centroids[at + 2u][side]), square(x.w, centroids[at + 3u][side]));
        sum = add2(sum, add2(front, back));
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
        distances[local] = vec4<u32>(a, b);
    }
    workgroupBarrier();
    if (works && local % TEAM == 0u) {
        var a = vec2<u32>(0u);
        var b = vec2<u32>(0u);
        for (var i = 0u; i < TEAM; i++) {
            a = add2(a, distances[local + i].xy);
            b = add2(b, distances[local + i].zw);
        }
        let best = pair.x & 0xffffffu;
        let farther = a.y > b.y || (a.y == b.y && a.x > b.x);
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
    let norms = norms_of(first_point, row, quarter);
    var top_0 = NO_TOP;
    var top_1 = NO_TOP;
    for (var first = 0u; first < sizes.n_clusters; first += TILE) {
        for (var first_block = 0u; first_block < BLOCKS; first_block += n_blocks) {
            let block = (first_block + subgroup % n_blocks) % BLOCKS;
            let rows = block % ROWS * EDGE;
            let columns = block / ROWS * EDGE;
            var s00 = Sums(); var s01 = Sums(); var s02 = Sums(); var s03 = Sums();
            var s10 = Sums(); var s11 = Sums(); var s12 = Sums(); var s13 = Sums();
            for (var quad = 0u; quad < sizes.n_quads; quad += DEPTH / 4u) {
                workgroupBarrier();
                load_points(first_point, quad, local);
                load_columns(slot, first / 4u, 4u * quad, local);
                if (quad == 0u) { load_ends(slot, first, gamma, share, local); }
                workgroupBarrier();
                for (var f = 0u; f < DEPTH; f += EDGE) {
                    let x0 = coopLoadT<Left>(&left[rows * STRIDE + f], STRIDE);
                    let x1 = coopLoadT<Left>(&left[(rows + HIGH) * STRIDE + f], STRIDE);
                    let c0 = coopLoad<Right>(&right[columns * STRIDE + f], STRIDE);
                    s00 = coopMultiplyAdd(x0, c0, s00);
                    s10 = coopMultiplyAdd(x1, c0, s10);
                    let c1 = coopLoad<Right>(&right[(columns + WIDE) * STRIDE + f], STRIDE);
                    s01 = coopMultiplyAdd(x0, c1, s01);
                    s11 = coopMultiplyAdd(x1, c1, s11);
                    let c2 = coopLoad<Right>(&right[(columns + 2u * WIDE) * STRIDE + f], STRIDE);
                    s02 = coopMultiplyAdd(x0, c2, s02);
                    s12 = coopMultiplyAdd(x1, c2, s12);
                    let c3 = coopLoad<Right>(&right[(columns + 3u * WIDE) * STRIDE + f], STRIDE);
                    s03 = coopMultiplyAdd(x0, c3, s03);
                    s13 = coopMultiplyAdd(x1, c3, s13);
                }
            }
            let to = columns * SCORES + rows;
            coopStore(s00, &scores[to], SCORES);
            workgroupBarrier();
            top_0 = reduce(top_0, row, quarter, 0u, first, norms.x, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s10, &scores[to], SCORES);
            workgroupBarrier();
            top_1 = reduce(top_1, row, quarter, 0u, first, norms.y, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s01, &scores[to], SCORES);
            workgroupBarrier();
            top_0 = reduce(top_0, row, quarter, 1u, first, norms.x, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s11, &scores[to], SCORES);
            workgroupBarrier();
            top_1 = reduce(top_1, row, quarter, 1u, first, norms.y, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s02, &scores[to], SCORES);
            workgroupBarrier();
            top_0 = reduce(top_0, row, quarter, 2u, first, norms.x, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s12, &scores[to], SCORES);
            workgroupBarrier();
            top_1 = reduce(top_1, row, quarter, 2u, first, norms.y, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s03, &scores[to], SCORES);
            workgroupBarrier();
            top_0 = reduce(top_0, row, quarter, 3u, first, norms.x, first_block, n_blocks);
            workgroupBarrier();
            coopStore(s13, &scores[to], SCORES);
            workgroupBarrier();
            top_1 = reduce(top_1, row, quarter, 3u, first, norms.y, first_block, n_blocks);
        }
    }

    workgroupBarrier();
    put(top_0, local);
    workgroupBarrier();
    if (quarter == 0u) {
        var t = top_0;
        for (var i = 1u; i < 4u; i++) { t = merge_top3(t, seen(i * HIGH + row)); }
        write_or_list(first_point, row, slot, exact, t, norms.x);
    }
    workgroupBarrier();
    put(top_1, local);
    workgroupBarrier();
    if (quarter == 0u) {
        var t = top_1;
        for (var i = 1u; i < 4u; i++) { t = merge_top3(t, seen(i * HIGH + row)); }
        write_or_list(first_point, HIGH + row, slot, exact, t, norms.y);
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
