//! Powers of two that keep squares of values within the range of floats.

use std::ops::Range;

use crate::lattice::{Lattice, MAX_COORDINATE};

/// Magnitudes whose squares, and sums of them, neither overflow nor vanish.
const ORDINARY: Range<f64> = 1e-100..1e100;
/// Largest exponent of a unit, so that the unit and its reciprocal are ordinary numbers.
const MOST: i32 = 1000;

/// A power of two near the largest magnitude; 1 if that is an ordinary one.
pub(super) fn unit_of(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    unit(largest)
}

/// A power of two near the range of feature `j`; 1 if that is an ordinary one.
pub(super) fn unit_of_feature(lattice: &Lattice, j: usize) -> f64 {
    unit(libm::ldexp(f64::from(MAX_COORDINATE), lattice.exponent[j].min(MOST)))
}

/// A power of two near the largest range of a feature; 1 if that is an ordinary one.
pub(super) fn unit_of_lattice(lattice: &Lattice) -> f64 {
    let most = lattice.exponent.iter().copied().max().unwrap_or(0);
    unit(libm::ldexp(f64::from(MAX_COORDINATE), most.min(MOST)))
}

fn unit(largest: f64) -> f64 {
    if largest == 0.0 || ORDINARY.contains(&largest) {
        return 1.0;
    }
    libm::ldexp(1.0, libm::ilogb(largest).clamp(-MOST, MOST))
}

/// The distance of two rows, whose squares are taken in `unit`.
pub(super) fn distance<'a>(
    a: impl IntoIterator<Item = &'a f64>,
    b: impl IntoIterator<Item = &'a f64>,
    unit: f64,
) -> f64 {
    let squared: f64 = a.into_iter().zip(b).map(|(x, c)| ((x - c) / unit).powi(2)).sum();
    squared.sqrt() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_neither_overflow_nor_vanish() {
        for size in [1.0, 2f64.powi(600), 2f64.powi(-600), 2f64.powi(1020)] {
            let (a, b) = ([3.0 * size, 0.0], [0.0, 4.0 * size]);
            let unit = unit_of(a.iter().chain(&b).copied());
            assert_eq!(distance(&a, &b, unit), 5.0 * size);
        }
        assert_eq!((unit_of([1e9, 1.0].into_iter()), unit_of([0.0].into_iter())), (1.0, 1.0));
    }
}
