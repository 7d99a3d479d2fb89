// Shared by every kernel: sizes, the state of a slot, and wide integers.
//
// Coordinates of points and centroids are integers, seen from the table's centre: distances, means and sums are the same
// up to that. Guesses convert them to f32.
//
// A slot holds one restart at a time. Wide unsigned integers are little-endian limbs of 32 bits in a vec2 (64 bits)
// or vec4 (128 bits). No kernel needs 64-bit types, so GL adapters can run all of them.

struct Sizes {
    n_points: u32,       // of the chunk bound to the kernel
    n_dims: u32,
    n_quads: u32,        // quads per row: ceil(n_dims / 4)
    n_clusters: u32,
    n_packs: u32,       // packs of four centroids: ceil(n_clusters / 4)
    n_blocks: u32,       // blocks of 256 points in the chunk
    n_candidates: u32,   // per step of greedy k-means++
    max_iter: u32,
    max_shift: u32,      // largest exponent of a mixed table, 0 for a uniform one
    granularity: u32,    // trailing zero bits of all coordinates of points
    small: u32,          // 1: distances between points, granularity divided out, fit 32 bits; 2: 24 bits
    exact_seeds: u32,    // 1: scores of centroids that are points are exact in f32; 2: on matrix units too
    has_limit: u32,      // 1: stop when the squared shift is at most shift_limit
    gamma: f32,          // G of the certificate
    bits: u32,           // coordinates are below 2^bits in magnitude, at most 2^31
    first_point: u32,    // row of the chunk's first point
    first_block: u32,    // blocks of the chunks before it
    all_blocks: u32,     // blocks of all chunks
    share: f32,          // K of the certificate on matrix units
    unit_bits: u32,      // B, where centroids are directions of length 2^B; 0: where they are means
    shift_limit: vec4<u32>,
    squares: vec4<u32>,  // sum of w |x|^2 over all points
}

struct Slot {
    status: u32,
    iterations: u32,
    stop: u32,             // 0 fixed point, 1 tol, 2 max_iter
    empty: atomic<u32>,    // 1: a cluster has no weight
    changed: atomic<u32>,  // 1: a centroid moved
    repaired: atomic<u32>, // points decided in integers after the first pass
    repaired_first: atomic<u32>,
    restart: u32,
    kept: u32,             // 1: sums and counts are those of the labels in `settled`
    shift: array<atomic<u32>, 4>,   // squared shift of the update, 128 bits
    inertia: array<atomic<u32>, 4>, // without the squares of the points, modulo 2^128
    digest: array<atomic<u32>, 2>,
}

const ACTIVE = 0u;    // assign, sums, means
const FINISHING = 1u; // assign and sums once more, for the final centroids
const DONE = 2u;
const EMPTY = 3u;     // waits for the refill of its empty clusters
const RESUME = 4u;    // refilled: means

/// Whether the points of a slot are assigned.
fn is_assigned(status: u32) -> bool {
    return status == ACTIVE || status == FINISHING;
}

/// The slice of a grid that a dispatch runs.
struct Slice {
    first_block: u32,
    first_place: u32,
    n_places: u32,
}

var<immediate> slice: Slice;

/// The block that a workgroup owns, of a grid whose blocks are wrapped into y.
fn block_of(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return slice.first_block + group.x + group.y * groups.x;
}

/// The index in the list of slots, or the workspace, that a workgroup owns.
fn place_of(group: vec3<u32>) -> u32 {
    return slice.first_place + group.z;
}

/// No row, or no centroid.
const NO_ROW = 0xffffffffu;

/// Marks the label of a point that assign_matrix.wgsl could not prove.
const UNPROVEN = 0x80000000u;

fn add2(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + u32(low < a.x));
}

fn add3(a: vec3<u32>, b: vec2<u32>) -> vec3<u32> {
    let low = add2(a.xy, b);
    let carry = low.y < b.y || (low.y == b.y && low.x < b.x);
    return vec3<u32>(low, a.z + u32(carry));
}

