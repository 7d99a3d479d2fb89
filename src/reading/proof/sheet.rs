//! The normalised digits of a line, with the nearest centroid beneath each.

use image::{Rgb, RgbImage};

use crate::drawing::SIDE;
use crate::model::Model;
use crate::reading::Digit;

/// Sizes of a sheet, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Side of one of the 8 x 8 cells.
    dot: u32,
    /// Room around a small picture.
    room: u32,
}

impl Sizes {
    pub(super) fn new(scale: u32) -> Self {
        Self { dot: 4 * scale, room: 6 * scale }
    }

    /// Side of a small picture.
    fn small(self) -> u32 {
        SIDE as u32 * self.dot
    }

    /// From one small picture to the next.
    fn step(self) -> (u32, u32) {
        (self.small() + self.room, 2 * self.small() + 3 * self.room)
    }

    /// Least width of a sheet.
    pub(super) fn least(self) -> u32 {
        self.small() + 2 * self.room
    }

    fn across(self, width: u32) -> u32 {
        ((width - self.room) / self.step().0).max(1)
    }

    /// Height of a sheet of `n` digits.
    pub(super) fn height(self, n: usize, width: u32) -> u64 {
        n.div_ceil(self.across(width) as usize) as u64 * u64::from(self.step().1)
    }
}

/// Draws the sheet of a line, from row `top` on. Returns the row below it.
pub(super) fn draw(image: &mut RgbImage, top: u32, digits: &[Digit], model: &Model, sizes: Sizes) -> u32 {
    let width = image.width();
    let across = sizes.across(width);
    let centroids = model.values();
    for (at, digit) in (0..).zip(digits) {
        let (x, y) =
            (sizes.room + at % across * sizes.step().0, top + sizes.room + at / across * sizes.step().1);
        let seen: Vec<f64> = digit.counts.iter().map(|&count| f64::from(count)).collect();
        small(image, (x, y), &seen, sizes);
        let centroid = centroids.row(digit.label as usize);
        small(image, (x, y + sizes.small() + sizes.room / 3), &centroid.to_vec(), sizes);
    }
    top + sizes.height(digits.len(), width) as u32
}

/// Draws counts from 0 to 16 in black on white.
fn small(image: &mut RgbImage, (left, top): (u32, u32), counts: &[f64], sizes: Sizes) {
    let side = sizes.small();
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        let count = counts[(y / sizes.dot * SIDE as u32 + x / sizes.dot) as usize];
        let grey = (255.0 - count / 16.0 * 255.0).clamp(0.0, 255.0) as u8;
        image.put_pixel(left + x, top + y, Rgb([grey; 3]));
    }
}
