// Assign: the nearest centroid of each point, with the certificate. Points that it leaves open are repaired in
// integers by the same kernel.
//
// The plain kernel: one invocation owns one point of one slot, and reads the centroids of its slot in packs of four.
// Grid: (blocks of 64 points, wrapped into y; slots of the list `running`).

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
    let point = block_of(group, groups) * 64u + local;
    let slot = running[place_of(group)];
    let status = slots[slot].status;
    if (point >= sizes.n_points || !(status == ACTIVE || status == FINISHING)) { return; }

    let exact = is_exact(slot);
    let gamma = select(sizes.gamma, 0.0, exact);
    let own = select(errors[point], 0.0, exact);
    let pack_columns = sizes.n_quads * 4u;
    let first_column = slot * sizes.n_packs * pack_columns;

    var best = 0u;
    var best_score = 3.0e38;
    var best_error = 0.0;
    var others = 3.0e38; // least lower bound of all centroids but the best
    for (var g = 0u; g < sizes.n_packs; g++) {
        let h = half_norms[slot * sizes.n_packs + g];
        let score = h - dots(point, first_column + g * pack_columns);
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
        count_repairs(slot, 1u);
    }
    labels[slot * sizes.n_points + point] = best;
}
