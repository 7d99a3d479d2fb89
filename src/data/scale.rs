//! Scaling: brings columns, or rows, to a common size before they are clustered.

use std::borrow::Cow;

/// How columns are scaled, so that none outweighs the others by its unit; or rows.
///
/// Each equals the class of scikit-learn's `preprocessing` that is named with it, in 64-bit floats. Sums run over the
/// rows in their order. A column without spread is only shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// (x - mean) / standard deviation, of the column (`StandardScaler`). Weights count.
    Standard,
    /// x / range - least / range, of the column: 0 to 1 (`MinMaxScaler`).
    MinMax,
    /// (x - median) / (third quartile - first quartile), of the column (`RobustScaler`).
    Robust,
    /// x / length of the row (`Normalizer`); a row of zeros stays.
    Unit,
}

impl Scale {
    /// All of them.
    pub const ALL: [Scale; 4] = [Scale::Standard, Scale::MinMax, Scale::Robust, Scale::Unit];

    /// Its name: `standard`, `minmax`, `robust` or `unit`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scale::Standard => "standard",
            Scale::MinMax => "minmax",
            Scale::Robust => "robust",
            Scale::Unit => "unit",
        }
    }

    /// What becomes of a value, in words.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Scale::Standard => "each column less its mean, divided by its standard deviation",
            Scale::MinMax => "each column from 0 to 1",
            Scale::Robust => "each column less its median, divided by the distance of its quartiles",
            Scale::Unit => "each row divided by its length",
        }
    }
}

/// A [`Scale`] with the numbers of the rows that it was made of. It scales other rows alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    scale: Scale,
    n_dims: usize,
    shift: Vec<f64>,  // (n_dims), or empty for `Unit`
    factor: Vec<f64>, // likewise
}

impl Scaling {
    /// A scaling with these numbers, of shape (n_dims), both empty for [`Scale::Unit`]. `None` if they have another
    /// length, or one is not finite, or a factor is 0.
    #[must_use]
    pub fn new(scale: Scale, n_dims: usize, shift: Vec<f64>, factor: Vec<f64>) -> Option<Self> {
        let length = if scale == Scale::Unit { 0 } else { n_dims };
        let finite = |values: &[f64]| values.len() == length && values.iter().all(|x| x.is_finite());
        let good =
            n_dims > 0 && finite(&shift) && finite(&factor) && factor.iter().all(|&factor| factor != 0.0);
        good.then_some(Self { scale, n_dims, shift, factor })
    }

    /// What it does.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Number of features.
    #[must_use]
    pub fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// The mean or median of each feature, or for [`Scale::MinMax`] what is added. (n_dims); empty for [`Scale::Unit`].
    #[must_use]
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// The divisor of each feature, or for [`Scale::MinMax`] the factor. (n_dims); empty for [`Scale::Unit`].
    #[must_use]
    pub fn factor(&self) -> &[f64] {
        &self.factor
    }

    /// Scales rows in place; those with a value that is not finite stay. (any, n_dims), row-major
    pub fn apply(&self, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.n_dims) {
            if !row.iter().all(|x| x.is_finite()) {
                continue; // whoever reads it next names the value
            }
            let numbers = self.shift.iter().zip(&self.factor);
            match self.scale {
                Scale::Standard | Scale::Robust => {
                    row.iter_mut().zip(numbers).for_each(|(x, (shift, factor))| *x = (*x - shift) / factor);
                }
                Scale::MinMax => {
                    row.iter_mut().zip(numbers).for_each(|(x, (shift, factor))| *x = *x * factor + shift);
                }
                Scale::Unit => to_unit(row),
            }
        }
    }

    /// Converts scaled rows back to the user's units, in place. Rows of unit length stay. (any, n_dims), row-major
    pub fn undo(&self, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.n_dims) {
            row.iter_mut().enumerate().for_each(|(j, x)| *x = self.undo_value(j, *x));
        }
    }

    /// A scaled value of feature `j` in the user's units.
    #[must_use]
    pub fn undo_value(&self, j: usize, x: f64) -> f64 {
        match self.scale {
            Scale::Standard | Scale::Robust => x * self.factor[j] + self.shift[j],
            Scale::MinMax => (x - self.shift[j]) / self.factor[j],
            Scale::Unit => x,
        }
    }

    /// A scaled distance within feature `j` in the user's units.
    pub(crate) fn undo_length(&self, j: usize, length: f64) -> f64 {
        match self.scale {
            Scale::Standard | Scale::Robust => length * self.factor[j].abs(),
            Scale::MinMax => length / self.factor[j].abs(),
            Scale::Unit => length,
        }
    }
}

/// Rows, scaled if there is a scaling. (any, n_dims), row-major
pub(crate) fn scaled<'a>(scaling: Option<&Scaling>, rows: Cow<'a, [f64]>) -> Cow<'a, [f64]> {
    let Some(scaling) = scaling else { return rows };
    let mut rows = rows.into_owned();
    scaling.apply(&mut rows);
    Cow::Owned(rows)
}

/// The first row of zeros, which has no direction, by its index from 0. (any, n_dims), row-major
#[must_use]
pub fn first_of_zeros(rows: &[f64], n_dims: usize) -> Option<usize> {
    rows.chunks_exact(n_dims).position(|row| row.iter().all(|&x| x == 0.0))
}

/// Divides a row by its length.
fn to_unit(row: &mut [f64]) {
    let length = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
    let mut squared = length(row);
    if !squared.is_normal() {
        // a power of two brings the squares into the range of floats, and changes no digit
        let most = row.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        if most == 0.0 {
            return;
        }
        let exponent = libm::ilogb(most);
        row.iter_mut().for_each(|x| *x = libm::scalbn(*x, -exponent));
        squared = length(row);
    }
    let length = squared.sqrt();
    row.iter_mut().for_each(|x| *x /= length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_those_that_are_not_finite_stay() {
        for scale in [Scale::Standard, Scale::MinMax, Scale::Robust] {
            let scaling = Scaling::new(scale, 2, vec![1.0, -0.5], vec![4.0, 0.25]).expect("it is one");
            let given = [3.0, 7.0, f64::INFINITY, 1.0, 0.0, 0.0];
            let mut rows = given;
            scaling.apply(&mut rows);
            assert_eq!((rows[2], rows[3]), (f64::INFINITY, 1.0));
            scaling.undo(&mut rows[..2]);
            assert_eq!(rows[..2], given[..2], "{scale:?}");
        }
        assert_eq!(Scaling::new(Scale::Standard, 1, vec![0.0], vec![0.0]), None);
        assert_eq!(Scaling::new(Scale::Standard, 1, vec![f64::NAN], vec![1.0]), None);
        assert_eq!(Scaling::new(Scale::Standard, 2, vec![0.0], vec![1.0]), None);
        assert_eq!(Scaling::new(Scale::Unit, 2, vec![0.0; 2], vec![1.0; 2]), None);
    }

    #[test]
    fn rows_of_any_size_have_a_length() {
        let unit = Scaling::new(Scale::Unit, 2, vec![], vec![]).expect("it is one");
        for size in [1.0, 2f64.powi(1000), 2f64.powi(-1000), 2f64.powi(-1060)] {
            let mut row = [3.0 * size, -4.0 * size];
            unit.apply(&mut row);
            assert_eq!(row, [0.6, -0.8], "{size:e}");
        }
        let mut zeros = [0.0, -0.0];
        unit.apply(&mut zeros);
        assert_eq!(zeros, [0.0, 0.0]);
    }
}
