// Directions, in integers: what scales the sum S of a cluster to the length 2^B. docs/DEFINITION.md, section 3.12.
//
// With z for which T = |S 2^z|^2 has 123 or 124 bits, L = floor(sqrt(T)) and R = floor(2^123 / L), a coordinate is
// floor(S 2^z R / 2^(123 - B) + 1/2).

struct Direction {
    shift: u32,             // z
    reciprocal: vec2<u32>,  // R, at most 2^62; 0 if the sum is zero, which has no direction
}

/// The 128-bit product.
fn mul22_wide(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
    let low = mul2(a.x, b.x);
    let high = mul2(a.y, b.y);
    let one = mul2(a.x, b.y);
    let other = mul2(a.y, b.x);
    let sum = add4(vec4<u32>(low, high), vec4<u32>(0u, one, 0u));
    return add4(sum, vec4<u32>(0u, other, 0u));
}

/// |v| of a two's complement.
fn magnitude2(v: vec2<u32>) -> vec2<u32> {
    if ((v.y >> 31u) == 1u) { return negate2(v); }
    return v;
}

/// v >> s, for s from 1 to 31.
fn shr4(v: vec4<u32>, s: u32) -> vec4<u32> {
    let l = 32u - s;
    return vec4<u32>((v.x >> s) | (v.y << l), (v.y >> s) | (v.z << l), (v.z >> s) | (v.w << l), v.w >> s);
}

/// Number of bits of v.
fn bits_of(v: vec4<u32>) -> u32 {
    if (v.w != 0u) { return 97u + firstLeadingBit(v.w); }
    if (v.z != 0u) { return 65u + firstLeadingBit(v.z); }
    if (v.y != 0u) { return 33u + firstLeadingBit(v.y); }
    if (v.x != 0u) { return 1u + firstLeadingBit(v.x); }
    return 0u;
}

/// floor(sqrt(v)) of v below 2^124, a bit of it at a time.
fn root4(v: vec4<u32>) -> vec2<u32> {
    var rest = v;
    var root = vec4<u32>(0u);
    var bit = vec4<u32>(0u, 0u, 0u, 1u << 26u); // 2^122
    for (var turn = 0u; turn < 62u; turn++) {
        let part = add4(root, bit);
        root = shr4(root, 1u);
        if (!less4(rest, part)) {
            rest = add4(rest, negate4(part));
            root = add4(root, bit);
        }
        bit = shr4(bit, 2u);
    }
    return root.xy;
}

/// floor(2^123 / v) of v from 2^61 to 2^62 - 1, a bit at a time.
fn reciprocal_of(v: vec2<u32>) -> vec2<u32> {
    var rest = vec2<u32>(0u, 1u << 29u); // 2^61: the first bits of 2^123
    var quotient = vec2<u32>(0u);
    for (var turn = 0u; turn < 63u; turn++) {
        quotient = add2(quotient, quotient);
        if (v.y < rest.y || (v.y == rest.y && v.x <= rest.x)) {
            rest = add2(rest, negate2(v));
            quotient.x |= 1u;
        }
        rest = add2(rest, rest);
    }
    return quotient;
}

/// The direction of a sum of this squared length, below 2^124.
fn direction_of(squared: vec4<u32>) -> Direction {
    if (all(squared == vec4<u32>(0u))) { return Direction(0u, vec2<u32>(0u)); }
    let shift = (124u - bits_of(squared)) / 2u;
    let part = min(shift, 31u); // 2 z is up to 122, more than a shift at a time
    let length = root4(shl4(shl4(squared, 2u * part), 2u * (shift - part)));
    return Direction(shift, reciprocal_of(length));
}

/// A coordinate of the direction, from that of the sum in two's complement: of magnitude at most 2^bits. `bits` is from
/// 23 to 30.
fn directed(sum: vec2<u32>, towards: Direction, bits: u32) -> i32 {
    let size = shl4(vec4<u32>(magnitude2(sum), 0u, 0u), towards.shift).xy;
    var scaled = mul22_wide(size, towards.reciprocal);
    if ((sum.y >> 31u) == 1u) { scaled = negate4(scaled); }
    // plus 2^123, so that it is not negative, and half of 2^(123 - bits)
    var more = vec4<u32>(0u, 0u, 0u, 1u << 27u);
    if (bits > 26u) { more.z = 1u << (58u - bits); } else { more.w |= 1u << (26u - bits); }
    let biased = add4(scaled, more);
    var quotient = 0u;
    if (bits > 27u) {
        quotient = (biased.w << (bits - 27u)) | (biased.z >> (59u - bits));
    } else {
        quotient = biased.w >> (27u - bits);
    }
    return i32(quotient - (1u << bits));
}
