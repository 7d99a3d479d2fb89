// Shared by the kernels of assign that decide and count on the spot: labels, and how many were repaired.

fn count_repair(slot: u32) {
    if (slots[slot].iterations == 0u) {
        atomicAdd(&slots[slot].repaired_first, 1u);
    } else {
        atomicAdd(&slots[slot].repaired, 1u);
    }
}

/// Writes the label of a point: the best, or what integers say where that is not proven.
fn write_or_repair(point: u32, slot: u32, b: Top2) {
    var label = b.index;
    if (!is_exact(slot)) {
        let limit = limit_of(b, slot, errors[point], sizes.gamma);
        if (!(b.second > limit)) {
            label = nearest_of(point, slot, sizes.gamma, limit, 0u, 1u).index;
            count_repair(slot);
        }
    }
    labels[slot * sizes.n_points + point] = label;
}
