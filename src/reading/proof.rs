//! The picture with boxes and names, for inspection.

use std::io::Cursor;
use std::ops::Range;

use image::{ImageFormat, Rgb, RgbImage, imageops};

use super::{Area, Digit, MOST_PIXELS, Picture, PictureError, Reading};
use crate::drawing::SIDE;
use crate::model::Model;

/// Most pixels of a proof.
const MOST_PROOF: u64 = 2 * MOST_PIXELS;
/// Side of one of the 8 x 8 cells, in pixels.
const DOT: u32 = 4;
/// Side of a small picture, and the margin around it, in pixels.
const SMALL: u32 = SIDE as u32 * DOT;
const ROOM: u32 = 6;
/// Colours of sure digits, unsure digits, marks left out, and the sheet below.
const SURE: [f64; 3] = [0.0, 130.0, 60.0];
const UNSURE: [f64; 3] = [215.0, 30.0, 30.0];
const LEFT_OUT: Rgb<u8> = Rgb([140, 140, 150]);
const SHEET: Rgb<u8> = Rgb([236, 234, 228]);

/// A PNG of the picture with a box around each digit, from green for sure to red for unsure, and grey around marks
/// left out. Below it, in reading order, are the normalised digits with the nearest centroid beneath each.
///
/// # Errors
/// [`PictureError::Encode`].
pub fn proof(picture: &Picture, reading: &Reading, model: &Model) -> Result<Vec<u8>, PictureError> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let whole_width = width.max(SMALL + 2 * ROOM);
    let below: u64 = reading.lines.iter().map(|line| sheet_height(line.digits.len(), whole_width)).sum();
    let whole_height = u64::from(height) + below;
    let Some(whole_height) = u32::try_from(whole_height)
        .ok()
        .filter(|&whole_height| u64::from(whole_width) * u64::from(whole_height) <= MOST_PROOF)
    else {
        return Err(PictureError::Encode(format!(
            "with its digits below it would be {whole_width} x {whole_height} pixels, and at most {MOST_PROOF} are \
             written; cut it to the digits"
        )));
    };
    let mut whole = RgbImage::from_pixel(whole_width, whole_height, SHEET);
    for (at, &grey) in picture.pixels.iter().enumerate() {
        whole.put_pixel((at % picture.width) as u32, (at / picture.width) as u32, Rgb([grey; 3]));
    }
    let thick = (picture.height / 300 + 1).min(6);
    reading.left_out.iter().for_each(|area| frame(&mut whole, area, thick, LEFT_OUT));
    for digit in reading.lines.iter().flat_map(|line| &line.digits) {
        frame(&mut whole, &digit.area, thick, color(digit));
    }
    let mut top = height;
    for line in &reading.lines {
        let sheet = sheet(&line.digits, model, whole_width);
        imageops::replace(&mut whole, &sheet, 0, i64::from(top));
        top += sheet.height();
    }
    let mut bytes = Cursor::new(Vec::new());
    whole.write_to(&mut bytes, ImageFormat::Png).map_err(|error| PictureError::Encode(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// Red to green; a confidence of a third is fully green.
fn color(digit: &Digit) -> Rgb<u8> {
    let share = if digit.strange { 0.0 } else { (digit.confidence * 3.0).clamp(0.0, 1.0) };
    Rgb([0, 1, 2].map(|at| (UNSURE[at] + share * (SURE[at] - UNSURE[at])) as u8))
}

fn frame(whole: &mut RgbImage, area: &Area, thick: usize, color: Rgb<u8>) {
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    let (left, top) = (area.x.saturating_sub(thick), area.y.saturating_sub(thick));
    let mut fill = |columns: Range<usize>, rows: Range<usize>| {
        let (most_x, most_y) = (whole.width() as usize, whole.height() as usize);
        for (y, x) in (rows.start..rows.end.min(most_y)).flat_map(|y| columns.clone().map(move |x| (y, x))) {
            if x < most_x {
                whole.put_pixel(x as u32, y as u32, color);
            }
        }
    };
    fill(left..right + thick, top..area.y);
    fill(left..right + thick, bottom..bottom + thick);
    fill(left..area.x, area.y..bottom);
    fill(right..right + thick, area.y..bottom);
}

fn across(width: u32) -> u32 {
    ((width - ROOM) / (SMALL + ROOM)).max(1)
}

fn sheet_height(n: usize, width: u32) -> u64 {
    n.div_ceil(across(width) as usize) as u64 * u64::from(2 * SMALL + 3 * ROOM)
}

/// The normalised digits of a line and their nearest centroids.
fn sheet(digits: &[Digit], model: &Model, width: u32) -> RgbImage {
    let across = across(width);
    let mut sheet = RgbImage::from_pixel(width, sheet_height(digits.len(), width) as u32, SHEET);
    let centroids = model.values();
    for (at, digit) in (0..).zip(digits) {
        let (x, y) = (ROOM + at % across * (SMALL + ROOM), ROOM + at / across * (2 * SMALL + 3 * ROOM));
        let seen: Vec<f64> = digit.counts.iter().map(|&count| f64::from(count)).collect();
        small(&mut sheet, (x, y), &seen);
        let centroid = centroids.row(digit.label as usize);
        small(&mut sheet, (x, y + SMALL + 2), &centroid.to_vec());
    }
    sheet
}

/// Draws counts from 0 to 16 in black on white.
fn small(sheet: &mut RgbImage, (left, top): (u32, u32), counts: &[f64]) {
    for (x, y) in (0..SMALL).flat_map(|y| (0..SMALL).map(move |x| (x, y))) {
        let count = counts[(y / DOT * SIDE as u32 + x / DOT) as usize];
        let grey = (255.0 - count / 16.0 * 255.0).clamp(0.0, 255.0) as u8;
        sheet.put_pixel(left + x, top + y, Rgb([grey; 3]));
    }
}
