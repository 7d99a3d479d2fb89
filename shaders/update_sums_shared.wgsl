// Update, first half, if the sums of some features fit workgroup memory: sums are accumulated there and flushed once.
//
// Compared with update_sums.wgsl, there is one addition in storage per sum and workgroup, not per coordinate. A
// workgroup owns POINTS points and a slab of SLAB quads of their features; there are several slabs if the sums of all
// features do not fit. A sum is kept as LIMBS parts of 15 bits, each in an i32 that can't overflow (sum_parts.rs
// chooses LIMBS), so additions need no carry. The parts of a quad are SLAB words apart, and clusters an odd number of
// words, to avoid bank conflicts.
//
// The points to be moved are listed first, STEP of them at a time. Where there are several slabs and sums are kept, the
// workgroups of the first slab move them in storage, with all of their features: a workgroup could not tell when those
// of other slabs have read the labels that it replaces.
// Grid: (blocks of POINTS points times slabs, wrapped into y; slots of the list `running`).

override LIMBS: u32 = 3u;    // 1: coordinate / 2^granularity * weight; 2: product below 2^31; 3: product below 2^47
override SLAB: u32 = 1u;     // quads
override POINTS: u32 = 256u;
override SLABS: u32 = 1u;
override ROOM: u32 = 2048u;  // n_clusters * (LIMBS (4 SLAB + 1) + 1)

const WIDTH = 256u;
const STEP = 1024u; // points that are listed at a time
const LOW = 0x7fff; // a part but the highest
var<workgroup> moved: array<u32, STEP>; // points
var<workgroup> n_moved: atomic<u32>;
var<workgroup> parts: array<atomic<i32>, ROOM>; // (LIMBS, n_clusters, 4 SLAB + 1), then weights (n_clusters)

/// Adds a coordinate of weight w to the sum whose lowest part is at `at`, or takes it away. The parts are `next` words
/// apart.
fn add_part(at: u32, next: u32, q: i32, w: u32, takes: bool) {
    if (LIMBS == 1u) {
        let product = (q >> sizes.granularity) * i32(w);
        atomicAdd(&parts[at], select(product, -product, takes));
    } else if (LIMBS == 2u) {
        let weighed = q * i32(w);
        let product = select(weighed, -weighed, takes);
        atomicAdd(&parts[at], product & LOW);
        atomicAdd(&parts[at + next], product >> 15u);
    } else {
        let weighed = weigh(q, w);
        let product = select(weighed, negate2(weighed), takes);
        atomicAdd(&parts[at], i32(product.x) & LOW);
        atomicAdd(&parts[at + next], i32(product.x >> 15u) & LOW);
        atomicAdd(&parts[at + 2u * next], i32((product.y << 2u) | (product.x >> 30u)));
    }
}

/// Adds the coordinates of a quad, or takes them away.
fn add_quad(at: u32, next: u32, x: vec4<i32>, w: u32, takes: bool) {
    add_part(at, next, x.x, w, takes);
    add_part(at + SLAB, next, x.y, w, takes);
    add_part(at + 2u * SLAB, next, x.z, w, takes);
    add_part(at + 3u * SLAB, next, x.w, w, takes);
}

/// v << s as a 64-bit two's complement, for s below 32.
fn shifted(v: i32, s: u32) -> vec2<u32> {
    return vec2<u32>(u32(v) << s, select(u32(v >> (32u - s)), u32(v >> 31u), s == 0u));
}

/// The sum of the parts from `at` on.
fn sum_of(at: u32, next: u32) -> vec2<u32> {
    let low = atomicLoad(&parts[at]);
    if (LIMBS == 1u) { return shifted(low, sizes.granularity); }
    var sum = add2(shifted(low, 0u), shifted(atomicLoad(&parts[at + next]), 15u));
    if (LIMBS > 2u) { sum = add2(sum, shifted(atomicLoad(&parts[at + 2u * next]), 30u)); }
    return sum;
}

