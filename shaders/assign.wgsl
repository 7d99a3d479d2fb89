// Assign: each point to its nearest centroid, with the certificate; what that leaves open is decided in
// integers on the spot.
//
// The plain kernel: one invocation owns one point of one lane, and reads the centroids of its lane four
// side by side. Grid: (blocks of 64 points, wrapped into y; lanes of the list `running`).

override MIXED: bool = false;

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;     // (n_points, n_quads), zero-padded
@group(0) @binding(2) var<storage, read> errors: array<f32>;           // G |x|^2 / 2, rounded up (n_points)
@group(0) @binding(3) var<storage, read> centroids: array<vec4<f32>>;  // (lanes, n_groups, 4 n_quads), a group's four in a vec4
@group(0) @binding(4) var<storage, read> half_norms: array<vec4<f32>>; // (lanes, n_groups); 1e38 where there is no centroid
@group(0) @binding(5) var<storage, read> features: array<vec2<f32>>;   // 4^-e and e of each feature (4 n_quads)
@group(0) @binding(6) var<storage, read> running: array<u32>;          // lanes
@group(0) @binding(7) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(8) var<storage, read_write> labels: array<u32>;     // (lanes, n_points)

fn scores(point: u32, columns: u32) -> vec4<f32> {
    var dot = vec4<f32>(0.0);
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[point * sizes.n_quads + quad];
        let c = columns + quad * 4u;
        if (MIXED) {
            let f = quad * 4u;
            dot += x.x * (centroids[c] * features[f].x);
            dot += x.y * (centroids[c + 1u] * features[f + 1u].x);
            dot += x.z * (centroids[c + 2u] * features[f + 2u].x);
            dot += x.w * (centroids[c + 3u] * features[f + 3u].x);
        } else {
            dot += x.x * centroids[c];
            dot += x.y * centroids[c + 1u];
            dot += x.z * centroids[c + 2u];
            dot += x.w * centroids[c + 3u];
        }
    }
    return dot;
}

/// The squared distance to a centroid, in the smallest units of the lattice.
fn distance_to(point: u32, columns: u32, side: u32) -> vec4<u32> {
    var narrow = vec2<u32>(0u);
    var wide = vec4<u32>(0u);
    // four features a round: padding is zero on both sides
    for (var quad = 0u; quad < sizes.n_quads; quad++) {
        let x = points[point * sizes.n_quads + quad];
        let c = columns + quad * 4u;
        let a = square(x.x, centroids[c][side]);
        let b = square(x.y, centroids[c + 1u][side]);
        let p = square(x.z, centroids[c + 2u][side]);
        let q = square(x.w, centroids[c + 3u][side]);
        if (MIXED) {
            let f = quad * 4u;
            let max_shift = sizes.max_shift;
            let front = add4(widen(a, max_shift, features[f].y), widen(b, max_shift, features[f + 1u].y));
            let back = add4(widen(p, max_shift, features[f + 2u].y), widen(q, max_shift, features[f + 3u].y));
            wide = add4(wide, add4(front, back));
        } else {
            narrow = add2(narrow, add2(add2(a, b), add2(p, q)));
        }
    }
    if (MIXED) { return wide; }
    return vec4<u32>(narrow, 0u, 0u);
}

fn nearest(point: u32, first_column: u32) -> u32 {
    var best = 0u;
    var least = vec4<u32>(0xffffffffu);
    for (var c = 0u; c < sizes.n_clusters; c++) {
        let columns = first_column + (c / 4u) * sizes.n_quads * 4u;
        let d = distance_to(point, columns, c % 4u);
        if (less4(d, least)) {
            least = d;
            best = c;
        }
    }
    return best;
}

@compute @workgroup_size(64)
fn assign(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) local: u32) {
    let point = (group.x + group.y * groups.x) * 64u + local;
    let lane = running[group.z];
    let status = lanes[lane].status;
    if (point >= sizes.n_points || !(status == ACTIVE || status == FINISHING)) { return; }

    let first_pass = lanes[lane].iterations == 0u;
    let exact = first_pass && sizes.exact_seeds == 1u;
    let gamma = select(sizes.gamma, 0.0, exact);
    let own = select(errors[point], 0.0, exact);
    let group_columns = sizes.n_quads * 4u;
    let first_column = lane * sizes.n_groups * group_columns;

    var best = 0u;
    var best_score = 3.0e38;
    var best_error = 0.0;
    var others = 3.0e38; // least lower bound of all centroids but the best
    for (var g = 0u; g < sizes.n_groups; g++) {
        let h = half_norms[lane * sizes.n_groups + g];
        let score = h - scores(point, first_column + g * group_columns);
        let error = own + 3.0 * gamma * h;
        for (var side = 0u; side < 4u; side++) {
            if (score[side] < best_score) {
                others = min(others, best_score - best_error);
                best = g * 4u + side;
                best_score = score[side];
                best_error = error[side];
            } else {
                others = min(others, score[side] - error[side]);
            }
        }
    }
    if (!exact && !(others > best_score + best_error)) {
        best = nearest(point, first_column);
        if (first_pass) {
            atomicAdd(&lanes[lane].repaired_first, 1u);
        } else {
            atomicAdd(&lanes[lane].repaired, 1u);
        }
    }
    labels[lane * sizes.n_points + point] = best;
}
