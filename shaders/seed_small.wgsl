// Seed, for tables of few rows and small integers: all steps of greedy k-means++ of a restart in one workgroup.
//
// The general kernels seed_draw, seed_pick, seed_weigh and seed_choose need four dispatches per step, which on a
// large GPU are dominated by launch latency. Here coordinates, with their common factor divided out, are packed four
// or two per word, so that a table of a hundred kilobytes stays in the cache. A distance is |x|^2 + |c|^2 - 2 x c
// modulo 2^32; it is below 2^32, as is a weight times a distance. An invocation owns 4, 8, .. 32 consecutive rows: a
// draw searches the running totals of 256 invocations, then those of an invocation's rows. Grid: (1; workspaces).

override EIGHT: bool = true; // four coordinates of 8 bits per word, else two of 16

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> packed: array<vec4<u32>>;    // coordinates (n_planes, rows of an owner, owners), then squared norms and weights (fours, 2, owners)
@group(0) @binding(2) var<storage, read> admitted: array<vec4<u32>>; // slot, restart, first seed's row
@group(0) @binding(3) var<storage, read> draws: array<vec2<u32>>;     // r (workspaces, n_clusters - 1, n_candidates)
@group(0) @binding(4) var<storage, read> spare: array<u32>;           // rows (n_clusters)
@group(0) @binding(5) var<storage, read_write> near: array<vec4<u32>>; // of four rows (workspaces, fours, owners), in room for (workspaces, n_points)
@group(0) @binding(6) var<storage, read_write> seeds: array<u32>;      // (workspaces, n_clusters)

const WIDTH = 256u;

var<workgroup> shelf: array<vec4<u32>, 256>; // words of four candidates in a vec4, then their squared norms (n_candidates / 4, 4 n_planes + 1)
var<workgroup> rows: array<u32, 32>;         // of the candidates
var<workgroup> drawn: array<vec2<u32>, 32>;  // t of each candidate
var<workgroup> left: u32;                    // 1: something can be drawn
var<workgroup> shares: array<vec2<u32>, 272>; // of each invocation, with a gap after every 16 against bank conflicts
var<workgroup> share_tops: array<vec2<u32>, 16>;
var<workgroup> lows: array<vec4<u32>, WIDTH>; // of the potentials of four candidates
var<workgroup> highs: array<vec4<u32>, WIDTH>;
var<workgroup> low_tops: array<vec4<u32>, 16>;
var<workgroup> high_tops: array<vec4<u32>, 16>;

/// How rows are distributed over invocations.
struct Owner {
    workspace: u32,
    local: u32,
    fours: u32,    // fours of rows per invocation
    n_owners: u32,
    n_planes: u32, // groups of four words per row
    end: u32,      // fours that this invocation has
}

fn owner_of(workspace: u32, local: u32) -> Owner {
    let fours = (sizes.n_points + 4u * WIDTH - 1u) / (4u * WIDTH);
    let n_owners = (sizes.n_points + 4u * fours - 1u) / (4u * fours);
    let quads = select(2u, 4u, EIGHT); // of a plane
    let n_planes = (sizes.n_quads + quads - 1u) / quads;
    return Owner(workspace, local, fours, n_owners, n_planes, select(0u, fours, local < n_owners));
}

/// Index of the norms of four rows of this owner. Their weights are n_owners further.
fn norms_at(own: Owner, four: u32, owner: u32) -> u32 {
    return (own.n_planes * 4u * own.fours + 2u * four) * own.n_owners + owner;
}

fn near_at(own: Owner, four: u32) -> u32 {
    return own.workspace * sizes.n_points + four * own.n_owners + own.local;
}

