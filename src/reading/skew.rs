//! Detection and correction of skew.

use super::components::{Component, Run};
use super::glyphs::usual_height;
use super::ink::{ENOUGH, Ink};
use super::{Area, Picture};

/// Largest skew considered, in degrees, and the coarse and fine search steps.
const MOST: f64 = 20.0;
const COARSE: f64 = 1.0;
const FINE: f64 = 0.1;
/// Least number of digits for a direction: a single 1 or 7 leans.
const LEAST_DIGITS: usize = 4;
/// Most runs of ink that are projected; of more, evenly spaced ones.
const MOST_RUNS: usize = 1 << 18;
/// Most rows of a projection.
const MOST_ROWS: f64 = (1u32 << 20) as f64;
/// Least improvement of sharpness for which the skew is corrected, as a factor.
const BETTER: f64 = 1.05;

/// Skew of the lines in degrees, positive if they fall to the right; 0 if there is too little ink to decide.
///
/// The projection profile's sum of squares is largest when lines are level (Postl, "Detection of linear oblique
/// structures and skew scan in digitized documents", International Conference on Pattern Recognition 1986, 687-689).
pub(super) fn angle(components: &[Component]) -> f64 {
    let height = usual_height(components);
    let digits: Vec<&Component> = components.iter().filter(|c| c.height() as f64 >= height / 2.0).collect();
    if digits.len() < LEAST_DIGITS {
        return 0.0;
    }
    let all = digits.iter().map(|digit| digit.runs.len()).sum::<usize>();
    let step = all.div_ceil(MOST_RUNS);
    let runs: Vec<Run> = digits.iter().flat_map(|digit| &digit.runs).step_by(step).copied().collect();
    let most = |of: fn(&Run) -> usize| runs.iter().map(of).max().unwrap_or(0) as f64;
    let extent = most(|run| run.y) + most(|run| run.to);
    let bin = (height / 16.0).max(1.0).max(extent / MOST_ROWS);
    let sharp = |degrees: f64| sharpness(&runs, degrees, bin);
    let best = |from: f64, to: f64, step: f64| {
        let n = ((to - from) / step).round() as usize;
        let angles = (0..=n).map(|i| from + i as f64 * step).map(|angle| (sharp(angle), angle));
        angles.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |(_, angle)| angle)
    };
    let coarse = best(-MOST, MOST, COARSE);
    let fine = best(coarse - COARSE, coarse + COARSE, FINE);
    if sharp(fine) > BETTER * sharp(0.0) { fine } else { 0.0 }
}

/// Sum of squares of the projection profile, with rows of `bin` pixels.
fn sharpness(runs: &[Run], degrees: f64, bin: f64) -> f64 {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let row = |run: &Run| (run.y as f64 * cos - (run.from + run.to) as f64 / 2.0 * sin) / bin;
    let least = runs.iter().map(row).fold(f64::INFINITY, f64::min);
    let mut rows: Vec<f64> = Vec::new();
    for run in runs {
        let at = (row(run) - least) as usize;
        if rows.len() <= at {
            rows.resize(at + 1, 0.0);
        }
        rows[at] += (run.to - run.from) as f64;
    }
    rows.iter().map(|ink| ink * ink).sum()
}

/// Rotates the ink so that lines are level, in a frame that contains all of it. `None` if that takes more than twice the
/// pixels of the largest picture: no line of a picture that thin has such a skew.
pub(super) fn straightened(ink: &Ink, degrees: f64) -> Option<Ink> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (ink.width as f64, ink.height as f64);
    let width = (w * cos.abs() + h * sin.abs()).ceil() as usize;
    let height = (w * sin.abs() + h * cos.abs()).ceil() as usize;
    if width.saturating_mul(height) > 2 * ENOUGH {
        return None;
    }
    let rotation =
        Rotation { sin, cos, from: (width as f64 / 2.0, height as f64 / 2.0), to: (w / 2.0, h / 2.0) };
    let sample = |x: usize, y: usize| {
        let (x, y) = rotation.point(x as f64 + 0.5, y as f64 + 0.5);
        between(ink, x - 0.5, y - 0.5)
    };
    let amount =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| sample(x, y)).collect();
    Some(Ink { width, height, amount, scale: ink.scale })
}

/// Bilinear interpolation; outside is paper.
fn between(ink: &Ink, x: f64, y: f64) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (right, down) = ((x - left) as f32, (y - top) as f32);
    let at = |x: f64, y: f64| {
        let inside = x >= 0.0 && y >= 0.0 && x < ink.width as f64 && y < ink.height as f64;
        if inside { ink.amount[y as usize * ink.width + x as usize] } else { 0.0 }
    };
    let row = |y: f64| at(left, y) * (1.0 - right) + at(left + 1.0, y) * right;
    row(top) * (1.0 - down) + row(top + 1.0) * down
}

