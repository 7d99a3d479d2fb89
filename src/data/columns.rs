//! The columns of a source, and lookup by name or number.

use std::num::NonZeroU32;

use super::error::{DataError, FoundBy, Position, quoted, shortened};

/// Most names listed in a message.
const LISTED: usize = 5;
/// Most columns of a source.
pub(super) const MOST_COLUMNS: u64 = 1 << 20;

/// The name of a column without one, given its index from 0: `column 3`.
pub(crate) fn numbered_name(column: usize) -> String {
    format!("column {}", column + 1)
}

/// Whether a name is one for a column without a name: `column 3`.
#[must_use]
pub fn is_numbered_name(name: &str) -> bool {
    name.strip_prefix("column ").is_some_and(|number| number.parse::<usize>().is_ok())
}

/// Whether columns have names, other than `column 1` and so on.
#[must_use]
pub fn has_names(columns: &[String]) -> bool {
    !columns.iter().all(|name| is_numbered_name(name))
}

/// The first names in quotes, for messages.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("{name:?}")).collect();
    shown.join(", ") + if names.len() > LISTED { ", .." } else { "" }
}

/// The columns of a source, with their names if there is a header. Indices count from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    source: String,
    header: Option<Vec<String>>,
    count: usize,
    /// Columns that hold text, in ascending order.
    text: Vec<usize>,
    /// The column of a sheet, from 0, that the first of them is.
    in_sheet: Option<usize>,
    /// The name of a column after all others, which is none of the source's own: only its index finds it.
    appended: Option<String>,
    /// Whether the rows are drawings, made of pictures.
    of_drawings: bool,
}

impl Columns {
    /// Columns with a header.
    pub(super) fn named(source: &str, header: Vec<String>) -> Columns {
        Columns { source: source.to_owned(), count: header.len(), header: Some(header), ..Columns::default() }
    }

    /// Columns without names.
    pub(super) fn numbered(source: &str, count: usize) -> Columns {
        Columns { source: source.to_owned(), count, ..Columns::default() }
    }

    /// The same, of which these columns hold text.
    pub(super) fn with_text(self, text: Vec<usize>) -> Columns {
        Columns { text, ..self }
    }

    /// The same in a sheet, of which this column, from 0, is the first of them.
    pub(super) fn in_sheet(self, first: Option<usize>) -> Columns {
        Columns { in_sheet: first, ..self }
    }

    /// The same, of rows that are drawings, made of pictures.
    pub(super) fn of_drawings(self) -> Columns {
        Columns { of_drawings: true, ..self }
    }

    /// Whether the rows are drawings, made of pictures.
    pub(super) fn is_of_drawings(&self) -> bool {
        self.of_drawings
    }

    /// The same with a column of this name after all others.
    pub(super) fn with_appended(self, name: &str) -> Columns {
        Columns { appended: Some(name.to_owned()), ..self }
    }

    /// Columns that hold text, or anything else that is no number, and so can be no features, in ascending order. Only
    /// those that are known to do so before all rows are read: of a CSV file, those with a cell that is neither a number
    /// nor missing in its first rows.
    #[must_use]
    pub fn text(&self) -> &[usize] {
        &self.text
    }

    /// Adds the columns of text of another source of the same columns.
    pub(super) fn add_text_of(&mut self, other: &Columns) {
        self.text.extend(&other.text);
        self.text.sort_unstable();
        self.text.dedup();
    }

