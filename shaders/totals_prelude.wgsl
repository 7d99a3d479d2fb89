// Shared by the kernels that search running totals.

const WIDTH = 256u;
var<workgroup> sums: array<vec4<u32>, WIDTH>;

/// Running totals of what every invocation brings. All of the workgroup must come here.
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

/// What lies before this invocation.
fn total_before(local: u32) -> vec4<u32> {
    if (local == 0u) { return vec4<u32>(0u); }
    return sums[local - 1u];
}

/// What was drawn: a block (or NO_ROW), and in it the point whose running total, added to `before`, first exceeds t.
struct Found {
    before: vec4<u32>,
    t: vec4<u32>,
    block: u32,
}
