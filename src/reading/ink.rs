//! Brightness -> ink: flattens the illumination, then thresholds by Otsu's method.

use super::Picture;

/// Most pixels processed: a larger picture is reduced until it has no more.
pub(super) const ENOUGH: usize = 1 << 24;
/// Number of tiles along the longer side of the picture, and least side of a tile. Each tile has its own paper
/// brightness.
const TILES: usize = 24;
const LEAST_TILE: usize = 24;
/// The paper brightness of a tile is this quantile of its pixels.
const PAPER: f64 = 0.8;
/// Share of the contrasting pixels that must be bright on dark for a dark ground.
const CLEARLY: f32 = 0.7;
/// Least ratio of paper brightness between neighbouring tiles.
const FALL_OFF: f32 = 0.75;
/// Bins for brightness relative to the paper's, and the largest value.
const BINS_OF_PAPER: f64 = 255.0;
const BRIGHTEST: f32 = 1.25;
const BINS: usize = 320;
/// Least contrast between paper and ink: relative to the paper's brightness, and in standard deviations of the paper.
const LEAST_CONTRAST: f64 = 0.08;
const LEAST_SIGNAL: f64 = 4.0;
/// Most thresholds tried, each among the pixels below the previous one. On nearly empty pages the first may only
/// split the paper's noise.
const TRIES: usize = 3;

/// Amount of ink per pixel.
pub(super) struct Ink {
    pub(super) width: usize,
    pub(super) height: usize,
    /// From 0 for paper to 1 for full ink. (height, width)
    pub(super) amount: Vec<f32>,
    /// Side of a pixel, in pixels of the given picture.
    pub(super) scale: usize,
}

impl Ink {
    /// Whether a pixel is ink.
    pub(super) fn is(&self, at: usize) -> bool {
        self.amount[at] > 0.5
    }
}

/// The ink of a picture; `None` if nothing contrasts with the paper.
///
/// The illumination is flattened: brightness is divided by that of the local paper, the 80th percentile of each tile,
/// interpolated between tiles. One threshold by Otsu ("A threshold selection method from gray-level histograms", IEEE
/// Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66) then separates ink and paper. Light writing on a
/// dark ground is inverted first.
pub(super) fn of(picture: &Picture) -> Option<Ink> {
    let (mut grey, scale) = reduced(picture);
    let side = (grey.width.max(grey.height) / TILES).max(LEAST_TILE);
    if dark_ground(&grey, side) {
        grey.values.iter_mut().for_each(|value| *value = 255.0 - *value);
    }
    even_out(&mut grey, side);
    let (paper, ink) = levels(&grey.values)?;
    let amount = |value: f32| ((paper - value) / (paper - ink)).clamp(0.0, 1.0);
    let amount = grey.values.into_iter().map(amount).collect();
    Some(Ink { width: grey.width, height: grey.height, amount, scale })
}

/// Brightness during processing.
struct Grey {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

/// Reduces a picture until it is small enough. Returns also the scale.
fn reduced(picture: &Picture) -> (Grey, usize) {
    let Picture { width, height, pixels } = picture;
    let mut scale = 1;
    let reduced = |scale: usize| ((width / scale).max(1), (height / scale).max(1));
    while reduced(scale).0 * reduced(scale).1 > ENOUGH {
        scale *= 2;
    }
    // partial pixels at the ends are dropped, but for pictures thinner than one pixel
    let (new_width, new_height) = reduced(scale);
    let mean = |x: usize, y: usize| {
        let (rows, columns) =
            (y * scale..((y + 1) * scale).min(*height), x * scale..((x + 1) * scale).min(*width));
        let n = rows.len() * columns.len();
        let sum: u32 =
            rows.flat_map(|y| &pixels[y * width..][columns.clone()]).map(|&pixel| u32::from(pixel)).sum();
        sum as f32 / n as f32
    };
    let values = match scale {
        1 => pixels.iter().map(|&pixel| f32::from(pixel)).collect(),
        _ => (0..new_height).flat_map(|y| (0..new_width).map(move |x| mean(x, y))).collect(),
    };
    (Grey { width: new_width, height: new_height, values }, scale)
}

/// Whether the ground is dark: a clear majority of tiles, weighted by contrast, has a median darker than the middle
/// between its darkest and its brightest pixel.
fn dark_ground(grey: &Grey, side: usize) -> bool {
    let (across, down) = (grey.width.div_ceil(side), grey.height.div_ceil(side));
    let (mut dark, mut all) = (0.0, 0.0);
    for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
        let [least, median, most] = [0.0, 0.5, 1.0].map(|share| brightness(grey, side, x, y, share));
        all += most - least;
        dark += if median * 2.0 < least + most { most - least } else { 0.0 };
    }
    dark > CLEARLY * all
}

