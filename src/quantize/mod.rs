//! Pictures with fewer colours: the colours of a picture as a weighted table, and what a fit makes of it.
//!
//! | file | what it is about |
//! |---|---|
//! | `colours` | the pixels of a picture -> its distinct colours, as a table with weights |
//! | `palette` | the centroids of a fit -> a palette, the picture in it, and the error |
//!
//! Pixels of equal colour are one row, whose weight is their number. A weight of w means exactly w copies, so the fit is
//! that of all pixels, sorted by colour.

mod colours;
mod palette;

pub use colours::Colours;
pub use palette::{PaletteColour, Quantized};
