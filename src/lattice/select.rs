//! Some rows of a table, on its lattice.

use std::ops::Range;

use super::{Rounding, Table, Weights};

impl Table {
    /// The rows of positive weight, in order. A table has fewer than 2^32 rows.
    #[must_use]
    pub fn weighted_rows(&self) -> Vec<u32> {
        (0..self.n_points()).filter(|&row| self.weights.get(row) > 0).map(|row| row as u32).collect()
    }

    /// These rows, with their weights, on the same lattice. `rows` are indices of rows inside the range.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let points = rows.iter().flat_map(|&row| self.point(row as usize)).copied().collect();
        self.some(points, self.weights.select(rows))
    }

    /// A range of rows with their weights, whose points are given, on the same lattice. (rows, n_dims)
    #[must_use]
    pub fn part(&self, rows: Range<usize>, points: Vec<i32>) -> Self {
        self.some(points, self.weights.part(rows))
    }

    /// Some of its points, inside the range. (n_points, n_dims)
    fn some(&self, points: Vec<i32>, weights: Weights) -> Self {
        Self {
            points,
            centre: self.centre.clone(),
            weights,
            lattice: self.lattice.clone(),
            granularity: self.granularity,
            max_coordinate: self.max_coordinate,
            outside: Vec::new(),
            unplaced: Vec::new(),
            rounding: Rounding::default(),
        }
    }

    /// These rows, each once with weight 1, on the same lattice. `rows` are indices of rows inside the range, of which some
    /// may be equal.
    #[must_use]
    pub fn draw(&self, rows: &[u32]) -> Self {
        Self { weights: self.weights.with_values(vec![1; rows.len()]), ..self.select(rows) }
    }
}

impl Weights {
    /// These integers, as they are: the given weight of an integer weight of 1 is 1.
    #[must_use]
    pub fn of_integers(values: Vec<u32>) -> Self {
        Self::ones(values.len()).with_values(values)
    }

    /// The weights of a range of rows, in the same unit.
    fn part(&self, rows: Range<usize>) -> Self {
        let Some(values) = self.values() else { return Self::ones(rows.len()) };
        self.with_values(values[rows].to_vec())
    }

    /// The weights of these rows, in the same unit.
    fn select(&self, rows: &[u32]) -> Self {
        let Some(values) = self.values() else { return Self::ones(rows.len()) };
        self.with_values(rows.iter().map(|&row| values[row as usize]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extent, Packer};
    use super::*;

    #[test]
    fn rows_keep_their_coordinates_and_weights() {
        let (rows, weights) =
            ([0.0, 1.0, 5.0, 9.5], Weights::new(&[2.0, 4.0, 6.0, 0.0], 4).expect("weights"));
        let mut extent = Extent::new(1);
        extent.add(0, &rows, &weights).expect("finite");
        let mut packer = Packer::new(extent.lattice(weights.total()).expect("a lattice"), weights, 4);
        packer.add(&rows).expect("finite");
        let table = packer.finish();
        let some = table.select(&[0, 2]);
        assert_eq!((some.point(0), some.point(1)), (table.point(0), table.point(2)));
        assert_eq!((some.weights.get(1), some.weights.total(), some.weights.unit()), (3, 4, 2.0));
        assert_eq!((some.n_points(), &some.lattice), (2, &table.lattice));
        let drawn = table.draw(&[2, 0, 2]);
        assert_eq!(
            (drawn.point(0), drawn.point(1), drawn.point(2)),
            (table.point(2), table.point(0), table.point(2))
        );
        assert_eq!((drawn.weights.get(0), drawn.weights.total(), drawn.weights.unit()), (1, 3, 2.0));
    }
}
