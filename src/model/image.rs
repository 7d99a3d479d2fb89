//! Recognises features that are the pixels of a picture.

use crate::data::shape_of_names;
use crate::lattice::Lattice;

/// Least side of a square of unnamed columns that is taken for a picture.
const LEAST: usize = 8;

/// Height and width of the picture, if the features are its pixels: their names count pixels row by row (`pixel_0_0`,
/// `pixel_0_1`, ..), or they are at least 8 x 8 columns, of a square number, without names and on a uniform lattice.
pub(super) fn shape(columns: &[String], lattice: &Lattice) -> Option<(usize, usize)> {
    shape_of_names(columns.iter().map(String::as_str)).or_else(|| {
        let side = columns.len().isqrt();
        let nameless = columns.iter().all(|name| name.starts_with("column "));
        (nameless && !lattice.mixed() && side >= LEAST && side * side == columns.len())
            .then_some((side, side))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(columns: impl Iterator<Item = String>) -> Option<(usize, usize)> {
        let columns: Vec<String> = columns.collect();
        let d = columns.len();
        shape(&columns, &Lattice::with_bits(vec![0.0; d], vec![0; d], vec![0; d], 30))
    }

    #[test]
    fn names_that_count_pixels_and_nameless_squares_are_pictures() {
        assert_eq!(shape_of((0..6).map(|i| format!("p_{}_{}", i / 3, i % 3))), Some((2, 3)));
        assert_eq!(shape_of((0..6).map(|i| format!("p_{}_{}", i % 2, i / 2))), None);
        assert_eq!(shape_of((1..=64).map(|i| format!("column {i}"))), Some((8, 8)));
        assert_eq!(shape_of((1..=9).map(|i| format!("column {i}"))), None);
        assert_eq!(shape_of((1..=64).map(|i| format!("x{i}"))), None);
        assert_eq!(shape_of(["a_0_18446744073709551615".to_owned()].into_iter()), None);
    }
}
