//! Brightness -> ink: the light made even, Otsu's threshold.

use super::Picture;

/// Most pixels that are worked on: a larger picture is halved until it has no more.
const ENOUGH: usize = 1 << 24;
/// Tiles along the longer side of the picture, each with a brightness of its paper, and the least side of one.
const TILES: usize = 24;
const LEAST_TILE: usize = 24;
/// The share of a tile's pixels that are darker than its paper is said to be.
const PAPER: f64 = 0.8;
/// The share of what stands out that must be bright on dark for the ground to be.
const CLEARLY: f32 = 0.7;
/// The least share of a tile's light that reaches the next.
const FALL_OFF: f32 = 0.75;
/// Bins of brightness, of the paper's, and the most of it that is told apart.
const BINS_OF_PAPER: f64 = 255.0;
const BRIGHTEST: f32 = 1.25;
const BINS: usize = 320;
/// Least difference between paper and ink, of the paper's brightness, and in deviations of the paper.
const LEAST_CONTRAST: f64 = 0.08;
const LEAST_SIGNAL: f64 = 4.0;
/// Thresholds that are tried, each among the pixels below the last: where little is written, the first may part
/// the paper's own noise.
const TRIES: usize = 3;

/// How much ink there is at each pixel.
pub(super) struct Ink {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 0 for paper, 1 for full ink, in between at edges. (height, width)
    pub(super) amount: Vec<f32>,
    /// Pixels of the picture that was given, along a side of one of these.
    pub(super) scale: usize,
}

impl Ink {
    /// Whether a pixel is ink.
    pub(super) fn is(&self, at: usize) -> bool {
        self.amount[at] > 0.5
    }
}

/// The ink of a picture; none where nothing stands out.
///
/// The light is made even by dividing by the brightness of the paper around, the 80th percentile of tiles, which is
/// interpolated between them. Then one threshold by Otsu ("A threshold selection method from gray-level
/// histograms", IEEE Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66) parts ink and paper. Light
/// writing on a dark ground is turned around first: the ground is what most pixels are.
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

/// Brightness, while it is worked on.
struct Grey {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

/// Halved until it is small enough, and by how much.
fn reduced(picture: &Picture) -> (Grey, usize) {
    let Picture { width, height, pixels } = picture;
    let mut scale = 1;
    while (width / scale) * (height / scale) > ENOUGH {
        scale *= 2;
    }
    // what is left at the ends belongs to the last whole pixel no more
    let (new_width, new_height) = ((width / scale).max(1), (height / scale).max(1));
    let mean = |x: usize, y: usize| {
        let rows = (y * scale..(y + 1) * scale).map(|y| &pixels[y * width + x * scale..][..scale]);
        let sum: u32 = rows.flatten().map(|&pixel| u32::from(pixel)).sum();
        sum as f32 / (scale * scale) as f32
    };
    let values = match scale {
        1 => pixels.iter().map(|&pixel| f32::from(pixel)).collect(),
        _ => (0..new_height).flat_map(|y| (0..new_width).map(move |x| mean(x, y))).collect(),
    };
    (Grey { width: new_width, height: new_height, values }, scale)
}

/// Whether the ground is dark: in the tiles with something on them, and by how much stands out there, most pixels are
/// darker than halfway between the darkest and the brightest. Where it is half and half, as at the edge of a blot,
/// it is not.
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

/// Divides by the brightness of the paper around.
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

/// The brightness that this share of a tile's pixels is below.
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

/// No tile darker than its brightest neighbour by more than light falls off: full of ink, it has no paper to go by, and
/// so may be its neighbours in a blot.
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
    // there and back: what is bright reaches all tiles
    (0..paper.len()).for_each(&mut fill);
    (0..paper.len()).rev().for_each(&mut fill);
    filled
}

/// Between the middles of four tiles, linearly, and on beyond them at the edges. `x` and `y` in tiles.
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

/// Mean brightness of paper and of ink; none if nothing stands out from the paper.
fn levels(values: &[f32]) -> Option<(f32, f32)> {
    let mut counts = [0u64; BINS];
    values.iter().for_each(|&value| counts[(f64::from(value) * BINS_OF_PAPER) as usize] += 1);
    let mut end = BINS;
    for _ in 0..TRIES {
        let threshold = otsu(&counts[..end])?;
        let (ink, _) = mean(&counts[..=threshold], 0);
        let (paper, deviation) = mean(&counts[threshold + 1..], threshold + 1);
        let contrast = (paper - ink) / BINS_OF_PAPER;
        // brightness comes in whole bins, so no paper is evener than that
        if contrast >= LEAST_CONTRAST && paper - ink >= LEAST_SIGNAL * deviation.max(0.3) {
            return Some(((paper / BINS_OF_PAPER) as f32, (ink / BINS_OF_PAPER) as f32));
        }
        end = threshold + 1;
    }
    None
}

/// The last bin of the darker class, where the classes' means lie furthest apart by Otsu's measure; none where
/// there is but one bin.
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

/// Mean and deviation, in bins, of these from `first` on.
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

    /// Strokes 4 pixels wide, a digit's height apart, on paper of this brightness.
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
        let mut wide = Picture { width: 20_000, height: 1000, pixels: vec![255; 20_000_000] };
        (300..700).for_each(|y| wide.pixels[y * 20_000 + 5000..][..60].fill(0));
        let ink = of(&wide).unwrap();
        assert_eq!((ink.scale, ink.width), (2, 10_000));
        assert!(ink.is(250 * ink.width + 2510) && !ink.is(250 * ink.width + 2600));
    }
}
