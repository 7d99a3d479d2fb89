// Emulates matrix units in tests, on adapters that have none: the same pieces of a tile, multiplied one value at a
// time. Invocations form subgroups of MEMBERS, and each holds its share of a piece.
//
// The host prepends EDGE and MEMBERS, and replaces the names of the units' operations with these.

struct Left { at: u32 }
struct Right { at: u32 }
struct Sums { values: array<f32, EDGE * EDGE / MEMBERS> }

var<private> lane: u32; // in its subgroup

fn load_left(at: u32, stride: u32) -> Left {
    return Left(at);
}

fn load_right(at: u32, stride: u32) -> Right {
    return Right(at);
}

fn multiply_add(x: Left, c: Right, sums: Sums) -> Sums {
    var s = sums;
    for (var i = 0u; i < EDGE * EDGE / MEMBERS; i++) {
        let a = x.at + (i * MEMBERS + lane) % EDGE * EDGE;
        let b = c.at + (i * MEMBERS + lane) / EDGE * EDGE;
        for (var f = 0u; f < EDGE; f += 4u) {
            s.values[i] += f32(points_f16[a + f]) * f32(centroids_f16[b + f]);
            s.values[i] += f32(points_f16[a + f + 1u]) * f32(centroids_f16[b + f + 1u]);
            s.values[i] += f32(points_f16[a + f + 2u]) * f32(centroids_f16[b + f + 2u]);
            s.values[i] += f32(points_f16[a + f + 3u]) * f32(centroids_f16[b + f + 3u]);
        }
    }
    return s;
}

fn store(s: Sums, at: u32, stride: u32) {
    for (var i = 0u; i < EDGE * EDGE / MEMBERS; i++) {
        let piece = i * MEMBERS + lane;
        scores[at + piece / EDGE * stride + piece % EDGE] = s.values[i];
    }
}
