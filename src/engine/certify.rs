//! The certificate: when a guess in floating point is proven to be the exact nearest centroid. docs/DEFINITION.md,
//! section 4, has the same derivation step by step.
//!
//! # Derivation
//!
//! Let x be a point and c_i the centroids, as the very floats that a kernel multiplies (integers of at
//! most 24 bits times a power of two, so nothing was rounded on the way in). The score
//! `s_i = |c_i|^2 / 2 - x.c_i` ranks centroids as the squared distance does. A kernel computes s^_i with
//! operations of relative error at most u each, in any order, fused or not.
//!
//! * `h^_i` for `h_i = |c_i|^2 / 2`: the d products and their sum err by at most `g h_i` with
//!   `g = m u / (1 - m u)`, m = d + 1 (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
//! * `h^_i` minus the d products of `x.c_i`, summed: `g (h^_i + sum_j |x_j c_ij|)` more.
//! * `sum_j |x_j c_ij| <= |x| |c_i| <= (|x|^2 + |c_i|^2) / 2 = h_x + h_i` by Cauchy-Schwarz and the
//!   inequality of the means: no square root, which WGSL does not promise to round well.
//!
//! Together `|s^_i - s_i| <= g (h_x + 3 h_i) + g^2 h_i`, and h^_i, of which a kernel may take E_i, stands for
//! an h_i of at most `(1 + 2 g) h^_i`: so G is made larger by a factor of `1 + 4 g`. A kernel then compares `s^_i - E_i` with
//! `s^_best + E_best`, where `E_i = G h_x + 3 G h_i`. It may start a sum at `h_i - 3 G h_i`, rounded, or
//! take the error off at the end, and may move G h_x to the other side: a few roundings more, of numbers
//! that are at most `|s_i| + E_i <= |x| |c_i| + h_i + E_i <= h_x + 2 h_i + E_i`. Each errs by at most
//! `u (h_x + 3 h_i)` plus terms in u^2. There are at most four of them on either side, so
//! `G = gamma(m + SLACK)` with SLACK = 8 covers the error of the score, and all that comes after it.
//!
//! The label is proven when `s^_i - E_i > s^_best + E_best` for **every** other centroid i, each with its own
//! E_i: comparing best and runner-up alone is not enough, a third centroid of huge norm may hide a nearer one.
//!
//! # The two nearest
//!
//! Let a be the guess, b the guess of the second nearest, and `lower(i) = s^_i - E_i`, `upper(i) = s^_i + E_i`
//! enclose the score of i. If `upper(a) < lower(b)`, and `upper(b) < lower(i)` for **every** other centroid i,
//! then `s_a < s_b < s_i` for all of these: a is nearest, b is second, and there is no tie among them that
//! could go to a lower index. Taking a and b as the two least of `lower` keeps one number for all the others,
//! the third least of `lower`, since that is at most `lower(i)` for each of them. So a kernel keeps the three
//! least of `lower` and the indices of the first two, and two comparisons of the kind above prove both; the
//! roundings on either side are the same four, and within the same slack.
//!
//! u is 2^-24 on a CPU (rounds to nearest) and 2^-23 in WGSL (correctly rounded, direction free).
//!
//! # Rounded to f16, on matrix units
//!
//! D does not change when a whole number is taken off a feature of all points and centroids: here that is the middle
//! of the points, so that norms are short. x and c_i below are what is left, whole and at most 2^24, which f32 holds.
//! Let x~ and c~_i be these in units of 2^9, rounded to f16, to nearest. What is rounded is zero or between 2^-9 and
//! 2^15: never subnormal, never flushed, never too large, and each rounding errs by at most V = 2^-11 of the
//! coordinate. So `|c_i - c~_i| <= V |c_i|`, and `|x - x~| <= R |x|` with R = V; R = 0 where no point has more than
//! 11 bits, as pixels and counts don't.
//! Products of two f16 are exact in f32, and none is below 2^-18. What a unit does with their sum is its own
//! affair: it may add a block of them at once, cut to the exponent of the largest, towards zero, and with bits to
//! spare or none (Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, 2021). A block of
//! b products and the sum so far then errs by at most (b + 2) steps of 2^-23 of `sum_j |x~_j c~_ij|`, so all d of
//! them by `1.5 d` such steps if b is 4, the smallest that was seen. g = gamma(m + SLACK) with u = 2^-21 leaves
//! room for 2.6 times that: for units that keep a bit less, or add one by one. Hence
//!
//! `|P_i - x.c_i| <= (g (1 + R) (1 + V) + R + (1 + R) V) |x| |c_i|`
//!
//! for the unit's P_i, scaled back, by Cauchy-Schwarz; here a product of norms, not the means, which may be
//! several times as much. A kernel sums |x|^2 and h^_i, and takes roots, each checked to be no less than the root by
//! squaring it: WGSL promises nothing good of sqrt. `|x| |c_i|` is at most `sqrt(2) (1 + 2 G)` times the roots of
//! both. K below holds that factor, `1 + 2^-16` for roundings of the roots and of their products, and 8 u of
//! `|x| |c_i|` for the four roundings on either side that follow, as above. The share of h_i in those, and in h^_i, is
//! within 3 G h_i, so `E_i = K root(|x|^2) root(h^_i) + 3 G h^_i`.
//!
//! # When nothing is rounded
//!
//! If points and centroids are whole multiples of `2^g` and every partial sum of `2 s_i / 4^g` stays below
//! 2^24, all arithmetic is exact: then E = 0, and equal scores are true ties, which go to the lowest index. On
//! matrix units they must stay below 2^21, as the u above says.

