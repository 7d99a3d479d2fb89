//! Distinct rows, before and after rounding.

use std::collections::HashSet;

use super::spread::visit;
use crate::data::{DataError, Dataset};
use crate::lattice::Lattice;

/// Numbers of distinct rows of positive weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distinct {
    /// As given.
    pub(super) given: usize,
    /// After rounding to the lattice.
    pub(super) placed: usize,
}

/// Counts distinct rows, up to `most`.
pub(super) fn distinct(data: &Dataset<'_>, lattice: &Lattice, most: usize) -> Result<Distinct, DataError> {
    let mut given = DistinctRows::new(most);
    let mut placed = DistinctRows::new(most);
    visit(data, &mut |_, row| {
        given.add(row.iter().copied());
        placed.add(row.iter().enumerate().map(|(j, &x)| lattice.place(x, j)));
    })?;
    Ok(Distinct { given: given.seen.len(), placed: placed.seen.len() })
}

/// Distinct rows seen, up to a number of them.
struct DistinctRows {
    seen: HashSet<Vec<u64>>,
    most: usize,
    row: Vec<u64>,
}

impl DistinctRows {
    fn new(most: usize) -> Self {
        Self { seen: HashSet::new(), most, row: Vec::new() }
    }

    fn add(&mut self, values: impl Iterator<Item = f64>) {
        if self.seen.len() < self.most {
            self.row.clear();
            self.row.extend(values.map(|x| (x + 0.0).to_bits())); // -0 equals 0
            if !self.seen.contains(&self.row) {
                self.seen.insert(self.row.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_before_and_after_rounding() {
        let rows = ndarray::arr2(&[[0.0, 1.0], [-0.0, 1.0], [0.1, 1.0], [8.0, 1.0], [9.0, 9.0]]);
        let data = Dataset::new("rows", rows).with_weights(vec![1.0, 1.0, 1.0, 2.0, 0.0]);
        let lattice = Lattice::with_bits(vec![0.0; 2], vec![0; 2], vec![0; 2], 30);
        let of = |most| distinct(&data, &lattice, most).unwrap();
        assert_eq!(of(9), Distinct { given: 3, placed: 2 });
        assert_eq!(of(2), Distinct { given: 2, placed: 2 });
    }
}
