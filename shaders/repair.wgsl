// Repair: decides in integers the points that assign_matrix.wgsl marked.
//
// Where only two centroids are open, as nearly always, TEAM invocations compute both distances; else the whole workgroup
// goes along all centroids, and the guess, in f32, says which are too far.
// A workgroup owns 64 points, so that few have several to decide among all centroids.
// Grid: (blocks of 64 points, wrapped into y; slots of the list `running`).

@group(0) @binding(9) var<storage, read> others: array<u32>; // of open points: the only other centroid, or NO_ROW (slots, n_points)

const WIDTH = 256u;
const POINTS = 64u;
const TEAM = 16u; // invocations that decide between two centroids of a point

var<workgroup> open: array<u32, POINTS>; // points: pairs from the front, the rest from the back
var<workgroup> n_pairs: atomic<u32>;
var<workgroup> n_rest: atomic<u32>;
var<workgroup> count: u32;
var<workgroup> second: array<vec3<u32>, WIDTH>; // of pairs: distances to the other

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

/// Decides between two centroids for as many points as there are teams. Must be called in uniform control flow.
fn decide_pairs(slot: u32, first: u32, n: u32, local: u32) {
    let at = first + local / TEAM;
    let works = at < n;
    let point = open[min(at, POINTS - 1u)];
    let label = slot * sizes.n_points + point;
    var best = 0u;
    var other = 0u;
    if (works) {
        best = labels[label] & ~UNPROVEN;
        other = others[label];
        distances[local] = vec4<u32>(part_of_distance(point, slot, best, local % TEAM), 0u);
        second[local] = part_of_distance(point, slot, other, local % TEAM);
    }
    workgroupBarrier();
    if (works && local % TEAM == 0u) {
        var a = vec4<u32>(0u);
        var b = vec4<u32>(0u);
        for (var i = 0u; i < TEAM; i++) {
            a = add4(a, distances[local + i]);
            b = add4(b, vec4<u32>(second[local + i], 0u));
        }
        let takes_other = less4(b, a) || (all(a == b) && other < best);
        labels[label] = select(best, other, takes_other);
    }
    workgroupBarrier();
}

/// Decides a point among all centroids. Must be called in uniform control flow.
fn decide_among_all(point: u32, slot: u32, local: u32) {
    let guess = labels[slot * sizes.n_points + point] & ~UNPROVEN;
    let pack = slot * sizes.n_packs + guess / 4u;
    let values = base_of(pack, sizes.gamma) - dots(point, pack * sizes.n_quads * 4u);
    let best = Top2(values[guess % 4u], 0.0, guess);
    decide(point, slot, limit_of(best, slot, errors[point], sizes.gamma), local);
}

@compute @workgroup_size(256)
fn repair(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) local: u32) {
    let point = block_of(group, groups) * POINTS + local;
    let slot = running[place_of(group)];
    let label = slot * sizes.n_points + point;
    if (local == 0u) {
        atomicStore(&n_pairs, 0u);
        atomicStore(&n_rest, 0u);
    }
    workgroupBarrier();
    let is_here = local < POINTS && point < sizes.n_points && is_assigned(slots[slot].status);
    if (is_here && (labels[label] & UNPROVEN) != 0u) {
        if (others[label] != NO_ROW) {
            open[atomicAdd(&n_pairs, 1u)] = point;
        } else {
            open[POINTS - 1u - atomicAdd(&n_rest, 1u)] = point;
        }
    }
    workgroupBarrier();
    if (local == 0u) { count = atomicLoad(&n_pairs); }
    let pairs = workgroupUniformLoad(&count);
    if (local == 0u) { count = atomicLoad(&n_rest); }
    let rest = workgroupUniformLoad(&count);
    if (local == 0u && pairs + rest > 0u) { count_repairs(slot, pairs + rest); }
    for (var i = 0u; i < pairs; i += WIDTH / TEAM) { decide_pairs(slot, i, pairs, local); }
    for (var i = 0u; i < rest; i++) { decide_among_all(open[POINTS - 1u - i], slot, local); }
}
