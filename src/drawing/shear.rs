//! The shear that makes a drawing upright.

use super::FIELD;

/// Least ink of a pixel that counts, where the ends of the slant are looked for.
const INKED: f64 = 0.5;
/// The middle of the field, in rows.
const MIDDLE: f64 = (FIELD - 1) as f64 / 2.0;

/// Shears a drawing about the middle of the field, by whole pixels a row, so that the leftmost ink of its last row lies
/// below that of its first. What leaves the field is cut.
///
/// NIST's form software made digits upright in this way (Garris et al., NISTIR 5469, 1994), so all digits of the data
/// are. `field` is (32, 32); so is the result.
pub(super) fn sheared(field: &[f64]) -> Vec<f64> {
    let left = |y: usize| field[y * FIELD..][..FIELD].iter().position(|&ink| ink >= INKED).map(|x| (x, y));
    let ends = (0..FIELD).find_map(left).zip((0..FIELD).rev().find_map(left));
    let ((first, top), (last, bottom)) = ends.unwrap_or_default();
    let slope = if bottom > top { (last as f64 - first as f64) / (bottom - top) as f64 } else { 0.0 };
    let mut sheared = vec![0.0; FIELD * FIELD];
    for (y, (line, row)) in sheared.chunks_exact_mut(FIELD).zip(field.chunks_exact(FIELD)).enumerate() {
        let shift = (slope * (MIDDLE - y as f64) + 0.5).floor().clamp(-(FIELD as f64), FIELD as f64);
        if shift < 0.0 {
            let shift = -shift as usize;
            line[..FIELD - shift].copy_from_slice(&row[shift..]);
        } else {
            let shift = shift as usize;
            line[shift..].copy_from_slice(&row[..FIELD - shift]);
        }
    }
    sheared
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stroke of 4 pixels whose left side is at `left(y)`.
    fn stroke(left: impl Fn(usize) -> usize) -> Vec<f64> {
        let ink = |y: usize, x: usize| f64::from(u8::from((left(y)..left(y) + 4).contains(&x)));
        (0..FIELD).flat_map(|y| (0..FIELD).map(move |x| (y, x))).map(|(y, x)| ink(y, x)).collect()
    }

    #[test]
    fn a_slanted_stroke_becomes_upright_and_an_upright_one_stays() {
        let upright = stroke(|_| 14);
        assert_eq!(sheared(&upright), upright);
        for reach in [4, 12, 28] {
            let lean = |y: usize| 14 - reach / 2 + (reach as f64 * y as f64 / 31.0).round() as usize;
            for slanted in [stroke(lean), stroke(|y| lean(31 - y))] {
                let made = sheared(&slanted);
                assert_eq!(made.iter().sum::<f64>(), slanted.iter().sum::<f64>());
                // rows are shifted by whole pixels
                let outside = |(at, ink): (usize, &f64)| *ink > 0.0 && !(13..19).contains(&(at % FIELD));
                assert!(!made.iter().enumerate().any(outside), "{reach}: {made:?}");
            }
        }
    }

    #[test]
    fn what_leaves_the_field_is_cut() {
        // a bar at the top, and a stem that begins at its right end
        let mut bar = stroke(|_| 28);
        bar[..4 * FIELD].fill(1.0);
        let made = sheared(&bar);
        assert_eq!(made.len(), FIELD * FIELD);
        assert!(made.iter().sum::<f64>() < bar.iter().sum::<f64>());
        // one row of ink, and none
        for rows in [1, 0] {
            let mut line = vec![0.0; FIELD * FIELD];
            line[..rows * FIELD].fill(1.0);
            assert_eq!(sheared(&line), line);
        }
    }
}
