// Shared by the kernels of sums: bindings, and 64-bit additions to storage by two atomics.
//
// Sums and counts are kept from one update to the next, and so is the label with which each point was added. Where
// they are, only points whose label changed are added to their new cluster and taken from their old one. Where they
// are not, in a restart's first update and after a refill, sums and counts are zero and every point is added.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;      // (n_points)
@group(0) @binding(3) var<storage, read> labels: array<u32>;       // (slots, n_points)
@group(0) @binding(4) var<storage, read> running: array<u32>;      // slots
@group(0) @binding(5) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<u32>>;   // (slots, n_clusters, n_dims, 2)
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>; // (slots, n_clusters, 2)
@group(0) @binding(8) var<storage, read_write> settled: array<u32>;        // (slots, n_points)

/// Adds a 64-bit two's complement to the sum whose low half is at `at`.
fn add_sum(at: u32, term: vec2<u32>) {
    let old = atomicAdd(&sums[at], term.x);
    let high = term.y + u32(old + term.x < old);
    if (high != 0u) { atomicAdd(&sums[at + 1u], high); }
}

/// Adds a 64-bit two's complement to the count of a cluster, counted over all slots.
fn add_weight(cluster: u32, term: vec2<u32>) {
    let old = atomicAdd(&counts[cluster * 2u], term.x);
    let high = term.y + u32(old + term.x < old);
    if (high != 0u) { atomicAdd(&counts[cluster * 2u + 1u], high); }
}

/// How many points of a block of `most` from `first` on are to be summed.
fn points_to_sum(first: u32, most: u32, slot: u32) -> u32 {
    let runs = first < sizes.n_points && is_assigned(slots[slot].status);
    return select(0u, min(most, sizes.n_points - first), runs);
}

/// The label with which a point was added, 0 if it was not yet.
fn settled_in(at: u32, kept: bool) -> u32 {
    if (kept) { return settled[at]; }
    return 0u;
}

/// Whether a point of the slot has to be moved: from `before` if sums are kept, else from nowhere.
fn is_moved(kept: bool, label: u32, before: u32) -> bool {
    return !kept || label != before;
}

/// Adds a point's coordinate to the sum of its new cluster in storage, and takes it from that of its old one.
fn move_coordinate(point: u32, j: u32, slot: u32, kept: bool) {
    let first = slot * sizes.n_clusters;
    let label = first + labels[slot * sizes.n_points + point];
    let before = first + settled_in(slot * sizes.n_points + point, kept);
    let term = weigh(points[point * sizes.n_quads + j / 4u][j % 4u], weights[point]);
    add_sum((label * sizes.n_dims + j) * 2u, term);
    if (kept) { add_sum((before * sizes.n_dims + j) * 2u, negate2(term)); }
    if (j > 0u) { return; }
    let weight = vec2<u32>(weights[point], 0u);
    add_weight(label, weight);
    if (kept) { add_weight(before, negate2(weight)); }
}

/// Notes the label with which a point was added. All that read the old one must have done so.
fn settle(point: u32, slot: u32) {
    let at = slot * sizes.n_points + point;
    if (settled[at] != labels[at]) { settled[at] = labels[at]; }
}
