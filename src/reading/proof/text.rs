//! Text of a bitmap font.

use image::{Rgb, RgbImage};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};

/// Height of the smallest text, in pixels.
pub(super) const LEAST: u32 = RasterHeight::Size16 as u32;
/// Stands for characters that the font lacks.
const UNKNOWN: char = '_';

/// Height of text of `scale` times the least.
pub(super) fn height(scale: u32) -> u32 {
    LEAST * scale
}

pub(super) fn width(text: &str, scale: u32) -> u32 {
    let (glyphs, times) = glyphs(text, scale);
    glyphs.iter().map(|glyph| glyph.width() as u32 * times).sum()
}

/// Writes a line of text over what is there.
pub(super) fn write(
    image: &mut RgbImage,
    (left, top): (u32, u32),
    text: &str,
    scale: u32,
    Rgb(ink): Rgb<u8>,
) {
    let (glyphs, times) = glyphs(text, scale);
    let mut left = left;
    for glyph in glyphs {
        let (across, down) = (glyph.width() as u32 * times, glyph.height() as u32 * times);
        for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
            let share = glyph.pixel((x / times) as usize, (y / times) as usize).unwrap_or(0);
            if let Some(Rgb(under)) = image.get_pixel_mut_checked(left + x, top + y) {
                for (under, ink) in under.iter_mut().zip(ink) {
                    *under = mixed(*under, ink, share);
                }
            }
        }
        left += across;
    }
}

/// The glyphs of a text, and by how much their pixels are enlarged: the large font is twice as high as the small one.
fn glyphs(text: &str, scale: u32) -> (Vec<RasterizedChar>, u32) {
    let (size, times) = match scale % 2 {
        0 => (RasterHeight::Size32, scale / 2),
        _ => (RasterHeight::Size16, scale),
    };
    let glyph = |c| get_raster(c, FontWeight::Bold, size);
    (text.chars().filter_map(|c| glyph(c).or_else(|| glyph(UNKNOWN))).collect(), times)
}

fn mixed(under: u8, ink: u8, share: u8) -> u8 {
    let (under, ink, share) = (u32::from(under), u32::from(ink), u32::from(share));
    ((under * (255 - share) + ink * share) / 255) as u8
}
