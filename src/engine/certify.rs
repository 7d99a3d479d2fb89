//! The certificate: proves that a guess in floating point is the exact nearest centroid. docs/DEFINITION.md, section
//! 4, has the same derivation in more detail.
//!
//! # Derivation
//!
//! D does not change when an integer is subtracted from a feature of all points and centroids. Let x be a point and
//! c_i the centroids less the table's centre: integers of magnitude below 2^31, times a power of two. A kernel rounds
//! each to an `f32`, which errs by at most u of its value, and multiplies those. The score `s_i = |c_i|^2 / 2 - x.c_i`
//! ranks centroids as the squared distance does. A kernel computes s^_i with operations of relative error at most u
//! each, in any order, fused or not.
//!
//! * `h^_i` for `h_i = |c_i|^2 / 2`: the two roundings of each factor, the d products and their sum err by at most
//!   `g h_i` with `g = m u / (1 - m u)`, m = d + 3 (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
//! * `h^_i` minus the d products of `x.c_i`, whose factors are rounded too, summed: `g (h^_i + sum_j |x_j c_ij|)` more.
//! * `sum_j |x_j c_ij| <= |x| |c_i| <= (|x|^2 + |c_i|^2) / 2 = h_x + h_i` by Cauchy-Schwarz and the
//!   inequality of the means: no square root, which WGSL does not promise to round well.
//!
//! Together `|s^_i - s_i| <= g (h_x + 3 h_i) + g^2 h_i`. A kernel may compute E_i from h^_i, and h_i is at most
//! `(1 + 2 g) h^_i`, so G includes a factor of `1 + 4 g`. A kernel compares `s^_i - E_i` with `s^_best + E_best`,
//! where
//! `E_i = G h_x + 3 G h_i`. It may start a sum at `h_i - 3 G h_i`, rounded, or subtract the error at the end, and may
//! move G h_x to the other side. These are a few more roundings, of numbers of at most
//! `|s_i| + E_i <= |x| |c_i| + h_i + E_i <= h_x + 2 h_i + E_i`. Each errs by at most `u (h_x + 3 h_i)` plus terms in
//! u^2. There are at most four of them on either side, so `G = gamma(m + SLACK)` with SLACK = 8 covers the error of
//! the score and the later roundings.
//!
//! The label is proven when `s^_i - E_i > s^_best + E_best` for **every** other centroid i, each with its own E_i. It
//! is not enough to compare best and runner-up: a third centroid of huge norm, and thus huge error, may be the
//! nearest.
//!
//! # The two nearest
//!
//! Let a be the guess, b the guess of the second nearest, and `lower(i) = s^_i - E_i`, `upper(i) = s^_i + E_i`
//! enclose the score of i. If `upper(a) < lower(b)`, and `upper(b) < lower(i)` for **every** other centroid i, then
//! `s_a < s_b < s_i` for all of these: a is nearest, b is second, and there is no tie. If a and b have the two least
//! values of `lower`, the third least is at most `lower(i)` of every other centroid. So a kernel keeps the three
//! least values of `lower` and the indices of the first two, and two comparisons as above prove both. The roundings
//! on either side are the same four, within the same slack.
//!
//! u is 2^-24 on a CPU (round to nearest) and 2^-23 in WGSL (correctly rounded, direction unspecified).
//!
//! # Rounded to f16, on matrix units
//!
//! Let x~ and c~_i be x and c_i in units of 2^16, rounded to `f32`, then to the nearest f16. The values are below 2^15:
//! none is too large. What would be subnormal in f16, less than 4 before scaling, becomes zero, so that no unit flushes
//! anything. Each coordinate errs by at most V = 2^-11 of itself, and a little for the rounding to `f32`, or by 4. With
//! `F = 4 sqrt(d) / 2^-11`, and for a vector v the norm with F, `|v|' = |v| + F`, therefore
//! `|c_i - c~_i| <= V |c_i|'`, and `|x - x~| <= R |x|'` with R = V; R = 0 where no point has more than 11 bits
//! and none becomes zero, as for pixels and counts.
//! Products of two f16 are exact in f32, and none is below 2^-28. The rounding of their sum is unspecified. A unit
//! may add a block of them at once, aligned to the exponent of the largest and truncated, with or without extra bits
//! (Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, 2021). A block of b products and
//! the sum so far then errs by at most (b + 2) steps of 2^-23 of `sum_j |x~_j c~_ij|`, so all d products err by `1.5
//! d` such steps for b = 4, the smallest block observed. g = gamma(m + SLACK) with u = 2^-21 allows 2.6 times that,
//! for units that keep fewer bits or add one by one. Hence
//!
//! `|P_i - x.c_i| <= (g (1 + R) (1 + V) + R + (1 + R) V) |x|' |c_i|'`
//!
//! for the unit's P_i, scaled back, by Cauchy-Schwarz. This is a product of norms, since the means may be several
//! times as large. A kernel sums |x|^2 and h^_i, and takes roots. It squares each root to check that it is not too
//! small, since WGSL's sqrt has no tight error bound. `|x|' |c_i|'` is at most `sqrt(2) (1 + 2 G)` times the product of
//! the roots, each with F. K below includes that factor, `1 + 2^-16` for roundings of the roots and of their products,
//! and 8 u of `|x| |c_i|` for the four later roundings on either side, as above. The share of h_i in those, and in
//! h^_i, is within 3 G h_i, so
//! `E_i = K (root(|x|^2) + F) (root(h^_i) + F) + 3 G h^_i`.
//!
//! # Exact scores
//!
//! If points and centroids are multiples of `2^g` and every partial sum of `2 s_i / 4^g` stays below 2^24, all
//! arithmetic is exact. Then E = 0, and equal scores are true ties, which go to the lowest index. On matrix units the
//! sums must stay below 2^21, because of their u.

