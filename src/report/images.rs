//! Rows and centroids as small grey PNGs embedded in the page, dark for large values.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ndarray::Array2;

use super::ReportError;
use super::error::failed;
use super::gathered::Gathered;

/// Longest side of a picture; larger ones are averaged down.
const SIDE: usize = 40;

/// The grey scale of pixel values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    height: usize,
    width: usize,
    low: f64,
    high: f64,
}

/// A picture embedded in the page.
pub(super) struct InlineImage {
    /// The PNG as a `data:` URI.
    pub(super) uri: String,
    /// Alternative text.
    pub(super) alt: String,
    /// Caption below it.
    pub(super) caption: String,
}

impl Ink {
    /// One scale for all pictures: from the least to the largest value of the sample and the centroids.
    pub(super) fn new(
        (height, width): (usize, usize),
        centroids: &Array2<f64>,
        gathered: Option<&Gathered>,
    ) -> Self {
        let sampled = gathered.into_iter().flat_map(|gathered| &gathered.values);
        let values = || centroids.iter().chain(sampled.clone()).copied();
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        Self { height, width, low, high }
    }

    /// A row as a picture.
    pub(super) fn picture(
        &self,
        values: &[f64],
        alt: String,
        caption: String,
    ) -> Result<InlineImage, ReportError> {
        let bytes = self.png(values)?;
        Ok(InlineImage {
            uri: format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes)),
            alt,
            caption,
        })
    }

    /// A PNG of (height, width) values, row-major.
    fn png(&self, values: &[f64]) -> Result<Vec<u8>, ReportError> {
        let step = self.height.max(self.width).div_ceil(SIDE);
        let (height, width) = (self.height.div_ceil(step), self.width.div_ceil(step));
        let pixels: Vec<u8> = (0..height * width)
            .map(|at| self.grey(self.mean(values, (at / width) * step, (at % width) * step, step)))
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).map_err(failed)?;
        Ok(bytes)
    }

    /// The mean of a square of pixels, clipped to the picture.
    fn mean(&self, values: &[f64], top: usize, left: usize, side: usize) -> f64 {
        let (bottom, right) = ((top + side).min(self.height), (left + side).min(self.width));
        let rows =
            (top..bottom).map(|y| values[y * self.width + left..y * self.width + right].iter().sum::<f64>());
        rows.sum::<f64>() / ((bottom - top) * (right - left)) as f64
    }

    fn grey(&self, value: f64) -> u8 {
        let span = self.high - self.low;
        let ink = if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 };
        (255.0 * (1.0 - ink)).round() as u8
    }
}
