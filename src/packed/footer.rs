//! What the file of a packed table says of it after its points.

use serde::{Deserialize, Serialize};

use crate::lattice::{CoarseFeature, Lattice, Moments, Rounding, Table, Weights};

/// Floats are their bits, and integers of 128 bits are texts, so that none is rounded.
#[derive(Serialize, Deserialize)]
pub(super) struct Footer {
    pub(super) key: String,
    pub(super) n_points: u64,
    pub(super) n_dims: u64,
    pub(super) block: u64, // values
    offset: Vec<u64>,
    exponent: Vec<i32>,
    shift: Vec<u32>,
    bits: u32,
    granularity: u32,
    max_coordinate: u32,
    centre: Vec<i32>,
    outside: Vec<(u64, Vec<i64>)>,
    unplaced: Vec<u64>,
    rms: u64,
    cost: u64,
    coarse: Vec<(u64, u64)>,
    sums: Vec<String>,
    squares: Vec<String>,
}

impl Footer {
    pub(super) fn of(key: &str, block: usize, table: &Table, moments: &Moments) -> Self {
        let texts = |numbers: &[i128]| numbers.iter().map(ToString::to_string).collect();
        let Lattice { offset, exponent, shift, bits, .. } = &table.lattice;
        Self {
            key: key.to_owned(),
            n_points: table.n_points() as u64,
            n_dims: table.n_dims() as u64,
            block: block as u64,
            offset: offset.iter().map(|x| x.to_bits()).collect(),
            exponent: exponent.clone(),
            shift: shift.clone(),
            bits: *bits,
            granularity: table.granularity,
            max_coordinate: table.max_coordinate,
            centre: table.centre.clone(),
            outside: table.outside.iter().map(|(row, q)| (*row as u64, q.clone())).collect(),
            unplaced: table.unplaced.iter().map(|&row| row as u64).collect(),
            rms: table.rounding.rms.to_bits(),
            cost: table.rounding.cost.to_bits(),
            coarse: table.rounding.coarse.iter().map(|it| (it.feature as u64, it.bits.to_bits())).collect(),
            sums: texts(&moments.sums),
            squares: texts(&moments.squares),
        }
    }

    /// The table without its points, with these weights, and its moments. `None` if what it says can't be.
    pub(super) fn table(self, weights: Weights) -> Option<(Table, Moments)> {
        let numbers =
            |texts: &[String]| texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<_>>>();
        let moments = Moments { sums: numbers(&self.sums)?, squares: numbers(&self.squares)? };
        let d = usize::try_from(self.n_dims).ok()?;
        let lengths = [self.offset.len(), self.exponent.len(), self.shift.len(), self.centre.len()];
        let of_moments = [moments.sums.len(), moments.squares.len()];
        if weights.n_points() as u64 != self.n_points || lengths.iter().chain(&of_moments).any(|&n| n != d) {
            return None;
        }
        let offset = self.offset.into_iter().map(f64::from_bits).collect();
        let coarse =
            |(feature, bits)| CoarseFeature { feature: feature as usize, bits: f64::from_bits(bits) };
        let table = Table {
            points: Vec::new(),
            centre: self.centre,
            weights,
            lattice: Lattice::with_bits(offset, self.exponent, self.shift, self.bits),
            granularity: self.granularity,
            max_coordinate: self.max_coordinate,
            outside: self.outside.into_iter().map(|(row, q)| (row as usize, q)).collect(),
            unplaced: self.unplaced.into_iter().map(|row| row as usize).collect(),
            rounding: Rounding {
                rms: f64::from_bits(self.rms),
                cost: f64::from_bits(self.cost),
                coarse: self.coarse.into_iter().map(coarse).collect(),
            },
        };
        Some((table, moments))
    }
}
