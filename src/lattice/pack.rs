//! Second pass: rows to integers.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::centre::{centre, from_centre, sample_step};
use super::extent::{WHOLE, block_rows};
use super::rounding::RoundingSums;
use super::{Lattice, LatticeError, MAX_DIMS, MAX_OUTSIDE, Rounding, Value, Weights};

/// Points on the lattice, the input of every engine.
#[derive(Debug, Clone)]
pub struct Table {
    /// Coordinates, of magnitude at most 2^30. (n_points, n_dims); empty in the head of a table that lies in a file
    /// ([`PackedTable`](crate::packed::PackedTable)), which the in-memory engines can't run.
    pub points: Vec<i32>,
    /// What guesses in floating point subtract from points and centroids: a multiple of `2^granularity` near where most
    /// points are, below 2^30 in magnitude; zero for small integers. (n_dims)
    pub centre: Vec<i32>,
    /// Integer weights. (n_points)
    pub weights: Weights,
    /// The lattice: scale and offset of the integers.
    pub lattice: Lattice,
    /// Trailing zero bits that all coordinates share.
    pub granularity: u32,
    /// Largest magnitude of a coordinate.
    pub max_coordinate: u32,
    /// Rows of weight zero outside the range, with their coordinates. In `points` they are zeros.
    pub outside: Vec<(usize, Vec<i64>)>,
    /// Rows of weight zero so far outside that they have no coordinates, and no label. In `points` they are zeros.
    pub unplaced: Vec<usize>,
    /// Rounding errors from placing the rows on the lattice.
    pub rounding: Rounding,
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn n_points(&self) -> usize {
        self.weights.n_points()
    }

    /// Number of features.
    #[must_use]
    pub fn n_dims(&self) -> usize {
        self.lattice.n_dims()
    }

    /// Coordinates of row `i`. (n_dims)
    #[must_use]
    #[inline]
    pub fn point(&self, i: usize) -> &[i32] {
        let d = self.n_dims();
        &self.points[i * d..][..d]
    }

    /// Half the squared distance of row `i` from the centre, with a relative error of at most 2^-36. Features of a mixed
    /// table are scaled by `2^-e`.
    #[must_use]
    pub fn half_norm(&self, i: usize) -> f64 {
        half_norm(self.point(i), &self.centre, &self.lattice)
    }

    /// The same of a centroid. (n_dims)
    #[must_use]
    pub fn half_norm_of(&self, centroid: &[i32]) -> f64 {
        half_norm(centroid, &self.centre, &self.lattice)
    }

    /// Largest magnitude of a coordinate from the centre, or somewhat more; below 2^31.
    #[must_use]
    pub fn reach(&self) -> u32 {
        self.max_coordinate + self.centre.iter().map(|m| m.unsigned_abs()).max().unwrap_or(0)
    }

    /// Whether squared distances between coordinates of the table's range fit 64 bits, once the common factor
    /// `4^granularity` is divided out.
    #[must_use]
    pub fn distances_fit_64_bits(&self) -> bool {
        let steps = (u128::from(self.max_coordinate.max(1)) * 2) >> self.granularity;
        !self.lattice.mixed() && self.n_dims() as u128 * steps * steps < 1 << 64
    }

    /// As many rows of the same weights, in which each feature is uniform over its range in this table, on the table's
    /// grid. `below` draws a number less than the given one; it is called for each value, row by row.
    #[must_use]
    pub fn uniform(&self, below: &mut dyn FnMut(u64) -> u64) -> Table {
        let d = self.n_dims();
        let ranges: Vec<(i32, i32)> = (0..d)
            .map(|j| {
                let values = || self.points.iter().skip(j).step_by(d).copied();
                (values().min().unwrap_or(0), values().max().unwrap_or(0))
            })
            .collect();
        let mut draw = |&(least, most): &(i32, i32)| {
            let steps = (i64::from(most) - i64::from(least)) as u64 >> self.granularity;
            (i64::from(least) + ((below(steps + 1) as i64) << self.granularity)) as i32
        };
        let points = (0..self.n_points()).flat_map(|_| ranges.iter().map(&mut draw).collect::<Vec<_>>());
        let points = points.collect();
        self.with_points(points, self.weights.clone())
    }

    /// Other points on the same lattice.
    fn with_points(&self, points: Vec<i32>, weights: Weights) -> Table {
        let sizes = points.iter().map(|q| q.unsigned_abs());
        let (bits, most) = sizes.fold((0, 0), |(bits, most), size| (bits | size, size.max(most)));
        let lattice = self.lattice.clone();
        let mut packer = Packer::new(lattice, weights, 0);
        packer.table.points = points;
        packer.table.max_coordinate = most;
        Packer { bits, tally: None, ..packer }.finish()
    }

