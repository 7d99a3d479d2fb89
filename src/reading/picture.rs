//! A file -> brightness, in bounded memory.

use image::DynamicImage;

use crate::picture::{PictureError, decoded};

/// A grey picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
    /// Brightness, 0 for black, row-major from the top left. (height, width)
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Decodes a file: PNG, JPEG, BMP or PNM. Its EXIF orientation is applied; transparent parts become white.
    ///
    /// The size is checked before decoding, so a small file can't exhaust memory. A file of which a part is missing is
    /// an error, also where decoders would fill it with grey.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        decoded(bytes).map(|(_, decoded)| Self::of(decoded))
    }

    fn of(decoded: DynamicImage) -> Self {
        let (width, height) = (decoded.width() as usize, decoded.height() as usize);
        let pixels = if decoded.color().has_alpha() {
            let on_white = |pixel: &image::LumaA<u8>| {
                let [grey, alpha] = pixel.0.map(u32::from);
                ((grey * alpha + 255 * (255 - alpha) + 127) / 255) as u8
            };
            decoded.to_luma_alpha8().pixels().map(on_white).collect()
        } else {
            decoded.into_luma8().into_raw()
        };
        Self { width, height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use image::{ExtendedColorType, ImageEncoder, ImageFormat, Luma, LumaA, Rgb};

    fn png(decoded: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        decoded.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn colours_become_grey_and_transparency_white() {
        let red = image::RgbImage::from_pixel(3, 2, Rgb([255, 0, 0]));
        let picture = Picture::decode(&png(&red.into())).unwrap();
        assert_eq!((picture.width, picture.height, picture.pixels.len()), (3, 2, 6));
        assert!((50..80).contains(&picture.pixels[0]));
        let clear = image::GrayAlphaImage::from_fn(2, 1, |x, _| LumaA([0, if x == 0 { 0 } else { 255 }]));
        assert_eq!(Picture::decode(&png(&clear.into())).unwrap().pixels, [255, 0]);
        let deep = image::ImageBuffer::<Luma<u16>, _>::from_pixel(1, 1, Luma([65535u16]));
        assert_eq!(Picture::decode(&png(&deep.into())).unwrap().pixels, [255]);
        let text = Picture::decode(b"P2 2 1 255 0 255").unwrap();
        assert_eq!(text.pixels, [0, 255]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(matches!(Picture::decode(b""), Err(PictureError::Format)));
        assert!(matches!(Picture::decode(b"%PDF-1.7 ..."), Err(PictureError::Format)));
        assert!(matches!(Picture::decode(b"RIFF\0\0\0\0WEBPVP8 "), Err(PictureError::Format)));
        let grey = image::GrayImage::from_fn(40, 40, |x, y| Luma([(x * y) as u8]));
        let whole = png(&grey.into());
        for cut in [8, 20, 40, whole.len() / 2, whole.len() - 20] {
            assert!(matches!(Picture::decode(&whole[..cut]), Err(PictureError::Damaged(_))), "{cut}");
        }
        let mut spoilt = whole;
        let middle = spoilt.len() / 2;
        spoilt[middle] ^= 0xff;
        assert!(matches!(Picture::decode(&spoilt), Err(PictureError::Damaged(_))));
    }

    /// A small file that claims to be a picture of 20 gigapixels.
    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&[0], 1, 1, ExtendedColorType::L8)
            .unwrap();
        bytes[16..20].copy_from_slice(&200_000u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&100_000u32.to_be_bytes());
        let mut crc = !0u32; // of the header
        for &byte in &bytes[12..29] {
            crc ^= u32::from(byte);
            (0..8).for_each(|_| crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 });
        }
        bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
        let error = Picture::decode(&bytes).unwrap_err();
        assert!(matches!(error, PictureError::TooLarge { width: 200_000, height: 100_000 }), "{error}");
    }
}
