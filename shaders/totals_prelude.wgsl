// Shared by the kernels that search running totals.

const WIDTH = 256u;
var<workgroup> sums: array<vec4<u32>, WIDTH>;

/// Running totals over all invocations. Must be called in uniform control flow.
fn run_totals(local: u32, term: vec4<u32>) {
    workgroupBarrier();
    sums[local] = term;
    for (var reach = 1u; reach < WIDTH; reach *= 2u) {
        workgroupBarrier();
        var total = sums[local];
        if (local >= reach) { total = add4(sums[local - reach], total); }
        workgroupBarrier();
        sums[local] = total;
    }
    workgroupBarrier();
}

/// The total of the invocations before this one.
fn total_before(local: u32) -> vec4<u32> {
    if (local == 0u) { return vec4<u32>(0u); }
    return sums[local - 1u];
}

/// A draw: a block (or NO_ROW), and in it the first point whose running total, added to `before`, exceeds t.
struct Found {
    before: vec4<u32>,
    t: vec4<u32>,
    block: u32,
}
