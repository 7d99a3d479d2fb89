//! Integer weights: a weight of w is equivalent to w copies of the row.

use rayon::prelude::*;

use super::LatticeError;
use super::bits::lowest_bit;

/// Largest weight of a row.
const MAX_WEIGHT: u64 = u32::MAX as u64;
/// Largest sum of all weights that need no rounding.
const MAX_TOTAL: u64 = 1 << 38;
/// Largest sum of all weights that are rounded.
const MAX_ROUNDED_TOTAL: u64 = 1 << 34;

/// One integer weight per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    values: Option<Vec<u32>>, // (n_points); None: all one
    n_points: usize,
    total: u64,
    unit: f64,
    rounding: f64,
}

impl Weights {
    /// Weight one for every row.
    #[must_use]
    pub fn ones(n_points: usize) -> Self {
        Self { values: None, n_points, total: n_points as u64, unit: 1.0, rounding: 0.0 }
    }

    /// Integers in proportion to `weights`. (n_points)
    ///
    /// The weights are divided by their greatest common divisor, which may be a fraction. If the largest is then below
    /// 2^32 and the sum at most 2^38, they are exact. Otherwise they are scaled to the largest integers below 2^32 whose
    /// sum is at most 2^34, and rounded, positive ones to at least 1.
    ///
    /// # Errors
    /// [`LatticeError::WeightCount`], [`LatticeError::BadWeight`], [`LatticeError::NoWeight`].
    pub fn new(weights: &[f64], n_points: usize) -> Result<Self, LatticeError> {
        if weights.len() != n_points {
            return Err(LatticeError::WeightCount { n_weights: weights.len(), n_points });
        }
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(LatticeError::BadWeight { row: row + 1, value: weights[row] });
        }
        let max = weights.iter().copied().fold(0.0, f64::max);
        if max == 0.0 {
            return Err(LatticeError::NoWeight { n_points });
        }
        let (values, unit, rounding) = match exact(weights, max) {
            Some((values, unit)) => (values, unit, 0.0),
            None => {
                let (values, unit) = rounded(weights, max);
                let rounding = rounding(weights, max, &values, unit);
                (values, unit, rounding)
            }
        };
        let total = values.iter().map(|&w| u64::from(w)).sum();
        let values = if values.iter().all(|&w| w == 1) { None } else { Some(values) };
        Ok(Self { values, n_points, total, unit, rounding })
    }

    /// Other integers in the same unit.
    pub(super) fn with_values(&self, values: Vec<u32>) -> Self {
        let total = values.iter().map(|&w| u64::from(w)).sum();
        Self { n_points: values.len(), values: Some(values), total, ..*self }
    }

    /// Number of rows.
    #[must_use]
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// Weight of row `i`.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize) -> u32 {
        self.values.as_ref().map_or(1, |values| values[i])
    }

    /// The weights; `None` if all are one. (n_points)
    #[must_use]
    pub fn values(&self) -> Option<&[u32]> {
        self.values.as_deref()
    }

    /// Sum over all rows.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The given weight that corresponds to an integer weight of 1.
    #[must_use]
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// By how much rounding changed the weights: the sum of the changes' magnitudes, relative to the sum of the given
    /// weights. 0 if they are exact.
    #[must_use]
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Largest weight.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.values.as_ref().map_or(1, |values| values.iter().copied().max().unwrap_or(0))
    }

    /// Rows of positive weight.
    #[must_use]
    pub fn positive(&self) -> usize {
        self.values.as_ref().map_or(self.n_points, |values| values.iter().filter(|&&w| w > 0).count())
    }
}

/// The weights as integers without a common divisor, if they are small enough, and that divisor.
fn exact(weights: &[f64], max: f64) -> Option<(Vec<u32>, f64)> {
    let positive = || weights.iter().copied().filter(|&w| w > 0.0);
    let grid = positive().map(lowest_bit).min()?;
    if libm::ldexp(max, -grid) >= 2f64.powi(127) {
        return None;
    }
    let whole = |w: f64| libm::ldexp(w, -grid) as u128;
    let divisor = positive().map(whole).fold(0, gcd);
    let values: Option<Vec<u32>> = weights.iter().map(|&w| u32::try_from(whole(w) / divisor).ok()).collect();
    let total = |values: &Vec<u32>| values.iter().map(|&w| u64::from(w)).sum::<u64>();
    values
        .filter(|values| total(values) <= MAX_TOTAL)
        .map(|values| (values, libm::ldexp(divisor as f64, grid)))
}

/// The weights scaled to the largest integers that fit, and the unit.
fn rounded(weights: &[f64], max: f64) -> (Vec<u32>, f64) {
    let max_parts = Parts::of(max);
    let scaled = |&w: &f64, m: u64| if w == 0.0 { 0 } else { Parts::of(w).share(max_parts, m).max(1) };
    let fits = |m: u64| weights.par_iter().map(|w| scaled(w, m)).sum::<u64>() <= MAX_ROUNDED_TOTAL;
    let (mut least, mut most) = (1, MAX_WEIGHT);
    while least < most {
        let m = (least + most).div_ceil(2);
        if fits(m) { least = m } else { most = m - 1 }
    }
    (weights.par_iter().map(|w| scaled(w, least) as u32).collect(), max / least as f64)
}