/// Additional roundings that the bound allows beyond those of the sums.
const SLACK: f64 = 8.0;

/// Relative error of an `f32` operation on a CPU, which rounds to nearest.
pub const UNIT_CPU: f64 = 1.0 / (1u64 << 24) as f64;
/// Relative error of an `f32` operation in WGSL, which may round in either direction.
pub const UNIT_WGSL: f64 = 1.0 / (1u64 << 23) as f64;
/// Relative error of a sum in `f32` on a GPU's matrix units.
pub const UNIT_MATRIX: f64 = 1.0 / (1u64 << 21) as f64;
/// Relative error of rounding to `f32`, then to the nearest f16.
const UNIT_F16: f64 = (1.0 / (1u64 << 11) as f64) * (1.0 + UNIT_WGSL) + UNIT_WGSL;

/// The bound that engines use: the sound one or, for tests, an unsound one that they must detect.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// The bound derived above.
    #[default]
    Sound,
    /// An error of zero.
    Zero,
    /// E_best for every E_i, with the best centroid at zero: without the centroids' share.
    BestForAll,
    /// Half the bound if points and centroids are rounded to bf16; else the sound one.
    HalfInBf16,
    /// Half the bound if they are rounded to f16; else the sound one.
    HalfInF16,
    /// Half the bound if they are rounded to 8-bit integers; else the sound one.
    HalfInInt8,
    /// A bound without what rounding to 8-bit integers costs; else the sound one.
    NoResidualInInt8,
    /// Lower bounds of distances that do not fall when centroids move; else the sound ones.
    LowerStands,
    /// Bounds against all centroids but the movers, as if they held against these too; else the sound ones.
    MoversUnseen,
    /// The candidate of most guessed gain becomes a seed without proof; else the sound bounds.
    CandidatesUnproven,
    /// Moves of rows by guessed costs, without proof; else the sound bounds.
    MovesUnproven,
}

impl Bound {
    /// G for the points' shares and for the centroids' shares.
    #[must_use]
    pub fn gammas(self, n_dims: usize, unit: f64) -> (f32, f32) {
        let gamma = gamma(n_dims, unit);
        match self {
            Self::Zero => (0.0, 0.0),
            // with the smaller u, so that tests can detect it on devices that round to nearest
            Self::BestForAll => (self::gamma(n_dims, UNIT_CPU), 0.0),
            _ => (gamma, gamma),
        }
    }

