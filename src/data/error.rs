//! Errors of tables and output files. Each message says what is wrong, where, and what to do.

use std::fmt;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::memory::OutOfMemory;
#[cfg(feature = "cli")]
use crate::picture::PictureError;

/// Most names of columns in a message.
const MOST_NAMES: usize = 20;

/// The formats of output files.
#[cfg(feature = "parquet")]
const OUTPUT_ENDINGS: &str = ".csv, .npy, .jsonl or .parquet";
#[cfg(not(feature = "parquet"))]
const OUTPUT_ENDINGS: &str = ".csv, .npy or .jsonl";

/// Why a table couldn't be read, or a result couldn't be written.
///
/// `name` is the source as the user gave it (`standard input` for `-`). Rows and columns count from 1. A row of a text
/// has the number of the line on which it begins: a header, empty lines and line breaks in quotes count.
#[derive(Debug, Error)]
pub enum DataError {
    /// No file has that path.
    #[error(
        "{name}: no such file; give a file of a table, such as CSV or .npy, - for standard input, or digits"
    )]
    NotFound {
        /// The path as given.
        name: String,
    },

    /// The path is a folder.
    #[error("{name}: is a folder; give a file of a table in it, such as CSV or .npy")]
    Folder {
        /// The path as given.
        name: String,
    },

    /// A folder without pictures.
    #[cfg(feature = "cli")]
    #[error(
        "{name}: is a folder without pictures (PNG, JPEG, BMP or PNM){holds}; give a folder of pictures of one size, or a \
         file of a table, such as CSV or .npy"
    )]
    NoPictures {
        /// The path as given.
        name: String,
        /// What it holds instead, in words.
        holds: String,
    },

    /// One picture, which would be one row.
    #[cfg(feature = "cli")]
    #[error(
        "{name}: is one picture, which would be one row; give a folder of pictures of one size, or let each pixel be a row"
    )]
    OnePicture {
        /// The source.
        name: String,
    },

    /// A picture that can't be read.
    #[cfg(feature = "cli")]
    #[error("{name}: {error}")]
    Picture {
        /// The source.
        name: String,
        /// Why.
        error: PictureError,
    },

    /// A picture that is not like the first one.
    #[cfg(feature = "cli")]
    #[error(
        "{name}: {difference}; the pictures of a table have one size and one depth: cut or scale it, or leave it out"
    )]
    OtherPicture {
        /// The source.
        name: String,
        /// What differs, with the name of the first picture.
        difference: String,
    },

    /// A picture of more pixels than there can be columns.
    #[cfg(feature = "cli")]
    #[error(
        "{name}: is {width} x {height} pixels, which would be {columns} columns, and at most {most} can be read; scale the \
         pictures down, or let each pixel be a row"
    )]
    PictureColumns {
        /// The source.
        name: String,
        /// Columns of pixels.
        width: usize,
        /// Rows of pixels.
        height: usize,
        /// Columns of the table.
        columns: u64,
        /// The most that can be read.
        most: u64,
    },

    /// What is said of pixels, for a table that is none of pictures.
    #[error("{name}: is no picture, and has no pixels; give a PNG or JPEG, or ask for a table as it is")]
    NotAPicture {
        /// The source.
        name: String,
    },

    /// A pattern that no file matches.
    #[error("{name}: no file has such a name; give the files' names, or a pattern such as 'part-*.csv'")]
    NoMatch {
        /// The pattern.
        name: String,
    },

    /// A file whose name is not UTF-8.
    #[error("{name}: it matches a file whose name is not UTF-8, {}; rename it", path.display())]
    NotUtf8Name {
        /// The pattern.
        name: String,
        /// The file.
        path: PathBuf,
    },

    /// A file of a table whose columns are not those of the first one.
    #[error("{name}: {difference}; the files of a table have the same columns in the same order")]
    OtherColumns {
        /// The file.
        name: String,
        /// What differs, with the name of the first file.
        difference: String,
    },

    /// The operating system refused to read it.
    #[error("{name}: can't be read: {reason}")]
    Read {
        /// The source.
        name: String,
        /// The message of the operating system.
        reason: io::Error,
    },

    /// A pipe that would have to be read twice.
    #[error("{name}: can be read only once; save it as a file, and give its path")]
    ReadOnce {
        /// The source.
        name: String,
    },

    /// The source is empty: no bytes, or only empty lines.
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
        "{name}, row {row}: byte 0x{byte:02x} is not UTF-8 text; save the table as CSV in UTF-8, or convert it from its \
         encoding{}", encoding(*.byte)
    )]
    NotUtf8 {
        /// The source.
        name: String,
        /// The line that holds the byte.
        row: u64,
        /// The first byte that isn't UTF-8.
        byte: u8,
    },

    /// A file of a format that is not read.
    #[error("{name}: is {what}; {advice}")]
    Foreign {
        /// The source.
        name: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },

    /// The first row may name the columns, or be data.
    #[error("{name}, row {row}: may be the names of the columns, or data: {doubt}; say which it is")]
    DoubtfulHeader {
        /// The source.
        name: String,
        /// The line of the row.
        row: u64,
        /// Why it is doubtful.
        doubt: HeaderDoubt,
    },

    /// The delimiter can't separate cells.
    #[error(
        "delimiter {delimiter:?} can't separate cells; use one ASCII character that is not a quote, line end, letter, \
         digit, or part of a number"
    )]
    Delimiter {
        /// The requested byte, as a character.
        delimiter: char,
    },

    /// More columns than can be read.
    #[error(
        "{name}: has {columns} columns; at most {most} can be read, of which at most 65535 as features: check the \
         delimiter, or transpose the table"
    )]
    TooManyColumns {
        /// The source.
        name: String,
        /// Its columns.
        columns: u64,
        /// The most that can be read.
        most: u64,
    },

    /// Not enough memory for the values.
    #[error("{name}: {memory}")]
    OutOfMemory {
        /// The source.
        name: String,
        /// What is needed.
        memory: OutOfMemory,
    },

    /// Rows that are no pictures, and can't be drawings.
    #[error(
        "{name}: its rows are no pictures of ink on paper: {found}; a drawing has columns named pixel_0_0, pixel_0_1 and so \
         on, row by row, or a square number of them, at least 8 x 8 = 64, and none for anything else without a role"
    )]
    NotPictures {
        /// The source.
        name: String,
        /// What they are, in words.
        found: String,
    },

    /// Pictures of which some seem to have bright ink, and others dark ink.
    #[error(
        "{name}: is ink brighter or darker than paper? Of its first pictures {bright} have a dark border, and {dark} a bright \
         one; say which it is"
    )]
    DoubtfulInk {
        /// The source.
        name: String,
        /// Pictures with a dark border.
        bright: usize,
        /// Pictures with a bright border.
        dark: usize,
    },

    /// A picture without ink.
    #[error("{name}, row {row}: all its pixels are {value}, so there is no ink; leave the row out")]
    NoInk {
        /// The source.
        name: String,
        /// The row.
        row: u64,
        /// The value of all pixels.
        value: f64,
    },

    /// A pixel that is negative or not finite.
    #[error("{position}: {value} is not an amount of ink; give finite numbers of 0 or more")]
    NotInk {
        /// The pixel.
        position: Position,
        /// Its value.
        value: f64,
    },

    /// A file of known classes with more columns than one.
    #[error(
        "{name}: has {columns} columns, but a file of known classes has one, with the class of each row; give a file of \
         that column alone"
    )]
    TruthColumns {
        /// The file.
        name: String,
        /// Its columns.
        columns: usize,
    },

    /// A file of known classes with more or fewer rows than the table.
    #[error(
        "{name}: has {found} {} where {table} has {rows} {}; {}", rows_word(*.found), rows_word(*.rows), of_first_row(*.found, *.rows, first.as_deref())
    )]
    TruthRows {
        /// The file.
        name: String,
        /// Its rows.
        found: usize,
        /// The table.
        table: String,
        /// Rows of the table.
        rows: usize,
        /// The first row of the file, if it may be the name of its column where one row is too many, or a class where one
        /// is missing.
        first: Option<String>,
    },

    /// A row of a text does not end.
    #[error(
        "{name}, row {row}: is longer than {}; close its quotes, or split the line (a table has one line per row)", size(*.bytes)
    )]
    LongRow {
        /// The source.
        name: String,
        /// The row.
        row: u64,
        /// Bytes of the longest row that is read.
        bytes: usize,
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

    /// A slice whose length is not that of its shape.
    #[error(
        "{values} values for a shape of {n_points} rows x {n_dims} columns; give n_points * n_dims values"
    )]
    Shape {
        /// Values given.
        values: usize,
        /// Rows of the shape.
        n_points: usize,
        /// Columns of the shape.
        n_dims: usize,
    },

    /// A row given by the program has more or fewer values than the first one.
    #[error("row {row}: has {found} values where the first row has {expected}; give rows of one length")]
    RowLength {
        /// The row, from 1.
        row: usize,
        /// Values of the first row.
        expected: usize,
        /// Values of this row.
        found: usize,
    },

    /// A cell without text.
    #[error("{position}: the cell is empty; fill it, or remove the row{hint}")]
    EmptyCell {
        /// Where.
        position: Position,
        /// Likely cause.
        hint: Hint,
    },

    /// A mark of a missing value.
    #[error(
        "{position}: {} stands for a missing value; fill in a number, remove the row, or leave out the column{hint}",
        quoted(text)
    )]
    Missing {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
        /// Likely cause.
        hint: Hint,
    },

    /// Numbers with a decimal comma and others with a decimal point.
    #[error(
        "{position}: {} has a decimal {}, but a number in row {other} has a decimal {}; write all numbers one way, \
         without separators of thousands", quoted(text),
        if *comma { "comma" } else { "point" }, if *comma { "point" } else { "comma" }
    )]
    MixedDecimals {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
        /// Whether it has a comma.
        comma: bool,
        /// The row of the other number.
        other: u64,
    },

    /// A comma that may be a decimal one, or one between thousands.
    #[error(
        "{position}: {} may have a decimal comma, or a comma between thousands; write it with a decimal point, or without \
         the comma",
        quoted(text)
    )]
    DoubtfulComma {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
    },

    /// Text in a column of numbers.
    #[error(
        "{position}: {} is not a number; remove the row, or leave out the column{hint}{columns}",
        quoted(text)
    )]
    NotANumber {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
        /// Likely cause.
        hint: Hint,
        /// The columns of text among the features.
        columns: Box<TextColumns>,
    },

    /// NaN, infinity, or a number beyond the range of f64.
    #[error("{position}: {} is not a finite number; fill in a number, or remove the row", quoted(text))]
    NotFinite {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
    },

    /// A weight that is not a number, negative, or not finite.
    #[error(
        "{position}: weight {} is not a finite number of at least 0; correct it, or set it to 0 to leave the row out",
        quoted(text)
    )]
    Weight {
        /// Where.
        position: Position,
        /// The cell's text.
        text: String,
    },

    /// There is no column of that name or number.
    #[error(
        "{name}: {role} {} is not a column; it has {available}; give a name, or a number from 1",
        quoted(column)
    )]
    UnknownColumn {
        /// The source.
        name: String,
        /// Role that the column was requested for: `truth`, `weights`, `chosen` or `ignored`.
        role: &'static str,
        /// The requested column.
        column: String,
        /// The columns there are, shortened if many.
        available: String,
    },

    /// A range of columns that ends before it begins.
    #[error(
        "{name}: {role} {} begins at column {first} and ends at column {last}; write the first one first",
        quoted(range)
    )]
    ColumnRange {
        /// The source.
        name: String,
        /// Role that the columns were requested for: `chosen` or `ignored`.
        role: &'static str,
        /// The requested range.
        range: String,
        /// The column before the dots.
        first: usize,
        /// The column after them.
        last: usize,
    },

    /// Two columns have that name.
    #[error(
        "{name}: {role} {} is the name of columns {first} and {second}; rename one of them, or give the number",
        quoted(column)
    )]
    AmbiguousColumn {
        /// The source.
        name: String,
        /// Role that the column was requested for: `truth`, `weights`, `chosen` or `ignored`.
        role: &'static str,
        /// The requested column.
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

    /// A column is chosen as a feature, and truth or weights too.
    #[error(
        "{name}: column {number} ({}) is both {role} and chosen as a feature; name two columns",
        quoted(column)
    )]
    ChosenColumn {
        /// The source.
        name: String,
        /// Its other role: `truth` or `weights`.
        role: &'static str,
        /// The column.
        number: usize,
        /// Its name.
        column: String,
    },

    /// A column is ignored, and truth or weights too.
    #[error("{name}: column {number} ({}) is both {role} and ignored; name two columns", quoted(column))]
    IgnoredColumn {
        /// The source.
        name: String,
        /// Its other role: `truth` or `weights`.
        role: &'static str,
        /// The column.
        number: usize,
        /// Its name.
        column: String,
    },

    /// No column is left for the features.
    #[error(
        "{name}: no column is left for the features once truth, weights, {} are taken out of {columns}",
        without(*text)
    )]
    NoFeatures {
        /// The source.
        name: String,
        /// Columns of the table.
        columns: usize,
        /// Columns that were left out by request, since they are not numeric.
        text: usize,
    },

    /// A column whose scale is beyond 64-bit floats.
    #[error(
        "{name}: column {} can't be scaled ({scale}): its values differ by more, or by less, than a 64-bit float can \
         divide by; leave it out, or change its unit",
        quoted(column)
    )]
    ScaleRange {
        /// The source.
        name: String,
        /// The column's name.
        column: String,
        /// How it was to be scaled.
        scale: &'static str,
    },

    /// A row of zeros, where the metric is the cosine.
    #[error(
        "{name}: row {row}: all its values are 0, so that it has no direction, and no cosine with any other; leave it \
         out, or use the metric euclidean"
    )]
    NoDirection {
        /// The source.
        name: String,
        /// The row, as the source counts them.
        row: u64,
    },

    /// Every row lacks a value.
    #[error(
        "{name}: no row is left, since each of {rows} lacks a value; missing are {}; leave such columns out",
        counted(columns)
    )]
    AllMissing {
        /// The source.
        name: String,
        /// Rows of the table.
        rows: usize,
        /// Columns with missing values, and how many.
        columns: Vec<(String, u64)>,
    },

    /// Marks of missing values for a table that is no text.
    #[error(
        "{name}: is no text, in which {} could stand for a missing value; leave out the marks",
        quoted(mark)
    )]
    MarkOfNoText {
        /// The source.
        name: String,
        /// The first of the marks.
        mark: String,
    },

    /// A file named `.npy` that isn't one.
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

    /// An invalid `.npy` header.
    #[error("{name}: its .npy header {reason}; write it again with numpy.save")]
    NpyHeader {
        /// The source.
        name: String,
        /// What is wrong with the header.
        reason: String,
    },

    /// An unsupported dtype: objects, text, dates, complex numbers, structures.
    #[error("{name}: dtype {dtype} is not one of bool, i1 to i8, u1 to u8, f2, f4 and f8; {advice}")]
    NpyDtype {
        /// The source.
        name: String,
        /// The dtype in the file, shortened.
        dtype: String,
        /// How to save the array `x` as numbers.
        advice: String,
    },

    /// An array that is not two-dimensional.
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

    /// Fewer or more bytes than the header implies.
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
        /// Bytes of values that the header implies.
        expected: u128,
        /// Bytes of values in the file.
        found: u64,
    },

    /// A file that is not as its format demands.
    #[error("{name}: is no whole {format} file: {reason}; copy or write it again")]
    Damaged {
        /// The source.
        name: String,
        /// The format.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },

    /// Columns that hold no numbers.
    #[error("{name}: {what}; leave it out, or save it as numbers")]
    ColumnKind {
        /// The source.
        name: String,
        /// The columns, and what they hold.
        what: String,
        /// Those that can be left out: none if only the truth is not as it should be.
        columns: Box<TextColumns>,
    },

    /// A row of a column of lists has a list of another length than the first row.
    #[error(
        "{name}, row {row}: the list in column {column:?} has {found} values where that of the first row has {expected}; leave the column out, or write lists of one length"
    )]
    ListLength {
        /// The source.
        name: String,
        /// Row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// Values in the first row.
        expected: usize,
        /// Values in this row.
        found: u32,
    },

    /// A vector of another length than the first one.
    #[error(
        "{name}, row {row}: has {found} values where the first row has {expected}; write vectors of one length"
    )]
    VectorLength {
        /// The source.
        name: String,
        /// The row.
        row: u64,
        /// Values of the first row.
        expected: usize,
        /// Values of this row.
        found: u32,
    },

    /// Nothing of that name is in the file.
    #[error("{name}: holds no {what} {}; it holds {available}", quoted(asked))]
    UnknownPart {
        /// The file.
        name: String,
        /// What it holds, such as arrays.
        what: &'static str,
        /// The requested name.
        asked: String,
        /// The names there are, shortened if many.
        available: String,
    },

    /// A sheet of a table that has none.
    #[error("{name}: is no workbook, of which {} could be a sheet; leave out the sheet", quoted(sheet))]
    NoSheets {
        /// The source.
        name: String,
        /// The requested sheet.
        sheet: String,
    },

    /// The file has changed since it was first opened.
    #[error(
        "{name}: changed while it was in use, from {expected} bytes to {found}; run again once it is complete"
    )]
    Changed {
        /// The source.
        name: String,
        /// Its bytes at first.
        expected: u64,
        /// Its bytes now. The same number means that it was rewritten.
        found: u64,
    },

    /// An output file whose name has no known extension.
    #[error("{}: the name of an output file must end in {}", path.display(), OUTPUT_ENDINGS)]
    OutputFormat {
        /// The path.
        path: PathBuf,
    },

    /// Rows of a table for an array, which holds numbers of one type.
    #[error("{}: an array holds no text; rows are written as .csv, .jsonl or .parquet", path.display())]
    OutputOfRows {
        /// The path.
        path: PathBuf,
    },

    /// An output file that can't be created or written.
    #[error("{}: can't be written: {reason}; {left}", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// The message of the operating system.
        reason: io::Error,
        /// What is there now.
        left: Left,
    },

    /// The number of names is not the number of columns.
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

