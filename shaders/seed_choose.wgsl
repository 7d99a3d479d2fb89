// Seed: the candidate of least potential, ties to the first drawn, becomes a seed; its coordinates are copied. If
// nothing could be drawn, it is the lowest row that is not a seed yet. A row of weight w counts as w rows, each of
// which may become a seed.
//
// `spare` lists those copies of rows in order, as many as there are clusters, so an unused one is always among them.
// A workgroup owns a workspace. Grid: (workspaces).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> candidates: array<u32>;        // rows (workspaces, n_candidates)
@group(0) @binding(2) var<storage, read> potentials: array<vec4<u32>>;  // (workspaces, n_candidates, all_blocks)
@group(0) @binding(3) var<storage, read> spare: array<u32>;             // rows (n_clusters)
@group(0) @binding(4) var<storage, read_write> taken: array<u32>;       // 1: that copy is a seed (workspaces, n_clusters)
@group(0) @binding(5) var<storage, read_write> chosen: array<vec2<u32>>; // seeds so far, candidate index of the newest (workspaces)
@group(0) @binding(6) var<storage, read_write> seeds: array<u32>;       // (workspaces, n_clusters)
@group(0) @binding(7) var<storage, read_write> picked: array<vec4<i32>>; // (workspaces, n_candidates + 1, n_quads), the newest seed last

const WIDTH = 256u;
var<workgroup> totals: array<vec4<u32>, WIDTH>;
var<workgroup> winner: u32;
var<workgroup> copy: atomic<u32>;

/// Finds the candidate of least potential, in `winner`. Must be called in uniform control flow.
fn least(workspace: u32, local: u32) {
    var best = vec4<u32>(0xffffffffu);
    if (local == 0u) { winner = 0u; }
    for (var l = 0u; l < sizes.n_candidates; l++) {
        let first = (workspace * sizes.n_candidates + l) * sizes.all_blocks;
        var total = vec4<u32>(0u);
        for (var b = local; b < sizes.all_blocks; b += WIDTH) { total = add4(total, potentials[first + b]); }
        totals[local] = total;
        for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (local < half) { totals[local] = add4(totals[local], totals[local + half]); }
        }
        if (local == 0u && less4(totals[0], best)) {
            best = totals[0];
            winner = l;
        }
        workgroupBarrier();
    }
}

@compute @workgroup_size(256)
fn seed_choose(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let workspace = group.x;
    let step = chosen[workspace].x;
    let first = workspace * sizes.n_clusters;
    least(workspace, local);
    if (local == 0u) {
        if (step == 0u) { winner = 0u; }
        atomicStore(&copy, sizes.n_clusters);
    }
    workgroupBarrier();
    let row = candidates[workspace * sizes.n_candidates + winner];
    for (var e = local; e < sizes.n_clusters; e += WIDTH) {
        if (step == 0u) { taken[first + e] = 0u; }
        if (taken[first + e] == 0u && (row == NO_ROW || spare[e] == row)) { atomicMin(&copy, e); }
    }
    if (row != NO_ROW) {
        let first_picked = workspace * (sizes.n_candidates + 1u);
        for (var quad = local; quad < sizes.n_quads; quad += WIDTH) {
            let newest = (first_picked + sizes.n_candidates) * sizes.n_quads + quad;
            picked[newest] = picked[(first_picked + winner) * sizes.n_quads + quad];
        }
    }
    storageBarrier();
    workgroupBarrier();
    if (local != 0u) { return; }
    let used = atomicLoad(&copy);
    var seed = row;
    if (used < sizes.n_clusters) {
        taken[first + used] = 1u;
        seed = spare[used];
    }
    seeds[first + step] = seed;
    chosen[workspace] = vec2<u32>(step + 1u, select(winner, NO_ROW, row == NO_ROW));
}
