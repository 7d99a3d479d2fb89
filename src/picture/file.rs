//! A file -> its kind, and its pixels, in bounded memory.

use std::io::{BufRead, Cursor, Seek};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::channels::Channels;
use super::error::{MOST_BYTES, MOST_PIXELS, PictureError};
use super::jpeg;

/// Most memory for decoding a picture, in bytes.
const MOST_MEMORY: u64 = MOST_PIXELS * 9;
/// Length of a PNG's signature, and of what is around the data of each of its chunks.
const PNG_SIGNATURE: usize = 8;
const AROUND_CHUNK: usize = 12;

/// What the header of a file says about its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Columns, at least 1, once it is upright.
    pub width: usize,
    /// Rows, at least 1, once it is upright.
    pub height: usize,
    /// Its values. A palette and CMYK are colours.
    pub channels: Channels,
    /// Whether its values have 16 bits, not 8 or fewer.
    pub deep: bool,
}

/// Values of pixels, of one depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// From 0 to 255.
    Eight(Vec<u8>),
    /// From 0 to 65,535.
    Sixteen(Vec<u16>),
}

impl Samples {
    /// Their number.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Eight(samples) => samples.len(),
            Self::Sixteen(samples) => samples.len(),
        }
    }

    /// One of them.
    pub(crate) fn get(&self, at: usize) -> u16 {
        match self {
            Self::Eight(samples) => samples[at].into(),
            Self::Sixteen(samples) => samples[at],
        }
    }
}

/// The pixels of a picture, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// What its file says about it.
    pub kind: Kind,
    /// The values of each pixel.
    pub channels: Channels,
    /// (height, width, channels)
    pub samples: Samples,
}

impl Pixels {
    /// Decodes a file: PNG, JPEG, BMP or PNM, upright as its EXIF data say. `channels`: the values that are wanted, or
    /// those of the file without opacity where all is opaque. A value that the file lacks is computed: brightness from
    /// colours, three equal colours from brightness, opaque. `deep`: whether values of 16 bits are wanted where the file
    /// has them; else they are rounded to 8.
    ///
    /// Colours are taken as they are in the file: a profile or a gamma is not applied. CMYK becomes RGB.
    ///
    /// # Errors
    /// [`PictureError`]; also for a file of which a part is missing.
    pub fn decode(bytes: &[u8], channels: Option<Channels>, deep: bool) -> Result<Self, PictureError> {
        let (kind, decoded) = decoded(bytes)?;
        let colour = matches!(kind.channels, Channels::Rgb | Channels::Rgba);
        let own = || Channels::of(colour, kind.channels.has_alpha() && !is_opaque(&decoded));
        let channels = channels.unwrap_or_else(own);
        let samples = samples(decoded, channels, kind.deep && deep);
        Ok(Self { kind, channels, samples })
    }
}

/// Whether a file that begins so is taken for a picture, whatever its name: a PNG or a JPEG. BMP and PNM are known by the
/// ending of the name, since a text may begin as they do.
#[must_use]
pub fn begins_as_picture(start: &[u8], ending: &str) -> bool {
    match image::guess_format(start) {
        Ok(ImageFormat::Png | ImageFormat::Jpeg) => true,
        Ok(ImageFormat::Bmp) => ending == "bmp",
        Ok(ImageFormat::Pnm) => ["pbm", "pgm", "ppm", "pnm", "pam"].contains(&ending),
        _ => false,
    }
}

/// What the header of a file says. The size is checked.
pub(crate) fn kind(file: impl BufRead + Seek) -> Result<Kind, PictureError> {
    opened(file).map(|(kind, ..)| kind)
}

/// The picture in a file, upright. The size is checked before decoding, so that a small file can't exhaust memory.
pub(crate) fn decoded(bytes: &[u8]) -> Result<(Kind, DynamicImage), PictureError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(PictureError::TooLong);
    }
    let (kind, format, turned, decoder) = opened(Cursor::new(bytes))?;
    match format {
        ImageFormat::Jpeg => jpeg::check(bytes, MOST_PIXELS)?,
        ImageFormat::Png if is_animated(bytes) => return Err(PictureError::Animated),
        _ => {}
    }
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    decoded.apply_orientation(turned);
    Ok((kind, decoded))
}

fn opened<'a>(
    file: impl BufRead + Seek + 'a,
) -> Result<(Kind, ImageFormat, Orientation, impl ImageDecoder + 'a), PictureError> {
    let mut reader = ImageReader::new(file)
        .with_guessed_format()
        .map_err(|error| PictureError::Damaged(error.to_string()))?;
    let format = reader.format().filter(ImageFormat::reading_enabled).ok_or(PictureError::Format)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PictureError::TooLarge { width, height });
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Empty { width, height });
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colour = decoder.color_type();
    let kind = Kind {
        width: if is_on_its_side(turned) { height } else { width } as usize,
        height: if is_on_its_side(turned) { width } else { height } as usize,
        channels: Channels::of(colour.has_color(), colour.has_alpha()),
        deep: colour.bytes_per_pixel() > colour.channel_count(),
    };
    Ok((kind, format, turned, decoder))
}

