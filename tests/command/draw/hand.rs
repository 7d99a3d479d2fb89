//! Simulated drawings: digits and letters as strokes, slanted, compressed and trembling; scribbles and blots.

use std::collections::BTreeMap;

use cairn::drawing::normalise;

/// Lines from point to point.
pub(crate) type Stroke = Vec<[f64; 2]>;
/// A drawing, in a square from 0 to 100, y downwards.
pub(crate) type Strokes = Vec<Stroke>;

/// Ways to write each digit, each letter that is no digit, and signs.
#[derive(serde::Deserialize)]
pub(crate) struct Shapes {
    pub(crate) digits: BTreeMap<String, Vec<Strokes>>,
    pub(crate) letters: BTreeMap<String, Vec<Strokes>>,
    pub(crate) signs: BTreeMap<String, Vec<Strokes>>,
}

impl Shapes {
    pub(crate) fn new() -> Self {
        serde_json::from_str(include_str!("../../fixtures/drawings.json")).unwrap()
    }
}

/// Random numbers, the same ones in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / 16_777_216.0
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() * n as f64) as usize
    }

    /// Nearly normal, of variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

/// A simulated handwritten version of a drawing, `size` units high.
pub(crate) fn written(shape: &Strokes, size: f64, dice: &mut Dice) -> Strokes {
    let (slant, wide, turn) = (0.12 * dice.normal(), (0.12 * dice.normal()).exp(), 0.06 * dice.normal());
    let tremble: Vec<[f64; 5]> = (0..3)
        .map(|_| [dice.normal(), dice.normal(), dice.roll() * 7.0, dice.roll() * 7.0, 0.5 + dice.roll()])
        .collect();
    let place = |&[x, y]: &[f64; 2]| {
        let (mut x, mut y) = (x - 50.0, y - 50.0);
        for [across, down, start, begin, speed] in &tremble {
            x += 1.6 * across * (speed * (y + 0.3 * x) / 12.0 + start).sin();
            y += 1.6 * down * (speed * (x - 0.3 * y) / 12.0 + begin).sin();
        }
        let x = x * wide - slant * y;
        let (right, low) = (x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos());
        [(right * size / 100.0).round(), (low * size / 100.0).round()]
    };
    shape.iter().map(|stroke| rounded(&dense(stroke)).iter().map(place).collect()).collect()
}

/// Points at most 6 apart.
fn dense(stroke: &Stroke) -> Stroke {
    let mut points = vec![stroke[0]];
    for pair in stroke.windows(2) {
        let [[x0, y0], [x1, y1]] = [pair[0], pair[1]];
        let n = ((x1 - x0).hypot(y1 - y0) / 6.0).ceil().max(1.0);
        points
            .extend((1..=n as usize).map(|i| [x0 + (x1 - x0) * i as f64 / n, y0 + (y1 - y0) * i as f64 / n]));
    }
    points
}

/// Rounded corners.
fn rounded(stroke: &Stroke) -> Stroke {
    let mut points = stroke.clone();
    for _ in 0..3 {
        let mean = |w: &[[f64; 2]]| [0, 1].map(|i| (w[0][i] + 2.0 * w[1][i] + w[2][i]) / 4.0);
        let inner: Stroke = points.windows(3).map(mean).collect();
        let last = points.len() - 1;
        points = [&points[..1], &inner, &points[last.max(1)..]].concat();
    }
    points
}

/// A random line.
pub(crate) fn scribble(dice: &mut Dice) -> Strokes {
    let (mut at, mut way) = ([100.0f64, 100.0], dice.roll() * 7.0);
    let mut step = || {
        way += 2.2 * (dice.roll() - 0.5);
        at = [at[0] + 18.0 * way.cos(), at[1] + 18.0 * way.sin()].map(|x| x.clamp(0.0, 200.0).round());
        at
    };
    vec![(0..90).map(|_| step()).collect()]
}

/// An oval, filled by strokes from left to right and back.
pub(crate) fn blot(dice: &mut Dice) -> Strokes {
    let wide = 45.0 + 50.0 * dice.roll();
    let point = |i: i32| {
        let y = f64::from(i - 20) / 20.5;
        let x = wide * (1.0 - y * y).sqrt();
        [(100.0 + if i % 2 == 0 { x } else { -x }).round(), (100.0 + 96.0 * y).round()]
    };
    vec![(0..=40).map(point).collect()]
}

/// Half of the pen's width, in pixels of a digit of 80 between its outermost strokes.
const NIB: f64 = 8.0;

/// What the page makes of strokes: `ink.js` in Rust. (height, width)
pub(crate) fn bitmap(strokes: &Strokes) -> (Vec<f64>, usize, usize) {
    let points = || strokes.iter().flatten();
    let least = |i: usize| points().map(|at| at[i]).fold(f64::INFINITY, f64::min);
    let most = |i: usize| points().map(|at| at[i]).fold(f64::NEG_INFINITY, f64::max);
    let (left, top) = (least(0), least(1));
    let (across, down) = (most(0) - left, most(1) - top);
    let scale = 80.0 / across.max(down).max(24.0);
    let size = |side: f64| (side * scale + 2.0 * NIB).ceil() as usize + 1;
    let (width, height) = (size(across), size(down));
    let mut pixels = vec![0.0; width * height];
    for stroke in strokes {
        let line: Stroke =
            stroke.iter().map(|at| [(at[0] - left) * scale + NIB, (at[1] - top) * scale + NIB]).collect();
        for (i, &to) in line.iter().enumerate() {
            let from = line[i.max(1) - 1];
            let range = |i: usize, end: usize| {
                let first = (from[i].min(to[i]) - NIB).ceil().max(0.0) as usize;
                first..=((from[i].max(to[i]) + NIB).floor() as usize).min(end - 1)
            };
            for (y, x) in range(1, height).flat_map(|y| range(0, width).map(move |x| (y, x))) {
                if near([x as f64, y as f64], from, to, NIB) {
                    pixels[y * width + x] = 1.0;
                }
            }
        }
    }
    (pixels, height, width)
}

pub(crate) fn near(at: [f64; 2], from: [f64; 2], to: [f64; 2], pen: f64) -> bool {
    let (dx, dy, px, py) = (to[0] - from[0], to[1] - from[1], at[0] - from[0], at[1] - from[1]);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (px - along * dx).hypot(py - along * dy) <= pen
}

/// Strokes as the counts that the page names.
pub(crate) fn counts(strokes: &Strokes) -> Vec<f64> {
    let (pixels, height, width) = bitmap(strokes);
    normalise(&pixels, height, width).unwrap().map(f64::from).to_vec()
}
