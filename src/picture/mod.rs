//! Files of pictures: their pixels, in bounded memory, and pictures of few colours.
//!
//! | file | what it is about |
//! |---|---|
//! | `channels` | which values a pixel has |
//! | `error` | errors |
//! | `jpeg` | whether the data of a JPEG are whole |
//! | `file` | a file -> its kind, and its pixels |
//! | `indexed` | a picture of few colours -> PNG |

mod channels;
#[cfg(feature = "cli")]
mod error;
#[cfg(feature = "cli")]
mod file;
#[cfg(feature = "cli")]
mod indexed;
#[cfg(feature = "cli")]
mod jpeg;

pub use channels::Channels;
#[cfg(feature = "cli")]
pub use error::{MOST_BYTES, MOST_PIXELS, PictureError};
#[cfg(feature = "cli")]
pub use file::{Kind, Pixels, Samples, begins_as_picture};
#[cfg(feature = "cli")]
pub(crate) use file::{decoded, kind};
#[cfg(feature = "cli")]
pub use indexed::{Indexed, MOST_COLOURS};