    /// Converts a cost to the user's units: squared distances times the given weights.
    #[must_use]
    pub fn cost(&self, cost: u128) -> f64 {
        self.lattice.cost(cost) * self.weights.unit()
    }
}

fn half_norm(row: &[i32], centre: &[i32], lattice: &Lattice) -> f64 {
    let square = |x: i32| f64::from(x) * f64::from(x);
    if !lattice.mixed() {
        // several sums side by side, since an addition waits for the one before
        let ((rows, rest), (centres, of_rest)) = (row.as_chunks::<8>(), centre.as_chunks::<8>());
        let mut sums = [0.0; 8];
        for (row, centre) in rows.iter().zip(centres) {
            for lane in 0..8 {
                sums[lane] += square(row[lane] - centre[lane]);
            }
        }
        let rest: f64 = from_centre(rest, of_rest).map(square).sum();
        return (sums.into_iter().sum::<f64>() + rest) / 2.0;
    }
    let squares = from_centre(row, centre).map(square);
    let scaled = squares.zip(&lattice.shift).map(|(square, &e)| square * 0.25f64.powi(e as i32));
    scaled.sum::<f64>() / 2.0
}

/// Places rows on a lattice, in order, block by block.
#[derive(Debug)]
pub struct Packer {
    table: Table,
    bits: u32,
    tally: Option<RoundingSums>, // None: no rounding report
    taken: Option<Taken>,        // of rows that do not stay in memory
    first: usize,                // the index of the first row; that of a rank's rows in the whole table
}

/// What a rank found of its rows while they were placed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    bits: u32,
    most: u32,
    sample: Vec<i32>, // rows from which the centre follows (any, n_dims)
    tally: Vec<u64>,
    outside: Vec<(usize, Vec<i64>)>,
    unplaced: Vec<usize>,
}

/// Rows that were taken out.
#[derive(Debug)]
struct Taken {
    rows: usize,
    sample: Vec<i32>, // those from which the centre follows
    step: usize,
}

impl Packer {
    /// Allocates `n_points` rows. [`check_shape`] must have passed.
    #[must_use]
    pub fn new(lattice: Lattice, weights: Weights, n_points: usize) -> Self {
        let n_dims = lattice.n_dims();
        let tally = Some(RoundingSums::new(n_points, n_dims));
        let table = Table {
            points: Vec::with_capacity(n_points * n_dims),
            centre: vec![0; n_dims],
            weights,
            lattice,
            granularity: 0,
            max_coordinate: 0,
            outside: Vec::new(),
            unplaced: Vec::new(),
            rounding: Rounding::default(),
        };
        Self { table, bits: 0, tally, taken: None, first: 0 }
    }

    /// The same for rows that are taken out again after they were placed: see [`Packer::take`]. The table that is left has
    /// no points, and all else of a table.
    #[must_use]
    pub fn taking(lattice: Lattice, weights: Weights) -> Self {
        let n_points = weights.n_points();
        let mut packer = Self::new(lattice, weights, 0);
        packer.tally = Some(RoundingSums::new(n_points, packer.table.n_dims()));
        packer.taken = Some(Taken { rows: 0, sample: Vec::new(), step: sample_step(n_points) });
        packer
    }

    /// The same for some rows of a table, whose weights and lattice are given as a whole: those of one of its ranks. All that
    /// ranks found is put together by [`Packer::finish_with`].
    pub(crate) fn of_rank(lattice: Lattice, weights: Weights, rows: Range<usize>) -> Self {
        let (n_points, n_dims) = (weights.n_points(), lattice.n_dims());
        let mut packer = Self::new(lattice, weights, rows.len());
        packer.tally = Some(RoundingSums::new(n_points, n_dims));
        Self { first: rows.start, ..packer }
    }

    /// The index of the first row in the whole table.
    pub(crate) fn begin(&self) -> usize {
        self.first
    }

    /// What is known of the rows so far, for the other ranks.
    pub(crate) fn found(&self) -> Found {
        let (d, step) = (self.table.n_dims(), sample_step(self.table.n_points()));
        let skip = self.first.next_multiple_of(step) - self.first;
        let sample = self.table.points.chunks_exact(d).skip(skip).step_by(step).flatten().copied().collect();
        Found {
            bits: self.bits,
            most: self.table.max_coordinate,
            sample,
            tally: self.tally.as_ref().map_or_else(Vec::new, RoundingSums::words),
            outside: self.table.outside.clone(),
            unplaced: self.table.unplaced.clone(),
        }
    }

