//! Files of pictures: whole ones of every kind are decoded, and truncated, changed, thin and huge ones end in words.
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::io::Cursor;

use cairn::reading::{Picture, PictureError};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage};

use crate::strips::Random;

/// Progressive, with colours at half the resolution and restarts; and CMYK with Adobe's marker. See
/// `tests/fixtures/pictures.py`.
const PROGRESSIVE: &[u8] = include_bytes!("../fixtures/progressive.jpg");
const CMYK: &[u8] = include_bytes!("../fixtures/cmyk.jpg");

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A picture without two equal blocks, and with texture up to its last corner.
fn textured(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let stroke = if (x / 5 + y / 7) % 2 == 0 { 40 } else { 210 };
        Luma([stroke + ((x * 7 + y * 13) % 31) as u8])
    })
}

/// Whole files in every format.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    let grey = textured(52, 37);
    let colour = RgbImage::from_fn(52, 37, |x, y| {
        let Luma([grey]) = *grey.get_pixel(x, y);
        image::Rgb([grey, 255 - grey, (x * 4) as u8])
    });
    let (grey, colour) = (DynamicImage::from(grey), DynamicImage::from(colour));
    vec![
        ("PNG", encoded(&grey, ImageFormat::Png)),
        ("PNG in colour", encoded(&colour, ImageFormat::Png)),
        ("JPEG", encoded(&grey, ImageFormat::Jpeg)),
        ("JPEG in colour", encoded(&colour, ImageFormat::Jpeg)),
        ("progressive JPEG", PROGRESSIVE.to_vec()),
        ("CMYK JPEG", CMYK.to_vec()),
        ("BMP", encoded(&colour, ImageFormat::Bmp)),
        ("PNM", encoded(&grey, ImageFormat::Pnm)),
    ]
}

/// Whether the last 8 x 8 pixels are the grey that decoders fill with.
fn ends_in_grey(picture: &Picture) -> bool {
    let rows = picture.pixels.chunks(picture.width).rev().take(8);
    rows.flat_map(|row| row.iter().rev().take(8)).all(|pixel| (127..=129).contains(pixel))
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for (format, bytes) in whole() {
        let picture = Picture::decode(&bytes).unwrap_or_else(|error| panic!("{format}: {error}"));
        for cut in 0..bytes.len() {
            match Picture::decode(&bytes[..cut]) {
                Err(PictureError::Format | PictureError::Damaged(_)) => {}
                // nothing of the picture was in the bytes that are gone
                Ok(rest) if !format.contains("JPEG") && rest == picture => {}
                other => panic!("{format}, {cut} of {} bytes: {other:?}", bytes.len()),
            }
        }
    }
}

#[test]
fn the_end_of_a_jpeg_does_not_hide_that_its_middle_is_missing() {
    for (format, bytes) in whole().into_iter().filter(|(format, _)| format.contains("JPEG")) {
        // from the last byte or two on only the padding is gone
        for cut in 0..bytes.len() - 4 {
            let cut = [&bytes[..cut], &[0xff, 0xd9]].concat();
            let decoded = Picture::decode(&cut);
            assert!(decoded.is_err(), "{format}, cut at {} of {}", cut.len() - 2, bytes.len());
        }
    }
}

#[test]
fn changed_bytes_are_an_error_or_a_whole_picture() {
    let mut random = Random::new(7);
    let mut below = |n: usize| (random.unit() * n as f64) as usize;
    let per_file = if std::env::var_os("CAIRN_LONG").is_some() { 20_000 } else { 1500 };
    for (format, bytes) in whole() {
        let picture = Picture::decode(&bytes).unwrap();
        let mut refused = 0;
        for _ in 0..per_file {
            let mut changed = bytes.clone();
            for _ in 0..1 + below(3) {
                let at = below(changed.len());
                match below(4) {
                    0 => changed[at] = below(256) as u8,
                    1 => {
                        changed.remove(at);
                    }
                    2 => changed.insert(at, below(256) as u8),
                    _ => changed[at] ^= 1 << below(8),
                }
            }
            let Ok(decoded) = Picture::decode(&changed) else {
                refused += 1;
                continue;
            };
            let Picture { width, height, ref pixels } = decoded;
            assert!(
                width > 0 && height > 0 && pixels.len() == width * height,
                "{format}: {width} x {height}"
            );
            if format.contains("JPEG") {
                assert!(!ends_in_grey(&decoded), "{format}: {changed:02x?}");
            }
            if format.contains("PNG") && (width, height) == (picture.width, picture.height) {
                assert_eq!(pixels, &picture.pixels, "{format}: {changed:02x?}");
            }
        }
        // formats with checks or codes show most damage
        if format.contains("JPEG") || format.contains("PNG") {
            assert!(refused * 2 > per_file, "{format}: {refused} of {per_file}");
        }
    }
}

