//! First pass: the range and the grid of the rows of positive weight, and the lattice that follows from them.

use rayon::prelude::*;

use super::bits::lowest_bit;
use super::{Lattice, LatticeError, MAX_BITS, MIN_STEPS, Weights, most_shift};

/// Rows per parallel task. It depends only on `n_dims`, so that the rounding report, which sums floats, has a fixed
/// order of summation.
pub(super) fn block_rows(n_dims: usize) -> usize {
    (32_768 / n_dims).max(1)
}

/// No grid, as a word.
const NO_GRID: u64 = u64::MAX >> 1;

/// Type of the values of a table: `f32` or `f64`.
pub trait Value: Copy + Send + Sync + Into<f64> {}
impl Value for f32 {}
impl Value for f64 {}

/// Least and largest value of each feature, and the coarsest power of two that divides every value.
#[derive(Debug, Clone, PartialEq)]
pub struct Extent {
    lo: Vec<f64>,      // (n_dims)
    hi: Vec<f64>,      // (n_dims)
    grid: Option<i32>, // None while every value seen is zero
}

impl Extent {
    /// The extent of no rows.
    #[must_use]
    pub fn new(n_dims: usize) -> Self {
        Self { lo: vec![f64::INFINITY; n_dims], hi: vec![f64::NEG_INFINITY; n_dims], grid: None }
    }

