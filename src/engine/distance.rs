//! Squared distances of a uniform lattice in machine words, the same numbers as the reference's.

/// The squared distance between two rows of coordinates of magnitude at most 2^30. Both are (n_dims), at most 65,535.
///
/// A square is at most 2^62. Its halves of 32 bits are summed apart, so that no sum of 64 bits overflows.
#[must_use]
#[inline(always)]
pub(super) fn squared_distance(a: &[i32], b: &[i32]) -> u128 {
    let (mut low, mut high) = (0u64, 0u64);
    for (&a, &b) in a.iter().zip(b) {
        // of 32 bits without a sign, so that a vector unit multiplies it at once
        let difference = u64::from(a.abs_diff(b));
        let square = difference * difference;
        low += square & 0xffff_ffff;
        high += square >> 32;
    }
    (u128::from(high) << 32) + u128::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reference::distance;

    #[test]
    fn it_is_the_reference_s_at_the_largest_coordinates() {
        let edge = 1 << 30;
        for (a, b, d) in [(edge, -edge, 1), (-edge, edge, 65_535), (edge, 1 - edge, 777), (3, -4, 9)] {
            let (a, b) = (vec![a; d], vec![b; d]);
            let exact = distance(a.iter().map(|&q| q.into()), &b, &vec![0; d], 0);
            assert_eq!(squared_distance(&a, &b), exact);
        }
    }
}
