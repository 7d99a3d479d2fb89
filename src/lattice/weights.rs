//! Integer weights: a weight of w is equivalent to w copies of the row.

use super::LatticeError;
use super::bits::lowest_bit;

/// Largest weight of a row.
const MAX_WEIGHT: u64 = 65_535;
/// Largest sum of all weights.
const MAX_TOTAL: u64 = 1 << 38;

/// One integer weight per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    values: Option<Vec<u16>>, // (n_points); None: all one
    n_points: usize,
    total: u64,
    unit: f64,
    rounded: bool,
}

impl Weights {
    /// Weight one for every row.
    #[must_use]
    pub fn ones(n_points: usize) -> Self {
        Self { values: None, n_points, total: n_points as u64, unit: 1.0, rounded: false }
    }

    /// Integers in proportion to `weights`. (n_points)
    ///
    /// Weights that are multiples of a common power of two are divided by their greatest common divisor. If the
    /// largest is then at most 65,535 and the sum at most 2^38, they are exact. Otherwise the weights are scaled to
    /// the largest integers that fit and rounded, positive ones to at least 1.
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
        let (values, unit, rounded) = match exact(weights, max) {
            Some((values, unit)) => (values, unit, false),
            None => rounded(weights, max),
        };
        let total = values.iter().map(|&w| u64::from(w)).sum();
        let values = if values.iter().all(|&w| w == 1) { None } else { Some(values) };
        Ok(Self { values, n_points, total, unit, rounded })
    }

    /// Weight of row `i`.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize) -> u32 {
        self.values.as_ref().map_or(1, |values| u32::from(values[i]))
    }

    /// The weights; `None` if all are one. (n_points)
    #[must_use]
    pub fn values(&self) -> Option<&[u16]> {
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

    /// Whether the given weights were rounded.
    #[must_use]
    pub fn rounded(&self) -> bool {
        self.rounded
    }

    /// Largest weight.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.values.as_ref().map_or(1, |values| values.iter().copied().max().map_or(0, u32::from))
    }

    /// Rows of positive weight.
    #[must_use]
    pub fn positive(&self) -> usize {
        self.values.as_ref().map_or(self.n_points, |values| values.iter().filter(|&&w| w > 0).count())
    }
}

/// The weights as integers without a common divisor, if they are small enough, and that divisor.
fn exact(weights: &[f64], max: f64) -> Option<(Vec<u16>, f64)> {
    let positive = || weights.iter().copied().filter(|&w| w > 0.0);
    let grid = positive().map(lowest_bit).min()?;
    if libm::ldexp(max, -grid) >= 2f64.powi(127) {
        return None;
    }
    let whole = |w: f64| libm::ldexp(w, -grid) as u128;
    let divisor = positive().map(whole).fold(0, gcd);
    let values: Option<Vec<u16>> = weights.iter().map(|&w| u16::try_from(whole(w) / divisor).ok()).collect();
    let total = |values: &Vec<u16>| values.iter().map(|&w| u64::from(w)).sum::<u64>();
    values
        .filter(|values| total(values) <= MAX_TOTAL)
        .map(|values| (values, libm::ldexp(divisor as f64, grid)))
}

/// The weights scaled to the largest integers that fit, the unit, and whether they were rounded.
fn rounded(weights: &[f64], max: f64) -> (Vec<u16>, f64, bool) {
    let to_one = -libm::ilogb(max); // keeps the product below from overflowing
    let top = libm::ldexp(max, to_one);
    let scaled = |w: f64, m: u64| match w {
        0.0 => 0,
        w => (libm::ldexp(w, to_one) * m as f64 / top).round_ties_even().max(1.0) as u64,
    };
    let fits = |m: u64| weights.iter().map(|&w| scaled(w, m)).sum::<u64>() <= MAX_TOTAL;
    let (mut least, mut most) = (1, MAX_WEIGHT);
    while least < most {
        let m = (least + most).div_ceil(2);
        if fits(m) { least = m } else { most = m - 1 }
    }
    (weights.iter().map(|&w| scaled(w, least) as u16).collect(), max / least as f64, true)
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
        ((0..weights.len()).map(|i| w.get(i)).collect(), w.unit(), w.rounded())
    }

    #[test]
    fn a_common_factor_changes_nothing() {
        for factor in [1.0, 3.0, 0.5, 7e12, 2f64.powi(-900)] {
            let scaled: Vec<f64> = [0.0, 2.0, 3.0, 65_535.0].iter().map(|w| w * factor).collect();
            assert_eq!(integers(&scaled), (vec![0, 2, 3, 65_535], factor, false));
        }
        assert_eq!(Weights::new(&[2.0; 5], 5).unwrap().values(), None);
    }

    #[test]
    fn what_does_not_fit_is_scaled_and_rounded() {
        assert_eq!(integers(&[1.0, 65_536.0, 0.0]), (vec![1, 65_535, 0], 65_536.0 / 65_535.0, true));
        assert_eq!(integers(&[0.1, 0.2, 1e-300]).0, [32_768, 65_535, 1]);
        let (w, _, _) = integers(&[1e308, 1.7e308]);
        assert_eq!(w, [38_550, 65_535]);
    }

    #[test]
    fn the_sum_stays_within_its_bound() {
        let n = (1 << 22) + 5000;
        let mut weights = vec![65_535.0; n];
        weights[0] = 1.0;
        let w = Weights::new(&weights, n).unwrap();
        assert!(w.total() <= MAX_TOTAL && w.rounded());
        assert_eq!((w.get(0), w.get(1)), (1, (MAX_TOTAL / n as u64) as u32));
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