fn add4(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    let x = a.x + b.x;
    let carry_x = u32(x < a.x);
    let y = a.y + b.y;
    let y_carried = y + carry_x;
    let carry_y = u32(y < a.y) + u32(y_carried < y);
    let z = a.z + b.z;
    let z_carried = z + carry_y;
    let carry_z = u32(z < a.z) + u32(z_carried < z);
    return vec4<u32>(x, y_carried, z_carried, a.w + b.w + carry_z);
}

fn less4(a: vec4<u32>, b: vec4<u32>) -> bool {
    if (a.w != b.w) { return a.w < b.w; }
    if (a.z != b.z) { return a.z < b.z; }
    if (a.y != b.y) { return a.y < b.y; }
    return a.x < b.x;
}

fn min4(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    if (less4(b, a)) { return b; }
    return a;
}

/// a << s, for s below 96. Without a loop: some drivers limit loop trips.
fn shl4(a: vec4<u32>, s: u32) -> vec4<u32> {
    var v = a;
    if (s >= 64u) {
        v = vec4<u32>(0u, 0u, a.x, a.y);
    } else if (s >= 32u) {
        v = vec4<u32>(0u, a.x, a.y, a.z);
    }
    let left = s % 32u;
    if (left == 0u) { return v; }
    let r = 32u - left;
    return vec4<u32>(v.x << left, (v.y << left) | (v.x >> r), (v.z << left) | (v.y >> r), (v.w << left) | (v.z >> r));
}

/// Scales a square of a feature of a mixed table to the smallest units of the lattice. `e` is the feature's exponent.
fn widen(square: vec2<u32>, max_shift: u32, e: f32) -> vec4<u32> {
    return shl4(vec4<u32>(square, 0u, 0u), 2u * (max_shift - u32(e)));
}

/// The 64-bit product.
fn mul2(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let low = al * bl;
    let mid = ah * bl + (low >> 16u);
    let mid2 = al * bh + (mid & 0xffffu);
    return vec2<u32>((mid2 << 16u) | (low & 0xffffu), ah * bh + (mid >> 16u) + (mid2 >> 16u));
}

/// a * w; the product must fit 128 bits.
fn mul4(a: vec4<u32>, w: u32) -> vec4<u32> {
    let x = mul2(a.x, w);
    let y = mul2(a.y, w);
    let z = mul2(a.z, w);
    return add4(vec4<u32>(x.x, x.y, z.x, z.y), vec4<u32>(0u, y.x, y.y, a.w * w));
}

/// The square of the difference of two coordinates: at most 2^62.
fn square(a: i32, b: i32) -> vec2<u32> {
    let difference = select(u32(b) - u32(a), u32(a) - u32(b), a > b);
    return mul2(difference, difference);
}

/// Adds four squares.
fn add_squares(sum: vec3<u32>, a: vec2<u32>, b: vec2<u32>, c: vec2<u32>, d: vec2<u32>) -> vec3<u32> {
    return add3(add3(sum, add2(a, b)), add2(c, d));
}

/// The low 64 bits of a product.
fn mul22(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = mul2(a.x, b.x);
    return vec2<u32>(low.x, low.y + a.x * b.y + a.y * b.x);
}

/// -v as two's complement.
fn negate4(v: vec4<u32>) -> vec4<u32> {
    return add4(~v, vec4<u32>(1u, 0u, 0u, 0u));
}

/// -v as two's complement.
fn negate2(v: vec2<u32>) -> vec2<u32> {
    return add2(~v, vec2<u32>(1u, 0u));
}

/// w * q as a 64-bit two's complement.
fn weigh(q: i32, w: u32) -> vec2<u32> {
    let product = mul2(u32(abs(q)), w);
    if (q < 0) { return negate2(product); }
    return product;
}