fn damaged(error: ImageError) -> PictureError {
    PictureError::Damaged(error.to_string())
}

fn is_on_its_side(turned: Orientation) -> bool {
    matches!(
        turned,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Whether a PNG has several frames, by the chunk that says so, which comes before the data.
fn is_animated(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(PNG_SIGNATURE..).unwrap_or_default();
    while let [a, b, c, d, name @ ..] = rest {
        match name.get(..4) {
            Some(b"acTL") => return true,
            None | Some(b"IDAT") => return false,
            Some(_) => {}
        }
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        rest = rest.get(length.saturating_add(AROUND_CHUNK)..).unwrap_or_default();
    }
    false
}

fn is_opaque(decoded: &DynamicImage) -> bool {
    match decoded {
        DynamicImage::ImageLumaA8(pixels) => pixels.pixels().all(|pixel| pixel.0[1] == u8::MAX),
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX),
        DynamicImage::ImageLumaA16(pixels) => pixels.pixels().all(|pixel| pixel.0[1] == u16::MAX),
        DynamicImage::ImageRgba16(pixels) => pixels.pixels().all(|pixel| pixel.0[3] == u16::MAX),
        _ => true,
    }
}

fn samples(decoded: DynamicImage, channels: Channels, deep: bool) -> Samples {
    match (channels, deep) {
        (Channels::Grey, false) => Samples::Eight(decoded.into_luma8().into_raw()),
        (Channels::GreyAlpha, false) => Samples::Eight(decoded.into_luma_alpha8().into_raw()),
        (Channels::Rgb, false) => Samples::Eight(decoded.into_rgb8().into_raw()),
        (Channels::Rgba, false) => Samples::Eight(decoded.into_rgba8().into_raw()),
        (Channels::Grey, true) => Samples::Sixteen(decoded.into_luma16().into_raw()),
        (Channels::GreyAlpha, true) => Samples::Sixteen(decoded.into_luma_alpha16().into_raw()),
        (Channels::Rgb, true) => Samples::Sixteen(decoded.into_rgb16().into_raw()),
        (Channels::Rgba, true) => Samples::Sixteen(decoded.into_rgba16().into_raw()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Rgba, RgbaImage};

    fn png(decoded: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        decoded.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn opacity_is_a_value_only_where_something_is_not_opaque() {
        for (opacity, channels) in [(255, Channels::Rgb), (254, Channels::Rgba)] {
            let picture =
                RgbaImage::from_fn(2, 1, |x, _| Rgba([9, 8, 7, if x == 1 { opacity } else { 255 }]));
            let pixels = Pixels::decode(&png(&picture.into()), None, true).unwrap();
            assert_eq!((pixels.channels, pixels.kind.channels), (channels, Channels::Rgba));
            assert_eq!(pixels.samples.len(), 2 * channels.count());
            let all = Pixels::decode(&png(&RgbaImage::new(2, 1).into()), Some(Channels::Rgba), true).unwrap();
            assert_eq!(all.samples, Samples::Eight(vec![0; 8]));
        }
    }

    #[test]
    fn sixteen_bits_stay_or_are_rounded() {
        let deep = ImageBuffer::<image::Luma<u16>, _>::from_fn(3, 1, |x, _| image::Luma([x as u16 * 300]));
        let bytes = png(&deep.into());
        let pixels = Pixels::decode(&bytes, None, true).unwrap();
        assert_eq!(pixels.samples, Samples::Sixteen(vec![0, 300, 600]));
        assert!(pixels.kind.deep && kind(Cursor::new(&bytes)).unwrap() == pixels.kind);
        assert_eq!(Pixels::decode(&bytes, None, false).unwrap().samples, Samples::Eight(vec![0, 1, 2]));
    }

    #[test]
    fn an_animation_is_refused() {
        let bytes = png(&RgbaImage::new(2, 2).into());
        let (header, rest) = bytes.split_at(33);
        let mut animated = Vec::new();
        let mut encoder = png::Encoder::new(&mut animated, 2, 2);
        encoder.set_animated(1, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0; 4]).unwrap();
        writer.finish().unwrap();
        assert!(matches!(Pixels::decode(&animated, None, false), Err(PictureError::Animated)));
        assert!(!is_animated(header) && !is_animated(rest) && !is_animated(b""));
    }
}
