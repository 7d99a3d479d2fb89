//! Frames in the picture, and the names above them.

use image::{Rgb, RgbImage};

use super::meaning::Meaning;
use super::text;
use crate::model::Model;
use crate::reading::{Area, Digit, Picture, Reading};

const WHITE: Rgb<u8> = Rgb([255; 3]);
/// Room beside a name, in pixels.
const BESIDE: usize = 3;
/// Most characters of a name that are shown.
const LONGEST: usize = 8;
/// Height of a digit beside which the least text is large enough, in pixels.
const DIGIT: usize = 48;

/// Frames all that was found, and writes the name of each digit beside it. Names keep off digits and off each other
/// where there is room.
pub(super) fn mark(image: &mut RgbImage, picture: &Picture, reading: &Reading, model: &Model) {
    let thick = (picture.height / 300 + 1).min(6);
    reading.left_out.iter().for_each(|area| frame(image, area, thick, Meaning::LeftOut.color()));
    let digits: Vec<&Digit> = reading.lines.iter().flat_map(|line| &line.digits).collect();
    digits.iter().for_each(|digit| frame(image, &digit.area, thick, Meaning::of(digit).color()));
    let mut taken: Vec<Area> = digits.iter().map(|digit| digit.area).collect();
    for digit in digits {
        let name: String = digit.name(model).chars().take(LONGEST).collect();
        let scale = (digit.area.height / DIGIT).clamp(1, 8) as u32;
        let size = (text::width(&name, scale) as usize + 2 * BESIDE, text::height(scale) as usize);
        let tag = place(&digit.area, thick, size, (picture.width, picture.height), &taken);
        fill(image, &tag, Meaning::of(digit).color());
        text::write(image, ((tag.x + BESIDE) as u32, tag.y as u32), &name, scale, WHITE);
        taken.push(tag);
    }
}

/// A place for a name of this size: above the frame, below it, or inside.
fn place(
    digit: &Area,
    thick: usize,
    (width, height): (usize, usize),
    all: (usize, usize),
    taken: &[Area],
) -> Area {
    let x = digit.x.saturating_sub(thick).min(all.0.saturating_sub(width));
    let above = digit.y.checked_sub(thick + height);
    let below = Some(digit.y + digit.height + thick).filter(|y| y + height <= all.1);
    let areas: Vec<Area> =
        [above, below].into_iter().flatten().map(|y| Area { x, y, width, height }).collect();
    let free = areas.iter().find(|area| !taken.iter().any(|other| overlap(area, other)));
    let inside = Area { x: digit.x, y: digit.y, width, height };
    free.or(areas.first()).copied().unwrap_or(inside)
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// A frame around an area, `thick` pixels wide.
pub(super) fn frame(image: &mut RgbImage, area: &Area, thick: usize, color: Rgb<u8>) {
    let (left, top) = (area.x.saturating_sub(thick), area.y.saturating_sub(thick));
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    let mut part = |x, y, to_x, to_y| fill(image, &Area { x, y, width: to_x - x, height: to_y - y }, color);
    part(left, top, right + thick, area.y);
    part(left, bottom, right + thick, bottom + thick);
    part(left, area.y, area.x, bottom);
    part(right, area.y, right + thick, bottom);
}

fn fill(image: &mut RgbImage, area: &Area, color: Rgb<u8>) {
    let to_x = (area.x + area.width).min(image.width() as usize);
    let to_y = (area.y + area.height).min(image.height() as usize);
    for (x, y) in (area.y..to_y).flat_map(|y| (area.x..to_x).map(move |x| (x, y))) {
        image.put_pixel(x as u32, y as u32, color);
    }
}