/// Roundings beyond those of the sums themselves that the bound leaves room for.
const SLACK: f64 = 8.0;

/// Relative error of an `f32` operation on a CPU, which rounds to nearest.
pub const UNIT_CPU: f64 = 1.0 / (1u64 << 24) as f64;
/// Relative error of an `f32` operation in WGSL, which may round either way.
pub const UNIT_WGSL: f64 = 1.0 / (1u64 << 23) as f64;
/// Relative error of a sum in `f32` on a GPU's matrix units.
pub const UNIT_MATRIX: f64 = 1.0 / (1u64 << 21) as f64;
/// Relative error of rounding to the nearest f16.
const UNIT_F16: f64 = 1.0 / (1u64 << 11) as f64;

/// Which bound the engines use: the sound one, or for tests one of the two mistakes that they must catch.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// The bound derived above.
    #[default]
    Sound,
    /// No error at all.
    Zero,
    /// E_best for every E_i, where the best centroid lies at zero: no share of the centroids.
    BestForAll,
    /// Half the bound, where points and centroids are rounded to bf16; the sound one elsewhere.
    HalfInBf16,
    /// The same where they are rounded to f16.
    HalfInF16,
}

impl Bound {
    /// G for the shares of the points, and for those of the centroids.
    #[must_use]
    pub fn gammas(self, n_dims: usize, unit: f64) -> (f32, f32) {
        let gamma = gamma(n_dims, unit);
        match self {
            Self::Sound | Self::HalfInBf16 | Self::HalfInF16 => (gamma, gamma),
            Self::Zero => (0.0, 0.0),
            // with no room for a rounding that goes the wrong way, which no device at hand has
            Self::BestForAll => (self::gamma(n_dims, UNIT_CPU), 0.0),
        }
    }

    /// Whether guesses in 16-bit integers use their bound.
    #[must_use]
    pub fn is_sound_in_int16(self) -> bool {
        matches!(self, Self::Sound | Self::HalfInBf16 | Self::HalfInF16)
    }

    /// How much of their bound guesses in bf16 use.
    #[must_use]
    pub fn share_in_bf16(self) -> f64 {
        match self {
            Self::Sound | Self::HalfInF16 => 1.0,
            Self::HalfInBf16 => 0.5,
            Self::Zero | Self::BestForAll => 0.0,
        }
    }

    /// How much of their bound guesses in f16 use.
    #[must_use]
    pub fn share_in_f16(self) -> f64 {
        match self {
            Self::Sound | Self::HalfInBf16 => 1.0,
            Self::HalfInF16 => 0.5,
            Self::Zero | Self::BestForAll => 0.0,
        }
    }
}

