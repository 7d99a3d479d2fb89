// Seed: the candidate of least potential, ties to the first drawn; no row, where nothing could be drawn: the
// host fills those places.
//
// A workgroup owns a lane, an invocation a candidate. Grid: (lanes).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> candidates: array<u32>;        // rows (lanes, n_candidates)
@group(0) @binding(2) var<storage, read> potentials: array<vec4<u32>>;  // (lanes, n_candidates, n_blocks)
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;      // seeds so far (lanes)
@group(0) @binding(4) var<storage, read_write> seeds: array<u32>;       // (lanes, n_clusters)

var<workgroup> totals: array<vec4<u32>, 32>;

@compute @workgroup_size(32)
fn seed_choose(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let lane = group.x;
    var total = vec4<u32>(0u);
    if (local < sizes.n_candidates) {
        let first = (lane * sizes.n_candidates + local) * sizes.n_blocks;
        for (var b = 0u; b < sizes.n_blocks; b++) { total = add4(total, potentials[first + b]); }
    }
    totals[local] = total;
    workgroupBarrier();
    if (local != 0u) { return; }
    var best = 0u;
    for (var l = 1u; l < sizes.n_candidates; l++) {
        if (less4(totals[l], totals[best])) { best = l; }
    }
    let n_seeds = chosen[lane];
    seeds[lane * sizes.n_clusters + n_seeds] = candidates[lane * sizes.n_candidates + best];
    chosen[lane] = n_seeds + 1u;
}
