//! Output files. They are checked before the fit and written atomically.
//!
//! | what | `.csv` | `.npy` |
//! |---|---|---|
//! | labels | header `label` | `<u4`, shape (n_points,) |
//! | matrix | header: the names of the columns | `<f8`, shape (n_rows, n_columns), C order |
//! | table | header: the names of the columns; an empty cell for no value | `<f8`, shape (n_rows, n_columns), NaN for
//! no value |
//! | restarts | header `restart,inertia,iterations,stopped` | `<f8`, shape (n_restarts, 4), the same columns,
//! `stopped` as its code |
//!
//! A column name that a spreadsheet would run as a formula has an apostrophe before it in CSV ([`from_text`]). Numbers are the shortest text that reads back as the same f64.

mod output;
mod place;
mod replace;
mod restarts;
mod sink;
mod spreadsheet;

pub use output::{Output, remove_temporaries, try_remove_temporaries};
pub(crate) use output::{npy_header, number};
pub use place::place;
pub use restarts::{RestartRow, RestartsOut};
pub use sink::Sink;
pub(crate) use spreadsheet::as_text;
pub use spreadsheet::from_text;
