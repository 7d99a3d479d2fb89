// Shared by the kernels of assign: bindings, the reduction for the best centroid, and the repair.
//
// The value of a centroid is its score |c|^2 / 2 - x.c less its share of E, 3 G |c|^2 / 2. The least value is the
// guess. It is proven when all other values exceed `limit`: the least value plus twice E of its centroid, including
// the point's share (see certify.rs; both sides are shifted by that share).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;     // (n_points, n_quads), zero-padded
@group(0) @binding(2) var<storage, read> errors: array<f32>;           // G |x|^2 / 2, rounded up (n_points)
@group(0) @binding(3) var<storage, read> centroids: array<vec4<i32>>;  // (slots, n_packs, 4 n_quads), a pack's four in a vec4
@group(0) @binding(4) var<storage, read> half_norms: array<vec4<f32>>; // (slots, n_packs); 1e38 where there is no centroid
@group(0) @binding(5) var<storage, read> features: array<vec2<f32>>;   // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(6) var<storage, read> running: array<u32>;          // slots
@group(0) @binding(7) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(8) var<storage, read_write> labels: array<u32>;     // (slots, n_points)

/// Dot products of a point with the four centroids at `columns`.
fn dots(point: u32, columns: u32) -> vec4<f32> {
    var dot = vec4<f32>(0.0);
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = vec4<f32>(points[point * sizes.n_quads + quad]);
        let c = columns + quad * 4u;
        if (MIXED) {
            let f = quad * 4u;
            dot += x.x * (vec4<f32>(centroids[c]) * features[f].x);
            dot += x.y * (vec4<f32>(centroids[c + 1u]) * features[f + 1u].x);
            dot += x.z * (vec4<f32>(centroids[c + 2u]) * features[f + 2u].x);
            dot += x.w * (vec4<f32>(centroids[c + 3u]) * features[f + 3u].x);
        } else {
            dot += x.x * vec4<f32>(centroids[c]);
            dot += x.y * vec4<f32>(centroids[c + 1u]);
            dot += x.z * vec4<f32>(centroids[c + 2u]);
            dot += x.w * vec4<f32>(centroids[c + 3u]);
        }
    }
    return dot;
}

/// Whether the scores of a slot are exact: its centroids are still points, of few bits.
fn is_exact(slot: u32) -> bool {
    return slots[slot].iterations == 0u && sizes.exact_seeds != 0u;
}

/// Values of the centroids of a pack (counted over all slots) before the products are subtracted.
fn base_of(pack: u32, gamma: f32) -> vec4<f32> {
    let h = half_norms[pack];
    return h - 3.0 * gamma * h;
}

/// The least and the second least value of a point so far, and the centroid of the least.
struct Top2 {
    least: f32,
    second: f32,
    index: u32,
}

const NONE_YET = Top2(3.0e38, 3.0e38, 0u);

fn take_one(b: Top2, value: f32, index: u32) -> Top2 {
    // strictly less: ties keep the lowest index
    return Top2(min(b.least, value), min(b.second, max(b.least, value)), select(b.index, index, value < b.least));
}

/// Updates the best of a point with the four centroids from `first` on.
fn take(b: Top2, values: vec4<f32>, first: u32) -> Top2 {
    let front = take_one(take_one(b, values.x, first), values.y, first + 1u);
    return take_one(take_one(front, values.z, first + 2u), values.w, first + 3u);
}

/// Merges two results of one point for different centroids.
fn merge(a: Top2, b: Top2) -> Top2 {
    let a_wins = a.least < b.least || (a.least == b.least && a.index < b.index);
    let second = min(min(a.second, b.second), max(a.least, b.least));
    return Top2(min(a.least, b.least), second, select(b.index, a.index, a_wins));
}

/// The limit that all other values must exceed to prove the best of a point. `own` is the point's share of E.
fn limit_of(b: Top2, slot: u32, own: f32, gamma: f32) -> f32 {
    let h = half_norms[slot * sizes.n_packs + b.index / 4u][b.index % 4u];
    return b.least + 2.0 * (own + 3.0 * gamma * h);
}

/// Counts points that were decided in integers.
fn count_repairs(slot: u32, n: u32) {
    if (slots[slot].iterations == 0u) {
        atomicAdd(&slots[slot].repaired_first, n);
    } else {
        atomicAdd(&slots[slot].repaired, n);
    }
}

struct Nearest {
    distance: vec4<u32>,
    index: u32,
}

/// Among every `step`-th pack from `first` on, the nearest centroid, in integers, whose value is at most `limit`; all
/// others are proven to be farther than the guess. Values are recomputed; the bound holds for any order of summation.
fn nearest_of(point: u32, slot: u32, gamma: f32, limit: f32, first: u32, step: u32) -> Nearest {
    var nearest = Nearest(vec4<u32>(0xffffffffu), 0u);
    for (var g = first; g < sizes.n_packs; g += step) {
        let pack = slot * sizes.n_packs + g;
        let columns = pack * sizes.n_quads * 4u;
        let values = base_of(pack, gamma) - dots(point, columns);
        for (var side = 0u; side < 4u; side++) {
            if (values[side] <= limit) {
                let d = distance_to(point, columns, side);
                if (less4(d, nearest.distance)) { nearest = Nearest(d, g * 4u + side); }
            }
        }
    }
    return nearest;
}
