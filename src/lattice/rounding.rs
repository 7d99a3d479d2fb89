//! The report on rounding errors from placing the rows on the lattice.

use super::{Lattice, Value};

/// Most values sampled for [`Rounding::coarse`].
const SAMPLE: usize = 1 << 22;
/// A feature whose typical deviation has fewer bits than this is reported.
pub(crate) const FEW_BITS: f64 = 8.0;

/// Rounding errors of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rounding {
    /// Root mean square of the rounding errors of a feature, relative to that of its values about the centre of their
    /// range; the largest over all features. Zero if every value lies on the lattice.
    pub rms: f64,
    /// Expected cost of the rounding errors, in lattice units: `W * step_j^2 / 12`, summed over the features j that are
    /// rounded, where W is the sum of the weights.
    pub cost: f64,
    /// Features whose typical values keep few bits, because a few huge values stretch the range.
    pub coarse: Vec<CoarseFeature>,
}

/// A feature whose typical values keep few bits.
#[derive(Debug, Clone, PartialEq)]
pub struct CoarseFeature {
    /// Its index, from 0.
    pub feature: usize,
    /// Bits of its typical deviation from its median.
    pub bits: f64,
}

/// Sums for the report, accumulated while rows are placed.
#[derive(Debug)]
pub(super) struct RoundingSums {
    errors: Vec<f64>, // (n_dims)
    own: Vec<f64>,    // (n_dims)
    stride: usize,
    sample: Vec<f64>, // every `stride`-th row (any, n_dims)
}

impl RoundingSums {
    pub(super) fn new(n_points: usize, n_dims: usize) -> Self {
        let rows = (SAMPLE / n_dims).clamp(16, 4096);
        Self {
            errors: vec![0.0; n_dims],
            own: vec![0.0; n_dims],
            stride: n_points.div_ceil(rows),
            sample: Vec::new(),
        }
    }

    pub(super) fn sample<T: Value>(&mut self, first: usize, rows: &[T]) {
        let d = self.own.len();
        let skip = first.next_multiple_of(self.stride) - first;
        for row in rows.chunks_exact(d).skip(skip).step_by(self.stride) {
            self.sample.extend(row.iter().map(|&x| -> f64 { x.into() }));
        }
    }

    pub(super) fn add(&mut self, errors: &[f64], own: &[f64]) {
        for j in 0..self.own.len() {
            self.errors[j] += errors[j];
            self.own[j] += own[j];
        }
    }

    /// The same as words, for another process.
    pub(super) fn words(&self) -> Vec<u64> {
        self.errors.iter().chain(&self.own).chain(&self.sample).map(|x| x.to_bits()).collect()
    }

    /// Adds those of other rows, from words.
    pub(super) fn add_words(&mut self, words: &[u64]) {
        let d = self.own.len();
        let floats: Vec<f64> = words.iter().map(|&word| f64::from_bits(word)).collect();
        let Some((errors, (own, sample))) =
            floats.split_at_checked(d).and_then(|(errors, rest)| Some((errors, rest.split_at_checked(d)?)))
        else {
            return;
        };
        self.add(errors, own);
        self.sample.extend_from_slice(sample);
    }

    pub(super) fn report(&self, lattice: &Lattice, total_weight: u64) -> Rounding {
        let of = |j: usize| if self.errors[j] > 0.0 { (self.errors[j] / self.own[j]).sqrt() } else { 0.0 };
        let d = self.own.len();
        let rms = (0..d).map(of).fold(0.0, f64::max);
        let rounded = (0..d).filter(|&j| self.errors[j] > 0.0);
        let square = |j: usize| 4f64.powi((lattice.max_shift() - lattice.shift[j]) as i32);
        let cost = rounded.clone().map(square).sum::<f64>() * total_weight as f64 / 12.0;
        let coarse = rounded.filter_map(|feature| {
            let bits = libm::log2(self.typical_deviation(feature)?) - f64::from(lattice.exponent[feature]);
            (bits < FEW_BITS).then_some(CoarseFeature { feature, bits: bits.max(0.0) })
        });
        Rounding { rms, cost, coarse: coarse.collect() }
    }

    /// Median distance from the median, of the sampled values that differ from it.
    fn typical_deviation(&self, j: usize) -> Option<f64> {
        let mut values: Vec<f64> = self.sample.iter().skip(j).step_by(self.own.len()).copied().collect();
        centre_and_deviation(&mut values)?.1
    }
}

/// The median, and the median distance from it of the values that differ from it, if any do. `None` without values.
pub(crate) fn centre_and_deviation(values: &mut [f64]) -> Option<(f64, Option<f64>)> {
    let centre = upper_median(values)?;
    let mut deviations: Vec<f64> = values.iter().map(|x| (x - centre).abs()).filter(|&x| x > 0.0).collect();
    Some((centre, upper_median(&mut deviations)))
}

/// The upper one of two central values: near enough for a guess of bits, and found without sorting.
fn upper_median(values: &mut [f64]) -> Option<f64> {
    let at = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(at, f64::total_cmp).1)
}
