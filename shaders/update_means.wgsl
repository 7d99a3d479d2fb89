// Update, second half: sets each centroid to the rounded mean floor((2 S + N) / (2 N)) of its points, or to the direction
// of their sum (direction_prelude.wgsl, where sizes.unit_bits is not 0), and computes its half norm and how far it moved. After the last assign it computes the cluster's share of inertia and digest
// instead, and resets the sums to zero. After a refill they are reset too: then labels don't tell what they hold.
//
// Inertia is sum w |x|^2 + sum over clusters c, features j of c_j (N c_j - 2 S_j), computed modulo 2^128, which it is
// below. A workgroup owns one cluster of one slot. If any cluster of the slot has no weight, no centroid moves and
// the slot waits for a refill. Grid: (n_clusters wrapped into y; slots of the list `running`).

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> counts: array<vec2<u32>>;   // (slots, n_clusters)
@group(0) @binding(2) var<storage, read> features: array<vec2<f32>>; // 4^-e and e of each feature (4 n_quads), then its centre in two parts
@group(0) @binding(3) var<storage, read> running: array<u32>;        // slots
@group(0) @binding(4) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec2<u32>>; // (slots, n_clusters, n_dims)
@group(0) @binding(6) var<storage, read_write> centroids: array<i32>;  // (slots, n_packs, 4 n_quads, 4)
@group(0) @binding(7) var<storage, read_write> half_norms: array<f32>; // (slots, n_packs, 4)

const WIDTH = 64u;
var<workgroup> norms: array<f32, WIDTH>; // squared norms
var<workgroup> shifts: array<vec4<u32>, WIDTH>;
var<workgroup> digests: array<vec2<u32>, WIDTH>;
var<workgroup> direction: Direction;
var<workgroup> weightless: atomic<u32>;
var<workgroup> runs: u32;

const MOVE = 1u;
const FINISH = 2u;

/// v << s, for s from 1 to 32.
fn shl2(v: vec2<u32>, s: u32) -> vec2<u32> {
    if (s == 32u) { return vec2<u32>(0u, v.x); }
    return vec2<u32>(v.x << s, (v.y << s) | (v.x >> (32u - s)));
}

/// floor((2 S + N) / (2 N)) of a two's complement S; |S| < 2^bits N, 0 < N.
///
/// With 2^bits at most 2^(B + 1) and 2^B N at most 2^61, no intermediate value exceeds 64 bits.
fn rounded_mean(sum: vec2<u32>, n: vec2<u32>) -> i32 {
    // (2 S + N + 2 N * 2^bits) / (2 N) is the mean + 2^bits: between 0 and 2^(bits + 1), found bit by bit
    let biased = add2(shl2(n, sizes.bits + 1u), n);
    var rest = add2(add2(sum, sum), biased);
    var quotient = 0u;
    for (var bit = sizes.bits + 1u; bit > 0u; bit--) {
        let by = bit - 1u;
        let part = shl2(n, bit);
        let fits = part.y < rest.y || (part.y == rest.y && part.x <= rest.x);
        if (fits) {
            rest = add2(rest, negate2(part));
            quotient |= 1u << by;
        }
    }
    return i32(quotient - (1u << sizes.bits));
}

/// c (N c - 2 S) in the smallest units of the lattice, two's complement.
fn change_of_inertia(c: i32, n: vec2<u32>, sum: vec2<u32>, e: f32) -> vec4<u32> {
    let size = u32(abs(c));
    // N c - 2 S may need 65 bits
    var factor = mul4(vec4<u32>(n, 0u, 0u), size);
    if (c < 0) { factor = negate4(factor); }
    let sign = 0u - (sum.y >> 31u);
    let twice = vec4<u32>(sum.x << 1u, (sum.y << 1u) | (sum.x >> 31u), sign, sign);
    factor = add4(factor, negate4(twice));
    let is_negative = (factor.w >> 31u) == 1u;
    let magnitude = select(factor, negate4(factor), is_negative);
    let change = shl4(mul4(magnitude, size), 2u * (sizes.max_shift - u32(e)));
    if (is_negative != (c < 0)) { return negate4(change); }
    return change;
}

/// The centre of a feature.
fn centre_of(j: u32) -> i32 {
    let parts = features[4u * sizes.n_quads + j];
    return i32(parts.x) * 4096 + i32(parts.y);
}

/// The sum of coordinates of a feature, not seen from the centre: two's complement.
fn sum_from_zero(sum: vec2<u32>, n: vec2<u32>, centre: i32) -> vec2<u32> {
    let of_centre = mul22(n, vec2<u32>(u32(abs(centre)), 0u));
    if (centre < 0) { return add2(sum, negate2(of_centre)); }
    return add2(sum, of_centre);
}

/// Sets `direction` for a cluster. Must be called in uniform control flow.
fn find_direction(first_sum: u32, count: vec2<u32>, local: u32) {
    var squared = vec4<u32>(0u);
    for (var j = local; j < sizes.n_dims; j += WIDTH) {
        let size = magnitude2(sum_from_zero(sums[first_sum + j], count, centre_of(j)));
        squared = add4(squared, mul22_wide(size, size));
    }
    shifts[local] = squared;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) { shifts[local] = add4(shifts[local], shifts[local + half]); }
    }
    if (local == 0u) { direction = direction_of(shifts[0]); }
    workgroupBarrier();
}

