//! A drawing of any size and scale -> counts as in the data.

use super::resample::{Span, resample};
use super::shear::sheared;
use super::{DrawingError, FIELD, SIDE, SIZE, check_ink};

/// Height and width of a block.
const BLOCK: usize = FIELD / SIDE;
/// Typical width of the digits of the 30 writers, in pixels of the field: 3 of 4 have ink in 6 of 8 blocks.
const WIDTH: f64 = 24.0;
/// Largest factor by which a drawing is stretched or compressed to that width.
const STRETCH: f64 = 1.5;
/// Less than this share of the darkest ink counts as dirt when the drawing is cropped.
const DIRT: f64 = 0.1;
/// Shares of the darkest ink that count as no ink, and as full ink.
const PAPER: f64 = 0.2;
const FULL: f64 = 0.9;

/// Normalises a drawing to 8 x 8 counts from 0 to 16, row-major, like the digits of the data.
///
/// `drawing` is (height, width), row-major from the top left, of any scale with 0 for paper: 8 x 8 numbers, a bitmap
/// of 32 x 32, a picture. As in NIST's form software, which made the data (Garris et al., "NIST form-based handprint
/// recognition system", NISTIR 5469, 1994), it is cropped to the ink, scaled to a height of 32 pixels, centred and
/// sheared so that the leftmost ink of its last row lies below that of its first; then the ink of each 4 x 4 block is
/// counted. All digits of the data touch the first and the last row, and most are 24 pixels wide. So the width is scaled
/// with the height, then towards 24 by a factor of at most 1.5.
///
/// Two corrections serve drawings whose pixels are as large as a pen. The crop cuts a boundary row or column in
/// proportion to how pale it is. And contrast is raised, so that ink of a fifth of the darkest becomes none, and ink
/// of nine tenths becomes full. The constants were chosen on the 30 writers and on simulated strokes, not on the other
/// 13 writers.
///
/// # Errors
///
/// [`DrawingError::NoInk`], [`DrawingError::Ink`] for a number that is negative or not finite,
/// [`DrawingError::Shape`] where height and width don't fit.
pub fn normalise(drawing: &[f64], height: usize, width: usize) -> Result<[u8; SIZE], DrawingError> {
    Ok(count(&sheared(&field(drawing, height, width)?)))
}

/// [`normalise()`] without the shear.
#[cfg(feature = "cli")]
pub(crate) fn normalise_slanted(
    drawing: &[f64],
    height: usize,
    width: usize,
) -> Result<[u8; SIZE], DrawingError> {
    Ok(count(&field(drawing, height, width)?))
}

/// The drawing in the field, centred, from 0 for paper to 1. (32, 32)
fn field(drawing: &[f64], height: usize, width: usize) -> Result<Vec<f64>, DrawingError> {
    if drawing.is_empty() || height.checked_mul(width) != Some(drawing.len()) {
        return Err(DrawingError::Shape { found: drawing.len(), height, width });
    }
    check_ink(drawing, width)?;
    let darkest = drawing.iter().copied().fold(0.0, f64::max);
    if darkest == 0.0 {
        return Err(DrawingError::NoInk);
    }
    let ink: Vec<f64> = drawing.iter().map(|x| x / darkest).collect();
    let rows = inked(ink.chunks_exact(width).map(|row| row.iter().copied().fold(0.0, f64::max)));
    let columns = inked((0..width).map(|j| ink.iter().skip(j).step_by(width).copied().fold(0.0, f64::max)));
    let new_width = new_width(rows, columns);
    let pixels = resample(&ink, width, (rows, FIELD), (columns, new_width));
    Ok(centred(&contrasted(&pixels), new_width))
}

/// The span of rows or columns with ink. `darkest` is the darkest ink of each, from 0 to 1; the maximum is 1.
fn inked(darkest: impl Iterator<Item = f64>) -> Span {
    let mut inked = darkest.enumerate().filter(|&(_, ink)| ink >= DIRT);
    let (first, first_ink) = inked.next().unwrap_or((0, 1.0));
    let (last, last_ink) = inked.last().unwrap_or((first, first_ink));
    let span = Span { from: (first + 1) as f64 - first_ink, to: last as f64 + last_ink };
    if first == last { Span { from: first as f64, to: (first + 1) as f64 } } else { span }
}

/// The width after scaling, 1 to 32 pixels of the field.
fn new_width(rows: Span, columns: Span) -> usize {
    let own = FIELD as f64 * columns.length() / rows.length();
    let stretched = WIDTH.clamp(own / STRETCH, own * STRETCH);
    (stretched.round() as usize).clamp(1, FIELD)
}

/// Maps paper to 0 and full ink to 1.
fn contrasted(pixels: &[f64]) -> Vec<f64> {
    let darkest = pixels.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    pixels.iter().map(|x| ((x / darkest - PAPER) / (FULL - PAPER)).clamp(0.0, 1.0)).collect()
}