/// What is taken out of the columns, of which so many are not numeric.
fn without(text: usize) -> String {
    match text {
        0 => "and ignored columns".to_owned(),
        1 => "ignored columns and 1 that is not numeric".to_owned(),
        _ => format!("ignored columns and {text} that are not numeric"),
    }
}

/// The columns among the features that hold text, or no numbers, as far as the first rows show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumns {
    /// Their names.
    pub names: Vec<String>,
    /// Texts by which [`Columns::find_all`](super::Columns::find_all) finds them all.
    pub asked: Vec<String>,
}

/// Says which they are, if they are several.
impl fmt::Display for TextColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.len() < 2 {
            return Ok(());
        }
        let names: Vec<String> = self.names.iter().take(MOST_NAMES).map(|name| quoted(name)).collect();
        write!(f, "; the first rows have text in {} columns: {}", self.names.len(), names.join(", "))?;
        f.write_str(if self.names.len() > MOST_NAMES { ", …" } else { "" })
    }
}

impl DataError {
    /// Whether a cell holds no finite number.
    pub(super) fn is_bad_cell(&self) -> bool {
        matches!(
            self,
            Self::EmptyCell { .. } | Self::Missing { .. } | Self::NotANumber { .. } | Self::NotFinite { .. }
        )
    }
}