    /// The head of the whole table, and the rows of this rank, of which it has `rows`, from what all ranks found.
    pub(crate) fn finish_with(mut self, all: &[Found]) -> (Table, Table) {
        let points = std::mem::take(&mut self.table.points);
        let rows = self.first..self.first + points.len() / self.table.n_dims();
        let mut tally = RoundingSums::new(self.table.n_points(), self.table.n_dims());
        let mut sample = Vec::new();
        (self.table.outside, self.table.unplaced) = (Vec::new(), Vec::new());
        for found in all {
            self.bits |= found.bits;
            self.table.max_coordinate = self.table.max_coordinate.max(found.most);
            tally.add_words(&found.tally);
            sample.extend_from_slice(&found.sample);
            self.table.outside.extend_from_slice(&found.outside);
            self.table.unplaced.extend_from_slice(&found.unplaced);
        }
        self.tally = Some(tally);
        self.taken = Some(Taken { rows: 0, sample, step: 1 });
        let head = self.finish();
        let own = head.part(rows, points);
        (head, own)
    }

    /// The table so far: all rows' weights, and the lattice.
    #[must_use]
    pub fn head(&self) -> &Table {
        &self.table
    }

    /// Takes out the rows placed since the last call, in exchange for the memory of `points`. Returns the index of the
    /// first of them. (any, n_dims)
    pub fn take(&mut self, points: &mut Vec<i32>) -> usize {
        std::mem::swap(&mut self.table.points, points);
        self.table.points.clear();
        let d = self.table.n_dims();
        let Some(Taken { rows, sample, step }) = &mut self.taken else { return 0 };
        let first = *rows;
        *rows += points.len() / d;
        let skip = first.next_multiple_of(*step) - first;
        points.chunks_exact(d).skip(skip).step_by(*step).for_each(|row| sample.extend_from_slice(row));
        first
    }

    /// Places new rows on the lattice of a fit. They may lie outside its range, and get no rounding report. `rows` is
    /// (any, n_dims), row-major.
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`]; row numbers count in `rows`, from 1.
    pub fn later<T: Value>(lattice: &Lattice, rows: &[T]) -> Result<Table, LatticeError> {
        let n_points = rows.len() / lattice.n_dims();
        let mut packer = Self::new(lattice.clone(), Weights::ones(n_points), n_points);
        packer.tally = None;
        packer.add(rows)?;
        Ok(packer.finish())
    }

    /// Places the next rows. `rows` is (any, n_dims), row-major.
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`].
    pub fn add<T: Value>(&mut self, rows: &[T]) -> Result<(), LatticeError> {
        let d = self.table.n_dims();
        let at = self.table.points.len();
        let first = self.first + at / d + self.taken.as_ref().map_or(0, |taken| taken.rows);
        let size = block_rows(d);
        if let Some(tally) = &mut self.tally {
            tally.sample(first, rows);
        }
        let Table { points, weights, lattice, .. } = &mut self.table;
        points.resize(at + rows.len(), 0);
        let blocks: Vec<_> = points[at..]
            .par_chunks_mut(size * d)
            .zip(rows.par_chunks(size * d))
            .enumerate()
            .map(|(block, (q, x))| pack_block(lattice, weights, first + block * size, x, q))
            .collect();
        for block in blocks {
            let block = block?;
            self.bits |= block.bits;
            self.table.max_coordinate = self.table.max_coordinate.max(block.most);
            if let Some(tally) = &mut self.tally {
                tally.add(&block.errors, &block.own);
            }
            self.table.outside.extend(block.outside);
            self.table.unplaced.extend(block.unplaced);
        }
        Ok(())
    }

    /// The table, after all rows were added.
    #[must_use]
    pub fn finish(mut self) -> Table {
        self.table.granularity = if self.bits == 0 { 0 } else { self.bits.trailing_zeros() };
        self.table.rounding = self.tally.map_or_else(Rounding::default, |tally| {
            tally.report(&self.table.lattice, self.table.weights.total())
        });
        let Table { points, granularity, max_coordinate, lattice, .. } = &self.table;
        let points = self.taken.as_ref().map_or(points, |taken| &taken.sample);
        let steps = u128::from(max_coordinate >> granularity);
        // scores of points of few bits are exact in f32 without a centre
        if lattice.mixed() || 3 * lattice.n_dims() as u128 * steps * steps >= 1 << 24 {
            self.table.centre = centre(points, lattice.n_dims(), *granularity);
        }
        self.table
    }
}

