// Shared by the kernels of assign that repair points themselves: labels.

/// Writes the label of a point: the best if it is proven, else the nearest by integers.
fn write_or_repair(point: u32, slot: u32, b: Top2) {
    var label = b.index;
    if (!is_exact(slot)) {
        let limit = limit_of(b, slot, errors[point], sizes.gamma);
        if (!(b.second > limit)) {
            label = nearest_of(point, slot, sizes.gamma, limit, 0u, 1u).index;
            count_repairs(slot, 1u);
        }
    }
    labels[slot * sizes.n_points + point] = label;
}
