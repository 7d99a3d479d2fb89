//! Output files. They are checked before the fit and written atomically.
//!
//! | what | `.csv` | `.npy` | `.jsonl` | `.parquet` |
//! |---|---|---|---|---|
//! | labels | header `label` | `<u4`, shape (n_points,) | objects with `label` | `label`, 32 bits, unsigned |
//! | labels of files | header `file,label` | as above | objects with `file` and `label` | `file`, and `label` as above |
//! | matrix | header: the names of the columns | `<f8`, shape (n_rows, n_columns), C order | objects with these names | 64-bit
//! floats of these names |
//! | table | as a matrix; an empty cell for no value | NaN for no value | null for no value | null for no value |
//! | restarts | header `restart,inertia,iterations,stopped` | `<f8`, shape (n_restarts, 4), the same columns,
//! `stopped` as its code | objects with these names | columns of these names |
//!
//! | rows of a table | all its columns, in its own delimiter, and `label`, `name`, `distance` | | objects with these names | columns
//! of these names |
//!
//! Where two columns have one name, `.jsonl` and `.parquet` add the number of the column to that of the later one.
//! A column name that a spreadsheet would run as a formula has an apostrophe before it in CSV ([`from_text`]). Numbers are the shortest text that reads back as the same f64.

#[cfg(feature = "parquet")]
mod columns;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod place;
mod replace;
mod restarts;
mod rows;
mod sink;
mod spreadsheet;

#[cfg(feature = "parquet")]
pub use columns::ColumnsOut;
pub use output::{Output, remove_temporaries, try_remove_temporaries};
pub(crate) use output::{check_target, npy_header, number};
#[cfg(feature = "parquet")]
pub use parquet::{Cells as ColumnCells, Kind as ColumnKind};
pub use place::place;
pub(crate) use replace::take_after;
pub use restarts::{RestartRow, RestartsOut};
pub use rows::{RowLabel, RowsOut};
pub use sink::Sink;
pub(crate) use spreadsheet::csv_cell;
pub use spreadsheet::from_text;
