//! Drawings that are counts already are kept unchanged.

use super::{DrawingError, SIDE, SIZE, normalise};

/// Pixels per block.
const FULL: f64 = 16.0;
/// Least count of the darkest block. In every digit of the 43 writers it is 14 or more.
const DARKEST: f64 = 12.0;

/// The counts of a drawing of 8 x 8 numbers: the numbers themselves if [`are_counts`], else [`normalise()`]d.
///
/// All 5,620 digits of the 43 writers are such counts, and so is what the drawing page copies to the clipboard, which
/// can thus be read back unchanged.
///
/// # Errors
///
/// As [`normalise()`].
pub fn counts(drawing: &[f64]) -> Result<[u8; SIZE], DrawingError> {
    if !are_counts(drawing) {
        return normalise(drawing, SIDE, SIDE);
    }
    let mut counts = [0; SIZE];
    counts.iter_mut().zip(drawing).for_each(|(count, &ink)| *count = ink as u8);
    Ok(counts)
}

/// Whether 64 numbers are counts of ink pixels in 4 x 4 blocks of a normalised drawing: integers from 0 to 16, one of
/// them 12 or more, with ink in the first and in the last row.
#[must_use]
pub fn are_counts(drawing: &[f64]) -> bool {
    let whole = |&ink: &f64| (0.0..=FULL).contains(&ink) && ink.fract() == 0.0;
    let inked = |row: &[f64]| row.iter().any(|&ink| ink > 0.0);
    drawing.len() == SIZE
        && drawing.iter().all(whole)
        && drawing.iter().any(|&ink| ink >= DARKEST)
        && inked(&drawing[..SIDE])
        && inked(&drawing[SIZE - SIDE..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_and_all_else_is_made_so() {
        let mut drawing = [0.0; SIZE];
        (0..SIDE).for_each(|y| drawing[y * SIDE + 1] = 12.0);
        let kept = counts(&drawing).unwrap();
        assert!(kept.iter().zip(&drawing).all(|(&count, &ink)| f64::from(count) == ink));
        let others: [fn(&mut [f64; SIZE]); 6] = [
            |drawing| drawing[9] = 11.5,
            |drawing| drawing[9] = 17.0,
            |drawing| drawing.iter_mut().for_each(|ink| *ink /= 12.0),
            |drawing| drawing[..SIDE].fill(0.0),
            |drawing| drawing[SIZE - SIDE..].fill(0.0),
            |drawing| drawing[..SIZE - SIDE].fill(0.0),
        ];
        for change in others {
            let mut other = drawing;
            change(&mut other);
            assert!(!are_counts(&other), "{other:?}");
            assert_eq!(counts(&other), normalise(&other, SIDE, SIDE));
        }
        drawing[9] = -1.0;
        assert_eq!(counts(&drawing), Err(DrawingError::Ink { row: 2, column: 2, value: -1.0 }));
        assert_eq!(counts(&[1.0; 63]), Err(DrawingError::Shape { found: 63, height: 8, width: 8 }));
    }
}
