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

/// How to open a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Whether the first row is a header (CSV).
    pub header: Header,
    /// Delimiter (CSV); a blank stands for any run of blanks and tabs. `None`: the one that a first line `sep=;`
    /// names; a tab in a file named `.tsv`; else the one of comma, tab, semicolon, `|` and white space that splits the
    /// first rows best.
    pub delimiter: Option<u8>,
}

/// How to load a table.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// As [`ReadOptions::header`].
    pub header: Header,
    /// As [`ReadOptions::delimiter`].
    pub delimiter: Option<u8>,
    /// The truth column (classes), by its name in the header or by number from 1. It is not used as a feature.
    pub truth: Option<String>,
    /// The column of weights, by name or number. It is not used as a feature.
    pub weights: Option<String>,
    /// Columns to leave out: each a name, or names and numbers between commas.
    pub ignore: Vec<String>,
}

impl LoadOptions {
    /// How to open the source.
    #[must_use]
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions { header: self.header, delimiter: self.delimiter }
    }
}
