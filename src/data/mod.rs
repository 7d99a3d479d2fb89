//! Rows in, results out: the digits, CSV and `.npy`.
//!
//! | file | what it is about |
//! |---|---|
//! | `points` | the rows of a table, and how they are gone through |
//! | `stream` | rows that are gone through once, in bounded memory |
//! | `digits` | the table inside the program |
//! | `csv`, `csv_rows` | CSV: cells to numbers; lines to cells |
//! | `npy`, `npy_header`, `npy_cells` | `.npy`: the file; its header; its bytes to numbers |
//! | `columns`, `truth` | which columns are features, truth and weights; classes to labels |
//! | `write` | output files |
//! | `error` | all that can be wrong |

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

mod columns;
mod csv;
mod csv_rows;
mod digits;
mod error;
pub mod npy;
mod npy_cells;
mod npy_header;
mod points;
pub mod stream;
mod truth;
pub mod write;

pub use digits::{ORIGIN as ORIGIN_OF_DIGITS, digits};
pub use error::{DataError, Hint, Place};
pub use points::{Points, Rows};

/// A table, ready to be clustered.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The source as it was given; `standard input` for `-`.
    pub name: String,
    /// The features, shape (n_points, n_dims), at least one of each.
    pub points: Points,
    /// The features' names, n_dims of them; `column 3` where there is no header.
    pub columns: Vec<String>,
    /// The classes of the rows, if a column of them was named.
    pub truth: Option<Truth>,
    /// The weights of the rows, n_points of them, finite and not negative, if a column was named.
    pub weights: Option<Vec<f64>>,
}

/// The class that each row is known to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The column's name.
    pub column: String,
    /// The class of each row, n_points of them, as an index into `names`.
    pub labels: Vec<u32>,
    /// The distinct values, sorted as numbers if all of them are, else as text.
    pub names: Vec<String>,
}

/// Whether the first row of a CSV file names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// It does if any cell of it holds text that is no number.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is data.
    No,
}

/// How to read a table.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Whether the first row is a header (CSV).
    pub header: Header,
    /// What separates cells (CSV). `None`: a tab in a file named `.tsv`; else whichever of comma, tab and
    /// semicolon the first line holds, in that order; else a comma.
    pub delimiter: Option<u8>,
    /// The column of classes, by its name in the header, or by number from 1. It is no feature then.
    pub truth: Option<String>,
    /// The column of weights, named the same way. It is no feature then.
    pub weights: Option<String>,
}

/// Reads a table: `digits` is the one inside the program, `-` is standard input, all else is a path.
///
/// A file is `.npy` if it begins as such files do, else CSV. `./digits` is a file. Of `.npy` files in C
/// order, with neither truth nor weights to take out, only the header is read now: see
/// [`npy::NpyTable`].
///
/// # Errors
///
/// A [`DataError`] for everything that isn't a table of finite numbers, naming row and column. NaN and
/// infinity in the features of an `.npy` file are found by whoever reads the rows.
pub fn load(source: &str, options: &LoadOptions) -> Result<Dataset, DataError> {
    match source {
        digits::NAME => digits::load(options),
        "-" => {
            let source = "standard input";
            let bytes = read_all(&mut io::stdin().lock()).map_err(|reason| read_error(source, reason))?;
            parse(source, bytes, options)
        }
        path => load_path(path, options),
    }
}

fn load_path(path: &str, options: &LoadOptions) -> Result<Dataset, DataError> {
    let metadata = fs::metadata(path).map_err(|reason| read_error(path, reason))?;
    if metadata.is_dir() {
        return Err(DataError::Folder { name: path.to_owned() });
    }
    let mut file = File::open(path).map_err(|reason| read_error(path, reason))?;
    if metadata.is_file() && npy::begins(&mut file).map_err(|reason| read_error(path, reason))? {
        return npy::load_path(path, file, options);
    }
    // Text, or a pipe, which can be read only once.
    let bytes = read_all(&mut file).map_err(|reason| read_error(path, reason))?;
    parse(path, bytes, options)
}

/// A table from its bytes, whichever kind they are.
fn parse(source: &str, bytes: Vec<u8>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let name = source.to_owned();
    if bytes.is_empty() {
        Err(DataError::Empty { name })
    } else if bytes.starts_with(npy::MAGIC) {
        npy::parse(source, &bytes, options)
    } else if bytes.starts_with(b"PK\x03\x04") {
        Err(DataError::Archive { name })
    } else if Path::new(source).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")) {
        Err(DataError::NotNpy { name })
    } else {
        csv::parse(source, &bytes, options)
    }
}

fn read_all(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_error(source: &str, reason: io::Error) -> DataError {
    let name = source.to_owned();
    match reason.kind() {
        io::ErrorKind::NotFound => DataError::NotFound { name },
        _ => DataError::Read { name, reason },
    }
}