/// Checks the number of rows and features.
///
/// # Errors
/// [`LatticeError::Empty`], [`LatticeError::TooManyDims`], [`LatticeError::TooManyPoints`].
pub fn check_shape(n_points: usize, n_dims: usize) -> Result<(), LatticeError> {
    if n_points == 0 || n_dims == 0 {
        return Err(LatticeError::Empty { n_points, n_dims });
    }
    if n_dims > MAX_DIMS {
        return Err(LatticeError::TooManyDims { n_dims });
    }
    if u32::try_from(n_points).is_err() {
        return Err(LatticeError::TooManyPoints { n_points });
    }
    Ok(())
}

#[derive(Default)]
struct Block {
    bits: u32,        // bitwise or of all magnitudes
    most: u32,        // largest coordinate
    errors: Vec<f64>, // squared rounding errors, in steps, summed (n_dims)
    own: Vec<f64>,    // squared distances from the offset, in steps, summed (n_dims)
    outside: Vec<(usize, Vec<i64>)>,
    unplaced: Vec<usize>,
}

fn pack_block<T: Value>(
    lattice: &Lattice,
    weights: &Weights,
    first: usize,
    rows: &[T],
    points: &mut [i32],
) -> Result<Block, LatticeError> {
    let d = lattice.n_dims();
    let scales: Vec<Scale> = (0..d).map(|j| Scale::new(lattice, j)).collect();
    let limit = f64::from(lattice.max_coordinate());
    let ordinary = scales.iter().all(|scale| scale.to_steps.is_finite());
    let mut block = Block { errors: vec![0.0; d], own: vec![0.0; d], ..Block::default() };
    for (i, (x, q)) in rows.chunks_exact(d).zip(points.chunks_exact_mut(d)).enumerate() {
        let inside =
            if ordinary { block.pack_row(&scales, limit, x, q) } else { block.pack_tiny_row(lattice, x, q) };
        if !inside {
            q.fill(0);
            match lattice.place_row(first + i, x) {
                Ok(q) => block.outside.push((first + i, q)),
                Err(LatticeError::TooFarOutside { .. }) => block.unplaced.push(first + i),
                Err(error) => return Err(error),
            }
        }
        if inside && weights.get(first + i) > 0 {
            let sums = block.errors.iter_mut().zip(&mut block.own);
            for (((&x, &q), scale), (errors, own)) in x.iter().zip(q.iter()).zip(&scales).zip(sums) {
                let steps = scale.steps(x.into());
                let error = steps - f64::from(q);
                *errors += error * error;
                *own += steps * steps;
            }
        }
    }
    Ok(block)
}

/// Constants of a feature, with which [`Lattice::place`] needs no power of two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    offset: f64,
    exponent: i32,
    /// 2^-exponent; infinite where that overflows.
    to_steps: f64,
}

impl Scale {
    /// Those of feature `j`.
    pub(crate) fn new(lattice: &Lattice, j: usize) -> Self {
        let p = lattice.exponent[j];
        Self { offset: lattice.offset[j], exponent: p, to_steps: libm::ldexp(1.0, -p) }
    }

    /// The distance of a value from the offset in steps, not rounded.
    pub(crate) fn steps(&self, x: f64) -> f64 {
        let distance = x - self.offset;
        if self.to_steps.is_finite() {
            distance * self.to_steps
        } else {
            libm::ldexp(distance, -self.exponent)
        }
    }
}

impl Block {
    /// Places a row; false if a coordinate lies outside the range.
    fn pack_row<T: Value>(&mut self, scales: &[Scale], limit: f64, x: &[T], q: &mut [i32]) -> bool {
        let (mut inside, mut bits, mut most) = (true, 0, 0);
        for ((&x, q), scale) in x.iter().zip(q).zip(scales) {
            // adding 1.5 * 2^52 rounds to the nearest integer, ties to even, and leaves it in the low bits
            let whole = (x.into() - scale.offset) * scale.to_steps + WHOLE;
            let placed = whole - WHOLE;
            inside &= placed.abs() <= limit;
            *q = whole.to_bits() as i32;
            let size = q.unsigned_abs();
            bits |= size;
            most = if size > most { size } else { most };
        }
        if inside {
            self.note(bits, most);
        }
        inside
    }