    /// Adds rows. `first` is the index of the first of them; `rows` is (any, n_dims), row-major.
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`], for rows of weight zero too.
    pub fn add<T: Value>(&mut self, first: usize, rows: &[T], weights: &Weights) -> Result<(), LatticeError> {
        let d = self.lo.len();
        let size = block_rows(d);
        let parts: Vec<_> = rows
            .par_chunks(size * d)
            .enumerate()
            .map(|(block, rows)| Self::of_block(first + block * size, rows, d, weights))
            .collect();
        for part in parts {
            self.merge(&part?);
        }
        Ok(())
    }

    fn of_block<T: Value>(
        first: usize,
        rows: &[T],
        d: usize,
        weights: &Weights,
    ) -> Result<Self, LatticeError> {
        let mut extent = Self::new(d);
        let mut grid = Grid::new();
        for (i, row) in rows.chunks_exact(d).enumerate() {
            if !row.iter().all(|&x| x.into().is_finite()) {
                return Err(not_finite(first + i, row));
            }
            if weights.get(first + i) == 0 {
                continue;
            }
            for ((lo, hi), &x) in extent.lo.iter_mut().zip(&mut extent.hi).zip(row) {
                let x = x.into();
                *lo = if x < *lo { x } else { *lo };
                *hi = if x > *hi { x } else { *hi };
            }
            grid.add(row);
        }
        extent.grid = grid.exponent;
        Ok(extent)
    }

    /// The same as words, for another process.
    pub(crate) fn words(&self) -> Vec<u64> {
        let ends = self.lo.iter().chain(&self.hi).map(|x| x.to_bits());
        ends.chain([self.grid.map_or(NO_GRID, |grid| i64::from(grid).cast_unsigned())]).collect()
    }

    /// From words; `None` if they are not those of so many features.
    pub(crate) fn of_words(words: &[u64], n_dims: usize) -> Option<Self> {
        let (&grid, ends) = words.split_last().filter(|(_, ends)| ends.len() == 2 * n_dims)?;
        let floats = |words: &[u64]| words.iter().map(|&word| f64::from_bits(word)).collect();
        let grid = (grid != NO_GRID).then(|| grid.cast_signed() as i32);
        Some(Self { lo: floats(&ends[..n_dims]), hi: floats(&ends[n_dims..]), grid })
    }

    /// Adds the rows of another extent.
    pub(crate) fn merge(&mut self, other: &Self) {
        for j in 0..self.lo.len() {
            self.lo[j] = self.lo[j].min(other.lo[j]);
            self.hi[j] = self.hi[j].max(other.hi[j]);
        }
        self.grid = match (self.grid, other.grid) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// Adds start centroids to the range; they need not lie on the grid. `rows` is (n_clusters, n_dims), row-major.
    ///
    /// # Errors
    /// [`LatticeError::BadCentroid`] for a value that is not finite.
    pub fn add_starts(&mut self, rows: &[f64]) -> Result<(), LatticeError> {
        let d = self.lo.len();
        for (at, &value) in rows.iter().enumerate() {
            if !value.is_finite() {
                return Err(LatticeError::BadCentroid { row: at / d + 1, column: at % d + 1, value });
            }
            self.lo[at % d] = self.lo[at % d].min(value);
            self.hi[at % d] = self.hi[at % d].max(value);
        }
        Ok(())
    }

    /// The least and the largest value of each feature. (n_dims)
    #[must_use]
    pub fn ranges(&self) -> Vec<(f64, f64)> {
        self.lo.iter().copied().zip(self.hi.iter().copied()).collect()
    }

    /// Makes the range of each feature three times as wide, around its middle.
    pub fn widen(&mut self) {
        for (lo, hi) in self.lo.iter_mut().zip(&mut self.hi) {
            let range = *hi - *lo;
            (*lo, *hi) = (*lo - range, *hi + range);
        }
    }

    /// The lattice (docs/DEFINITION.md, section 2) for rows of this extent and sum of weights.
    ///
    /// # Errors
    /// [`LatticeError::RangeOverflow`].
    pub fn lattice(&self, total_weight: u64) -> Result<Lattice, LatticeError> {
        let d = self.lo.len();
        for j in 0..d {
            if !(self.hi[j] - self.lo[j]).is_finite() {
                return Err(LatticeError::RangeOverflow { column: j + 1, lo: self.lo[j], hi: self.hi[j] });
            }
        }
        let grid = self.grid.unwrap_or(0);
        let bits = bits_for(total_weight);
        let own: Vec<Option<i32>> = (0..d).map(|j| self.least_exponent(j, grid, bits)).collect();
        // a table whose features are all constant uses its own grid
        let table = own.iter().flatten().copied().max().unwrap_or(grid);
        let steps = |j: usize| libm::ldexp(self.hi[j] - self.lo[j], -table);
        let mixed = (0..d).any(|j| own[j].is_some() && steps(j) < MIN_STEPS);
        let most = most_shift(d, total_weight, bits);
        let shift: Vec<u32> = own
            .iter()
            .map(|own| match own {
                Some(p) if mixed => table.abs_diff(*p).min(most),
                _ => 0,
            })
            .collect();
        let exponent: Vec<i32> = shift.iter().map(|&e| table - e as i32).collect();
        let offset = |j: usize| match own[j] {
            Some(_) => offset(self.lo[j], self.hi[j], exponent[j].max(grid)),
            None => self.lo[j] + 0.0, // a constant feature: its coordinates are zero, and its value is not rounded
        };
        let offset = (0..d).map(offset).collect();
        Ok(Lattice::with_bits(offset, exponent, shift, bits))
    }

    /// The least exponent for which every coordinate of feature `j` is at most `2^bits`; `None` if the feature is
    /// constant.
    fn least_exponent(&self, j: usize, grid: i32, bits: u32) -> Option<i32> {
        let (lo, hi) = (self.lo[j], self.hi[j]);
        if lo == hi {
            return None;
        }
        let fits = |p: i32| {
            let offset = offset(lo, hi, p.max(grid));
            let q = |x: f64| libm::ldexp(x - offset, -p).round_ties_even().abs();
            q(lo).max(q(hi)) <= f64::from(1 << bits)
        };
        // start below the answer: with this step the range has at least 2^(bits + 2) steps and can't fit
        let mut p = libm::ilogb(hi - lo) - bits as i32 - 2;
        while !fits(p) {
            p += 1;
        }
        Some(p)
    }
}

/// The multiple of `2^t` nearest to the centre of `lo .. hi`.
fn offset(lo: f64, hi: f64, t: i32) -> f64 {
    let centre = lo + (hi - lo) / 2.0;
    let steps = libm::ldexp(centre, -t);
    // floats from 2^52 on are integers
    if steps.abs() >= (1u64 << 52) as f64 { centre } else { libm::ldexp(steps.round_ties_even(), t) }
}

/// B: with it, weighted sums of coordinates are at most 2^61.
pub(super) fn bits_for(total_weight: u64) -> u32 {
    MAX_BITS.min(61 - total_weight.next_power_of_two().ilog2())
}

/// The coarsest power of two that divides all values so far.
struct Grid {
    exponent: Option<i32>, // None while all are zero
    to_steps: f64,         // 2^-exponent, if that is an ordinary number
}

impl Grid {
    fn new() -> Self {
        Self { exponent: None, to_steps: 0.0 }
    }

    /// Adds values. The fast path skips values that are integers in steps of the grid so far.
    fn add<T: Value>(&mut self, values: &[T]) {
        let whole = |&x: &T| {
            let x = x.into();
            let steps = x * self.to_steps; // may underflow to zero, which does not count as an integer
            ((steps != 0.0) | (x == 0.0))
                & ((steps.abs() >= (1u64 << 52) as f64) | ((steps + WHOLE) - WHOLE == steps))
        };
        if self.exponent.is_some() && values.iter().fold(true, |all, x| all & whole(x)) {
            return;
        }
        let least = values.iter().map(|&x| lowest_bit(x.into())).min().unwrap_or(i32::MAX);
        if least < self.exponent.unwrap_or(i32::MAX) {
            self.exponent = Some(least);
            // NaN where the reciprocal would overflow: then no value takes the fast path
            self.to_steps = if least > -1000 { libm::ldexp(1.0, -least) } else { f64::NAN };
        }
    }
}

/// Adding and subtracting this rounds a number below 2^51 to an integer; larger numbers may change.
pub(crate) const WHOLE: f64 = 1.5 * (1u64 << 52) as f64;

fn not_finite<T: Value>(row: usize, values: &[T]) -> LatticeError {
    let bad = |x: &T| !(*x).into().is_finite();
    let column = values.iter().position(bad).unwrap_or(0);
    LatticeError::NotFinite { row: row + 1, column: column + 1, value: values[column].into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice_of(rows: &[f64], d: usize) -> Lattice {
        let n = rows.len() / d;
        let mut extent = Extent::new(d);
        extent.add(0, rows, &Weights::ones(n)).unwrap();
        extent.lattice(n as u64).unwrap()
    }

    #[test]
    fn counts_keep_their_grid() {
        // 0 ..= 16, as the digits: half range 8 = 2^3, so a step is 2^-27 and the offset stays whole
        let lattice = lattice_of(&[0.0, 16.0, 5.0, 15.0], 1);
        assert_eq!((lattice.offset[0], lattice.exponent[0]), (8.0, -27));
        assert_eq!(lattice.place(16.0, 0), f64::from(1 << 30));
        // an odd range: the centre 7.5 goes to the even multiple of the grid
        let lattice = lattice_of(&[0.0, 15.0], 1);
        assert_eq!((lattice.offset[0], lattice.exponent[0]), (8.0, -27));
    }

    #[test]
    fn exponent_is_the_least_that_fits() {
        for (lo, hi) in
            [(0.0, 1.0), (-3.7, 12.9), (1e-300, 3e-300), (1e300, 1.1e300), (0.0, 5e-324), (1e6, 1e6 + 1e-3)]
        {
            let lattice = lattice_of(&[lo, hi], 1);
            let most = lattice.place(lo, 0).abs().max(lattice.place(hi, 0).abs());
            assert!(most <= f64::from(lattice.max_coordinate()), "{lo} {hi}");
            let finer = Lattice {
                offset: vec![offset(
                    lo,
                    hi,
                    (lattice.exponent[0] - 1).max(lowest_bit(lo).min(lowest_bit(hi))),
                )],
                exponent: vec![lattice.exponent[0] - 1],
                ..lattice.clone()
            };
            let most = finer.place(lo, 0).abs().max(finer.place(hi, 0).abs());
            assert!(most > f64::from(lattice.max_coordinate()), "{lo} {hi} would fit a finer lattice");
        }
    }

    #[test]
    fn features_of_unlike_scale_get_steps_of_their_own() {
        let uniform = lattice_of(&[0.0, 0.0, 1.0, 100.0], 2);
        assert!(!uniform.mixed());
        let mixed = lattice_of(&[0.0, 0.0, 7.0, 1.0, 1e6, 7.0], 3);
        // half of 1e6 lies between 2^18 and 2^19; the constant feature keeps the table's steps
        assert_eq!((mixed.exponent[1], mixed.exponent[2]), (-11, -11));
        assert_eq!((mixed.shift[1], mixed.shift[2]), (0, 0));
        assert_eq!(mixed.exponent[0], -11 - mixed.shift[0] as i32);
        assert_eq!(mixed.place(1.0, 0) - mixed.place(0.0, 0), libm::ldexp(1.0, -mixed.exponent[0]));
    }

    #[test]
    fn shift_is_cut_where_costs_would_overflow() {
        assert_eq!(most_shift(1, 1, 30), 30);
        assert_eq!(most_shift(1, 1, 23), 31);
        // 65,535 features and 2^38 of weight: 54 bits, so 4^E * 2^54 < 2^76
        assert_eq!(most_shift(65_535, 1 << 38, 23), 11);
        // 2^31 rows: 47 bits, so 4^E * 2^47 < 2^62
        assert_eq!(most_shift(65_535, 1 << 31, 30), 7);
        let lattice = lattice_of(&[0.0, 0.0, 1.0, 1e-30, 3.0, 2e-30], 2);
        assert_eq!(lattice.shift, [0, 29]); // 4^E * 2 * 3 < 2^62
    }

    #[test]
    fn constant_features_and_tables() {
        assert_eq!(lattice_of(&[0.0, 0.0], 1), Lattice::with_bits(vec![0.0], vec![0], vec![0], 30));
        let lattice = lattice_of(&[0.1, 0.1], 1);
        assert_eq!((lattice.offset[0], lattice.place(0.1, 0)), (0.1, 0.0));
        let lattice = lattice_of(&[1e300, 0.0, 1e300, 1.0], 2);
        assert_eq!(lattice.place(1e300, 0), 0.0);
    }

    #[test]
    fn the_grid_does_not_depend_on_the_order_of_rows() {
        let rows = [0.0, 3.0 * 2f64.powi(1000), 2f64.powi(1000), 1e-300];
        let turned = [1e-300, 2f64.powi(1000), 0.0, 3.0 * 2f64.powi(1000)];
        assert_eq!(lattice_of(&rows, 1), lattice_of(&turned, 1));
    }

    #[test]
    fn what_is_not_finite_is_named() {
        let mut extent = Extent::new(2);
        let rows = [1.0, 2.0, 3.0, f64::NAN];
        let error = extent.add(10, &rows, &Weights::ones(12)).unwrap_err();
        assert!(matches!(error, LatticeError::NotFinite { row: 12, column: 2, .. }), "{error}");
        let mut extent = Extent::new(1);
        extent.add(0, &[-1.7e308, 1.7e308], &Weights::ones(2)).unwrap();
        assert!(matches!(extent.lattice(2), Err(LatticeError::RangeOverflow { column: 1, .. })));
    }
}
