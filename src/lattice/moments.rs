//! Weighted sums of coordinates and of their squares, as integers.

use rayon::prelude::*;

use super::{Lattice, Table};

/// Values that a task adds up before sums of 64 bits could overflow: a coordinate is at most 2^30, and the halves of its
/// square are below 2^32.
const VALUES: usize = 1 << 20;

/// Weighted sums of a table's coordinates, and of their squares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moments {
    /// S: sums of coordinates. (n_dims)
    pub sums: Vec<i128>,
    /// Q: sums of their squares. (n_dims)
    pub squares: Vec<i128>,
}

impl Moments {
    /// Those of no rows.
    #[must_use]
    pub fn new(n_dims: usize) -> Self {
        Self { sums: vec![0; n_dims], squares: vec![0; n_dims] }
    }

    /// Adds the rows of a table.
    pub fn add(&mut self, table: &Table) {
        let d = table.n_dims();
        let rows = (VALUES / d).max(1);
        let parts: Vec<Moments> = table
            .points
            .par_chunks(rows * d)
            .enumerate()
            .map(|(part, points)| match table.weights.values() {
                None => Self::of_rows(points, d),
                Some(weights) => Self::of_weighted(points, &weights[part * rows..], d),
            })
            .collect();
        for part in parts {
            self.sums.iter_mut().zip(part.sums).for_each(|(sum, more)| *sum += more);
            self.squares.iter_mut().zip(part.squares).for_each(|(sum, more)| *sum += more);
        }
    }

    fn of_rows(points: &[i32], d: usize) -> Self {
        let (mut sums, mut low, mut high) = (vec![0i64; d], vec![0u64; d], vec![0u64; d]);
        for row in points.chunks_exact(d) {
            let halves = low.iter_mut().zip(&mut high);
            for ((&q, sum), (low, high)) in row.iter().zip(&mut sums).zip(halves) {
                *sum += i64::from(q);
                let square = (i64::from(q) * i64::from(q)) as u64;
                *low += square & 0xffff_ffff;
                *high += square >> 32;
            }
        }
        let whole = |(low, high)| (i128::from(high) << 32) + i128::from(low);
        Self {
            sums: sums.into_iter().map(i128::from).collect(),
            squares: low.into_iter().zip(high).map(whole).collect(),
        }
    }

    fn of_weighted(points: &[i32], weights: &[u32], d: usize) -> Self {
        let mut moments = Self::new(d);
        for (row, &weight) in points.chunks_exact(d).zip(weights) {
            for (j, &q) in row.iter().enumerate() {
                let (q, weight) = (i128::from(q), i128::from(weight));
                moments.sums[j] += weight * q;
                moments.squares[j] += weight * q * q;
            }
        }
        moments
    }

    /// The weighted squared distances of all rows from 0, summed, in the smallest units of the lattice.
    #[must_use]
    pub fn from_zero(&self, lattice: &Lattice) -> u128 {
        let shifts = lattice.shift.iter().map(|e| 2 * (lattice.max_shift() - e));
        self.squares.iter().zip(shifts).map(|(squares, by)| squares.unsigned_abs() << by).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extent, Packer, Weights};
    use super::*;

    #[test]
    fn they_are_those_of_plain_sums() {
        const N: usize = 1000;
        let rows: Vec<f64> =
            (0..N * 3).map(|i| f64::from((i * 7919 % 10_007) as u32).powi(2) - 3e7).collect();
        for weight in [|_: usize| 1.0, |i: usize| (i % 7 * (1 << 24)) as f64 + 1.0] {
            let weights = Weights::new(&(0..N).map(weight).collect::<Vec<_>>(), N).unwrap();
            let mut extent = Extent::new(3);
            extent.add(0, &rows, &weights).unwrap();
            let mut packer = Packer::new(extent.lattice(weights.total()).unwrap(), weights, N);
            packer.add(&rows).unwrap();
            let table = packer.finish();
            let (mut moments, mut plain) = (Moments::new(3), Moments::new(3));
            moments.add(&table);
            for i in 0..N {
                for (j, &q) in table.point(i).iter().enumerate() {
                    let (q, weight) = (i128::from(q), i128::from(table.weights.get(i)));
                    plain.sums[j] += weight * q;
                    plain.squares[j] += weight * q * q;
                }
            }
            assert_eq!(moments, plain);
        }
    }

    #[test]
    fn the_largest_coordinates_do_not_overflow() {
        let edge = 1 << 30;
        let of = |q: i32| Moments::of_rows(&vec![q; VALUES], 1);
        for q in [edge, -edge] {
            let (n, q) = (VALUES as i128, i128::from(q));
            assert_eq!(of(q as i32), Moments { sums: vec![n * q], squares: vec![n * q * q] });
        }
    }
}
