//! Drawn digits, normalised like those of the data: crop to the ink, scale to full height, make upright, count.
//!
//! | file | what it is about |
//! |---|---|
//! | `text` | arrays of 64 numbers, as pages and programs print them |
//! | `normalise` | a drawing of any size and scale -> 8 x 8 counts from 0 to 16 |
//! | `shear` | makes a drawing upright |
//! | `counts` | drawings that are counts already |
//! | `resample` | resampling of pixels |
//!
//! ```
//! let page = "[0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, .5, 0, 0, 0, 0,  0, 0, 0, .9, 0, 0, 0, 0,  0, 0, 0, .9, 0, 0, 0, 0,
//!              0, 0, 0, .9, 0, 0, 0, 0,  0, 0, 0, .8, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0,
//! 0]"; let drawings = cairn::drawing::read(page)?;
//! let counts = cairn::drawing::normalise(&drawings[0].values, 8, 8)?;
//! assert!(counts[3] > 0 && counts[7 * 8 + 3] > 0); // a stroke from the top to the bottom
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counts;
mod normalise;
mod resample;
mod shear;
mod text;

pub use counts::{are_counts, counts};
pub use normalise::normalise;
#[cfg(feature = "cli")]
pub(crate) use normalise::normalise_slanted;
pub use text::{Drawing, ReadError, read};

/// Height and width of the counts.
pub const SIDE: usize = 8;
/// Number of values of a drawing, and of its counts.
pub const SIZE: usize = SIDE * SIDE;

/// Height and width of the field to which NIST's digits were normalised before the pixels of blocks were counted.
const FIELD: usize = 32;

/// What is wrong with a drawing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawingError {
    /// All numbers are 0.
    #[error("there is no ink: all its numbers are 0")]
    NoInk,
    /// A number that is negative or not finite.
    #[error("row {row}, column {column}: {value} is not an amount of ink; give a finite number of 0 or more")]
    Ink {
        /// Row, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// The number.
        value: f64,
    },
    /// Height times width is not the number of values.
    #[error("{found} numbers don't make {height} rows of {width}")]
    Shape {
        /// Numbers given.
        found: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// Fewer or more than 64 numbers.
    #[error("it has {found} numbers; a drawing has {SIZE}, row by row from the top left")]
    Count {
        /// Numbers found.
        found: usize,
    },
    /// Text that is not a number.
    #[error("{text:?} is not a number; a drawing has {SIZE} numbers, separated by commas or spaces")]
    Text {
        /// The text, shortened.
        text: String,
    },
    /// A bracket without a partner.
    #[error(
        "a bracket {bracket:?} has no partner; put each drawing between [ and ], or on a line of its own"
    )]
    Bracket {
        /// The bracket.
        bracket: char,
    },
    /// A text without a drawing.
    #[error("there is no drawing; give {SIZE} numbers for each, between brackets or on a line of its own")]
    Empty,
}

/// Checks that all numbers are finite and not negative. `values` is (any, width).
fn check_ink(values: &[f64], width: usize) -> Result<(), DrawingError> {
    match values.iter().position(|value| !value.is_finite() || *value < 0.0) {
        Some(at) => Err(DrawingError::Ink { row: at / width + 1, column: at % width + 1, value: values[at] }),
        None => Ok(()),
    }
}