#[test]
fn every_kind_of_jpeg_looks_the_same() {
    for (format, bytes) in [("progressive", PROGRESSIVE), ("CMYK", CMYK)] {
        let picture = Picture::decode(bytes).unwrap();
        assert_eq!((picture.width, picture.height), (60, 40), "{format}");
        let at = |x: usize, y: usize| picture.pixels[y * 60 + x];
        assert!(at(12, 20) < 80 && at(40, 9) < 110, "{format}: ink is {} and {}", at(12, 20), at(40, 9));
        assert!(at(40, 20) > 190 && at(2, 2) > 190, "{format}: paper is {} and {}", at(40, 20), at(2, 2));
    }
}

/// A JPEG with an orientation in its EXIF data.
fn oriented(bytes: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&bytes[..2], &[0xff, 0xe1], &length, &exif, &bytes[2..]].concat()
}

#[test]
fn pictures_are_turned_upright() {
    // dark at the top left
    let picture = GrayImage::from_fn(48, 32, |x, y| Luma([if x < 16 && y < 16 { 20 } else { 240 }]));
    let bytes = encoded(&picture.into(), ImageFormat::Jpeg);
    // where the top left goes to: right, down
    let places = [
        (1, false, false),
        (2, true, false),
        (3, true, true),
        (4, false, true),
        (5, false, false),
        (6, true, false),
        (7, true, true),
        (8, false, true),
    ];
    for (orientation, right, down) in places {
        let picture = Picture::decode(&oriented(&bytes, orientation)).unwrap();
        let size = if orientation < 5 { (48, 32) } else { (32, 48) };
        assert_eq!((picture.width, picture.height), size, "{orientation}");
        let (x, y) = (if right { size.0 - 4 } else { 4 }, if down { size.1 - 4 } else { 4 });
        assert!(picture.pixels[y * size.0 + x] < 60, "{orientation}");
        let dark = picture.pixels.iter().filter(|&&pixel| pixel < 128).count();
        assert!(dark.abs_diff(16 * 16) < 40, "{orientation}: {dark}");
    }
}

#[test]
fn sizes_without_pixels_are_errors_in_words() {
    for (width, height) in [(0u32, 1u32), (1, 0), (0, 0), (0, 4_000_000_000), (4_000_000_000, 0)] {
        for kind in ["P1", "P2", "P3", "P4", "P5", "P6"] {
            let most = if ["P1", "P4"].contains(&kind) { "" } else { " 255" };
            let error = Picture::decode(format!("{kind} {width} {height}{most} ").as_bytes()).unwrap_err();
            let said = error.to_string();
            assert!(said.contains("save it again") || said.contains("scale it down"), "{kind}: {said}");
        }
        let mut bmp = encoded(&textured(3, 3).into(), ImageFormat::Bmp);
        bmp[18..22].copy_from_slice(&width.to_le_bytes());
        bmp[22..26].copy_from_slice(&height.to_le_bytes());
        assert!(Picture::decode(&bmp).is_err(), "{width} x {height}");
        let mut jpeg = encoded(&textured(3, 3).into(), ImageFormat::Jpeg);
        let frame = jpeg.windows(2).position(|bytes| bytes == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&(height as u16).to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&(width as u16).to_be_bytes());
        assert!(Picture::decode(&jpeg).is_err(), "{width} x {height}");
    }
    for (width, height) in [(1, 1), (1, 65_000), (65_000, 1), (2, 9)] {
        let picture = textured(width, height).into();
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Pnm] {
            let decoded = Picture::decode(&encoded(&picture, format)).unwrap();
            assert_eq!((decoded.width, decoded.height), (width as usize, height as usize), "{format:?}");
        }
    }
    for (width, height) in [(1, 1), (1, 65_535), (65_535, 1)] {
        let decoded = Picture::decode(&encoded(&textured(width, height).into(), ImageFormat::Jpeg)).unwrap();
        assert_eq!((decoded.width, decoded.height), (width as usize, height as usize));
    }
}
