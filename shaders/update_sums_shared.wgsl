// Update, first half, for few clusters of few features: sums in workgroup memory, then one flush.
//
// Beside update_sums.wgsl: no atomic a coordinate, only one a sum and workgroup. An invocation owns feature
// j of copy s: it alone adds to column j of its copy, so the loop over the points needs no atomics.
// Grid: (blocks of 256 points, wrapped into y; lanes of the list `running`).

const ROOM = 2048u; // 64-bit sums in 16 KiB of workgroup memory: copies * n_clusters * n_dims

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>; // (n_points, n_quads)
@group(0) @binding(2) var<storage, read> weights: array<u32>;      // (n_points)
@group(0) @binding(3) var<storage, read> labels: array<u32>;       // (lanes, n_points)
@group(0) @binding(4) var<storage, read> running: array<u32>;      // lanes
@group(0) @binding(5) var<storage, read_write> lanes: array<Lane>;
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<u32>>;   // (lanes, n_clusters, n_dims, 2)
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>; // (lanes, n_clusters, 2)

var<workgroup> partial: array<vec2<u32>, ROOM>; // (copies, n_clusters, n_dims)

fn add_sum(at: u32, term: vec2<u32>) {
    let old = atomicAdd(&sums[at], term.x);
    let high = term.y + u32(old + term.x < old);
    if (high != 0u) { atomicAdd(&sums[at + 1u], high); }
}

@compute @workgroup_size(64)
fn update_sums_shared(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                      @builtin(local_invocation_index) local: u32) {
    let first = block_of(group, groups) * 256u;
    let lane = running[place_of(group)];
    let status = lanes[lane].status;
    let runs = first < sizes.n_points && (status == ACTIVE || status == FINISHING);
    let n = select(0u, min(256u, sizes.n_points - first), runs);
    let size = sizes.n_clusters * sizes.n_dims;

    for (var at = local; at < sizes.copies * size; at += 64u) { partial[at] = vec2<u32>(0u); }
    workgroupBarrier();

    for (var column = local; column < sizes.copies * sizes.n_dims; column += 64u) {
        let copy = column / sizes.n_dims;
        let j = column % sizes.n_dims;
        for (var i = copy; i < n; i += sizes.copies) {
            let point = first + i;
            let label = labels[lane * sizes.n_points + point];
            let term = weigh(points[point * sizes.n_quads + j / 4u][j % 4u], weights[point]);
            let at = copy * size + label * sizes.n_dims + j;
            partial[at] = add2(partial[at], term);
        }
    }
    workgroupBarrier();

    for (var at = local; at < size; at += 64u) {
        var sum = vec2<u32>(0u);
        for (var copy = 0u; copy < sizes.copies; copy++) { sum = add2(sum, partial[copy * size + at]); }
        if (any(sum != vec2<u32>(0u))) { add_sum((lane * size + at) * 2u, sum); }
    }
    for (var i = local; i < n; i += 64u) {
        let cluster = lane * sizes.n_clusters + labels[lane * sizes.n_points + first + i];
        let w = weights[first + i];
        let old = atomicAdd(&counts[cluster * 2u], w);
        if (old + w < old) { atomicAdd(&counts[cluster * 2u + 1u], 1u); }
    }
}
