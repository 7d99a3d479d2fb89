//! Input tables and output files: the digits, CSV and `.npy`.
//!
//! [`open()`] recognises the format of a table and returns a [`Source`], which is read in bounded memory. [`load()`]
//! opens a table and collects its rows. A file here imports only those above it:
//!
//! | file | what it is about |
//! |---|---|
//! | `error` | errors |
//! | `rows`, `truth`, `options` | rows as numbers; classes as labels; options for reading |
//! | `reading` | how a table was read: what was found in it |
//! | `columns`, `pick` | the columns of a source; which are features, truth and weights |
//! | `source` | the interface of all formats |
//! | `stamp`, `input` | whether a file has changed; input bytes: file, memory, pipe |
//! | `format` | how formats are recognised |
//! | `foreign` | formats that are recognised, but not read |
//! | `white_space`, `csv_rows` | text to cells, by a delimiter or white space |
//! | `cells` | cells to numbers, truth values and missing values |
//! | `sample`, `dialect`, `header`, `form` | the first rows of a text, and what is found in them |
//! | `csv` | CSV: rows to numbers |
//! | `npy`, `npy_header`, `npy_cells` | `.npy`: the file; its header; its bytes to numbers |
//! | `digits` | the embedded table |
//! | `open` | the list of formats |
//! | `points`, `dataset`, `load` | a whole table, in memory or reread on each visit |
//! | `write` | output files |

mod cells;
mod columns;
mod csv;
mod csv_rows;
mod dataset;
mod dialect;
mod digits;
mod error;
mod foreign;
mod form;
mod format;
mod header;
mod input;
mod load;
mod npy;
mod npy_cells;
mod npy_header;
mod open;
mod options;
mod pick;
mod points;
mod reading;
mod rows;
mod sample;
mod source;
mod stamp;
mod truth;
mod white_space;
pub mod write;

pub use columns::{Columns, has_names, is_numbered_name};
pub(crate) use columns::{listed, numbered_name};
pub use dataset::Dataset;
pub use digits::ORIGIN as ORIGIN_OF_DIGITS;
pub use error::{DataError, HeaderDoubt, Hint, Left, Position};
pub use load::{digits, load};
pub use open::{open, open_reader};
pub use options::{Header, LONGEST_ROW, LoadOptions, ReadOptions};
pub use pick::Pick;
pub use points::{Points, SourcePoints, Values};
pub use reading::{Reading, RowNumbers, TextReading};
pub use rows::Rows;
pub use source::{Chunk, Source};
pub use truth::Truth;