/// `pixels` is (32, width).
fn centred(pixels: &[f64], width: usize) -> Vec<f64> {
    let left = (FIELD - width) / 2;
    let mut field = vec![0.0; FIELD * FIELD];
    for (line, row) in field.chunks_exact_mut(FIELD).zip(pixels.chunks_exact(width)) {
        line[left..left + width].copy_from_slice(row);
    }
    field
}

/// The ink of each block.
fn count(field: &[f64]) -> [u8; SIZE] {
    let mut sums = [0.0; SIZE];
    for (at, ink) in field.iter().enumerate() {
        sums[at / FIELD / BLOCK * SIDE + at % FIELD / BLOCK] += ink;
    }
    sums.map(|sum| sum.round() as u8) // at most 16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring of size `size` at (top, left) of a picture of `field` x `field`.
    fn ring(size: usize, field: usize, (top, left): (usize, usize), ink: f64) -> Vec<f64> {
        let mut picture = vec![0.0; field * field];
        let centre = size as f64 / 2.0;
        for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
            let distance = (y as f64 + 0.5 - centre).hypot(x as f64 + 0.5 - centre) / centre;
            if (0.55..1.0).contains(&distance) {
                picture[(top + y) * field + left + x] = ink;
            }
        }
        picture
    }

    #[test]
    fn place_and_amount_of_ink_change_nothing() {
        let first = normalise(&ring(20, 28, (0, 0), 1.0), 28, 28).unwrap();
        for (place, ink) in [((8, 8), 1.0), ((3, 0), 0.001), ((5, 7), 255.0), ((1, 2), 1e300)] {
            assert_eq!(normalise(&ring(20, 28, place, ink), 28, 28).unwrap(), first);
        }
    }

    #[test]
    fn all_heights_fill_the_field_and_large_pictures_agree() {
        let large = normalise(&ring(400, 500, (50, 50), 1.0), 500, 500).unwrap();
        for size in [5, 8, 20, 32, 100] {
            let counts = normalise(&ring(size, size + 6, (2, 3), 16.0), size + 6, size + 6).unwrap();
            assert!(counts[..8].iter().any(|&n| n > 0) && counts[56..].iter().any(|&n| n > 0), "{counts:?}");
            assert!(counts.iter().all(|&n| n <= 16));
            if size >= 20 {
                let most = counts.iter().zip(large).map(|(&a, b)| a.abs_diff(b)).max().unwrap();
                assert!(most <= 3, "{size}: {counts:?}, {large:?}");
            }
        }
    }

    /// A bitmap that fills the field as NIST's did, 24 x 32 pixels, is only counted.
    #[test]
    fn a_normalised_bitmap_is_counted_and_nothing_else() {
        let mut bitmap = vec![0.0; 32 * 32];
        let mut counts = [0u8; 64];
        for (y, x) in (0..32).flat_map(|y| (4..28).map(move |x| (y, x))) {
            if (x * x + 3 * y * x + y / 3) % 5 < 3 || y % 31 == 0 || x == 4 || x == 27 {
                bitmap[y * 32 + x] = 1.0;
                counts[y / 4 * 8 + x / 4] += 1;
            }
        }
        assert_eq!(normalise(&bitmap, 32, 32).unwrap(), counts);
    }

    #[test]
    fn thin_and_flat_drawings_keep_most_of_their_shape() {
        let mut stroke = vec![0.0; 64];
        (1..7).for_each(|y| stroke[y * 8 + 5] = 3.0);
        let counts = normalise(&stroke, 8, 8).unwrap();
        // 32 / 6 pixels wide, stretched to 8: the two central columns
        for line in counts.chunks(8) {
            let [0, 0, 0, left, right, 0, 0, 0] = *line else { panic!("{counts:?}") };
            assert!(left == right && left >= 10, "{counts:?}");
        }
        let dot = normalise(&[7.0], 1, 1).unwrap();
        assert!(dot[3 * 8 + 3] == 16 && dot.contains(&0), "{dot:?}");
    }

    #[test]
    fn refusals() {
        assert_eq!(normalise(&[0.0; 64], 8, 8), Err(DrawingError::NoInk));
        assert_eq!(normalise(&[], 0, 0), Err(DrawingError::Shape { found: 0, height: 0, width: 0 }));
        assert_eq!(normalise(&[1.0; 63], 8, 8), Err(DrawingError::Shape { found: 63, height: 8, width: 8 }));
        assert!(matches!(normalise(&[1.0], usize::MAX, 2), Err(DrawingError::Shape { .. })));
        let mut drawing = [1.0; 64];
        drawing[17] = -1.0;
        assert_eq!(normalise(&drawing, 8, 8), Err(DrawingError::Ink { row: 3, column: 2, value: -1.0 }));
        for value in [f64::NAN, f64::INFINITY] {
            drawing[17] = value;
            assert!(matches!(normalise(&drawing, 8, 8), Err(DrawingError::Ink { row: 3, column: 2, .. })));
        }
    }
}