/// G of the derivation above: the error of a score is at most `G (h_x + 3 h_i)`.
///
/// Rounded up to `f32`. For `n_dims` up to 65,535 and the units above.
#[must_use]
pub fn gamma(n_dims: usize, unit: f64) -> f32 {
    let m = (n_dims as f64 + 1.0 + SLACK) * unit;
    let g = m / (1.0 - m);
    round_up(g * (1.0 + 4.0 * g) * (1.0 + 1e-9))
}

/// A point's share of E: `G h_x`, rounded up. `half_norm` is h_x, with a relative error of at most 2^-36.
#[must_use]
pub fn point_error(gamma: f32, half_norm: f64) -> f32 {
    round_up(f64::from(gamma) * half_norm * (1.0 + 1e-9))
}

/// A centroid's share of E: `3 G h_i`, rounded up. `half_norm` is h_i, with a relative error of at most 2^-36.
#[must_use]
pub fn centroid_error(gamma: f32, half_norm: f64) -> f32 {
    round_up(3.0 * f64::from(gamma) * half_norm * (1.0 + 1e-9))
}

/// K of the derivation above: on matrix units the error of a score is at most
/// `K root(|x|^2) root(h_i) + 3 G h_i`, with G of `UNIT_WGSL`. `rounded`: whether points may have more than 11 bits.
#[must_use]
pub fn matrix_share(n_dims: usize, rounded: bool) -> f64 {
    let g = f64::from(gamma(n_dims, UNIT_MATRIX));
    let (of_points, of_centroids) = (if rounded { UNIT_F16 } else { 0.0 }, UNIT_F16);
    let products = g * (1.0 + of_points) * (1.0 + of_centroids);
    let relative = products + of_points + (1.0 + of_points) * of_centroids + SLACK * UNIT_WGSL;
    let norms = f64::from(gamma(n_dims, UNIT_WGSL));
    let room = (1.0 + 2.0 * norms) * (1.0 + 1.0 / (1u64 << 16) as f64);
    std::f64::consts::SQRT_2 * relative * room
}

/// The least `f32` that is not below `x` (finite, zero or more).
#[must_use]
pub fn round_up(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) < x { near.next_up() } else { near }
}

/// Whether scores in `f32` are exact when points and centroids are multiples of `2^granularity`, of
/// magnitude at most `max_coordinate`, in `n_dims` features.
#[must_use]
pub fn scores_are_exact(n_dims: usize, max_coordinate: u32, granularity: u32) -> bool {
    largest_sum(n_dims, max_coordinate, granularity) < 1 << 24
}

/// The same of scores on matrix units, where a whole multiple of `2^granularity` is taken off all of a feature.
#[must_use]
pub fn matrix_scores_are_exact(n_dims: usize, max_coordinate: u32, granularity: u32) -> bool {
    largest_sum(n_dims, 2 * max_coordinate, granularity) < 1 << 21
}

/// `|c|^2 + 2 sum |x_j c_j|`, the largest partial sum of a doubled score in any order.
fn largest_sum(n_dims: usize, max_coordinate: u32, granularity: u32) -> u128 {
    let steps = u128::from(max_coordinate >> granularity);
    n_dims as u128 * steps * steps * 3
}

/// Whether every multiple of `2^granularity` up to `max_coordinate`, one of them taken off, is an f16, times a power
/// of two.
#[must_use]
pub fn is_f16(max_coordinate: u32, granularity: u32) -> bool {
    (2 * max_coordinate) >> granularity <= 1 << 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_covers_the_sums_and_is_rounded_up() {
        for n_dims in [1, 64, 784, 65_535] {
            for unit in [UNIT_CPU, UNIT_WGSL] {
                let m = (n_dims as f64 + 9.0) * unit;
                assert!(f64::from(gamma(n_dims, unit)) >= m / (1.0 - m));
            }
        }
    }

    #[test]
    fn round_up_never_goes_below() {
        for x in [0.0, 1.0, 1.0 + 1e-12, 0.1, 16_777_217.0, 1e30] {
            assert!(f64::from(round_up(x)) >= x);
            assert!(f64::from(round_up(x).next_down()) < x || x == 0.0);
        }
    }

    #[test]
    fn the_digits_start_exact() {
        assert!(scores_are_exact(64, 8 << 20, 20));
        assert!(!scores_are_exact(64, 1 << 23, 0));
    }
}
