// Update, first half, if the sums of some features fit workgroup memory: sums are accumulated there and flushed once.
//
// Compared with update_sums.wgsl, there is one addition in storage per sum and workgroup, not per coordinate. A
// workgroup owns POINTS points and a slab of SLAB quads of their features; there are several slabs if the sums of all
// features do not fit. A sum is kept as LIMBS parts of 15 bits, each in an i32 that can't overflow (sum_parts.rs
// chooses LIMBS), so additions need no carry. The parts of a quad are SLAB words apart, and clusters an odd number of
// words, to avoid bank conflicts.
// Grid: (blocks of POINTS points times slabs, wrapped into y; slots of the list `running`).

override LIMBS: u32 = 3u;    // 1: coordinate / 2^granularity * weight; 2: product below 2^31; 3: product below 2^47
override SLAB: u32 = 1u;     // quads
override POINTS: u32 = 256u;
override ROOM: u32 = 4096u;  // n_clusters * (LIMBS (4 SLAB + 1) + 1)

const WIDTH = 256u;
const LOW = 0x7fff; // a part but the highest
var<workgroup> parts: array<atomic<i32>, ROOM>; // (LIMBS, n_clusters, 4 SLAB + 1), then weights (n_clusters)

/// Adds a coordinate of weight w to the sum whose lowest part is at `at`. The parts are `next` words apart.
fn add_part(at: u32, next: u32, q: i32, w: u32) {
    if (LIMBS == 1u) {
        atomicAdd(&parts[at], (q >> sizes.granularity) * i32(w));
    } else if (LIMBS == 2u) {
        let product = q * i32(w);
        atomicAdd(&parts[at], product & LOW);
        atomicAdd(&parts[at + next], product >> 15u);
    } else {
        let product = weigh(q, w);
        atomicAdd(&parts[at], i32(product.x) & LOW);
        atomicAdd(&parts[at + next], i32(product.x >> 15u) & LOW);
        atomicAdd(&parts[at + 2u * next], i32((product.y << 2u) | (product.x >> 30u)));
    }
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

@compute @workgroup_size(256)
fn update_sums_shared(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                      @builtin(local_invocation_index) local: u32) {
    let slabs = (sizes.n_quads + SLAB - 1u) / SLAB;
    let block = block_of(group, groups);
    let slab = block % slabs;
    let first = block / slabs * POINTS;
    let slot = running[place_of(group)];
    let status = slots[slot].status;
    let runs = first < sizes.n_points && (status == ACTIVE || status == FINISHING);
    let n = select(0u, min(POINTS, sizes.n_points - first), runs);
    let apart = 4u * SLAB + 1u;               // words from a cluster to the next
    let next = sizes.n_clusters * apart;      // words from a part to the next
    let weight_at = LIMBS * next;
    let first_label = slot * sizes.n_points + first;

    if (n > 0u) {
        for (var at = local; at < weight_at + sizes.n_clusters; at += WIDTH) { atomicStore(&parts[at], 0); }
    }
    workgroupBarrier();

    for (var item = local; item < n * SLAB; item += WIDTH) {
        let i = item / SLAB;
        let own = item % SLAB;
        let quad = slab * SLAB + own;
        if (quad < sizes.n_quads) {
            let x = points[(first + i) * sizes.n_quads + quad];
            let at = labels[first_label + i] * apart + own;
            let w = weights[first + i];
            add_part(at, next, x.x, w);
            add_part(at + SLAB, next, x.y, w);
            add_part(at + 2u * SLAB, next, x.z, w);
            add_part(at + 3u * SLAB, next, x.w, w);
        }
    }
    if (slab == 0u) {
        for (var i = local; i < n; i += WIDTH) {
            atomicAdd(&parts[weight_at + labels[first_label + i]], i32(weights[first + i]));
        }
    }
    workgroupBarrier();

    if (n == 0u) { return; }
    for (var at = local; at < sizes.n_clusters * 4u * SLAB; at += WIDTH) {
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
            add_weight(slot * sizes.n_clusters + c, u32(atomicLoad(&parts[weight_at + c])));
        }
    }
}
