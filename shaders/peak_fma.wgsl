// Peak: multiply-adds, which measure the arithmetic peak of a device.
//
// An invocation owns eight vectors, 32 independent sums: enough to hide the latency of a multiply-add. A trip is 4 x
// 32 multiply-adds, 256 operations. Grid: (workgroups of 256).

@group(0) @binding(0) var<storage, read> trips: array<u32>;            // [0]: trips
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>; // (invocations)

/// Four multiply-adds, one after the other, of registers alone: with constants some GPUs are slower. The sums hardly grow.
fn four(s: vec4<f32>, k: vec4<f32>) -> vec4<f32> {
    let a = fma(s.yzwx, k, s);
    let b = fma(a.yzwx, k, a);
    let c = fma(b.yzwx, k, b);
    return fma(c.yzwx, k, c);
}

@compute @workgroup_size(256)
fn peak_fma(@builtin(global_invocation_id) id: vec3<u32>) {
    // distinct values that the compiler does not know
    var s0 = vec4<f32>(f32(id.x)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
    let k = vec4<f32>(f32(id.x) * 1.0e-30);
    var s1 = s0 + 4.0;
    var s2 = s0 + 8.0;
    var s3 = s0 + 12.0;
    var s4 = s0 + 16.0;
    var s5 = s0 + 20.0;
    var s6 = s0 + 24.0;
    var s7 = s0 + 28.0;
    for (var trip = 0u; trip < trips[0]; trip++) {
        s0 = four(s0, k);
        s1 = four(s1, k);
        s2 = four(s2, k);
        s3 = four(s3, k);
        s4 = four(s4, k);
        s5 = four(s5, k);
        s6 = four(s6, k);
        s7 = four(s7, k);
    }
    sums[id.x] = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
}