/// Likely cause when a cell is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Unknown.
    None,
    /// All rows have one cell: the delimiter may be wrong.
    OneColumn {
        /// The delimiter used.
        delimiter: char,
    },
    /// The first row was taken for data, but may be a header.
    TakenForData,
    /// The number has a decimal comma, but commas separate the cells.
    DecimalComma,
    /// Most cells of the column are truth values.
    BooleanColumn,
    /// The cell goes over several lines, between quotes.
    ManyLines,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::OneColumn { delimiter } => {
                write!(f, "; cells are split at {delimiter:?}, is there only one column?")
            }
            Self::TakenForData => f.write_str("; the row was taken for data, does it hold the column names?"),
            Self::DecimalComma => {
                f.write_str("; if it has a decimal comma, write a point, or separate cells by semicolons")
            }
            Self::ManyLines => f.write_str("; a quote before it may have no end"),
            Self::BooleanColumn => {
                f.write_str("; the first cells of the column are true or false, yes or no")
            }
        }
    }
}

/// Why it is doubtful whether the first row names the columns. Columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderDoubt {
    /// A cell is text above numbers, as a name is, and another is like the cells below it.
    Mixed {
        /// The text.
        text: String,
        /// Its column.
        text_column: usize,
        /// The other cell.
        like: String,
        /// Its column.
        like_column: usize,
    },
    /// Its numbers count up, unlike those of the rows below.
    Counts {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
}

