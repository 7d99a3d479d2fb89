// Save best: copies labels or centroids of the new best slot to those of the best.
//
// An invocation owns one word. Grid: (blocks of 256 words, wrapped into y).

override CENTROIDS: bool = false;

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> choice: array<u32>;     // slot of the new best or NO_ROW, index of the best
@group(0) @binding(2) var<storage, read_write> words: array<u32>; // (slots + 1, n_points or 16 n_packs n_quads)

@compute @workgroup_size(256)
fn save_best(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
    let at = block_of(group, groups) * 256u + local;
    let size = select(sizes.n_points, sizes.n_packs * sizes.n_quads * 16u, CENTROIDS);
    if (choice[0] == NO_ROW || at >= size) { return; }
    words[choice[1] * size + at] = words[choice[0] * size + at];
}
