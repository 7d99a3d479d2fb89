//! Reads handwritten digits in a scan or a photograph: text, with a box and a confidence for each digit.
//!
//! | file | what it is about |
//! |---|---|
//! | `picture` | a file -> brightness |
//! | `ink` | brightness -> ink: flat illumination, Otsu's threshold |
//! | `components` | connected components of ink, as runs of pixels |
//! | `skew` | detection and correction of skew |
//! | `glyphs` | components -> digits: joins pieces, cuts touching digits, leaves out marks |
//! | `lines` | digits -> lines, in reading order |
//! | `amounts` | numbers with points, commas, a minus or a sign |
//! | `raster` | a digit's ink -> 8 x 8 counts, with strokes as wide as in the data |
//! | `proof` | the picture with boxes and names, for inspection |
//!
//! The steps follow NIST's form reader (Garris et al., NISTIR 5469, 1994): find the ink, correct the skew, segment,
//! normalise each segment like the training data, classify. The classifier is a model: a digit gets the name of its
//! nearest centroid.

mod amounts;
mod components;
mod found;
mod glyphs;
mod ink;
mod lines;
mod picture;
mod proof;
mod raster;
mod skew;

use crate::drawing::SIZE;
use crate::model::{DrawnError, Model, PredictError};

pub use crate::picture::{MOST_PIXELS, PictureError};
pub use amounts::{Amount, amounts};
pub use found::{Area, Digit, Line, Reading};
pub use picture::Picture;
pub use proof::proof;

use found::name;

/// Why a picture can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// The model can't name drawings.
    #[error(transparent)]
    Model(#[from] DrawnError),
    /// The digits can't be predicted.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A picture whose pixels are not as many as its size says.
    #[error("the picture has {pixels} pixels, and its size is {width} x {height}")]
    Shape {
        /// Pixels.
        pixels: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Too many separate strokes.
    #[error(
        "has more than {} horizontal runs of ink, so it is noise or a photograph rather than writing; cut it to the \
         digits, or scale it down",
        components::MOST_RUNS
    )]
    Crowded,
}

impl From<components::Crowded> for ReadingError {
    fn from(_: components::Crowded) -> Self {
        Self::Crowded
    }
}

/// Reads the digits of a picture with a model of 8 x 8 pictures whose clusters have names.
///
/// # Errors
/// [`ReadingError::Model`] for a model of other data, [`ReadingError::Crowded`] for a picture of noise. A picture without
/// ink is not an error: its reading is empty.
pub fn read(picture: &Picture, model: &Model) -> Result<Reading, ReadingError> {
    model.check_drawn()?;
    check_shape(picture)?;
    let nothing = Reading { lines: Vec::new(), skew: 0.0, left_out: Vec::new() };
    let Some(mut ink) = ink::of(picture) else { return Ok(nothing) };
    let mut found = components::of(&ink)?;
    let mut skew = skew::angle(&found);
    if skew != 0.0 {
        match skew::straightened(&ink, skew) {
            Some(level) => {
                ink = level;
                found = components::of(&ink)?;
            }
            None => skew = 0.0,
        }
    }
    let names: Vec<String> = (0..model.n_clusters()).map(|label| name(model, label as u32)).collect();
    let strange = |glyphs: &[components::Component]| {
        let mut sum = 0.0;
        for glyph in glyphs {
            sum += nearest(model, &names, &raster::counts(glyph, &ink))?.distance;
        }
        Ok::<_, PredictError>(sum / glyphs.len() as f64)
    };
    let parted = glyphs::of(found, &strange)?;
    let rotation = skew::Rotation::back(skew, picture, &ink);
    let area = |area: Area| rotation.area(area);
    let mut lines = Vec::new();
    for line in lines::of(parted.glyphs, parted.height) {
        let mut digits = Vec::new();
        for (glyph, after_gap) in &line {
            let digit = nearest(model, &names, &raster::counts(glyph, &ink))?;
            digits.push(Digit { area: area(glyph.area()), after_gap: *after_gap, ..digit });
        }
        lines.push(Line { digits });
    }
    let left_out = parted.left_out.iter().map(|part| area(part.area())).collect();
    Ok(Reading { lines, skew, left_out })
}

fn check_shape(picture: &Picture) -> Result<(), ReadingError> {
    let &Picture { width, height, ref pixels } = picture;
    let fits = width > 0 && width.checked_mul(height).is_some_and(|n| n > 0 && n == pixels.len());
    if fits { Ok(()) } else { Err(ReadingError::Shape { pixels: pixels.len(), width, height }) }
}

/// Classifies the variant of a digit that is nearest to a centroid. The position is set by the caller.
fn nearest(model: &Model, names: &[String], variants: &[[u8; SIZE]]) -> Result<Digit, PredictError> {
    let values: Vec<f64> = variants.iter().flatten().map(|&count| f64::from(count)).collect();
    let distances = model.transform(&values)?;
    let k = model.n_clusters();
    let least = |of: &dyn Fn(usize) -> bool| {
        let places = (0..distances.len()).filter(|&at| of(at % k));
        places.min_by(|&a, &b| distances[a].total_cmp(&distances[b]))
    };
    let at = least(&|_| true).unwrap_or(0);
    let own = &names[at % k];
    let other = least(&|cluster| names[cluster] != *own);
    let distance = distances[at];
    let confidence = match other.map(|other| distances[other]) {
        None => 1.0,
        Some(0.0) => 0.0,
        Some(further) => 1.0 - distance / further,
    };
    Ok(Digit {
        area: Area { x: 0, y: 0, width: 0, height: 0 },
        counts: variants[at / k],
        label: (at % k) as u32,
        distance,
        runner_up: other.map(|other| (other % k) as u32),
        confidence,
        strange: model.limit_of_drawn_value().is_some_and(|limit| distance > limit),
        after_gap: false,
    })
}
