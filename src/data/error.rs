//! What can be wrong with a table or an output file: each error says what, where, and what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a table couldn't be read, or a result couldn't be written.
///
/// `name` is the source as the user gave it (`standard input` for `-`). Rows and columns count from
/// 1, as a spreadsheet shows them: a header is row 1, and empty lines count.
#[derive(Debug, Error)]
pub enum DataError {
    /// No file has that path.
    #[error("{name}: no such file; give a CSV or .npy file, - for standard input, or digits")]
    NotFound {
        /// The path as given.
        name: String,
    },

    /// The path is a folder.
    #[error("{name}: is a folder; give a CSV or .npy file in it")]
    Folder {
        /// The path as given.
        name: String,
    },

    /// The operating system refused to read it.
    #[error("{name}: can't be read: {reason}")]
    Read {
        /// The source.
        name: String,
        /// The message of the operating system.
        reason: io::Error,
    },

    /// A pipe, asked for its rows a second time.
    #[error("{name}: can be read only once; save it as a file, and give that")]
    ReadOnce {
        /// The source.
        name: String,
    },

    /// There is nothing in it: no bytes, or only empty lines.
    #[error("{name}: is empty; at least one row of numbers is needed")]
    Empty {
        /// The source.
        name: String,
    },

    /// A header, and no row below it.
    #[error(
        "{name}: has a header of {columns} columns and no rows below it; \
         if the first row is data, read the table without a header"
    )]
    NoRows {
        /// The source.
        name: String,
        /// Cells of the header.
        columns: usize,
    },

    /// Neither UTF-8 text nor an `.npy` file.
    #[error(
        "{name}, row {row}: byte 0x{byte:02x} is not UTF-8 text; save the table as CSV in UTF-8, or as .npy"
    )]
    NotUtf8 {
        /// The source.
        name: String,
        /// The line that holds the byte.
        row: u64,
        /// The first byte that isn't UTF-8.
        byte: u8,
    },

    /// A zip archive, such as `.npz`.
    #[error("{name}: is a zip archive (.npz, perhaps); save its table by itself with numpy.save as .npy")]
    Archive {
        /// The source.
        name: String,
    },

    /// The delimiter can't separate cells.
    #[error(
        "delimiter {delimiter:?} can't separate cells; use one ASCII character that is no quote, line end, letter, \
         digit, or part of a number"
    )]
    Delimiter {
        /// The byte asked for, as a character.
        delimiter: char,
    },

    /// A row has more or fewer cells than the first one.
    #[error(
        "{name}, row {row}: has {found} cells where the first row has {expected}; \
         fill or remove the row, and check quotes and the delimiter"
    )]
    Ragged {
        /// The source.
        name: String,
        /// The row.
        row: u64,
        /// Cells of the first row.
        expected: usize,
        /// Cells of this row.
        found: usize,
    },

    /// A cell without text.
    #[error("{place}: the cell is empty; fill it, or remove the row{hint}")]
    EmptyCell {
        /// Where.
        place: Place,
        /// What else may be wrong.
        hint: Hint,
    },

    /// Text in a column of numbers.
    #[error("{place}: {} is not a number; remove the row, or leave out the column{hint}", quoted(text))]
    NotANumber {
        /// Where.
        place: Place,
        /// The cell's text.
        text: String,
        /// What else may be wrong.
        hint: Hint,
    },

    /// NaN, infinity, or a number beyond the range of f64.
    #[error("{place}: {} is not a finite number; fill in a number, or remove the row", quoted(text))]
    NotFinite {
        /// Where.
        place: Place,
        /// The cell's text.
        text: String,
    },

    /// A weight that is no number, negative, or not finite.
    #[error(
        "{place}: weight {} is not a finite number of at least 0; correct it, or set it to 0 to leave the row out",
        quoted(text)
    )]
    Weight {
        /// Where.
        place: Place,
        /// The cell's text.
        text: String,
    },

    /// There is no column of that name or number.
    #[error(
        "{name}: {role} {} is no column; it has {available}; give a name, or a number from 1",
        quoted(column)
    )]
    UnknownColumn {
        /// The source.
        name: String,
        /// What the column was asked for: `truth`, `weights` or `ignored`.
        role: &'static str,
        /// The column asked for.
        column: String,
        /// The columns there are, shortened if many.
        available: String,
    },

    /// Two columns have that name.
    #[error(
        "{name}: {role} {} is the name of columns {first} and {second}; rename one of them",
        quoted(column)
    )]
    AmbiguousColumn {
        /// The source.
        name: String,
        /// What the column was asked for: `truth`, `weights` or `ignored`.
        role: &'static str,
        /// The column asked for.
        column: String,
        /// The first column of that name.
        first: usize,
        /// The next one.
        second: usize,
    },

    /// One column can't be both truth and weights.
    #[error("{name}: column {number} ({}) is both truth and weights; name two columns", quoted(column))]
    SameColumn {
        /// The source.
        name: String,
        /// The column.
        number: usize,
        /// Its name.
        column: String,
    },

    /// Nothing is left to cluster by.
    #[error("{name}: no column is left for the features once truth and weights are taken out of {columns}")]
    NoFeatures {
        /// The source.
        name: String,
        /// Columns of the table.
        columns: usize,
    },

    /// Named `.npy`, and is none.
    #[error("{name}: does not begin as an .npy file does; write it with numpy.save, or name a CSV file .csv")]
    NotNpy {
        /// The source.
        name: String,
    },

    /// An `.npy` version that isn't known.
    #[error("{name}: .npy version {major}.{minor} is not one of 1.0, 2.0 and 3.0; write it with numpy.save")]
    NpyVersion {
        /// The source.
        name: String,
        /// Its major version.
        major: u8,
        /// Its minor version.
        minor: u8,
    },

    /// An `.npy` header that makes no sense.
    #[error("{name}: its .npy header {reason}; write it again with numpy.save")]
    NpyHeader {
        /// The source.
        name: String,
        /// What is wrong with the header.
        reason: String,
    },

    /// Elements that aren't plain numbers: objects, text, dates, complex numbers, structures.
    #[error(
        "{name}: dtype {dtype} is not one of bool, i1 to i8, u1 to u8, f2, f4 and f8; \
         save it as numbers, with x.astype('f8') for example"
    )]
    NpyDtype {
        /// The source.
        name: String,
        /// The dtype as the file says it, shortened.
        dtype: String,
    },

    /// An array that is no table.
    #[error("{name}: has shape {} where (rows, columns) is needed; {}", tuple(shape), reshape(shape))]
    NpyShape {
        /// The source.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
    },

    /// A table without rows or without columns.
    #[error("{name}: has {n_points} rows and {n_dims} columns; at least one of each is needed")]
    NpyNoCells {
        /// The source.
        name: String,
        /// Its rows.
        n_points: u64,
        /// Its columns.
        n_dims: u64,
    },

    /// Fewer or more bytes than the header says.
    #[error(
        "{name}: has {found} bytes of values where its shape {} needs {expected}; \
         the file is {}, copy or write it again", tuple(shape),
        if u128::from(*found) < *expected { "cut short" } else { "too long" }
    )]
    NpyLength {
        /// The source.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// Bytes of values that the header promises.
        expected: u128,
        /// Bytes of values there are.
        found: u64,
    },

    /// The file is no longer what it was when it was opened first.
    #[error(
        "{name}: changed while it was in use, from {expected} bytes to {found}; run again once it is complete"
    )]
    Changed {
        /// The source.
        name: String,
        /// Its bytes at first.
        expected: u64,
        /// Its bytes now. The same number means that it was written anew.
        found: u64,
    },

    /// An output file whose name has no known extension.
    #[error("{}: the name of an output file must end in .csv or .npy", path.display())]
    OutputFormat {
        /// The path.
        path: PathBuf,
    },

    /// An output file that can't be made or written.
    #[error("{}: can't be written: {reason}; nothing was left there", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// The message of the operating system.
        reason: io::Error,
    },

    /// As many names as columns are needed.
    #[error("{}: {names} column names were given for {columns} columns", path.display())]
    OutputColumns {
        /// The path.
        path: PathBuf,
        /// Names given.
        names: usize,
        /// Columns to write.
        columns: usize,
    },
}

