// Empty: moves the weighed location from its donor to the empty cluster, if the donor keeps weight. Then finds the
// next empty cluster and the next farthest row. If none is left, the slot resumes.
//
// A workgroup owns a workspace. Grid: (workspaces).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> far: array<vec4<u32>>;    // distance and row (workspaces, n_candidates, all_blocks)
@group(0) @binding(2) var<storage, read> picked: array<vec4<i32>>; // (workspaces, n_candidates, n_quads)
@group(0) @binding(3) var<storage, read_write> refills: array<Refill>;
@group(0) @binding(4) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(5) var<storage, read_write> counts: array<vec2<u32>>; // (slots, n_clusters)
@group(0) @binding(6) var<storage, read_write> sums: array<vec2<u32>>;   // (slots, n_clusters, n_dims)

const WIDTH = 256u;
var<workgroup> moves: u32;
var<workgroup> empty: atomic<u32>;

@compute @workgroup_size(256)
fn empty_next(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workspace = group.x;
    let first = refills[workspace].slot * sizes.n_clusters;
    let donor = first + refills[workspace].donor;
    let taker = first + refills[workspace].cluster;
    let works = refills[workspace].works == 1u;
    let weight = vec2<u32>(atomicLoad(&refills[workspace].weight[0]), atomicLoad(&refills[workspace].weight[1]));
    if (local == 0u) {
        moves = u32(works && refills[workspace].pending == 1u && any(counts[donor] != weight));
        atomicStore(&empty, sizes.n_clusters);
    }
    workgroupBarrier();
    if (moves == 1u) {
        for (var j = local; j < sizes.n_dims; j += WIDTH) {
            let q = picked[workspace * sizes.n_candidates * sizes.n_quads + j / 4u][j % 4u];
            var term = mul4(vec4<u32>(weight, 0u, 0u), u32(abs(q))).xy;
            if (q < 0) { term = negate2(term); }
            let source = donor * sizes.n_dims + j;
            let to = taker * sizes.n_dims + j;
            sums[source] = add2(sums[source], negate2(term));
            sums[to] = add2(sums[to], term);
        }
        if (local == 0u) {
            counts[donor] = add2(counts[donor], negate2(weight));
            counts[taker] = weight;
        }
    }
    storageBarrier();
    workgroupBarrier();

    if (works) {
        for (var c = local; c < sizes.n_clusters; c += WIDTH) {
            if (all(counts[first + c] == vec2<u32>(0u))) { atomicMin(&empty, c); }
        }
    }
    var d = vec4<u32>(0u);
    var row = NO_ROW;
    if (works) {
        let blocks = workspace * sizes.n_candidates * sizes.all_blocks;
        for (var b = local; b < sizes.all_blocks; b += WIDTH) {
            let other = far[blocks + b];
            let other_row = far[blocks + sizes.all_blocks + b].x;
            if (farther(other, other_row, d, row)) {
                d = other;
                row = other_row;
            }
        }
    }
    farthest(local, d, row);
    if (!works || local != 0u) { return; }
    let cluster = atomicLoad(&empty);
    if (cluster == sizes.n_clusters || all(far_distances[0] == vec4<u32>(0u))) {
        slots[refills[workspace].slot].status = RESUME;
        refills[workspace].works = 0u;
        return;
    }
    refills[workspace].pending = 1u;
    refills[workspace].cluster = cluster;
    refills[workspace].row = far_rows[0];
    refills[workspace].distance = far_distances[0];
    atomicStore(&refills[workspace].weight[0], 0u);
    atomicStore(&refills[workspace].weight[1], 0u);
}