/// See [`Weights::rounding`].
fn rounding(weights: &[f64], max: f64, values: &[u32], unit: f64) -> f64 {
    // in units of the largest weight, so that no sum overflows
    let change = |(&w, &value): (&f64, &u32)| (f64::from(value) * (unit / max) - w / max).abs();
    let changes: f64 = weights.iter().zip(values).map(change).sum();
    changes / weights.iter().map(|w| w / max).sum::<f64>()
}

/// A positive float as `fraction * 2^exponent`, where the fraction is a whole number of 53 bits.
#[derive(Debug, Clone, Copy)]
struct Parts {
    fraction: u64,
    exponent: i32,
}

impl Parts {
    fn of(x: f64) -> Self {
        let (half, power) = libm::frexp(x); // half is in 0.5 .. 1
        Self { fraction: libm::ldexp(half, 53) as u64, exponent: power - 53 }
    }

    /// `m` times the ratio of this to a number that is no smaller, rounded once, ties to even. `m` is below 2^32.
    fn share(self, whole: Self, m: u64) -> u64 {
        let shift = whole.exponent - self.exponent; // 0 or more: fractions have equal lengths
        if shift > 40 {
            return 0; // the numerator is below 2^85, the denominator at least 2^93
        }
        let (over, under) = (u128::from(self.fraction) * u128::from(m), u128::from(whole.fraction) << shift);
        let (quotient, rest) = (over / under, over % under);
        let up = 2 * rest > under || (2 * rest == under && quotient % 2 == 1);
        (quotient + u128::from(up)) as u64
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(weights: &[f64]) -> (Vec<u32>, f64, bool) {
        let w = Weights::new(weights, weights.len()).unwrap();
        ((0..weights.len()).map(|i| w.get(i)).collect(), w.unit(), w.rounding() > 0.0)
    }

    #[test]
    fn a_common_factor_changes_nothing() {
        for factor in [1.0, 3.0, 0.5, 7e12, 2f64.powi(-900)] {
            let scaled: Vec<f64> = [0.0, 2.0, 3.0, 4_294_967_295.0].iter().map(|w| w * factor).collect();
            assert_eq!(integers(&scaled), (vec![0, 2, 3, u32::MAX], factor, false));
        }
        assert_eq!(Weights::new(&[2.0; 5], 5).unwrap().values(), None);
    }

    #[test]
    fn what_does_not_fit_is_scaled_and_rounded() {
        let most = 4_294_967_296.0;
        assert_eq!(integers(&[1.0, most, 0.0]), (vec![1, u32::MAX, 0], most / (most - 1.0), true));
        assert_eq!(integers(&[0.1, 0.2, 1e-300]).0, [2_147_483_648, u32::MAX, 1]);
        let (w, _, _) = integers(&[1e308, 1.7e308]);
        assert_eq!(w, [2_526_451_350, u32::MAX]);
    }

    #[test]
    fn the_change_that_rounding_makes_is_known() {
        let rounding = |weights: &[f64]| Weights::new(weights, weights.len()).unwrap().rounding();
        assert_eq!(rounding(&[1.0, 4.0, 4_294_967_295.0]), 0.0);
        // the first becomes a whole step of 2.3e-10
        assert!((rounding(&[1e-300, 1.0]) - 1.0 / 4_294_967_295.0).abs() < 1e-16);
        assert!(rounding(&[0.1, 0.2, 0.3]) < 1e-9);
    }

    #[test]
    fn a_share_is_rounded_once() {
        let share = |w: f64, whole: f64, m: u64| Parts::of(w).share(Parts::of(whole), m);
        assert_eq!([1.0, 3.0, 5.0].map(|w| share(w, 2.0 * 4.0, 4)), [0, 2, 2]); // 0.5, 1.5, 2.5: ties to even
        assert_eq!(share(1.0 + f64::EPSILON, 8.0, 4), 1);
        assert_eq!(share(5e-324, 1.7e308, u64::from(u32::MAX)), 0);
        assert_eq!(share(5e-324, 1e-323, 3), 2);
    }

    #[test]
    fn the_sum_stays_within_its_bound() {
        let n = 5000;
        let mut weights = vec![u32::MAX.into(); n];
        weights[0] = 1.5;
        let w = Weights::new(&weights, n).unwrap();
        assert!(w.total() <= MAX_ROUNDED_TOTAL && w.rounding() > 0.0);
        assert_eq!((w.get(0), w.get(1)), (1, ((MAX_ROUNDED_TOTAL - 1) / (n as u64 - 1)) as u32));
    }

    #[test]
    fn bad_weights_are_named() {
        assert!(matches!(
            Weights::new(&[1.0], 2),
            Err(LatticeError::WeightCount { n_weights: 1, n_points: 2 })
        ));
        assert!(matches!(Weights::new(&[1.0, -1.0], 2), Err(LatticeError::BadWeight { row: 2, .. })));
        assert!(matches!(Weights::new(&[f64::NAN, 1.0], 2), Err(LatticeError::BadWeight { row: 1, .. })));
        assert!(matches!(Weights::new(&[0.0, 0.0], 2), Err(LatticeError::NoWeight { n_points: 2 })));
    }
}
