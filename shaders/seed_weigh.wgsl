// Seed: updates the distance of every point to its nearest seed with the newest seed. Then computes, by block, the
// potential sum w min(D, D to the candidate) of each candidate.
//
// There is one pass over the points per step: the potentials of the winner are the sums from which the next step
// draws. The first step has one candidate and no seed. A workgroup owns 256 points of a workspace and reads them
// coalesced. Each quad read is compared with the newest seed and four candidates; for further candidates the points
// are read again. Grid: (n_blocks wrapped into y; workspaces), for each chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;   // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;        // (n_points)
@group(0) @binding(3) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(4) var<storage, read> chosen: array<vec2<u32>>;   // seeds so far, candidate index of the newest (workspaces)
@group(0) @binding(5) var<storage, read> candidates: array<u32>;     // rows (workspaces, n_candidates)
@group(0) @binding(6) var<storage, read> picked: array<vec4<i32>>;   // (workspaces, n_candidates + 1, n_quads), the newest seed last
@group(0) @binding(7) var<storage, read_write> near: array<vec4<u32>>;       // (workspaces, n_points)
@group(0) @binding(8) var<storage, read_write> potentials: array<vec4<u32>>; // (workspaces, n_candidates, all_blocks)

const WIDTH = 256u; // invocations, and points
const QUADS = 4u;   // read at a time
const SIDES = 4u;   // candidates at a time

/// Quads of points (QUADS, WIDTH), then terms of the points (SIDES, WIDTH).
var<workgroup> shelf: array<vec4<u32>, 1024>;

/// Loads quads of the block's points from `first` on. Neighbouring invocations read neighbouring quads of a row.
fn read_quads(first_point: u32, first: u32, local: u32) {
    for (var at = local; at < QUADS * WIDTH; at += WIDTH) {
        let quad = first + at % QUADS;
        let point = at / QUADS;
        if (quad < sizes.n_quads) {
            let row = min(first_point + point, sizes.n_points - 1u);
            shelf[at % QUADS * WIDTH + point] = bitcast<vec4<u32>>(points[row * sizes.n_quads + quad]);
        }
    }
}

/// Squared distances of a point.
struct Distances {
    newest: vec4<u32>, // to the newest seed
    a: vec4<u32>,      // to four candidates
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}

/// Distances of the invocation's point to the newest seed of a workspace, if `has_newest`, and to the candidates from
/// `first` on; those past the end are undefined. Must be called in uniform control flow.
fn distances(first_point: u32, workspace: u32, first: u32, has_newest: bool, local: u32) -> Distances {
    let n = sizes.n_candidates;
    let place = workspace * (n + 1u);
    let newest = (place + n) * sizes.n_quads;
    let a = (place + first) * sizes.n_quads;
    let b = (place + min(first + 1u, n)) * sizes.n_quads;
    let c = (place + min(first + 2u, n)) * sizes.n_quads;
    let d = (place + min(first + 3u, n)) * sizes.n_quads;
    var to = Distances();
    for (var first_quad = 0u; first_quad < sizes.n_quads; first_quad += QUADS) {
        workgroupBarrier();
        read_quads(first_point, first_quad, local);
        workgroupBarrier();
        for (var i = 0u; i < min(QUADS, sizes.n_quads - first_quad); i++) {
            let quad = first_quad + i;
            let x = bitcast<vec4<i32>>(shelf[i * WIDTH + local]);
            if (has_newest) { to.newest = add_square(to.newest, x, picked[newest + quad], quad); }
            to.a = add_square(to.a, x, picked[a + quad], quad);
            to.b = add_square(to.b, x, picked[b + quad], quad);
            if (first + 2u < n) {
                to.c = add_square(to.c, x, picked[c + quad], quad);
                to.d = add_square(to.d, x, picked[d + quad], quad);
            }
        }
    }
    return to;
}

/// The contribution of a point to the potential of candidate l, at distance `to`.
fn term(workspace: u32, l: u32, weight: u32, now: vec4<u32>, to: vec4<u32>) -> vec4<u32> {
    // at the first step there is one candidate
    if (weight == 0u || l >= sizes.n_candidates || (l > 0u && chosen[workspace].x == 0u)) { return vec4<u32>(0u); }
    if (candidates[workspace * sizes.n_candidates + l] == NO_ROW) { return vec4<u32>(0u); }
    return mul4(min4(now, whole(to)), weight);
}

/// Sums the terms on the shelf over the block and writes the potentials of candidates from `first` on. Must be called
/// in uniform control flow.
fn write_potentials(workspace: u32, first: u32, block: u32, local: u32) {
    // a quarter of the invocations per candidate
    let side = local / 64u;
    let at = side * WIDTH + local % 64u;
    workgroupBarrier();
    shelf[at] = add4(add4(shelf[at], shelf[at + 64u]), add4(shelf[at + 128u], shelf[at + 192u]));
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local % 64u < half) { shelf[at] = add4(shelf[at], shelf[at + half]); }
    }
    let l = first + side;
    if (local % 64u == 0u && l < sizes.n_candidates && block < sizes.n_blocks) {
        potentials[(workspace * sizes.n_candidates + l) * sizes.all_blocks + sizes.first_block + block] = shelf[at];
    }
}

@compute @workgroup_size(256)
fn seed_weigh(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
    let block = block_of(group, groups);
    let workspace = place_of(group);
    let first_point = block * WIDTH;
    let point = first_point + local;
    let here = point < sizes.n_points;
    let step = chosen[workspace].x;
    let at = workspace * sizes.n_points + point;
    var weight = 0u;
    var now = vec4<u32>(0xffffffffu);
    if (here) {
        weight = weights[point];
        if (step > 1u) { now = near[at]; }
    }
    // a newest seed without a row changes no distance
    let has_newest = step == 1u || (step > 1u && chosen[workspace].y != NO_ROW);
    for (var first = 0u; first < sizes.n_candidates; first += SIDES) {
        let to = distances(first_point, workspace, first, has_newest && first == 0u, local);
        if (has_newest && first == 0u && here) {
            now = min4(now, whole(to.newest));
            near[at] = now;
        }
        workgroupBarrier();
        shelf[local] = term(workspace, first, weight, now, to.a);
        shelf[WIDTH + local] = term(workspace, first + 1u, weight, now, to.b);
        shelf[2u * WIDTH + local] = term(workspace, first + 2u, weight, now, to.c);
        shelf[3u * WIDTH + local] = term(workspace, first + 3u, weight, now, to.d);
        write_potentials(workspace, first, block, local);
    }
}
