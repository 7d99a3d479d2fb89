//! A digit's ink -> 8 x 8 counts, with strokes as wide as in the data.

use super::components::Component;
use super::ink::Ink;
use crate::drawing::{DrawingError, SIZE, normalise, normalise_slanted};

/// Most rows or columns of a digit; a larger digit is averaged down.
const CLOSE: usize = 96;
/// Least width of the stroke, as a share of the digit's height; thinner strokes are widened.
const STROKE: f64 = 0.15;
/// Shears tried, in pixels to the right per row upwards. More of them lean to the left, since most handwriting leans
/// to the right.
const SLANTS: [f64; 6] = [0.0, -0.15, 0.15, -0.3, 0.3, -0.45];

/// The ink of a single digit.
struct Raster {
    width: usize,
    height: usize,
    amount: Vec<f64>,
}

/// Number of variants of a digit.
const VARIANTS: usize = 1 + SLANTS.len();

/// Counts of a digit in several variants: made upright as [`normalise`] does, which the ends of a stroke decide; and
/// with each shear of [`SLANTS`], for digits whose ends are lost in few or pale pixels. The caller takes the variant
/// nearest to a centroid.
pub(super) fn counts(glyph: &Component, ink: &Ink) -> [[u8; SIZE]; VARIANTS] {
    let own = own(glyph, ink);
    let raster = widened(own, glyph.height().max(1));
    type Normalise = fn(&[f64], usize, usize) -> Result<[u8; SIZE], DrawingError>;
    let of = |raster: &Raster, normalise: Normalise| {
        // can't fail: there is ink, and it is finite
        normalise(&raster.amount, raster.height, raster.width).unwrap_or([0; SIZE])
    };
    let mut variants = [of(&raster, normalise); VARIANTS];
    for (variant, slant) in variants[1..].iter_mut().zip(SLANTS) {
        *variant = of(&sheared(&raster, slant), normalise_slanted);
    }
    variants
}

/// Shears a raster: rows are shifted to the right by `slant` pixels per row above the centre.
fn sheared(raster: &Raster, slant: f64) -> Raster {
    if slant == 0.0 {
        return Raster { width: raster.width, height: raster.height, amount: raster.amount.clone() };
    }
    let room = (slant.abs() * raster.height as f64 / 2.0).ceil() as usize + 1;
    let width = raster.width + 2 * room;
    let mut amount = vec![0.0; width * raster.height];
    for y in 0..raster.height {
        let shift = room as f64 + slant * (raster.height as f64 / 2.0 - y as f64 - 0.5);
        let (whole, part) = (shift.floor() as usize, shift - shift.floor());
        for x in 0..raster.width {
            let ink = raster.amount[y * raster.width + x];
            amount[y * width + x + whole] += ink * (1.0 - part);
            amount[y * width + x + whole + 1] += ink * part;
        }
    }
    Raster { width, height: raster.height, amount }
}

/// The ink of one digit without its neighbours, reduced in size, with a margin.
fn own(glyph: &Component, ink: &Ink) -> Raster {
    let step = glyph.height().max(glyph.width()).div_ceil(CLOSE);
    let room = CLOSE / 8;
    let (width, height) = (glyph.width().div_ceil(step) + 2 * room, glyph.height().div_ceil(step) + 2 * room);
    let mut raster = Raster { width, height, amount: vec![0.0; width * height] };
    let share = 1.0 / (step * step) as f64;
    for run in &glyph.runs {
        let row = (run.y - glyph.top) / step + room;
        for x in run.from..run.to {
            let column = (x - glyph.left) / step + room;
            raster.amount[row * width + column] += share * f64::from(ink.amount[run.y * ink.width + x]);
        }
    }
    raster
}