    /// The same for steps whose reciprocal overflows.
    fn pack_tiny_row<T: Value>(&mut self, lattice: &Lattice, x: &[T], q: &mut [i32]) -> bool {
        let limit = f64::from(lattice.max_coordinate());
        for (j, (&x, q)) in x.iter().zip(q.iter_mut()).enumerate() {
            let placed = lattice.place(x.into(), j);
            let inside = placed.abs() <= limit; // false for NaN
            if !inside {
                return false;
            }
            *q = placed as i32;
        }
        for size in q.iter().map(|q| q.unsigned_abs()) {
            self.note(size, size);
        }
        true
    }

    fn note(&mut self, bits: u32, most: u32) {
        self.bits |= bits;
        self.most = self.most.max(most);
    }
}

impl Lattice {
    /// Coordinates of a row that may lie outside the range. `row` is its index, for errors; `x` is (n_dims).
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`], [`LatticeError::TooFarOutside`].
    pub fn place_row<T: Value>(&self, row: usize, x: &[T]) -> Result<Vec<i64>, LatticeError> {
        let place = |(j, &x): (usize, &T)| {
            let value: f64 = x.into();
            let q = self.place(value, j);
            if q.abs() < MAX_OUTSIDE {
                return Ok(q as i64);
            }
            if !value.is_finite() {
                return Err(LatticeError::NotFinite { row: row + 1, column: j + 1, value });
            }
            Err(LatticeError::TooFarOutside {
                row: row + 1,
                column: j + 1,
                value,
                centre: self.offset[j],
                limit: libm::ldexp(MAX_OUTSIDE, self.exponent[j]),
            })
        };
        x.iter().enumerate().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;

    fn pack(rows: &[f64], d: usize, weights: Weights) -> Result<Table, LatticeError> {
        let mut extent = Extent::new(d);
        extent.add(0, rows, &weights)?;
        let mut packer = Packer::new(extent.lattice(weights.total())?, weights, rows.len() / d);
        let (head, tail) = rows.split_at(rows.len() / d / 2 * d);
        packer.add(head)?;
        packer.add(tail)?;
        Ok(packer.finish())
    }

    #[test]
    fn grid_data_comes_back_unchanged() {
        let rows: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 17)).collect();
        let table = pack(&rows, 3, Weights::ones(20)).unwrap();
        assert_eq!((table.granularity, table.rounding.rms, table.n_points()), (27, 0.0, 20));
        for (at, &x) in rows.iter().enumerate() {
            assert_eq!(table.lattice.value(table.points[at].into(), at % 3), x);
        }
        assert_eq!(table.max_coordinate, 8 << 27);
    }

    #[test]
    fn a_row_without_weight_may_lie_outside() {
        let weights = Weights::new(&[1.0, 1.0, 0.0], 3).unwrap();
        let table = pack(&[0.0, 1.0, 5.0], 1, weights.clone()).unwrap();
        // the centre of 0 .. 1 rounds to 0 on the grid of integers; a step is 2^-30
        assert_eq!(table.outside, [(2, vec![5 << 30])]);
        assert_eq!(table.points[2], 0);
        let table = pack(&[0.0, 1.0, 1e10], 1, weights).unwrap();
        assert_eq!((&table.outside[..], &table.unplaced[..]), (&[][..], &[2][..]));
        assert_eq!(Packer::later(&table.lattice, &[0.0, 1e10]).unwrap().unplaced, [1]);
        let error = table.lattice.place_row(1, &[1e10]).unwrap_err();
        assert!(matches!(error, LatticeError::TooFarOutside { row: 2, column: 1, .. }), "{error}");
    }

    #[test]
    fn shapes_without_room_are_refused() {
        assert!(matches!(check_shape(0, 3), Err(LatticeError::Empty { .. })));
        assert!(matches!(check_shape(3, 0), Err(LatticeError::Empty { .. })));
        assert!(matches!(check_shape(1, 65_536), Err(LatticeError::TooManyDims { .. })));
        assert!(matches!(check_shape(1 << 33, 1), Err(LatticeError::TooManyPoints { .. })));
        assert!(check_shape(1, 65_535).is_ok());
    }

    #[test]
    fn a_huge_value_is_reported_as_coarse() {
        let mut rows: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.37).sin()).collect();
        assert_eq!(pack(&rows, 2, Weights::ones(100)).unwrap().rounding.coarse, []);
        rows[6] = 1e9;
        let coarse = pack(&rows, 2, Weights::ones(100)).unwrap().rounding.coarse;
        assert_eq!(coarse.len(), 1);
        assert_eq!(coarse[0].feature, 0);
        assert!(coarse[0].bits < 1.0);
    }
}