/// Divides by the brightness of the local paper.
fn even_out(grey: &mut Grey, side: usize) {
    let (across, down) = (grey.width.div_ceil(side), grey.height.div_ceil(side));
    let mut paper: Vec<f32> = (0..down)
        .flat_map(|y| (0..across).map(move |x| (x, y)))
        .map(|(x, y)| brightness(grey, side, x, y, PAPER))
        .collect();
    paper = filled(&paper, across);
    for y in 0..grey.height {
        for x in 0..grey.width {
            let light =
                between(&paper, across, down, (x as f32 + 0.5) / side as f32, (y as f32 + 0.5) / side as f32);
            let value = &mut grey.values[y * grey.width + x];
            *value = (*value / light.max(1.0)).min(BRIGHTEST);
        }
    }
}

/// A quantile of a tile's brightness.
fn brightness(grey: &Grey, side: usize, x: usize, y: usize, share: f64) -> f32 {
    let rows = y * side..((y + 1) * side).min(grey.height);
    let columns = x * side..((x + 1) * side).min(grey.width);
    let mut counts = [0usize; 256];
    for row in rows {
        for value in &grey.values[row * grey.width..][columns.clone()] {
            counts[*value as usize] += 1;
        }
    }
    let wanted = share * counts.iter().sum::<usize>() as f64;
    let mut below = 0;
    let bin = counts.iter().position(|count| {
        below += count;
        below > 0 && below as f64 >= wanted
    });
    bin.unwrap_or(255) as f32
}

/// Raises tiles that are much darker than a neighbour, beyond [`FALL_OFF`]: such a tile is full of ink and shows no
/// paper. Propagates across several tiles, for blots.
fn filled(paper: &[f32], across: usize) -> Vec<f32> {
    let down = paper.len() / across;
    let mut filled = paper.to_vec();
    let mut fill = |at: usize| {
        let (x, y) = (at % across, at / across);
        let rows = y.saturating_sub(1)..(y + 2).min(down);
        let around = rows.flat_map(|row| &filled[row * across..][x.saturating_sub(1)..(x + 2).min(across)]);
        let brightest = around.copied().fold(0.0, f32::max);
        filled[at] = filled[at].max(FALL_OFF * brightest);
    };
    // forward and backward, so that bright tiles reach all others
    (0..paper.len()).for_each(&mut fill);
    (0..paper.len()).rev().for_each(&mut fill);
    filled
}

/// Bilinear interpolation between the centres of tiles, with extrapolation at the edges. `x` and `y` are in tiles.
fn between(paper: &[f32], across: usize, down: usize, x: f32, y: f32) -> f32 {
    let place = |at: f32, n: usize| {
        let at = at - 0.5;
        let first = (at.max(0.0) as usize).min(n.saturating_sub(2));
        (first, (first + 1).min(n - 1), at - first as f32)
    };
    let ((left, right, x), (top, bottom, y)) = (place(x, across), place(y, down));
    let row = |row: usize| paper[row * across + left] * (1.0 - x) + paper[row * across + right] * x;
    row(top) * (1.0 - y) + row(bottom) * y
}

/// Mean brightness of paper and of ink; `None` if nothing contrasts with the paper.
fn levels(values: &[f32]) -> Option<(f32, f32)> {
    let mut counts = [0u64; BINS];
    values.iter().for_each(|&value| counts[(f64::from(value) * BINS_OF_PAPER) as usize] += 1);
    let mut end = BINS;
    for _ in 0..TRIES {
        let threshold = otsu(&counts[..end])?;
        let (ink, _) = mean(&counts[..=threshold], 0);
        let (paper, deviation) = mean(&counts[threshold + 1..], threshold + 1);
        let contrast = (paper - ink) / BINS_OF_PAPER;
        // brightness is binned, so the deviation is at least that of a bin
        if contrast >= LEAST_CONTRAST && paper - ink >= LEAST_SIGNAL * deviation.max(0.3) {
            return Some(((paper / BINS_OF_PAPER) as f32, (ink / BINS_OF_PAPER) as f32));
        }
        end = threshold + 1;
    }
    None
}

