//! Centroids as small grey pictures: half blocks if there is colour, characters of increasing darkness otherwise.
//!
//! A character cell is about twice as high as wide. So a half block shows two pixels, one above the other. Without
//! colour a pixel takes two characters, or in larger pictures two pixels share one.

use std::ops::RangeInclusive;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Sides of squares that are taken for pictures.
const SIDES: RangeInclusive<usize> = 3..=32;
/// Largest side drawn with two characters per pixel.
const DOUBLED: usize = 16;
/// Characters from light to dark.
const INK: &[u8] = b" .:-=+*#%@";
/// Number of greys among the 256 terminal colours, from black to white.
const GREYS: u8 = 24;
const FIRST_GREY: u8 = 232;

/// A square of shades between 0 and 1, row-major.
pub(super) struct TerminalPicture {
    shades: Array2<f64>,
}

/// The side of a square of `n_dims` pixels, if there is one.
pub(super) fn side(n_dims: usize) -> Option<usize> {
    SIDES.into_iter().find(|side| side * side == n_dims)
}

/// A picture of each centroid, all on one scale. `centroids` is (n_clusters, side * side).
pub(super) fn of(centroids: &Array2<f64>, side: usize) -> Vec<TerminalPicture> {
    let low = centroids.iter().copied().fold(f64::INFINITY, f64::min);
    let high = centroids.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shade = |x: f64| if high > low { (x - low) / (high - low) } else { 0.0 };
    let pixels = |c: usize| Array2::from_shape_fn((side, side), |(y, x)| shade(centroids[[c, y * side + x]]));
    (0..centroids.nrows()).map(|c| TerminalPicture { shades: pixels(c) }).collect()
}

impl TerminalPicture {
    /// Lines of text, each with its width in columns.
    pub(super) fn lines(&self, color: bool) -> Vec<(String, usize)> {
        let side = self.shades.nrows();
        let pairs = self.shades.axis_chunks_iter(Axis(0), 2);
        match (color, side <= DOUBLED) {
            (true, _) => pairs.map(|two| (half_blocks(two), side)).collect(),
            (false, true) => self.shades.rows().into_iter().map(|row| (doubled_ink(row), 2 * side)).collect(),
            (false, false) => pairs.map(|two| (shared_ink(two), side)).collect(),
        }
    }
}

/// Upper half blocks: the upper pixel is the foreground, the lower the background.
fn half_blocks(two: ArrayView2<'_, f64>) -> String {
    let grey = |shade: f64| FIRST_GREY + (shade * f64::from(GREYS - 1)).round() as u8;
    let pixel = |x: usize| {
        let front = grey(two[[0, x]]);
        match two.get([1, x]) {
            Some(&below) => format!("\x1b[38;5;{front};48;5;{}m▀", grey(below)),
            None => format!("\x1b[38;5;{front};49m▀"),
        }
    };
    (0..two.ncols()).map(pixel).collect::<String>() + "\x1b[0m"
}

/// Two characters per pixel.
fn doubled_ink(row: ArrayView1<'_, f64>) -> String {
    row.iter().flat_map(|&shade| [ink(shade); 2]).collect()
}

/// One character for the mean of two pixels, one above the other.
fn shared_ink(two: ArrayView2<'_, f64>) -> String {
    two.columns().into_iter().map(|column| ink(column.mean().unwrap_or(0.0))).collect()
}

fn ink(shade: f64) -> char {
    char::from(INK[(shade * (INK.len() - 1) as f64).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with a bright lower right corner.
    fn corner(side: usize) -> TerminalPicture {
        let centroids =
            Array2::from_shape_fn((1, side * side), |(_, at)| (at + 1 == side * side) as u8 as f64);
        of(&centroids, side).remove(0)
    }

    #[test]
    fn squares_are_pictures() {
        assert_eq!([9, 64, 1024].map(side), [Some(3), Some(8), Some(32)]);
        assert_eq!([1, 4, 10, 63, 33 * 33].map(side), [None; 5]);
    }

    #[test]
    fn ink_keeps_the_shape() {
        let lines = corner(3).lines(false);
        assert_eq!(
            lines.iter().map(|line| line.0.as_str()).collect::<Vec<_>>(),
            ["      ", "      ", "    @@"]
        );
        let lines = corner(18).lines(false);
        assert_eq!((lines.len(), &lines[8]), (9, &(" ".repeat(17) + "+", 18))); // half of it is dark
    }

    #[test]
    fn half_blocks_hold_two_rows_and_an_odd_last_one() {
        let lines = corner(3).lines(true);
        assert_eq!((lines.len(), lines[0].1), (2, 3));
        assert_eq!(lines[0].0, "\x1b[38;5;232;48;5;232m▀".repeat(3) + "\x1b[0m");
        assert!(lines[1].0.ends_with("\x1b[38;5;255;49m▀\x1b[0m"), "{:?}", lines[1].0);
        assert!(corner(4).lines(true)[1].0.ends_with("\x1b[38;5;232;48;5;255m▀\x1b[0m"));
    }

    #[test]
    fn equal_centroids_are_dark() {
        assert!(
            of(&Array2::from_elem((2, 9), 7.0), 3)[1]
                .lines(false)
                .iter()
                .all(|line| line.0.trim().is_empty())
        );
    }
}
