//! Options for reading tables.

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

/// How to open a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { header: Header::default(), delimiter: None, longest_row: LONGEST_ROW }
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
    /// The column of weights, by name or number. It is not used as a feature.
    pub weights: Option<String>,
    /// Columns to leave out: each a name, or names and numbers between commas.
    pub ignore: Vec<String>,
}
