//! Errors of pictures. Each message begins after the name of the file, and says what to do.

use super::jpeg;

/// Most pixels of a picture: two scanned pages at 600 dpi.
pub const MOST_PIXELS: u64 = 1 << 26;

/// Largest file, in bytes.
pub const MOST_BYTES: u64 = 256 << 20;

/// Why a picture can't be decoded or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Not one of the formats.
    #[error("is not a PNG, JPEG, BMP or PNM picture; save it as one of these")]
    Format,
    /// Damaged, or cut short.
    #[error("is damaged: {0}; save it again")]
    Damaged(String),
    /// Of a kind that is not read.
    #[error("{0}; save it as a PNG")]
    Kind(String),
    /// Several pictures in one file.
    #[error("is animated, of which one picture would be read; save that as a PNG of its own")]
    Animated,
    /// It has no pixels.
    #[error("is {width} x {height} pixels, so there is nothing to read; save it again")]
    Empty {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// It can't be encoded.
    #[error("can't be encoded: {0}")]
    Encode(String),
    /// Too large.
    #[error(
        "is {width} x {height} pixels, and at most {MOST_PIXELS} pixels are read; cut it, or scale it down"
    )]
    TooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The file is too large.
    #[error("has more than {MOST_BYTES} bytes; cut it, or scale it down")]
    TooLong,
}

impl From<jpeg::Fault> for PictureError {
    fn from(fault: jpeg::Fault) -> Self {
        match fault {
            jpeg::Fault::Damaged(what) => Self::Damaged(what),
            jpeg::Fault::Kind(what) => Self::Kind(what),
        }
    }
}
