// Narrow: points in f16 for matrix units, and their norms.
//
// A workgroup owns 16 points, 16 invocations each. Grid: blocks of 16 points, wrapped into y, of a chunk.

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> points: array<vec4<i32>>;             // (n_points, n_quads)
@group(0) @binding(2) var<storage, read_write> points_f16: array<vec2<u32>>;   // pieces (n_points, depth)
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;              // |x|, from above, with `flushed` (n_points)

override EDGE: u32 = 16u; // of a piece

const WIDTH = 256u;
const TEAM = 16u; // invocations of a point

var<workgroup> squares: array<f32, WIDTH>;

@compute @workgroup_size(256)
fn narrow_points(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32) {
    let row = block_of(group, groups) * (WIDTH / TEAM) + local / TEAM;
    var sum = 0.0;
    if (row < sizes.n_points) {
        for (var quad = local % TEAM; quad < sizes.n_quads; quad += TEAM) {
            let x = vec4<f32>(points[row * sizes.n_quads + quad]);
            points_f16[narrow_place(row, quad)] = narrow(x);
            sum += dot(x, x);
        }
    }
    squares[local] = sum;
    for (var half = TEAM / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local % TEAM < half) { squares[local] += squares[local + half]; }
    }
    if (row < sizes.n_points && local % TEAM == 0u) { norms[row] = root(squares[local]) + flushed(); }
}
