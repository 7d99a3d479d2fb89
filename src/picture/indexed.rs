//! A picture of few colours -> PNG.

use png::{BitDepth, ColorType, Encoder};

use super::channels::Channels;
use super::error::PictureError;

/// Most colours of a PNG that holds their numbers. One of more colours holds the colours.
pub const MOST_COLOURS: usize = 256;

/// A picture of few colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue and opacity of each colour.
    pub palette: Vec<[u8; 4]>,
    /// The number of each pixel's colour. (height, width)
    pub pixels: Vec<u32>,
}

impl Indexed {
    /// The picture as a PNG: of the numbers of up to [`MOST_COLOURS`] colours, in as few bits as hold them, else of the
    /// colours.
    ///
    /// # Errors
    /// [`PictureError::Encode`].
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes).map_err(|error| PictureError::Encode(error.to_string()))?;
        Ok(bytes)
    }

    fn encode(&self, to: &mut Vec<u8>) -> Result<(), png::EncodingError> {
        let mut encoder = Encoder::new(to, self.width as u32, self.height as u32);
        encoder.set_compression(png::Compression::High);
        let opaque = self.palette.iter().all(|colour| colour[3] == u8::MAX);
        if self.palette.len() > MOST_COLOURS {
            let channels = if opaque { Channels::Rgb } else { Channels::Rgba };
            encoder.set_color(if opaque { ColorType::Rgb } else { ColorType::Rgba });
            encoder.set_depth(BitDepth::Eight);
            return write(encoder, &self.colours(channels.count()));
        }
        let depth = match self.palette.len() {
            0..=2 => BitDepth::One,
            3..=4 => BitDepth::Two,
            5..=16 => BitDepth::Four,
            _ => BitDepth::Eight,
        };
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(depth);
        encoder.set_palette(self.palette.iter().flat_map(|colour| colour[..3].to_vec()).collect::<Vec<_>>());
        if !opaque {
            encoder.set_trns(self.palette.iter().map(|colour| colour[3]).collect::<Vec<_>>());
        }
        write(encoder, &self.packed(depth as usize))
    }

    /// The first values of each pixel's colour.
    fn colours(&self, n: usize) -> Vec<u8> {
        self.pixels.iter().flat_map(|&pixel| self.palette[pixel as usize][..n].to_vec()).collect()
    }

    /// The numbers, each in so many bits; each row begins with a byte.
    fn packed(&self, bits: usize) -> Vec<u8> {
        let per_byte = 8 / bits;
        let byte = |pixels: &[u32]| {
            let shifted =
                pixels.iter().enumerate().map(|(at, &pixel)| (pixel as u8) << (8 - bits * (at + 1)));
            shifted.fold(0, |byte, pixel| byte | pixel)
        };
        self.pixels.chunks(self.width).flat_map(|row| row.chunks(per_byte).map(byte)).collect()
    }
}

fn write(encoder: Encoder<'_, &mut Vec<u8>>, data: &[u8]) -> Result<(), png::EncodingError> {
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Pixels, Samples};

    #[test]
    fn every_number_of_colours_is_read_back() {
        for (n, alpha) in
            [(1, 255), (2, 255), (3, 0), (5, 255), (16, 9), (17, 255), (256, 3), (257, 255), (300, 0)]
        {
            let palette: Vec<[u8; 4]> =
                (0..n).map(|i| [i as u8, (i / 256) as u8, 7, if i == 0 { alpha } else { 255 }]).collect();
            let (width, height) = (13, 31);
            let pixels: Vec<u32> = (0..width * height).map(|at| (at * 7 % n) as u32).collect();
            let indexed = Indexed { width, height, palette: palette.clone(), pixels: pixels.clone() };
            let read = Pixels::decode(&indexed.png().unwrap(), Some(Channels::Rgba), false).unwrap();
            assert_eq!((read.kind.width, read.kind.height), (width, height));
            let expected: Vec<u8> = pixels.iter().flat_map(|&pixel| palette[pixel as usize]).collect();
            assert_eq!(read.samples, Samples::Eight(expected), "{n} colours");
        }
    }
}