/// Widens the stroke to the least width.
fn widened(raster: Raster, height: usize) -> Raster {
    let height = (height as f64).min(CLOSE as f64);
    let radius = (STROKE * height - stroke(&raster)) / 2.0;
    if radius <= 0.25 {
        return raster;
    }
    let reach = (radius.ceil() as isize + 1).min((CLOSE / 8) as isize);
    let offsets = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
    let disk: Vec<(isize, isize, f64)> = offsets
        .map(|(dx, dy)| (dx, dy, (radius + 1.0 - (dx as f64).hypot(dy as f64)).clamp(0.0, 1.0)))
        .filter(|(_, _, weight)| *weight > 0.0)
        .collect();
    let Raster { width, height, amount } = raster;
    let mut wide = vec![0.0f64; amount.len()];
    for (at, &ink) in amount.iter().enumerate().filter(|(_, ink)| **ink > 0.0) {
        let (x, y) = ((at % width) as isize, (at / width) as isize);
        for &(dx, dy, weight) in &disk {
            let (x, y) = (x + dx, y + dy);
            if x >= 0 && y >= 0 && x < width as isize && y < height as isize {
                let to = &mut wide[y as usize * width + x as usize];
                *to = to.max(ink * weight);
            }
        }
    }
    Raster { width, height, amount: wide }
}

/// The mean width of the stroke, in pixels: twice its area divided by its outline.
fn stroke(raster: &Raster) -> f64 {
    let Raster { width, height, amount } = raster;
    let is = |x: usize, y: usize| amount[y * width + x] > 0.5;
    let (mut area, mut sides) = (0usize, 0usize);
    for (x, y) in (1..height - 1).flat_map(|y| (1..width - 1).map(move |x| (x, y))).filter(|&(x, y)| is(x, y))
    {
        area += 1;
        sides += [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].iter().filter(|&&(x, y)| !is(x, y)).count();
    }
    // pixel sides overestimate the length of an outline by 4 / pi on average over all directions
    2.0 * area as f64 / (sides as f64 * std::f64::consts::FRAC_PI_4).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::components::{self, Run};

    /// A ring of outer height `size` with a stroke of width `stroke`.
    fn ring(size: usize, stroke: f64) -> (Component, Ink) {
        let centre = size as f64 / 2.0;
        let amount = |x: usize, y: usize| {
            let away = (x as f64 + 0.5 - centre).hypot(y as f64 + 0.5 - centre);
            f32::from(u8::from(away <= centre && away > centre - stroke))
        };
        let amount =
            (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).map(|(x, y)| amount(x, y)).collect();
        let ink = Ink { width: size, height: size, amount, scale: 1 };
        let mut found = components::of(&ink).unwrap();
        assert_eq!(found.len(), 1);
        (found.remove(0), ink)
    }

    #[test]
    fn thin_and_thick_pens_write_the_same_digit() {
        let (thick, ink) = ring(90, 11.0);
        let expected = counts(&thick, &ink)[0];
        for stroke in [2.0, 4.0, 8.0] {
            let (thin, ink) = ring(90, stroke);
            let found = counts(&thin, &ink)[0];
            let most = found.iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max().unwrap();
            assert!(most <= 4, "{stroke}: {found:?}, {expected:?}");
        }
    }

    #[test]
    fn large_ones_are_reduced_and_agree() {
        let ((small, ink), (large, large_ink)) = (ring(80, 10.0), ring(1600, 200.0));
        let (a, b) = (counts(&small, &ink)[0], counts(&large, &large_ink)[0]);
        assert!(a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= 2), "{a:?}, {b:?}");
    }

    #[test]
    fn the_width_of_a_stroke_is_measured() {
        for wide in [4.0, 8.0, 12.0] {
            let (glyph, ink) = ring(90, wide);
            let found = stroke(&own(&glyph, &ink));
            assert!((found / wide - 1.0).abs() < 0.15, "{wide}: {found}");
        }
    }

    #[test]
    fn a_speck_has_counts_too() {
        let ink = Ink { width: 1, height: 1, amount: vec![1.0], scale: 1 };
        let speck = Component::of(vec![Run { y: 0, from: 0, to: 1 }]);
        assert!(counts(&speck, &ink)[0].iter().any(|&count| count > 0));
    }
}
