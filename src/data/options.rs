//! Options for reading tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::picture::Channels;

/// Whether the first row of a CSV file names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// It does if it differs from the rows below as names do; an error if that is doubtful.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is data.
    No,
}

/// Bytes of the longest row of a text by default.
pub const LONGEST_ROW: usize = 64 << 20;

/// What becomes of a row that lacks a value in a column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// It is an error that names the cell.
    #[default]
    Refuse,
    /// It is left out, and counted: see [`Dropped`](super::Dropped).
    Drop,
}

/// Whether ink is brighter or darker than paper, in pictures that are read as drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ink {
    /// As the borders of the first 100 pictures say, which are paper; an error if fewer than four fifths of them agree.
    #[default]
    Auto,
    /// Brighter: 0 is paper, as in MNIST.
    Bright,
    /// Darker: the largest value of each picture is paper.
    Dark,
}

/// How to open a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Whether the first row is a header (CSV).
    pub header: Header,
    /// Delimiter (CSV); a blank stands for any run of blanks and tabs. `None`: the one that a first line `sep=;`
    /// names; a tab in a file named `.tsv`; else the one of comma, tab, semicolon, `|` and white space that splits the
    /// first rows best.
    pub delimiter: Option<u8>,
    /// Bytes of the longest row (CSV), with the empty lines before it. It bounds what a quote without an end, or a text
    /// without line ends, takes of the memory. Default: [`LONGEST_ROW`], and a quarter of it for the first row.
    pub longest_row: usize,
    /// More texts that stand for a missing value (CSV), beside [`MARKS_OF_MISSING`](super::MARKS_OF_MISSING).
    pub na: Vec<String>,
    /// The sheet of a workbook. `None`: the first one that is not hidden.
    pub sheet: Option<String>,
    /// Whether each pixel of a picture is a row, whose columns are its values. Else each picture is a row, whose columns
    /// are the values of its pixels.
    pub pixels: bool,
    /// The values of a pixel. `None`: brightness if all pictures are grey, else red, green and blue; and opacity, if a
    /// pixel of any of them is not opaque.
    pub channels: Option<Channels>,
    /// Whether each row is a picture of ink on paper, to be counted to 8 x 8 like the digits, and how ink is told from
    /// paper. [`load()`](super::load()) heeds it; whoever opens a source calls [`as_drawings`](super::as_drawings). What can be
    /// read only once is then copied, as by `reread`, and pictures are grey, on white where they are not opaque.
    pub as_drawings: Option<Ink>,
    /// Whether the source is to be one column, as a file of known classes is: a one-dimensional array is then read as one,
    /// and `na` may be given for a file that is no text.
    pub one_column: bool,
    /// Whether the rows will be read more than once: a pipe is then copied, to a temporary file or to memory.
    pub reread: bool,
    /// Counts the bytes that are read of files and pipes, before they are unpacked.
    pub counter: Option<ReadCounter>,
}

/// A number of bytes that were read, which another thread may look at.
#[derive(Debug, Clone, Default)]
pub struct ReadCounter(Arc<AtomicU64>);

impl ReadCounter {
    /// Bytes so far. What is read twice counts twice.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Counters are the same if they count together.
impl PartialEq for ReadCounter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ReadCounter {}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            header: Header::default(),
            delimiter: None,
            longest_row: LONGEST_ROW,
            na: Vec::new(),
            sheet: None,
            pixels: false,
            channels: None,
            as_drawings: None,
            one_column: false,
            reread: false,
            counter: None,
        }
    }
}

/// How to load a table.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// How to open the source.
    pub read: ReadOptions,
    /// Further files of the same columns, whose rows follow.
    pub more: Vec<String>,
    /// The truth column (classes), by its name in the header or by number from 1. It is not used as a feature.
    pub truth: Option<String>,
    /// A file of the known classes, one for each row of all sources: see [`with_truth_file`](super::with_truth_file). It
    /// takes the place of `truth`.
    pub truth_file: Option<String>,
    /// The column of weights, by name or number. It is not used as a feature.
    pub weights: Option<String>,
    /// The only columns to read as features: each a name, or names, numbers and ranges such as `3..7` between commas.
    /// Empty: all.
    pub columns: Vec<String>,
    /// Columns to leave out, written likewise.
    pub ignore: Vec<String>,
    /// Whether columns of text are left out of the features: see [`Columns::text`](super::Columns::text).
    pub numeric: bool,
    /// What becomes of rows that lack a value.
    pub missing: Missing,
    /// Whether rows that can be read more than once stay where they are, even if it takes a pass to count them, as those of
    /// CSV do. They are read again by each pass over the points.
    pub stay: bool,
}
