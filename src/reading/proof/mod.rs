//! The picture with boxes and names, for inspection.
//!
//! | file | what it is about |
//! |---|---|
//! | `meaning` | what a frame says, and its colour |
//! | `marks` | frames in the picture, and the names above them |
//! | `legend` | what the colours mean |
//! | `sheet` | the normalised digits and their centroids |
//! | `text` | text of a bitmap font |

mod legend;
mod marks;
mod meaning;
mod sheet;
mod text;

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use super::{MOST_PIXELS, Picture, PictureError, Reading};
use crate::model::Model;
use sheet::Sizes;

/// Most pixels of a proof.
const MOST_PROOF: u64 = 2 * MOST_PIXELS;
/// Width of a picture beside which the least text is large enough, in pixels.
const NARROW: usize = 800;
const PAPER: Rgb<u8> = Rgb([236, 234, 228]);

/// A PNG of the picture with a frame around each digit, its name beside it, and grey frames around marks left out.
/// Below it are a legend of the frames' colours, and, in reading order, the normalised digits with the nearest centroid
/// beneath each.
///
/// # Errors
/// [`PictureError::Encode`].
pub fn proof(picture: &Picture, reading: &Reading, model: &Model) -> Result<Vec<u8>, PictureError> {
    let scale = (picture.width / NARROW).clamp(1, 4) as u32;
    // what is below a crowded picture may only fit if it is small
    let (scale, (width, height)) = match size(picture, reading, scale) {
        Ok(size) => (scale, size),
        Err(_) => (1, size(picture, reading, 1)?),
    };
    let mut whole = RgbImage::from_pixel(width, height, PAPER);
    for (at, &grey) in picture.pixels.iter().enumerate() {
        whole.put_pixel((at % picture.width) as u32, (at / picture.width) as u32, Rgb([grey; 3]));
    }
    marks::mark(&mut whole, picture, reading, model);
    let mut top = picture.height as u32;
    legend::draw(&mut whole, top, scale);
    top += legend::height(scale);
    for line in &reading.lines {
        top = sheet::draw(&mut whole, top, &line.digits, model, Sizes::new(scale));
    }
    let mut bytes = Cursor::new(Vec::new());
    whole.write_to(&mut bytes, ImageFormat::Png).map_err(|error| PictureError::Encode(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// Width and height of the proof, if it is not too large.
fn size(picture: &Picture, reading: &Reading, scale: u32) -> Result<(u32, u32), PictureError> {
    let sizes = Sizes::new(scale);
    let width = (picture.width as u32).max(sizes.least()).max(legend::width(scale));
    let sheets: u64 = reading.lines.iter().map(|line| sizes.height(line.digits.len(), width)).sum();
    let height = picture.height as u64 + u64::from(legend::height(scale)) + sheets;
    u32::try_from(height)
        .ok()
        .filter(|&height| u64::from(width) * u64::from(height) <= MOST_PROOF)
        .map(|height| (width, height))
        .ok_or_else(|| {
            PictureError::Encode(format!(
                "with its digits below it would be {width} x {height} pixels, and at most {MOST_PROOF} are written; \
                 cut it to the digits"
            ))
        })
}
