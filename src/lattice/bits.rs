//! The bits of a float.

/// Exponent of the largest power of two that divides `x`; `i32::MAX` for zero.
pub(super) fn lowest_bit(x: f64) -> i32 {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    match (exponent, fraction) {
        (0, 0) => i32::MAX,
        (0, f) => f.trailing_zeros() as i32 - 1074,
        (e, f) => (f | 1 << 52).trailing_zeros() as i32 + e - 1075,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_bit_finds_the_grid() {
        for (x, g) in [
            (1.0, 0),
            (-6.0, 1),
            (0.375, -3),
            (1024.0, 10),
            (f64::from_bits(1), -1074),
            (f64::from_bits(4), -1072),
        ] {
            assert_eq!(lowest_bit(x), g, "{x}");
        }
        assert_eq!(lowest_bit(0.0), i32::MAX);
    }
}
