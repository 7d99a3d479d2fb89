// Shared by the kernels of sums: bindings, and 64-bit additions to storage by two atomics.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;      // (n_points)
@group(0) @binding(3) var<storage, read> labels: array<u32>;       // (slots, n_points)
@group(0) @binding(4) var<storage, read> running: array<u32>;      // slots
@group(0) @binding(5) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<u32>>;   // (slots, n_clusters, n_dims, 2)
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>; // (slots, n_clusters, 2)

/// Adds a 64-bit two's complement to the sum whose low half is at `at`.
fn add_sum(at: u32, term: vec2<u32>) {
    let old = atomicAdd(&sums[at], term.x);
    let high = term.y + u32(old + term.x < old);
    if (high != 0u) { atomicAdd(&sums[at + 1u], high); }
}

/// Adds a weight to the count of a cluster, counted over all slots.
fn add_weight(cluster: u32, w: u32) {
    let old = atomicAdd(&counts[cluster * 2u], w);
    if (old + w < old) { atomicAdd(&counts[cluster * 2u + 1u], 1u); }
}
