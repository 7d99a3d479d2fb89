// Shared by the kernels in which a whole workgroup decides a point in integers. They declare WIDTH, its invocations.

const MAX_WIDTH = 256u;
var<workgroup> distances: array<vec4<u32>, MAX_WIDTH>;
var<workgroup> indices: array<u32, MAX_WIDTH>;

/// Writes the label of a point, the nearest of all centroids: an invocation goes along every WIDTH-th pack. `limit` is
/// that of the guess. Must be called in uniform control flow.
fn decide(point: u32, slot: u32, limit: f32, local: u32) {
    let own = nearest_of(point, slot, sizes.gamma, limit, local, WIDTH);
    distances[local] = own.distance;
    indices[local] = own.index;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            let farther = less4(distances[local], distances[local + half]);
            let nearer = less4(distances[local + half], distances[local]);
            if (nearer || (!farther && indices[local + half] < indices[local])) {
                distances[local] = distances[local + half];
                indices[local] = indices[local + half];
            }
        }
    }
    if (local == 0u) { labels[slot * sizes.n_points + point] = indices[0]; }
    workgroupBarrier();
}