impl fmt::Display for HeaderDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mixed { text, text_column, like, like_column } => write!(
                f,
                "column {text_column} has the text {}, but column {like_column} has {}, like the rows below",
                quoted(text),
                quoted(like)
            ),
            Self::Counts { from, to } if from == to => {
                write!(f, "its only number is {from}, unlike the rows below")
            }
            Self::Counts { from, to } => {
                write!(f, "its numbers count from {from} to {to}, as names of columns may")
            }
        }
    }
}

/// Position of a cell, counted from 1. Displays as `points.csv, row 7, column 3 ("age")`, in a sheet as `t.xlsx:Data, cell
/// C7 ("age")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The source.
    pub name: String,
    /// The row.
    pub row: u64,
    /// The column.
    pub column: usize,
    /// The column's name, where there is a header.
    pub column_name: Option<String>,
    /// The column of the sheet, from 1.
    pub(super) sheet_column: Option<NonZeroU32>,
    pub(super) found_by: FoundBy,
}

/// What finds a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundBy {
    Name,
    Number,
    /// Text such as `column 3`, where the number is the name of another column.
    Place,
}

impl Position {
    /// The name of the cell in a sheet, such as `C7`; `None` in other tables.
    #[must_use]
    pub fn cell(&self) -> Option<String> {
        self.sheet_column.map(|column| cell_name(self.row, column.get() as usize - 1))
    }