/// Otsu's threshold: the last bin of the darker class; `None` if only one bin is occupied.
fn otsu(counts: &[u64]) -> Option<usize> {
    let total: u64 = counts.iter().sum();
    let all: f64 = counts.iter().enumerate().map(|(bin, &count)| bin as f64 * count as f64).sum();
    let (mut below, mut sum, mut best) = (0u64, 0.0, None);
    for (bin, &count) in counts.iter().enumerate() {
        below += count;
        sum += bin as f64 * count as f64;
        if below == 0 || below == total {
            continue;
        }
        let (dark, light) = (below as f64, (total - below) as f64);
        let apart = sum / dark - (all - sum) / light;
        let between = dark * light * apart * apart;
        if best.is_none_or(|(most, _)| between > most) {
            best = Some((between, bin));
        }
    }
    best.map(|(_, bin)| bin)
}

/// Mean and standard deviation of the bins from `first` on, in bins.
fn mean(counts: &[u64], first: usize) -> (f64, f64) {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    let bins = || counts.iter().enumerate().map(|(at, &count)| ((first + at) as f64, count as f64));
    let mean = bins().map(|(bin, count)| bin * count).sum::<f64>() / total;
    let variance = bins().map(|(bin, count)| (bin - mean).powi(2) * count).sum::<f64>() / total;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes 4 pixels wide, a digit's height apart, on paper of the given brightness.
    fn strokes(paper: impl Fn(usize, usize) -> f64, ink: f64) -> Picture {
        let (width, height) = (300, 120);
        let pixel = |x: usize, y: usize| {
            let stroke = x % 40 < 4 && (30..90).contains(&y);
            (paper(x, y) * if stroke { ink } else { 1.0 }).clamp(0.0, 255.0) as u8
        };
        let pixels =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();
        Picture { width, height, pixels }
    }

    fn is_strokes(ink: &Ink) -> bool {
        let wrong = |at: &usize| {
            let (x, y) = (at % ink.width, at / ink.width);
            ink.is(*at) != (x % 40 < 4 && (30..90).contains(&y))
        };
        (0..ink.amount.len()).filter(wrong).count() == 0
    }

    #[test]
    fn ink_is_found_in_even_and_in_uneven_light() {
        assert!(is_strokes(&of(&strokes(|_, _| 250.0, 0.2)).unwrap()));
        // a lamp to the left: the paper to the right is darker than the ink to the left
        let lamp = |x: usize, y: usize| 250.0 - 0.65 * x as f64 - 0.1 * y as f64;
        assert!(is_strokes(&of(&strokes(lamp, 0.45)).unwrap()));
    }

    #[test]
    fn chalk_on_a_blackboard_is_ink_too() {
        let mut board = strokes(|_, _| 240.0, 0.2);
        board.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        assert!(is_strokes(&of(&board).unwrap()));
    }

    #[test]
    fn paper_alone_has_no_ink() {
        let noise = |x: usize, y: usize| 200.0 + ((x * 7919 + y * 104_729 + x * y * 31) % 41) as f64;
        for paper in
            [&(|_: usize, _: usize| 255.0) as &dyn Fn(usize, usize) -> f64, &|_, _| 0.0, &|_, _| 97.0, &noise]
        {
            assert!(of(&strokes(paper, 1.0)).is_none());
        }
        let lamp = |x: usize, _: usize| 250.0 - 0.5 * x as f64;
        assert!(of(&strokes(lamp, 1.0)).is_none());
    }

    #[test]
    fn tiny_and_huge_pictures() {
        for (width, height) in [(1, 1), (2, 1), (1, 9), (20_000, 900)] {
            let pixels = vec![255; width * height];
            assert!(of(&Picture { width, height, pixels }).is_none());
        }
        for (width, height) in [(40_000_000, 1), (1, 40_000_000), (20_000_000, 2)] {
            let mut thin = Picture { width, height, pixels: vec![255; width * height] };
            thin.pixels[1000..20_000].fill(0);
            let ink = of(&thin).unwrap();
            assert!(ink.width * ink.height <= ENOUGH && ink.is(8000 / ink.scale), "{width} x {height}");
        }
        let mut wide = Picture { width: 20_000, height: 1000, pixels: vec![255; 20_000_000] };
        (300..700).for_each(|y| wide.pixels[y * 20_000 + 5000..][..60].fill(0));
        let ink = of(&wide).unwrap();
        assert_eq!((ink.scale, ink.width), (2, 10_000));
        assert!(ink.is(250 * ink.width + 2510) && !ink.is(250 * ink.width + 2600));
    }
}
