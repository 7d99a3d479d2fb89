// Shared by the kernels of assign that decide and count on the spot: labels, and how many were repaired.

fn count_repair(lane: u32) {
    if (lanes[lane].iterations == 0u) {
        atomicAdd(&lanes[lane].repaired_first, 1u);
    } else {
        atomicAdd(&lanes[lane].repaired, 1u);
    }
}

/// Writes the label of a point: the best, or what integers say where that is not proven.
fn settle(point: u32, lane: u32, b: Best) {
    var label = b.index;
    if (!is_exact(lane)) {
        let limit = limit_of(b, lane, errors[point], sizes.gamma);
        if (!(b.second > limit)) {
            label = nearest_of(point, lane, sizes.gamma, limit, 0u, 1u).index;
            count_repair(lane);
        }
    }
    labels[lane * sizes.n_points + point] = label;
}
