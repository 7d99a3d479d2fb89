//! Rows in, results out: the digits, CSV and `.npy`.
//!
//! There is one door for tables. [`open()`] finds the format and gives a [`Source`], whose rows can be gone through in
//! bounded memory; [`load()`] opens and collects. A file here imports only those above it:
//!
//! | file | what it is about |
//! |---|---|
//! | `error` | all that can be wrong |
//! | `rows`, `truth`, `options` | rows as numbers; classes as labels; what a user says about a table |
//! | `columns`, `pick` | the columns of a source; which are features, truth and weights |
//! | `source` | a source of rows: what every format gives |
//! | `input` | where bytes come from: file, memory, pipe |
//! | `format` | how formats are told from one another |
//! | `csv`, `csv_rows` | CSV: cells to numbers; lines to cells |
//! | `npy`, `npy_header`, `npy_cells` | `.npy`: the file; its header; its bytes to numbers |
//! | `digits` | the table inside the program |
//! | `open` | all formats, and which one it is |
//! | `points`, `dataset`, `load` | a whole table, in memory or read again on each visit |
//! | `write` | output files |

mod columns;
mod csv;
mod csv_rows;
mod dataset;
mod digits;
mod error;
mod format;
mod input;
mod load;
mod npy;
mod npy_cells;
mod npy_header;
mod open;
mod options;
mod pick;
mod points;
mod rows;
mod source;
mod truth;
pub mod write;

pub use columns::Columns;
pub use dataset::Dataset;
pub use digits::ORIGIN as ORIGIN_OF_DIGITS;
pub use error::{DataError, Hint, Place};
pub use load::{digits, load};
pub use open::{open, open_reader};
pub use options::{Header, LoadOptions, ReadOptions};
pub use pick::Pick;
pub use points::{Points, SourcePoints};
pub use rows::Rows;
pub use source::{Chunk, Source};
pub use truth::Truth;