fn less2(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

/// floor(r * total / 2^64).
fn scale(r: vec2<u32>, total: vec2<u32>) -> vec2<u32> {
    let low = mul2(r.x, total.x);
    let a = mul2(r.x, total.y);
    let b = mul2(r.y, total.x);
    let centre = add2(add2(vec2<u32>(a.x, 0u), vec2<u32>(b.x, 0u)), vec2<u32>(low.y, 0u));
    let high = add2(vec2<u32>(a.y, 0u), add2(vec2<u32>(b.y, 0u), vec2<u32>(centre.y, 0u)));
    return add2(high, mul2(r.y, total.y));
}

/// Sum of the products of a row's word with a candidate's word.
fn product(x: u32, c: u32) -> u32 {
    if (EIGHT) { return bitcast<u32>(dot4I8Packed(x, c)); }
    let low = (bitcast<i32>(x << 16u) >> 16u) * (bitcast<i32>(c << 16u) >> 16u);
    return bitcast<u32>(low + (bitcast<i32>(x) >> 16u) * (bitcast<i32>(c) >> 16u));
}

/// The same for four candidates.
fn products(x: u32, c: vec4<u32>) -> vec4<u32> {
    return vec4<u32>(product(x, c.x), product(x, c.y), product(x, c.z), product(x, c.w));
}

/// A word of a row; the word after the last is its squared norm.
fn word_of(own: Owner, row: u32, word: u32) -> u32 {
    let per = 4u * own.fours;
    let owner = row / per;
    let at = row % per;
    if (word == 4u * own.n_planes) { return packed[norms_at(own, at / 4u, owner)][at % 4u]; }
    return packed[(word / 4u * per + at) * own.n_owners + owner][word % 4u];
}

/// Loads the words of all candidates. Must be called in uniform control flow.
fn load_candidates(own: Owner) {
    let words = 4u * own.n_planes + 1u;
    let last = sizes.n_candidates - 1u;
    workgroupBarrier();
    for (var at = own.local; at < (last / 4u + 1u) * words; at += WIDTH) {
        let first = at / words * 4u;
        let word = at % words;
        shelf[at] = vec4<u32>(word_of(own, rows[first], word), word_of(own, rows[min(first + 1u, last)], word),
                              word_of(own, rows[min(first + 2u, last)], word),
                              word_of(own, rows[min(first + 3u, last)], word));
    }
    workgroupBarrier();
}

/// Four words of each of four rows.
struct FourRows {
    row0: vec4<u32>,
    row1: vec4<u32>,
    row2: vec4<u32>,
    row3: vec4<u32>,
}

/// The words of an invocation's rows in a plane.
fn rows_at(own: Owner, four: u32, plane: u32) -> FourRows {
    let stride = own.n_owners;
    let at = (plane * 4u * own.fours + 4u * four) * stride + own.local;
    return FourRows(packed[at], packed[at + stride], packed[at + 2u * stride], packed[at + 3u * stride]);
}

/// Updates the distances of an invocation's rows to their nearest seed with the newest seed, the candidate `newest`.
/// Returns the sum of w D.
fn lower(own: Owner, newest: u32, is_first: bool) -> vec2<u32> {
    let words = 4u * own.n_planes + 1u;
    let shelf_at = newest / 4u * words;
    let side = newest % 4u;
    let stride = own.n_owners;
    let norm = shelf[shelf_at + words - 1u][side];
    var sum = vec2<u32>(0u);
    for (var four = 0u; four < own.end; four++) {
        var dots = vec4<u32>(0u);
        for (var plane = 0u; plane < own.n_planes; plane++) {
            let x = rows_at(own, four, plane);
            let word = shelf_at + 4u * plane;
            let c = vec4<u32>(shelf[word][side], shelf[word + 1u][side], shelf[word + 2u][side], shelf[word + 3u][side]);
            dots += vec4<u32>(product(x.row0.x, c.x), product(x.row1.x, c.x), product(x.row2.x, c.x), product(x.row3.x, c.x));
            dots += vec4<u32>(product(x.row0.y, c.y), product(x.row1.y, c.y), product(x.row2.y, c.y), product(x.row3.y, c.y));
            dots += vec4<u32>(product(x.row0.z, c.z), product(x.row1.z, c.z), product(x.row2.z, c.z), product(x.row3.z, c.z));
            dots += vec4<u32>(product(x.row0.w, c.w), product(x.row1.w, c.w), product(x.row2.w, c.w), product(x.row3.w, c.w));
        }
        let at = norms_at(own, four, own.local);
        var now = packed[at] + vec4<u32>(norm) - 2u * dots;
        if (!is_first) { now = min(now, near[near_at(own, four)]); }
        near[near_at(own, four)] = now;
        let terms = now * packed[at + stride];
        sum = add2(sum, vec2<u32>(terms.x, 0u));
        sum = add2(sum, vec2<u32>(terms.y, 0u));
        sum = add2(sum, vec2<u32>(terms.z, 0u));
        sum = add2(sum, vec2<u32>(terms.w, 0u));
    }
    return sum;
}

/// Totals of four candidates.
struct Totals {
    low: vec4<u32>,
    high: vec4<u32>,
}

fn plus(a: Totals, low: vec4<u32>, high: vec4<u32>) -> Totals {
    let sum = a.low + low;
    return Totals(sum, a.high + high + select(vec4<u32>(0u), vec4<u32>(1u), sum < low));
}

/// The contribution of an invocation's rows to the potentials of the four candidates from `first` on.
fn potentials(own: Owner, first: u32) -> Totals {
    let shelf_at = first / 4u * (4u * own.n_planes + 1u);
    let stride = own.n_owners;
    var total = Totals();
    for (var four = 0u; four < own.end; four++) {
        var a = vec4<u32>(0u);
        var b = vec4<u32>(0u);
        var c = vec4<u32>(0u);
        var d = vec4<u32>(0u);
        for (var plane = 0u; plane < own.n_planes; plane++) {
            let x = rows_at(own, four, plane);
            let word = shelf_at + 4u * plane;
            let y0 = shelf[word];
            let y1 = shelf[word + 1u];
            let y2 = shelf[word + 2u];
            let y3 = shelf[word + 3u];
            a += products(x.row0.x, y0) + products(x.row0.y, y1) + products(x.row0.z, y2) + products(x.row0.w, y3);
            b += products(x.row1.x, y0) + products(x.row1.y, y1) + products(x.row1.z, y2) + products(x.row1.w, y3);
            c += products(x.row2.x, y0) + products(x.row2.y, y1) + products(x.row2.z, y2) + products(x.row2.w, y3);
            d += products(x.row3.x, y0) + products(x.row3.y, y1) + products(x.row3.z, y2) + products(x.row3.w, y3);
        }
        let at = norms_at(own, four, own.local);
        let norms = packed[at];
        let weights = packed[at + stride];
        let now = near[near_at(own, four)];
        let norm = shelf[shelf_at + 4u * own.n_planes];
        total = plus(total, min(vec4<u32>(now.x), vec4<u32>(norms.x) + norm - 2u * a) * weights.x, vec4<u32>(0u));
        total = plus(total, min(vec4<u32>(now.y), vec4<u32>(norms.y) + norm - 2u * b) * weights.y, vec4<u32>(0u));
        total = plus(total, min(vec4<u32>(now.z), vec4<u32>(norms.z) + norm - 2u * c) * weights.z, vec4<u32>(0u));
        total = plus(total, min(vec4<u32>(now.w), vec4<u32>(norms.w) + norm - 2u * d) * weights.w, vec4<u32>(0u));
    }
    return total;
}

/// The sum over all invocations. Must be called in uniform control flow.
fn total_of(local: u32, own: Totals) -> Totals {
    lows[local] = own.low;
    highs[local] = own.high;
    workgroupBarrier();
    if (local < 16u) {
        var part = Totals();
        for (var at = local; at < WIDTH; at += 16u) { part = plus(part, lows[at], highs[at]); }
        low_tops[local] = part.low;
        high_tops[local] = part.high;
    }
    workgroupBarrier();
    var total = Totals();
    for (var at = 0u; at < 16u; at++) { total = plus(total, low_tops[at], high_tops[at]); }
    return total;
}

/// A candidate and its potential.
struct Chosen {
    potential: vec2<u32>,
    candidate: u32,
}

fn better(best: Chosen, low: u32, high: u32, candidate: u32) -> Chosen {
    let potential = vec2<u32>(low, high);
    if (candidate < sizes.n_candidates && less2(potential, best.potential)) { return Chosen(potential, candidate); }
    return best;
}

/// The candidate of least potential; ties go to the first drawn. Must be called in uniform control flow.
fn choose(own: Owner) -> u32 {
    var best = Chosen(vec2<u32>(0xffffffffu), 0u);
    for (var first = 0u; first < sizes.n_candidates; first += 4u) {
        let total = total_of(own.local, potentials(own, first));
        best = better(best, total.low.x, total.high.x, first);
        best = better(best, total.low.y, total.high.y, first + 1u);
        best = better(best, total.low.z, total.high.z, first + 2u);
        best = better(best, total.low.w, total.high.w, first + 3u);
    }
    return best.candidate;
}

/// The running total before an invocation, and the total.
struct Running {
    before: vec2<u32>,
    total: vec2<u32>,
}

/// Running totals over all invocations. Must be called in uniform control flow.
fn run_shares(local: u32, share: vec2<u32>) -> Running {
    shares[local + local / 16u] = share;
    workgroupBarrier();
    if (local < 16u) {
        var part = vec2<u32>(0u);
        for (var at = 0u; at < 16u; at++) { part = add2(part, shares[local * 17u + at]); }
        share_tops[local] = part;
    }
    workgroupBarrier();
    let own = local / 16u;
    var running = Running();
    for (var at = 0u; at < 16u; at++) {
        if (at < own) { running.before = add2(running.before, share_tops[at]); }
        running.total = add2(running.total, share_tops[at]);
    }
    for (var at = 0u; at < local % 16u; at++) { running.before = add2(running.before, shares[own * 17u + at]); }
    return running;
}

/// The first row of an invocation whose running total, added to `before`, exceeds t.
fn find(own: Owner, before: vec2<u32>, t: vec2<u32>) -> u32 {
    let per = 4u * own.fours;
    var running = before;
    var row = own.local * per;
    for (var at = 0u; at < per; at++) {
        let weight = packed[norms_at(own, at / 4u, own.local) + own.n_owners][at % 4u];
        running = add2(running, vec2<u32>(near[near_at(own, at / 4u)][at % 4u] * weight, 0u));
        row = own.local * per + at;
        if (less2(t, running)) { break; }
    }
    return row;
}

/// Whether copy e of a row is not among the first `step` seeds.
fn is_free(own: Owner, e: u32, step: u32) -> bool {
    let row = spare[e];
    var before = 0u; // copies of the row
    for (; before < e && spare[e - before - 1u] == row; before++) {}
    var uses = 0u;
    for (var s = 0u; s < step; s++) { uses += u32(seeds[own.workspace * sizes.n_clusters + s] == row); }
    return before >= uses;
}

/// Sets the seeds from `step` on when nothing can be drawn: the lowest copies of rows that are not seeds yet. Must be
/// called in uniform control flow.
fn take_spare(own: Owner, step: u32) {
    storageBarrier();
    workgroupBarrier();
    let share = (sizes.n_clusters + WIDTH - 1u) / WIDTH;
    let first = min(own.local * share, sizes.n_clusters);
    let end = min(first + share, sizes.n_clusters);
    var free = 0u;
    for (var e = first; e < end; e++) { free += u32(is_free(own, e, step)); }
    var place = step + run_shares(own.local, vec2<u32>(free, 0u)).before.x;
    for (var e = first; e < end; e++) {
        if (place < sizes.n_clusters && is_free(own, e, step)) {
            seeds[own.workspace * sizes.n_clusters + place] = spare[e];
            place++;
        }
    }
}

@compute @workgroup_size(256)
fn seed_small(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let own = owner_of(place_of(group), local);
    let first_seed = own.workspace * sizes.n_clusters;
    if (local < sizes.n_candidates) { rows[local] = admitted[own.workspace].z; }
    load_candidates(own);
    if (local == 0u) { seeds[first_seed] = rows[0]; }
    var newest = 0u;
    for (var step = 1u; step < sizes.n_clusters; step++) {
        let share = lower(own, newest, step == 1u);
        let running = run_shares(local, share);
        if (local == 0u) { left = u32(any(running.total != vec2<u32>(0u))); }
        let first_draw = (own.workspace * (sizes.n_clusters - 1u) + step - 1u) * sizes.n_candidates;
        if (local < sizes.n_candidates) { drawn[local] = scale(draws[first_draw + local], running.total); }
        if (workgroupUniformLoad(&left) == 0u) {
            take_spare(own, step);
            return;
        }
        let end = add2(running.before, share);
        for (var l = 0u; l < sizes.n_candidates; l++) {
            let t = drawn[l];
            if (!less2(t, running.before) && less2(t, end)) { rows[l] = find(own, running.before, t); }
        }
        load_candidates(own);
        newest = choose(own);
        if (local == 0u) { seeds[first_seed + step] = rows[newest]; }
    }
}
