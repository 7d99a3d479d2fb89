//! The columns of a source: their names, and how one of them is found.

use super::error::{DataError, Place, quoted, shortened};

/// The columns of a source, with their names if it has any. Indices count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    source: String,
    header: Option<Vec<String>>,
    count: usize,
}

impl Columns {
    /// Columns that a header names.
    pub(super) fn named(source: &str, header: Vec<String>) -> Columns {
        Columns { source: source.to_owned(), count: header.len(), header: Some(header) }
    }

    /// Columns without names.
    pub(super) fn numbered(source: &str, count: usize) -> Columns {
        Columns { source: source.to_owned(), header: None, count }
    }

    /// The source as it was given; `standard input` for `-`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Number of columns, at least 1.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The columns' names, if the source has any. Single ones may be empty.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The header's name of a column, or `column 3`.
    #[must_use]
    pub fn name(&self, column: usize) -> String {
        self.header_name(column).unwrap_or_else(|| format!("column {}", column + 1))
    }

    /// The header's name of a column, if there is one.
    fn header_name(&self, column: usize) -> Option<String> {
        let name = self.header.as_ref()?.get(column)?;
        (!name.is_empty()).then(|| name.clone())
    }

    /// A cell, by the row's number as the source shows it, and the column's index.
    pub(super) fn place(&self, row: u64, column: usize) -> Place {
        let column_name = self.header_name(column);
        Place { name: self.source.clone(), row, column: column + 1, column_name }
    }

    /// The index of a column that was asked for to be `role` (`truth`, `weights` or `ignored`): the one of that name, else of that number from 1.
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownColumn`], [`DataError::AmbiguousColumn`].
    pub fn find(&self, role: &'static str, asked: &str) -> Result<usize, DataError> {
        let asked = asked.trim();
        let header = self.header.as_deref().unwrap_or_default();
        let mut named = (0..header.len()).filter(|&column| !asked.is_empty() && header[column] == asked);
        if let Some(first) = named.next() {
            return match named.next() {
                None => Ok(first),
                Some(second) => Err(DataError::AmbiguousColumn {
                    name: self.source.clone(),
                    role,
                    column: asked.to_owned(),
                    first: first + 1,
                    second: second + 1,
                }),
            };
        }
        match asked.parse() {
            Ok(number) if (1..=self.count).contains(&number) => Ok(number - 1),
            _ => Err(DataError::UnknownColumn {
                name: self.source.clone(),
                role,
                column: asked.to_owned(),
                available: self.available(),
            }),
        }
    }

    /// The columns in words, at most a dozen by name.
    fn available(&self) -> String {
        let n_columns = self.count;
        let Some(header) = &self.header else {
            return format!("columns 1 to {n_columns} and no header");
        };
        let names: Vec<String> = match n_columns {
            0..=12 => header.iter().map(|name| quoted(name)).collect(),
            _ => {
                let first = header[..9].iter().map(|name| quoted(name));
                let last = quoted(&header[n_columns - 1]);
                first.chain(["…".to_owned(), last]).collect()
            }
        };
        shortened(&format!("{n_columns} columns, {}", names.join(", ")), 400)
    }
}
