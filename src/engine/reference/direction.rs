//! Update under the metric cosine: each centroid becomes the direction of the sum of its points, of length `2^B`.

/// Bits of the reciprocal: `R = floor(2^123 / L)`.
const BITS: u32 = 123;

/// What scales the sum S of a cluster to the length `2^B`: `S 2^shift R` is `S / |S|` in units of `2^-123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction {
    shift: u32,      // of the sum, so that its length has 62 bits
    reciprocal: u64, // R, at most 2^62
}

impl Direction {
    /// The direction of a sum, whose length is below 2^62. `None` for a sum of zeros, which has none. (n_dims)
    #[must_use]
    pub fn of(sums: &[i64]) -> Option<Self> {
        let squared: u128 = sums.iter().map(|sum| u128::from(sum.unsigned_abs()).pow(2)).sum();
        if squared == 0 {
            return None;
        }
        let shift = (BITS + 1 - (u128::BITS - squared.leading_zeros())) / 2;
        let length = (squared << (2 * shift)).isqrt();
        Some(Self { shift, reciprocal: ((1 << BITS) / length) as u64 })
    }

    /// `floor(S 2^shift R / 2^(123 - bits) + 1/2)`, of magnitude at most `2^bits`. `sum` is one of those it was made of.
    #[must_use]
    pub fn coordinate(self, sum: i64, bits: u32) -> i32 {
        let scaled = (i128::from(sum) << self.shift) * i128::from(self.reciprocal);
        let unit = BITS - bits;
        ((scaled + (1 << (unit - 1))) >> unit) as i32
    }
}

/// The directions of the sums; a cluster whose sum is zero keeps its centroid, as one without weight does. `sums` and
/// `before` are (n_clusters, n_dims).
#[must_use]
pub fn directions(sums: &[i64], before: &[i32], n_dims: usize, bits: u32) -> Vec<i32> {
    let mut after = before.to_vec();
    for (centroid, sums) in after.chunks_exact_mut(n_dims).zip(sums.chunks_exact(n_dims)) {
        if let Some(direction) = Direction::of(sums) {
            centroid.iter_mut().zip(sums).for_each(|(q, &sum)| *q = direction.coordinate(sum, bits));
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(sums: &[i64], bits: u32) -> Vec<i32> {
        directions(sums, &vec![7; sums.len()], sums.len(), bits)
    }

    #[test]
    fn it_has_length_one_whatever_the_size_of_the_sum() {
        let one = 1 << 30;
        assert_eq!(direction(&[1, 0], 30), [one, 0]);
        assert_eq!(direction(&[0, -(1 << 61)], 30), [0, -one]);
        assert_eq!(direction(&[3 << 40, -(4 << 40)], 30), [644_245_094, -858_993_459]); // 0.6 and -0.8
        assert_eq!(direction(&[3, -4], 23), [5_033_165, -6_710_886]);
        assert_eq!(direction(&[0, 0], 30), [7, 7]); // it stays
    }

    #[test]
    fn coordinates_are_the_nearest_integers() {
        let mut state = 3u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 1).cast_signed()
        };
        for case in 0..20_000 {
            let keep = next() as u32 % 59 + 1; // bits of the sums
            let sums: Vec<i64> = (0..3).map(|_| (next() - (1 << 62)) >> (62 - keep)).collect();
            let bits = 23 + case % 8;
            let length = sums.iter().map(|&s| s as f64 * s as f64).sum::<f64>().sqrt();
            for (q, &sum) in direction(&sums, bits).into_iter().zip(&sums) {
                let exact = sum as f64 / length * f64::from(1 << bits);
                assert!(length == 0.0 || (f64::from(q) - exact).abs() < 0.5 + 1e-6, "{sums:?}, {bits} bits");
                assert!(q.unsigned_abs() <= 1 << bits);
            }
        }
    }
}