/// Lists the points to be moved of the n from `first` on. Must be called in uniform control flow.
fn list_moved(first: u32, n: u32, slot: u32, kept: bool, local: u32) {
    if (local == 0u) { atomicStore(&n_moved, 0u); }
    workgroupBarrier();
    for (var i = local; i < STEP; i += WIDTH) {
        let at = slot * sizes.n_points + first + i;
        if (i < n && is_moved(kept, labels[at], settled_in(at, kept))) { moved[atomicAdd(&n_moved, 1u)] = first + i; }
    }
    workgroupBarrier();
}

/// Moves the listed points in the workgroup's sums of a slab.
fn move_parts(slot: u32, kept: bool, slab: u32, local: u32) {
    let apart = 4u * SLAB + 1u;          // words from a cluster to the next
    let next = sizes.n_clusters * apart; // words from a part to the next
    let from_label = slot * sizes.n_points;
    let n = atomicLoad(&n_moved);
    for (var item = local; item < n * SLAB; item += WIDTH) {
        let point = moved[item / SLAB];
        let own = item % SLAB;
        let quad = slab * SLAB + own;
        if (quad < sizes.n_quads) {
            let x = points[point * sizes.n_quads + quad];
            let w = weights[point];
            add_quad(labels[from_label + point] * apart + own, next, x, w, false);
            if (kept) { add_quad(settled[from_label + point] * apart + own, next, x, w, true); }
        }
    }
    if (slab > 0u) { return; }
    for (var i = local; i < n; i += WIDTH) {
        let point = moved[i];
        let w = i32(weights[point]);
        atomicAdd(&parts[LIMBS * next + labels[from_label + point]], w);
        if (kept) { atomicSub(&parts[LIMBS * next + settled[from_label + point]], w); }
    }
}

/// Moves the listed points in storage.
fn move_in_storage(slot: u32, local: u32) {
    let n = atomicLoad(&n_moved) * sizes.n_dims;
    for (var at = local; at < n; at += WIDTH) {
        move_coordinate(moved[at / sizes.n_dims], at % sizes.n_dims, slot, true);
    }
}

@compute @workgroup_size(256)
fn update_sums_shared(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                      @builtin(local_invocation_index) local: u32) {
    let block = block_of(group, groups);
    let slab = block % SLABS;
    let first = block / SLABS * POINTS;
    let slot = running[place_of(group)];
    let kept = slots[slot].kept == 1u;
    let in_storage = SLABS > 1u && kept;
    let n = select(points_to_sum(first, POINTS, slot), 0u, in_storage && slab > 0u);
    let apart = 4u * SLAB + 1u;
    let next = sizes.n_clusters * apart;
    let weight_at = LIMBS * next;

    if (n > 0u && !in_storage) {
        for (var at = local; at < weight_at + sizes.n_clusters; at += WIDTH) { atomicStore(&parts[at], 0); }
    }
    for (var start = 0u; start < POINTS; start += STEP) {
        let rest = max(n, start) - start;
        list_moved(first + start, rest, slot, kept, local);
        if (in_storage) {
            move_in_storage(slot, local);
        } else {
            move_parts(slot, kept, slab, local);
        }
        workgroupBarrier();
        if (slab == 0u) {
            for (var i = local; i < min(rest, STEP); i += WIDTH) { settle(first + start + i, slot); }
        }
    }

    if (n == 0u || in_storage) { return; }
    // workgroups begin at different sums, so that they rarely meet
    let n_sums = sizes.n_clusters * 4u * SLAB;
    let skipped = block * WIDTH % n_sums;
    for (var i = local; i < n_sums; i += WIDTH) {
        let at = (i + skipped) % n_sums;
        let cluster = at / (4u * SLAB);
        let part = at % (4u * SLAB);
        let j = (slab * SLAB + part % SLAB) * 4u + part / SLAB;
        if (j < sizes.n_dims) {
            let sum = sum_of(cluster * apart + part, next);
            if (any(sum != vec2<u32>(0u))) {
                add_sum(((slot * sizes.n_clusters + cluster) * sizes.n_dims + j) * 2u, sum);
            }
        }
    }
    if (slab == 0u) {
        for (var c = local; c < sizes.n_clusters; c += WIDTH) {
            let weight = atomicLoad(&parts[weight_at + c]);
            if (weight != 0) { add_weight(slot * sizes.n_clusters + c, shifted(weight, 0u)); }
        }
    }
}
