// Shared by the kernels that refill empty clusters: the state of a refill.
//
// An empty cluster gets the farthest location: all rows of positive weight with the coordinates of the farthest row,
// unless their donor would lose all its weight. Rows that were moved or skipped are excluded: the top bit of their
// label marks them until the next assign.

struct Refill {
    slot: u32,
    works: u32,    // 1: the slot has empty clusters left, and rows that may move there
    cluster: u32,  // the empty cluster
    row: u32,      // the farthest row
    donor: u32,    // its cluster
    pending: u32,  // 1: a location was weighed and is to be moved
    weight: array<atomic<u32>, 2>, // of the location, 64 bits
    distance: vec4<u32>, // of the farthest row to its own centroid
}

const OUT = 0x80000000u;

/// Whether the first of two rows comes first: larger distance, then lower row.
fn farther(a: vec4<u32>, row_a: u32, b: vec4<u32>, row_b: u32) -> bool {
    if (less4(b, a)) { return true; }
    return !less4(a, b) && row_a < row_b;
}

var<workgroup> far_distances: array<vec4<u32>, 256>;
var<workgroup> far_rows: array<u32, 256>;

/// Reduces the rows of 256 invocations to the farthest, in the first element. Must be called in uniform control flow.
fn farthest(local: u32, distance: vec4<u32>, row: u32) {
    far_distances[local] = distance;
    far_rows[local] = row;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            let other = local + half;
            if (farther(far_distances[other], far_rows[other], far_distances[local], far_rows[local])) {
                far_distances[local] = far_distances[other];
                far_rows[local] = far_rows[other];
            }
        }
    }
    workgroupBarrier();
}
