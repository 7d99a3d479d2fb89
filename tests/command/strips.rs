//! Strips of handwritten digits on paper, rendered from small pictures of each.

use cairn::reading::Picture;

/// A small picture of a digit.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) digit: char,
    /// Pixels of a side.
    pub(super) side: usize,
    /// 0 for paper to 1. (side, side)
    pub(super) ink: Vec<f64>,
}

/// How they are put on paper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Pixels of a digit's field.
    pub(super) size: usize,
    /// Between fields, as a share of the size; negative to make digits touch.
    pub(super) gap: f64,
    /// Shift to the right a row up, in pixels.
    pub(super) slant: f64,
    /// Degrees by which the line falls.
    pub(super) turn: f64,
    /// How dark the field must be for the pen to have been there: 0.4 is as it was written, more is thinner.
    pub(super) pen: f64,
    /// Deviation of the paper's brightness.
    pub(super) noise: f64,
    /// How much darker the paper is at the right end.
    pub(super) shade: f64,
}

/// A picture and what it says.
pub(super) struct Strip {
    pub(super) picture: Picture,
    pub(super) text: String,
}

impl Strip {
    /// A line of these digits.
    pub(super) fn new(digits: &[Drawn], style: Style, seed: u64) -> Self {
        let size = style.size as f64;
        let mut random = Random::new(seed);
        let mut place = size;
        let mut places = Vec::new();
        for _ in digits {
            places.push((place, size * (1.0 + 0.08 * (random.unit() - 0.5))));
            place += size * (1.0 + style.gap * (0.7 + 0.6 * random.unit()));
        }
        let (sin, cos) = style.turn.to_radians().sin_cos();
        let (w, h) = (place + size, 3.0 * size);
        let (width, height) =
            ((w * cos + h * sin.abs()).ceil() as usize, (h * cos + w * sin.abs()).ceil() as usize);
        let mut pixels = Vec::with_capacity(width * height);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            // back to the level strip
            let (dx, dy) = (x as f64 + 0.5 - width as f64 / 2.0, y as f64 + 0.5 - height as f64 / 2.0);
            let (along, down) = (dx * cos + dy * sin + w / 2.0, dy * cos - dx * sin + h / 2.0);
            let along = along - style.slant * (h / 2.0 - down);
            let ink = ink(digits, &places, style, along, down);
            let light = 1.0 - style.shade * x as f64 / width as f64;
            let noise: f64 = (0..4).map(|_| random.unit() - 0.5).sum::<f64>() * 3f64.sqrt();
            let value = (240.0 - 190.0 * ink) * light + style.noise * noise;
            pixels.push(value.round().clamp(0.0, 255.0) as u8);
        }
        Self { picture: Picture { width, height, pixels }, text: digits.iter().map(|d| d.digit).collect() }
    }
}

/// The ink at a place of the level strip, the darkest of all digits there.
fn ink(digits: &[Drawn], places: &[(f64, f64)], style: Style, along: f64, down: f64) -> f64 {
    let size = style.size as f64;
    let of = |(digit, &(left, top)): (&Drawn, &(f64, f64))| {
        let (x, y) = ((along - left) / size, (down - top) / size);
        let inside = (-0.1..1.1).contains(&x) && (-0.1..1.1).contains(&y);
        if inside { at(digit, x, y) } else { 0.0 }
    };
    // the field's blur, made an edge again as a pen's is
    let blurred = digits.iter().zip(places).map(of).fold(0.0, f64::max);
    ((blurred - style.pen) / 0.2 + 0.5).clamp(0.0, 1.0)
}

/// Between four pixels of a small picture, linearly.
fn at(digit: &Drawn, x: f64, y: f64) -> f64 {
    let side = digit.side as f64;
    let (x, y) = (x * side - 0.5, y * side - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let pixel = |x: f64, y: f64| {
        let inside = x >= 0.0 && y >= 0.0 && x < side && y < side;
        if inside { digit.ink[(y * side + x) as usize] } else { 0.0 }
    };
    let row = |y: f64| pixel(left, y) * (left + 1.0 - x) + pixel(left + 1.0, y) * (x - left);
    row(top) * (top + 1.0 - y) + row(top + 1.0) * (y - top)
}

/// Knuth's linear congruences.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
