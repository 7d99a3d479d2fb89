// The two nearest centroids of each point, both with the certificate. Points that it leaves open are decided on the
// host, in integers.
//
// One invocation owns one point, and reads the centroids in packs of four. On mixed tables the centroids are scaled
// by 4^-e. Grid: (blocks of 64 points, wrapped into y).

struct Nearest {
    n_points: u32,
    n_quads: u32,  // quads per row: ceil(n_dims / 4)
    n_packs: u32, // packs of four centroids: ceil(n_clusters / 4)
    exact: u32,    // 1: scores are exact, and ties go to the lowest index
}

const OPEN = 0xffffffffu;

@group(0) @binding(0) var<uniform> nearest: Nearest;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;      // (n_points, n_quads), zero-padded
@group(0) @binding(2) var<storage, read> own: array<f32>;               // G |x|^2 / 2, rounded up (n_points)
@group(0) @binding(3) var<storage, read> centroids: array<vec4<f32>>;   // (n_packs, 4 n_quads), a pack's four in a vec4
@group(0) @binding(4) var<storage, read> base: array<vec4<f32>>;        // |c|^2 / 2 - E (n_packs); 1e38 where there is no centroid
@group(0) @binding(5) var<storage, read> errors: array<vec4<f32>>;      // 2 E (n_packs)
@group(0) @binding(6) var<storage, read_write> found: array<vec2<u32>>; // nearest, second; or OPEN (n_points)

fn dots(point: u32, columns: u32) -> vec4<f32> {
    var dot = vec4<f32>(0.0);
    for (var quad = 0u; quad < nearest.n_quads; quad++) {
        let x = points[point * nearest.n_quads + quad];
        let c = columns + quad * 4u;
        dot += x.x * centroids[c];
        dot += x.y * centroids[c + 1u];
        dot += x.z * centroids[c + 2u];
        dot += x.w * centroids[c + 3u];
    }
    return dot;
}

@compute @workgroup_size(64)
fn nearest_two(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
    let point = block_of(group, groups) * 64u + local;
    if (point >= nearest.n_points) { return; }

    var best = 0u;
    var second = 0u;
    var lowest = vec3<f32>(3.0e38); // the three least scores less their E
    for (var g = 0u; g < nearest.n_packs; g++) {
        let score = base[g] - dots(point, g * nearest.n_quads * 4u);
        for (var side = 0u; side < 4u; side++) {
            let s = score[side];
            // strictly less: ties keep the lowest index
            if (s < lowest.x) {
                lowest = vec3<f32>(s, lowest.xy);
                second = best;
                best = g * 4u + side;
            } else if (s < lowest.y) {
                lowest = vec3<f32>(lowest.x, s, lowest.y);
                second = g * 4u + side;
            } else if (s < lowest.z) {
                lowest.z = s;
            }
        }
    }
    let margin = 2.0 * own[point];
    let first_proven = lowest.x + (margin + errors[best / 4u][best % 4u]) < lowest.y;
    let second_proven = lowest.y + (margin + errors[second / 4u][second % 4u]) < lowest.z;
    let proven = nearest.exact == 1u || (first_proven && second_proven);
    found[point] = select(vec2<u32>(OPEN), vec2<u32>(best, second), proven);
}