    /// The same of 16-bit integers.
    #[must_use]
    pub fn shares_in_int16(self) -> [f32; 2] {
        match self {
            Self::Zero | Self::BestForAll => [0.0, 0.0],
            _ => [1.0, 1.0],
        }
    }

    /// The fraction of the bound that guesses in bf16 use.
    #[must_use]
    pub fn share_in_bf16(self) -> f64 {
        match self {
            Self::HalfInBf16 => 0.5,
            Self::Zero | Self::BestForAll => 0.0,
            _ => 1.0,
        }
    }

    /// The fraction of the bound that guesses in f16 use.
    #[must_use]
    pub fn share_in_f16(self) -> f64 {
        match self {
            Self::HalfInF16 => 0.5,
            Self::Zero | Self::BestForAll => 0.0,
            _ => 1.0,
        }
    }

    /// Whether lower bounds of distances fall when centroids move.
    #[must_use]
    pub fn lower_falls(self) -> bool {
        self != Self::LowerStands
    }

    /// Whether a point is compared with the movers before its bounds hold against them.
    #[must_use]
    pub fn sees_movers(self) -> bool {
        self != Self::MoversUnseen
    }

    /// Whether the best candidate for a seed is proven.
    #[must_use]
    pub fn proves_candidates(self) -> bool {
        self != Self::CandidatesUnproven
    }

    /// Whether the moves of rows are proven.
    #[must_use]
    pub fn proves_moves(self) -> bool {
        self != Self::MovesUnproven
    }

    /// The fractions of the bound, and of its residuals, that guesses in 8-bit integers use.
    #[must_use]
    pub fn shares_in_int8(self) -> [f32; 2] {
        match self {
            Self::HalfInInt8 => [0.5, 1.0],
            Self::NoResidualInInt8 => [1.0, 0.0],
            Self::Zero | Self::BestForAll => [0.0, 0.0],
            _ => [1.0, 1.0],
        }
    }
}

/// G of the derivation above: the error of a score is at most `G (h_x + 3 h_i)`.
///
/// Rounded up to `f32`. For `n_dims` up to 65,535 and the units above.
#[must_use]
pub fn gamma(n_dims: usize, unit: f64) -> f32 {
    let m = (n_dims as f64 + 3.0 + SLACK) * unit;
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
/// `K (root(|x|^2) + F) (root(h_i) + F) + 3 G h_i`, with G of `UNIT_WGSL`. `rounded`: whether points may have more than
/// 11 bits.
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

/// Whether scores in `f32` are exact when points and centroids, from the centre, are multiples of `2^granularity`, of
/// magnitude at most `reach`, in `n_dims` features.
#[must_use]
pub fn scores_are_exact(n_dims: usize, reach: u32, granularity: u32) -> bool {
    largest_sum(n_dims, reach, granularity) < 1 << 24
}

/// The same for matrix units.
#[must_use]
pub fn matrix_scores_are_exact(n_dims: usize, reach: u32, granularity: u32) -> bool {
    largest_sum(n_dims, reach, granularity) < 1 << 21
}

/// `|c|^2 + 2 sum |x_j c_j|`, the largest partial sum of a doubled score in any order.
fn largest_sum(n_dims: usize, reach: u32, granularity: u32) -> u128 {
    let steps = u128::from(reach >> granularity);
    n_dims as u128 * steps * steps * 3
}

/// Whether every multiple of `2^granularity` up to `reach` is an f16 times a power of two, and none becomes zero.
#[must_use]
pub fn is_f16(reach: u32, granularity: u32) -> bool {
    reach >> granularity <= 1 << 11 && granularity >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_covers_the_sums_and_is_rounded_up() {
        for n_dims in [1, 64, 784, 65_535] {
            for unit in [UNIT_CPU, UNIT_WGSL] {
                let m = (n_dims as f64 + 11.0) * unit;
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
        assert!(scores_are_exact(64, 8 << 27, 27));
        assert!(!scores_are_exact(64, 1 << 30, 0));
    }
}
