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
//! Numbers in CSV are the shortest text that reads back as the same f64.

mod output;
mod place;
mod replace;
mod sink;

pub use output::{Output, RestartRow, remove_temporaries};
pub(crate) use output::{npy_header, number};
pub use place::place;
pub use sink::Sink;