/// Maps the rotated ink back to the picture.
pub(super) struct Rotation {
    sin: f64,
    cos: f64,
    from: (f64, f64), // centre of rotation in the rotated ink
    to: (f64, f64),   // and in the frame before the rotation
}

impl Rotation {
    fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - self.from.0, y - self.from.1);
        (self.to.0 + self.cos * x - self.sin * y, self.to.1 + self.sin * x + self.cos * y)
    }
}

/// Maps positions in the rotated ink to positions in the picture.
pub(super) struct Back {
    rotation: Rotation,
    scale: f64,
    width: usize,
    height: usize,
}

impl Rotation {
    /// The map from the rotated `ink` back to the picture.
    pub(super) fn back(degrees: f64, picture: &Picture, ink: &Ink) -> Back {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let scale = ink.scale as f64;
        // the frame before the rotation
        let whole = ((picture.width / ink.scale).max(1) as f64, (picture.height / ink.scale).max(1) as f64);
        let rotation = Rotation {
            sin,
            cos,
            from: (ink.width as f64 / 2.0, ink.height as f64 / 2.0),
            to: (whole.0 / 2.0, whole.1 / 2.0),
        };
        Back { rotation, scale, width: picture.width, height: picture.height }
    }
}

impl Back {
    /// The axis-parallel bounding box, in the picture, of an area of the ink.
    pub(super) fn area(&self, area: Area) -> Area {
        let (left, top) = (area.x as f64, area.y as f64);
        let (right, bottom) = (left + area.width as f64, top + area.height as f64);
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let corners = corners.map(|(x, y)| self.rotation.point(x, y));
        let least = |of: fn(&(f64, f64)) -> f64, most: usize| {
            let least = corners.iter().map(of).fold(f64::INFINITY, f64::min) * self.scale;
            (least.round().max(0.0) as usize).min(most - 1)
        };
        let most = |of: fn(&(f64, f64)) -> f64, most: usize| {
            let last = corners.iter().map(of).fold(0.0, f64::max) * self.scale;
            (last.round() as usize).min(most)
        };
        let (x, y) = (least(|c| c.0, self.width), least(|c| c.1, self.height));
        let (right, bottom) = (most(|c| c.0, self.width), most(|c| c.1, self.height));
        Area { x, y, width: (right - x.min(right)).max(1), height: (bottom - y.min(bottom)).max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::components;

    /// Ten rings in a row, rotated.
    fn turned(degrees: f64) -> Ink {
        let (width, height) = (700, 400);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let amount = |x: usize, y: usize| {
            let (x, y) = (x as f64 - 350.0, y as f64 - 200.0);
            let (along, down) = (x * cos + y * sin + 250.0, y * cos - x * sin);
            let ring = (along.rem_euclid(50.0) - 25.0).hypot(down);
            f32::from(u8::from((0.0..500.0).contains(&along) && (12.0..18.0).contains(&ring)))
        };
        let amount =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| amount(x, y)).collect();
        Ink { width, height, amount, scale: 1 }
    }

    #[test]
    fn the_angle_is_found_and_undone() {
        for degrees in [-14.0, -3.3, 0.0, 1.5, 9.0, 19.0] {
            let ink = turned(degrees);
            let found = angle(&components::of(&ink).unwrap());
            assert!((found - degrees).abs() < 0.35, "{degrees}: {found}");
            let level = straightened(&ink, found).unwrap();
            let rings = components::of(&level).unwrap();
            assert_eq!(rings.len(), 10);
            let spread =
                rings.iter().map(|c| c.top).max().unwrap() - rings.iter().map(|c| c.top).min().unwrap();
            assert!(spread <= 4, "{degrees}: {spread}");
            // positions map back to where they were
            let picture = Picture { width: 700, height: 400, pixels: vec![0; 280_000] };
            let back = Rotation::back(found, &picture, &level);
            let there: Vec<Area> = components::of(&ink).unwrap().iter().map(Component::area).collect();
            for ring in rings {
                let area = back.area(ring.area());
                let centre = |area: &Area| {
                    (area.x as f64 + area.width as f64 / 2.0, area.y as f64 + area.height as f64 / 2.0)
                };
                let (x, y) = centre(&area);
                let near = there.iter().map(centre).any(|(a, b)| (a - x).hypot(b - y) < 3.0);
                assert!(near, "{degrees}: {area:?}");
            }
        }
    }

    #[test]
    fn few_digits_have_no_direction() {
        assert_eq!(angle(&[]), 0.0);
        let lean = (0..60).map(|y| Run { y, from: 40 - y / 2, to: 44 - y / 2 }).collect();
        assert_eq!(angle(&[Component::of(lean)]), 0.0);
    }
}
