//! The centroids of a fit -> a palette, the picture in it, and the error.

use std::collections::BTreeMap;

use super::colours::Colours;
use crate::kmeans::Fit;
use crate::picture::Indexed;

/// A colour of a palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaletteColour {
    /// Red, green, blue and opacity.
    pub colour: [u8; 4],
    /// Number of pixels that have it.
    pub pixels: u64,
}

/// A picture in the colours of a palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// The colours that pixels have, those of most pixels first. Two centroids that are one colour once they are rounded
    /// to 8 bits are one.
    pub palette: Vec<PaletteColour>,
    /// The picture.
    pub picture: Indexed,
    /// Mean over pixels and values of the squared difference from the picture before, in units of 1 of 255: of red, green
    /// and blue; or if something is not opaque, of these times the opacity, and of the opacity.
    pub mean_squared_error: f64,
}

impl Quantized {
    /// The picture in the colours of a fit of its table of colours: each pixel has that of the centroid of its row.
    ///
    /// # Panics
    /// If the fit is of another table.
    #[must_use]
    pub fn of(colours: &Colours, fit: &Fit) -> Self {
        assert_eq!(fit.labels().len(), colours.colours.len(), "the fit is of this table");
        let space = colours.space();
        let centroids: Vec<[u8; 4]> =
            fit.centroids().rows().into_iter().map(|row| space.colour(&row.to_vec())).collect();
        let becomes: Vec<[u8; 4]> = fit.labels().iter().map(|&label| centroids[label as usize]).collect();
        let mut counts = BTreeMap::new();
        for (colour, count) in becomes.iter().zip(&colours.counts) {
            *counts.entry(*colour).or_insert(0) += count;
        }
        let mut palette: Vec<PaletteColour> =
            counts.into_iter().map(|(colour, pixels)| PaletteColour { colour, pixels }).collect();
        palette.sort_by_key(|entry| std::cmp::Reverse(entry.pixels)); // equal ones stay in order of colour
        let places: BTreeMap<[u8; 4], u32> = palette.iter().map(|entry| entry.colour).zip(0..).collect();
        let place: Vec<u32> = becomes.iter().map(|colour| places[colour]).collect();
        let picture = Indexed {
            width: colours.width,
            height: colours.height,
            palette: palette.iter().map(|entry| entry.colour).collect(),
            pixels: colours.pixels.iter().map(|&colour| place[colour as usize]).collect(),
        };
        Self { palette, picture, mean_squared_error: error(colours, &becomes) }
    }

    /// Peak signal-to-noise ratio, in decibels; infinite if the picture has not changed.
    #[must_use]
    pub fn psnr(&self) -> f64 {
        10.0 * libm::log10(255.0 * 255.0 / self.mean_squared_error)
    }
}

/// The mean squared error where each colour becomes another.
fn error(colours: &Colours, becomes: &[[u8; 4]]) -> f64 {
    let values = if colours.is_opaque() { 3 } else { 4 };
    let pairs = colours.colours.iter().zip(becomes).zip(&colours.counts);
    // below 2^26 pixels x 4 values x 2^32
    let sum: u64 = pairs.map(|((from, to), count)| squared(seen(*from), seen(*to)) * count).sum();
    let n = colours.pixels.len() as f64 * f64::from(values);
    sum as f64 / (255.0 * 255.0) / n
}

/// Each value times the opacity, and the opacity times 255.
fn seen([red, green, blue, alpha]: [u8; 4]) -> [i64; 4] {
    [red, green, blue, u8::MAX].map(|value| i64::from(value) * i64::from(alpha))
}

fn squared(from: [i64; 4], to: [i64; 4]) -> u64 {
    from.iter().zip(to).map(|(from, to)| (from - to).unsigned_abs().pow(2)).sum()
}