/// What else may be wrong where a cell is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing that shows.
    None,
    /// All rows are one cell: they may have another delimiter.
    OneColumn {
        /// The character that cells were split at.
        delimiter: char,
    },
    /// The first row was taken for a header, and some of it is numbers.
    TakenForHeader,
    /// The first row was taken for data, and may be a header.
    TakenForData,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::OneColumn { delimiter } => {
                write!(f, "; cells are split at {delimiter:?}, is there only one column?")
            }
            Self::TakenForHeader => {
                f.write_str("; row 1 was taken for a header because not all of it is numbers, is it data?")
            }
            Self::TakenForData => f.write_str("; row 1 was taken for data, does it hold the column names?"),
        }
    }
}

/// A cell of a table, counted from 1. Shows as `points.csv, row 7, column 3 ("age")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The source.
    pub name: String,
    /// The row.
    pub row: u64,
    /// The column.
    pub column: usize,
    /// The column's name, where there is a header.
    pub column_name: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}, column {}", self.name, self.row, self.column)?;
        match &self.column_name {
            Some(name) => write!(f, " ({})", quoted(name)),
            None => Ok(()),
        }
    }
}

/// Text of the user's in quotes, on one line, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, 40))
}

/// The first `limit` characters, and a mark where some are missing.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A shape as Python shows it.
fn tuple(shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().take(8).map(u64::to_string).collect();
    match shape.len() {
        1 => format!("({},)", sizes[0]),
        0..=8 => format!("({})", sizes.join(", ")),
        n_axes => format!("({}, … {n_axes} axes)", sizes.join(", ")),
    }
}

/// The call that makes a table of an array of that shape.
fn reshape(shape: &[u64]) -> &'static str {
    match shape.len() {
        0 => "a single number can't be clustered",
        1 => "save x.reshape(-1, 1) if each number is a point, x.reshape(1, -1) if all are one",
        _ => "save x.reshape(len(x), -1) to make each x[i] a row",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_the_column_where_it_has_a_name() {
        let mut place =
            Place { name: "points.csv".into(), row: 7, column: 3, column_name: Some("age".into()) };
        assert_eq!(place.to_string(), r#"points.csv, row 7, column 3 ("age")"#);
        place.column_name = None;
        assert_eq!(place.to_string(), "points.csv, row 7, column 3");
    }

    #[test]
    fn long_text_is_cut_between_characters_and_stays_on_one_line() {
        assert_eq!(quoted(&"é".repeat(41)), format!("\"{}…\"", "é".repeat(40)));
        assert_eq!(quoted(&"é".repeat(40)), format!("\"{}\"", "é".repeat(40)));
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
    }

    #[test]
    fn shapes_look_as_in_python() {
        assert_eq!(tuple(&[]), "()");
        assert_eq!(tuple(&[5]), "(5,)");
        assert_eq!(tuple(&[5, 2]), "(5, 2)");
        assert_eq!(tuple(&[1; 9]), "(1, 1, 1, 1, 1, 1, 1, 1, … 9 axes)");
    }
}