    /// The same columns of a source of another name.
    pub(super) fn called(self, source: &str) -> Columns {
        Columns { source: source.to_owned(), ..self }
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

    /// The columns' names, if there is a header. A name may be empty.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// A column's name in the header, else a name like `column 3`.
    #[must_use]
    pub fn name(&self, column: usize) -> String {
        self.header_name(column).unwrap_or_else(|| numbered_name(column))
    }

    /// A column's name in the header, if there is one.
    fn header_name(&self, column: usize) -> Option<String> {
        if column == self.count {
            return self.appended.clone();
        }
        let name = self.header.as_ref()?.get(column)?;
        (!name.is_empty()).then(|| name.clone())
    }

    /// Position of a cell. `row` is the number that the source shows, from 1; `column` is an index from 0.
    pub(super) fn position(&self, row: u64, column: usize) -> Position {
        let (column_name, found_by) = (self.header_name(column), self.found_by(column));
        let sheet_column = self.in_sheet.and_then(|first| NonZeroU32::new((first + column + 1) as u32));
        Position { name: self.source.clone(), row, column: column + 1, column_name, sheet_column, found_by }
    }

    fn found_by(&self, column: usize) -> FoundBy {
        let finds = |asked: &str| self.find("", asked).is_ok_and(|found| found == column);
        if self.header_name(column).is_some_and(|name| finds(&name)) {
            FoundBy::Name
        } else if finds(&(column + 1).to_string()) {
            FoundBy::Number
        } else {
            FoundBy::Place
        }
    }

    /// The text by which [`Columns::find`] finds the column: its name, its number, or `column 3`.
    #[must_use]
    pub fn asked(&self, column: usize) -> String {
        self.position(0, column).asked()
    }

    /// The texts by which [`Columns::find_all`] finds these columns: one, or several where names have commas.
    pub(super) fn asked_all(&self, columns: &[usize]) -> Vec<String> {
        let each: Vec<String> = columns.iter().map(|&column| self.asked(column)).collect();
        let joined = each.join(",");
        match self.find_all("", &joined) {
            Ok(found) if found == columns => vec![joined],
            _ => each,
        }
    }

    /// Indices of the columns requested as `role`: one by its name, or several by names, numbers and ranges such as
    /// `3..7` between commas. The name of a list stands for all its places.
    ///
    /// # Errors
    ///
    /// As [`Columns::find`]; [`DataError::ColumnRange`].
    pub fn find_all(&self, role: &'static str, asked: &str) -> Result<Vec<usize>, DataError> {
        match self.find_range(role, asked) {
            Err(DataError::UnknownColumn { .. }) if asked.contains(',') => {
                let parts = asked.split(',').map(|asked| self.find_range(role, asked));
                Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
            }
            found => found,
        }
    }

    /// Indices of a column, or of those from one to another: `3..7`, `age..income`.
    fn find_range(&self, role: &'static str, asked: &str) -> Result<Vec<usize>, DataError> {
        let ends = match self.find(role, asked) {
            Err(DataError::UnknownColumn { .. }) if asked.contains("..") => asked.split_once(".."),
            Err(unknown @ DataError::UnknownColumn { .. }) => {
                let places = self.places_of(asked.trim());
                return if places.is_empty() { Err(unknown) } else { Ok(places) };
            }
            found => return Ok(vec![found?]),
        };
        let (first, last) = ends.unwrap_or_default();
        let (first, last) = (self.find(role, first)?, self.find(role, last)?);
        if first > last {
            let (name, range) = (self.source.clone(), asked.trim().to_owned());
            return Err(DataError::ColumnRange { name, role, range, first: first + 1, last: last + 1 });
        }
        Ok((first..=last).collect())
    }

    /// The columns of the places of a list, `name[0]`, `name[1]` and so on, by its name.
    fn places_of(&self, list: &str) -> Vec<usize> {
        let header = self.header.as_deref().unwrap_or_default();
        let is_place = |name: &str| {
            let place = name.strip_prefix(list).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
            place.is_some_and(|place| !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit()))
        };
        (0..header.len()).filter(|&column| !list.is_empty() && is_place(&header[column])).collect()
    }

    /// Index of the column requested as `role` (`truth`, `weights`, `chosen` or `ignored`): by name, else by number from 1, also
    /// in the form `column 3`.
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
        match asked.strip_prefix("column ").unwrap_or(asked).parse() {
            Ok(number) if (1..=self.count).contains(&number) => Ok(number - 1),
            _ => Err(DataError::UnknownColumn {
                name: self.source.clone(),
                role,
                column: asked.to_owned(),
                available: self.available(),
            }),
        }
    }

    /// Description of the columns for messages, with at most a dozen names.
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
