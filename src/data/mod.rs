//! Input tables and output files: the digits, CSV and `.npy`.
//!
//! [`open()`] recognises the format of a table and returns a [`Source`], which is read in bounded memory. [`load()`]
//! opens a table and collects its rows. A file here imports only those above it:
//!
//! | file | what it is about |
//! |---|---|
//! | `error` | errors |
//! | `rows`, `texts`, `truth`, `options` | rows as numbers, and as text; classes as labels; options for reading |
//! | `reading` | how a table was read: what was found in it |
//! | `columns`, `pick` | the columns of a source; which are features, truth and weights |
//! | `source` | the interface of all formats |
//! | `pixels` | columns that are the pixels of a picture |
//! | `unpack`, `failed` | data compressed by gzip and zstd; a stream that can't be read |
//! | `stamp`, `input` | whether a file has changed; input bytes: file, memory, pipe |
//! | `format` | how formats are recognised |
//! | `foreign` | formats that are recognised, but not read |
//! | `utf16` | UTF-16 to UTF-8 |
//! | `white_space`, `csv_rows` | text to cells, by a delimiter or white space |
//! | `cells` | cells to numbers, truth values and missing values |
//! | `sample`, `dialect`, `header`, `form` | the first rows of a text, and what is found in them |
//! | `csv_values`, `csv_block` | cells to values, and what is wrong with them; the values of consecutive rows |
//! | `csv_plain` | plain rows to values, on all threads |
//! | `csv` | CSV: the text, and the reading of its rows |
//! | `npy_cells`, `array` | bytes to numbers; arrays in files |
//! | `npy_header`, `npy`, `npz` | `.npy`: its header; the file; archives of them |
//! | `idx`, `vectors` | IDX, the format of MNIST; `.fvecs`, `.bvecs`, `.ivecs` |
//! | `guarded` | libraries that may panic |
//! | `sheet` | Excel and OpenDocument sheets to text |
//! | `columnar` | files of columns to rows |
//! | `parquet_bytes`, `parquet_column`, `parquet` | Parquet: the bytes; a column; the file |
//! | `arrow_column`, `arrow_batches`, `arrow` | Arrow IPC: a column; batches of rows; the file |
//! | `folder` | the pictures in a folder |
//! | `picture_files`, `pictures` | PNG and JPEG: the files; each pixel, or each picture, as a row |
//! | `digits` | the embedded table |
//! | `files`, `joined` | the files that a pattern names; several files as one table |
//! | `open` | the list of formats |
//! | `scale` | scaling of columns or rows |
//! | `drawings` | a source whose pictures are counted to 8 x 8 |
//! | `truth_file` | a source whose classes are in another file |
//! | `complete` | a source without the rows that lack a value |
//! | `points`, `dataset`, `load` | a whole table, in memory or reread on each visit |
//! | `scale_fit` | the numbers of a scaling, from the rows of a table |
//! | `write` | output files |

mod array;
#[cfg(feature = "parquet")]
mod arrow;
#[cfg(feature = "parquet")]
mod arrow_batches;
#[cfg(feature = "parquet")]
mod arrow_column;
mod cells;
#[cfg(feature = "parquet")]
mod columnar;
mod columns;
mod complete;
mod csv;
mod csv_block;
mod csv_plain;
mod csv_rows;
mod csv_values;
mod dataset;
mod dialect;
mod digits;
mod drawings;
mod error;
mod failed;
mod files;
#[cfg(feature = "cli")]
mod folder;
mod foreign;
mod form;
mod format;
#[cfg(any(feature = "parquet", feature = "excel"))]
mod guarded;
mod header;
mod idx;
mod input;
mod joined;
mod load;
mod npy;
mod npy_cells;
mod npy_header;
#[cfg(feature = "cli")]
mod npz;
mod open;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_bytes;
#[cfg(feature = "parquet")]
mod parquet_column;
mod pick;
#[cfg(feature = "cli")]
mod picture_files;
#[cfg(feature = "cli")]
mod pictures;
mod pixels;
mod points;
mod reading;
mod rows;
mod sample;
mod scale;
mod scale_fit;
#[cfg(feature = "excel")]
mod sheet;
mod source;
mod stamp;
mod texts;
mod truth;
mod truth_file;
#[cfg(feature = "cli")]
mod unpack;
mod utf16;
mod vectors;
mod white_space;
pub mod write;

pub use cells::MARKS_OF_MISSING;
pub use columns::{Columns, has_names, is_numbered_name};
pub(crate) use columns::{listed, numbered_name};
pub use dataset::Dataset;
pub use digits::{NAME as DIGITS, ORIGIN as ORIGIN_OF_DIGITS, TRUTH as TRUTH_OF_DIGITS};
pub use drawings::{ColumnRoles, as_drawings};
pub use error::{DataError, HeaderDoubt, Hint, Left, Position, TextColumns};
pub use files::{files_of, table_name};
pub use input::file_and_part;
pub use load::{Loaded, digits, load, load_kept};
pub use open::{open, open_all, open_reader, state_of};
pub use options::{Header, Ink, LONGEST_ROW, LoadOptions, Missing, ReadCounter, ReadOptions};
pub use pick::Pick;
pub(crate) use pixels::{place, shape_of_names};
pub use points::{Points, ScaledPoints, SourcePoints, Values};
pub use reading::{DrawingReading, Dropped, PictureReading, Reading, RowNumbers, TextReading};
pub use rows::Rows;
pub(crate) use scale::scaled;
pub use scale::{Scale, Scaling, first_of_zeros};
pub use source::{Chunk, Source};
pub use texts::{CellType, Texts};
pub use truth::Truth;
pub use truth_file::with_truth_file;
