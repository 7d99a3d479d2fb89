//! The lattice of rows of length 1: coordinates of magnitude at most `2^B` around 0, the same for every table.

use rayon::prelude::*;

use super::extent::bits_for;
use super::{Lattice, Table};

impl Lattice {
    /// The lattice of rows of length 1 (docs/DEFINITION.md, section 2.11), whose weights add up to this.
    #[must_use]
    pub fn of_directions(n_dims: usize, total_weight: u64) -> Self {
        let bits = bits_for(total_weight);
        Self::with_bits(vec![0.0; n_dims], vec![-bits.cast_signed(); n_dims], vec![0; n_dims], bits)
    }
}

impl Table {
    /// The first row, from 0, that was not a row of length 1 on the lattice of directions; `None` if all were.
    #[must_use]
    pub fn first_without_direction(&self) -> Option<usize> {
        let (d, lattice) = (self.n_dims(), &self.lattice);
        let steps = lattice.exponent.iter().all(|&p| p == -lattice.bits.cast_signed());
        if !steps || lattice.mixed() || lattice.offset.iter().any(|&offset| offset != 0.0) {
            return Some(0);
        }
        // half a step of each feature is rounding
        let (one, off) = (1u128 << lattice.bits, d.isqrt() as u128 / 2 + 2);
        let (least, most) = ((one - off).pow(2), (one + off).pow(2));
        let squared = |row: &[i32]| row.iter().map(|q| u128::from(q.unsigned_abs()).pow(2)).sum::<u128>();
        let bad = |row: &[i32]| !(least..=most).contains(&squared(row));
        self.points.par_chunks_exact(d).position_first(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Packer, Weights};
    use super::*;

    fn pack(lattice: Lattice, rows: &[f64]) -> Table {
        let n = rows.len() / lattice.n_dims();
        let mut packer = Packer::new(lattice, Weights::ones(n), n);
        packer.add(rows).expect("finite values");
        packer.finish()
    }

    #[test]
    fn rows_of_another_length_are_found() {
        let lattice = || Lattice::of_directions(2, 3);
        assert_eq!(pack(lattice(), &[0.6, -0.8, 1.0, 0.0, 0.0, -1.0]).first_without_direction(), None);
        assert_eq!(pack(lattice(), &[0.6, -0.8, 0.0, 0.0, 0.0, -1.0]).first_without_direction(), Some(1));
        assert_eq!(pack(lattice(), &[0.6, -0.8, 1.0, 0.0, 0.0, 0.9999]).first_without_direction(), Some(2));
        let moved = Lattice::with_bits(vec![0.0, 0.5], vec![-30; 2], vec![0; 2], 30);
        assert_eq!(pack(moved, &[0.6, -0.3]).first_without_direction(), Some(0));
    }
}
