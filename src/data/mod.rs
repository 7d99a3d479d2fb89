//! Input tables and output files: the digits, CSV and `.npy`.
//!
//! [`open()`] recognises the format of a table and returns a [`Source`], which is read in bounded memory. [`load()`]
//! opens a table and collects its rows. A file here imports only those above it:
//!
//! | file | what it is about |
//! |---|---|
//! | `error` | errors |
//! | `rows`, `truth`, `options` | rows as numbers; classes as labels; options for reading |
//! | `columns`, `pick` | the columns of a source; which are features, truth and weights |
//! | `source` | the interface of all formats |
//! | `input` | input bytes: file, memory, pipe |
//! | `format` | how formats are recognised |
//! | `csv`, `csv_rows` | CSV: cells to numbers; lines to cells |
//! | `npy`, `npy_header`, `npy_cells` | `.npy`: the file; its header; its bytes to numbers |
//! | `digits` | the embedded table |
//! | `open` | the list of formats |
//! | `points`, `dataset`, `load` | a whole table, in memory or reread on each visit |
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
pub use error::{DataError, Hint, Position};
pub use load::{digits, load};
pub use open::{open, open_reader};
pub use options::{Header, LoadOptions, ReadOptions};
pub use pick::Pick;
pub use points::{Points, SourcePoints};
pub use rows::Rows;
pub use source::{Chunk, Source};
pub use truth::Truth;