    /// The text by which [`Columns::find`](super::Columns::find) finds the column.
    #[must_use]
    pub fn asked(&self) -> String {
        match (self.found_by, &self.column_name) {
            (FoundBy::Name, Some(name)) => name.clone(),
            (FoundBy::Place, _) => format!("column {}", self.column),
            _ => self.column.to_string(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cell() {
            Some(cell) => write!(f, "{}, cell {cell}", self.name)?,
            None => write!(f, "{}, row {}, column {}", self.name, self.row, self.column)?,
        }
        match &self.column_name {
            Some(name) => write!(f, " ({})", quoted(name)),
            None => Ok(()),
        }
    }
}

/// The name of a cell of a sheet: `C7`. `row` counts from 1, `column` from 0.
fn cell_name(row: u64, column: usize) -> String {
    let (mut letters, mut left) = (String::new(), column + 1);
    while left > 0 {
        letters.insert(0, char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    format!("{letters}{row}")
}

/// A user's text in quotes, on one line, shortened.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, 40))
}

/// The first `limit` characters, with an ellipsis if text was cut.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Columns and their numbers of cells: `"age" (2), "income" (1)`.
fn counted(columns: &[(String, u64)]) -> String {
    let shown = columns.iter().take(MOST_NAMES).map(|(name, count)| format!("{} ({count})", quoted(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    if columns.len() > MOST_NAMES { shown + ", …" } else { shown }
}

fn rows_word(rows: usize) -> &'static str {
    if rows == 1 { "row" } else { "rows" }
}

/// What to do about a file of classes that are not as many as the rows: its first row may be taken for what it is not.
fn of_first_row(found: usize, rows: usize, first: Option<&str>) -> String {
    match first.map(quoted) {
        Some(first) if found > rows => {
            format!("if its first row, {first}, is the name of its column, remove that row")
        }
        Some(first) => {
            format!(
                "its first row, {first}, was taken for the name of its column; if it is a class, put a name above it"
            )
        }
        None => "give the class of every row, in the order of the rows".to_owned(),
    }
}

/// A shape in Python's notation.
fn tuple(shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().take(8).map(u64::to_string).collect();
    match shape.len() {
        1 => format!("({},)", sizes[0]),
        0..=8 => format!("({})", sizes.join(", ")),
        n_axes => format!("({}, … {n_axes} axes)", sizes.join(", ")),
    }
}

/// A size in words: whole mebibytes, or bytes.
fn size(bytes: usize) -> String {
    match bytes >> 20 {
        mib if mib > 0 && mib << 20 == bytes => format!("{mib} MiB"),
        _ => format!("{bytes} bytes"),
    }
}

/// How to convert text with such a byte, if it is a letter or a sign in Western European text.
fn encoding(byte: u8) -> String {
    let western = "iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW.csv";
    match byte {
        0x80 => format!(": if it is '€' (Windows-1252), by {western}"),
        0xa1.. => format!(": if it is {:?} (Windows-1252), by {western}", char::from(byte)),
        _ => ", with iconv for example".to_owned(),
    }
}

/// Advice on how to make a two-dimensional array of that shape.
fn reshape(shape: &[u64]) -> &'static str {
    match shape.len() {
        0 => "a single number can't be clustered",
        1 => "save x.reshape(-1, 1) if each number is a point, x.reshape(1, -1) if all are one",
        _ => {
            "save x.reshape(-1, x.shape[-1]) to make each pixel of a picture a row (each x[i, j], for three axes), \
             x.reshape(len(x), -1) to make each x[i] of a stack one"
        }
    }
}

/// What is in an output's place after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// No file.
    Nothing,
    /// The file that was there before, unchanged.
    OldFile,
    /// A part of the new content, in a file that has several names; and all of it in this file.
    Content(PathBuf),
    /// A part of the new content.
    Part,
    /// What was written so far, since it is a stream.
    Stream,
}

impl Left {
    /// What is there if nothing was written.
    pub(crate) fn of(path: &Path) -> Self {
        if path.is_file() { Self::OldFile } else { Self::Nothing }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was left there"),
            Self::OldFile => f.write_str("the old file stands"),
            Self::Content(path) => write!(f, "it is damaged, and the whole content is in {}", path.display()),
            Self::Part => f.write_str("it is damaged"),
            Self::Stream => f.write_str("a part may have been written"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_the_column_where_it_has_a_name() {
        let (name, column_name) = ("points.csv".into(), Some("age".into()));
        let mut position =
            Position { name, row: 7, column: 3, column_name, sheet_column: None, found_by: FoundBy::Name };
        assert_eq!(position.to_string(), r#"points.csv, row 7, column 3 ("age")"#);
        position.column_name = None;
        assert_eq!(position.to_string(), "points.csv, row 7, column 3");
        position.sheet_column = NonZeroU32::new(3);
        assert_eq!(position.to_string(), "points.csv, cell C7");
    }

    #[test]
    fn cells_are_called_as_in_the_program() {
        let cells = [(1, 0, "A1"), (9, 25, "Z9"), (10, 26, "AA10"), (1, 701, "ZZ1"), (2, 702, "AAA2")];
        for (row, column, name) in cells {
            assert_eq!(cell_name(row, column), name);
        }
        assert_eq!(cell_name(1_048_576, 16_383), "XFD1048576");
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