/// SplitMix64's finaliser of the index and the value of a coordinate.
fn mixed_place(place: u32, q: i32) -> vec2<u32> {
    let value = vec2<u32>(bitcast<u32>(q), bitcast<u32>(q >> 31u));
    var z = add2(mul22(vec2<u32>(place, 0u), vec2<u32>(0x7f4a7c15u, 0x9e3779b9u)), value);
    z = mul22(z ^ vec2<u32>((z.x >> 30u) | (z.y << 2u), z.y >> 30u), vec2<u32>(0x1ce4e5b9u, 0xbf58476du));
    z = mul22(z ^ vec2<u32>((z.x >> 27u) | (z.y << 5u), z.y >> 27u), vec2<u32>(0x133111ebu, 0x94d049bbu));
    return z ^ vec2<u32>((z.x >> 31u) | (z.y << 1u), z.y >> 31u);
}

fn add_inertia(slot: u32, limb: u32, value: u32) {
    var add = value;
    for (var at = limb; at < 4u && add != 0u; at++) {
        let old = atomicAdd(&slots[slot].inertia[at], add);
        add = u32(old + add < old);
    }
}

/// Adds inertia and digest of the cluster to those of the slot. Must be called in uniform control flow.
fn finish(slot: u32, cluster: u32, columns: u32, count: vec2<u32>, local: u32) {
    var inertia = vec4<u32>(0u);
    var digest = vec2<u32>(0u);
    for (var j = local; j < sizes.n_dims; j += WIDTH) {
        let q = centroids[columns + j * 4u];
        let at = (slot * sizes.n_clusters + cluster) * sizes.n_dims + j;
        inertia = add4(inertia, change_of_inertia(q, count, sums[at], features[j].y));
        digest = add2(digest, mixed_place(cluster * sizes.n_dims + j + 1u, q + centre_of(j)));
        sums[at] = vec2<u32>(0u);
    }
    shifts[local] = inertia;
    digests[local] = digest;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            shifts[local] = add4(shifts[local], shifts[local + half]);
            digests[local] = add2(digests[local], digests[local + half]);
        }
    }
    if (local != 0u) { return; }
    let total = shifts[0];
    for (var limb = 0u; limb < 4u; limb++) { add_inertia(slot, limb, total[limb]); }
    let old = atomicAdd(&slots[slot].digest[0], digests[0].x);
    atomicAdd(&slots[slot].digest[1], digests[0].y + u32(old + digests[0].x < old));
}

fn add_shift(slot: u32, limb: u32, value: u32) {
    // carries propagate one limb at a time; the total does not depend on the order of additions
    var add = value;
    for (var at = limb; at < 4u && add != 0u; at++) {
        let old = atomicAdd(&slots[slot].shift[at], add);
        add = u32(old + add < old);
    }
}

@compute @workgroup_size(64)
fn update_means(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let cluster = block_of(group, groups);
    let slot = running[place_of(group)];
    let status = slots[slot].status;
    let first = slot * sizes.n_clusters;

    if (local == 0u) { atomicStore(&weightless, 0u); }
    workgroupBarrier();
    if (status == ACTIVE && cluster < sizes.n_clusters) {
        var found = 0u;
        for (var c = local; c < sizes.n_clusters; c += WIDTH) {
            found |= u32(all(counts[first + c] == vec2<u32>(0u)));
        }
        if (found != 0u) { atomicOr(&weightless, 1u); }
    }
    workgroupBarrier();
    if (local == 0u) {
        let empty = atomicLoad(&weightless) != 0u;
        if (empty) { atomicStore(&slots[slot].empty, 1u); }
        let moves = !empty && (status == ACTIVE || status == RESUME);
        runs = select(0u, select(0u, MOVE, moves) | select(0u, FINISH, status == FINISHING), cluster < sizes.n_clusters);
    }
    let does = workgroupUniformLoad(&runs);
    if (does == 0u) { return; }

    let count = counts[first + cluster];
    let has_weight = any(count != vec2<u32>(0u));
    let columns = (slot * sizes.n_packs + cluster / 4u) * sizes.n_quads * 16u + cluster % 4u;
    if (does == FINISH) {
        finish(slot, cluster, columns, count, local);
        return;
    }
    let first_sum = (first + cluster) * sizes.n_dims;
    if (sizes.unit_bits != 0u) { find_direction(first_sum, count, local); }
    var norm = 0.0;
    var shift = vec4<u32>(0u);
    var changed = 0u;
    for (var j = local; j < sizes.n_dims; j += WIDTH) {
        let column = columns + j * 4u;
        let before = centroids[column];
        var after = before;
        let at = first_sum + j;
        if (sizes.unit_bits != 0u) {
            if (any(direction.reciprocal != vec2<u32>(0u))) {
                let centre = centre_of(j);
                after = directed(sum_from_zero(sums[at], count, centre), direction, sizes.unit_bits) - centre;
                centroids[column] = after;
            }
        } else if (has_weight) {
            after = rounded_mean(sums[at], count);
            centroids[column] = after;
        }
        if (status == RESUME) { sums[at] = vec2<u32>(0u); }
        let value = f32(after);
        norm += value * (value * features[j].x);
        if (after != before) {
            changed = 1u;
            if (sizes.has_limit == 1u) {
                shift = add4(shift, widen(square(after, before), sizes.max_shift, features[j].y));
            }
        }
    }
    if (changed != 0u) { atomicOr(&slots[slot].changed, 1u); }
    norms[local] = norm;
    shifts[local] = shift;
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            norms[local] += norms[local + half];
            shifts[local] = add4(shifts[local], shifts[local + half]);
        }
    }
    if (local == 0u) {
        let to = slot * sizes.n_packs * 4u + cluster;
        half_norms[to] = norms[0] * 0.5;
        if (sizes.has_limit == 1u) {
            let total = shifts[0];
            for (var limb = 0u; limb < 4u; limb++) { add_shift(slot, limb, total[limb]); }
        }
    }
}
