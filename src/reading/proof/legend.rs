//! What the colours of the frames mean.

use image::{Rgb, RgbImage};

use super::marks::frame;
use super::meaning::Meaning;
use super::text;
use crate::reading::Area;

const INK: Rgb<u8> = Rgb([32, 34, 40]);
/// What stands below the legend.
const BELOW: &str = "below: each digit as it was seen, and the nearest centroid";
/// Side of the sample of a frame, and room around it, in pixels of scale 1.
const SAMPLE: u32 = 10;
const ROOM: u32 = 6;

/// Width of the legend.
pub(super) fn width(scale: u32) -> u32 {
    let texts = Meaning::ALL.map(|meaning| text::width(&meaning.text(), scale) + scale * (SAMPLE + ROOM));
    let longest = texts.into_iter().chain([text::width(BELOW, scale)]).max().unwrap_or(0);
    longest + 2 * ROOM * scale
}

/// Height of the legend.
pub(super) fn height(scale: u32) -> u32 {
    (Meaning::ALL.len() as u32 + 1) * line(scale) + ROOM * scale
}

fn line(scale: u32) -> u32 {
    text::height(scale) + 2 * scale
}

/// Draws the legend at the left, from row `top` on.
pub(super) fn draw(image: &mut RgbImage, top: u32, scale: u32) {
    let left = ROOM * scale;
    let mut top = top + left;
    let side = SAMPLE * scale;
    for meaning in Meaning::ALL {
        let (x, y) = (left as usize, (top + (text::height(scale) - side) / 2) as usize);
        let sample = Area { x, y, width: side as usize, height: side as usize };
        frame(image, &sample, 2 * scale as usize, meaning.color());
        text::write(image, (left + side + left, top), &meaning.text(), scale, INK);
        top += line(scale);
    }
    text::write(image, (left, top), BELOW, scale, INK);
}
