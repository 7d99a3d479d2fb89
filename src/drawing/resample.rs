//! Resampling of pixels by cubic convolution, widened to an average when the size shrinks.

/// An interval of pixels with fractional ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Span {
    pub(super) fn length(self) -> f64 {
        self.to - self.from
    }
}

/// Weights of one new pixel over the old pixels from `first` on.
struct Mix {
    first: usize,
    weights: Vec<f64>,
}

/// Resamples the part of a picture between `rows` and `columns`. `pixels` is (any, width), the result (new_height,
/// new_width). Pixels outside the picture count as 0.
pub(super) fn resample(
    pixels: &[f64],
    width: usize,
    (rows, new_height): (Span, usize),
    (columns, new_width): (Span, usize),
) -> Vec<f64> {
    let height = pixels.len() / width;
    let down = mixes(height, rows, new_height);
    let across = mixes(width, columns, new_width);
    let mut stretched = vec![0.0; new_height * width];
    for (mix, line) in down.iter().zip(stretched.chunks_exact_mut(width)) {
        for (weight, old) in mix.weights.iter().zip(pixels.chunks_exact(width).skip(mix.first)) {
            line.iter_mut().zip(old).for_each(|(new, old)| *new += weight * old);
        }
    }
    let pixel = |line: &[f64], mix: &Mix| -> f64 {
        mix.weights.iter().zip(&line[mix.first..]).map(|(weight, old)| weight * old).sum()
    };
    stretched.chunks_exact(width).flat_map(|line| across.iter().map(move |mix| pixel(line, mix))).collect()
}

fn mixes(n_old: usize, span: Span, n_new: usize) -> Vec<Mix> {
    let step = span.length() / n_new as f64; // old pixels per new one
    let blur = step.max(1.0);
    let mix = |new: usize| {
        let centre = span.from + (new as f64 + 0.5) * step - 0.5;
        let (first, last) = ((centre - 2.0 * blur).ceil() as i64, (centre + 2.0 * blur).floor() as i64);
        let weight = |old: i64| cubic((old as f64 - centre).abs() / blur);
        let all: f64 = (first..=last).map(weight).sum(); // including those outside
        let inside = first.max(0)..(last + 1).min(n_old as i64);
        Mix { first: inside.start as usize, weights: inside.map(|old| weight(old) / all).collect() }
    };
    (0..n_new).map(mix).collect()
}

/// Cubic kernel. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on
/// Acoustics, Speech, and Signal Processing 29 (1981), 1153-1160, equation 15.
fn cubic(distance: f64) -> f64 {
    match distance {
        s if s < 1.0 => (1.5 * s - 2.5) * s * s + 1.0,
        s if s < 2.0 => ((-0.5 * s + 2.5) * s - 4.0) * s + 2.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(n: usize) -> Span {
        Span { from: 0.0, to: n as f64 }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let pixels: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(resample(&pixels, 4, (whole(3), 3), (whole(4), 4)), pixels);
    }

    #[test]
    fn even_ink_stays_even_inside() {
        let part = Span { from: 8.0, to: 12.0 };
        for size in [1, 2, 3, 4, 7, 32] {
            let new = resample(&[2.0; 400], 20, (part, size), (part, size));
            assert!(new.iter().all(|&x| (x - 2.0).abs() < 1e-12), "{size}: {new:?}");
        }
    }

    #[test]
    fn a_dot_in_a_large_picture_is_not_lost() {
        let mut pixels = vec![0.0; 500 * 500];
        pixels[250 * 500 + 123] = 1.0;
        let new = resample(&pixels, 500, (whole(500), 32), (whole(500), 32));
        let most = (0..32 * 32).max_by(|&a, &b| new[a].total_cmp(&new[b])).unwrap();
        assert_eq!((most / 32, most % 32), (250 * 32 / 500, 123 * 32 / 500));
    }
}
