//! CSV text -> rows of cells, each with the number a spreadsheet shows beside it.

use ::csv::{Reader, ReaderBuilder, StringRecord};

use super::DataError;

/// Goes through the rows of a text, empty lines left out but counted.
pub(super) struct CsvRows<'t> {
    source: &'t str,
    text: &'t [u8],
    reader: Reader<&'t [u8]>,
    cells: StringRecord,
    row: u64,
}

impl<'t> CsvRows<'t> {
    pub(super) fn new(source: &'t str, text: &'t str, delimiter: u8) -> CsvRows<'t> {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true) // ragged rows are ours to report
            .from_reader(text.as_bytes());
        CsvRows { source, text: text.as_bytes(), reader, cells: StringRecord::new(), row: 0 }
    }

    /// The next row that isn't empty: its number from 1, and its cells, not trimmed.
    pub(super) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, DataError> {
        loop {
            self.row += 1 + self.empty_lines_ahead();
            let more = self
                .reader
                .read_record(&mut self.cells)
                .map_err(|error| DataError::Read { name: self.source.to_owned(), reason: error.into() })?;
            if !more {
                return Ok(None);
            }
            if !is_blank(&self.cells) {
                return Ok(Some((self.row, &self.cells)));
            }
        }
    }

    /// Lines without any character, which the reader passes over in silence.
    fn empty_lines_ahead(&self) -> u64 {
        let at = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let mut rest = self.text.get(at..).unwrap_or_default();
        // A row that ends in CR LF is done at the CR.
        if at > 0 && self.text.get(at - 1) == Some(&b'\r') {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let mut lines = 0;
        while let Some(after) = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.strip_prefix(b"\n"))
            .or_else(|| rest.strip_prefix(b"\r"))
        {
            rest = after;
            lines += 1;
        }
        lines
    }
}

/// A line of nothing but spaces. A quoted empty cell is none.
fn is_blank(cells: &StringRecord) -> bool {
    cells.len() == 1 && !cells[0].is_empty() && cells[0].trim().is_empty()
}

/// Tab for a file named `.tsv`; else by the first line with text: comma if it holds one, then tab,
/// then semicolon; comma if it holds none of them.
pub(super) fn guess_delimiter(source: &str, text: &str) -> u8 {
    if source.to_ascii_lowercase().ends_with(".tsv") {
        return b'\t';
    }
    let mut lines = text.split(['\n', '\r']);
    let first = lines.find(|line| !line.trim().is_empty()).unwrap_or_default();
    *b",\t;".iter().find(|&&delimiter| first.as_bytes().contains(&delimiter)).unwrap_or(&b',')
}

/// Refuses what would split a number, or never could split anything.
pub(super) fn check_delimiter(delimiter: u8) -> Result<u8, DataError> {
    let taken = b"\"\r\n+-._".contains(&delimiter) || delimiter.is_ascii_alphanumeric();
    if taken || delimiter == 0 || !delimiter.is_ascii() {
        return Err(DataError::Delimiter { delimiter: char::from(delimiter) });
    }
    Ok(delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(u64, usize)> {
        let mut rows = CsvRows::new("t.csv", text, b',');
        let mut found = Vec::new();
        while let Some((row, cells)) = rows.next_row().expect("text has no errors") {
            found.push((row, cells.len()));
        }
        found
    }

    #[test]
    fn rows_are_numbered_as_in_a_spreadsheet_whatever_the_line_ends() {
        let text = "\n\na,b\n1,2\n\n  \n3\n\n\n\"4\n5\",6\n7,8\n\n";
        let expected = [(3, 2), (4, 2), (7, 1), (10, 2), (11, 2)];
        assert_eq!(numbers(text), expected);
        assert_eq!(numbers(text.trim_end()), expected);
        assert_eq!(numbers(&text.replace('\n', "\r\n")), expected);
        assert_eq!(numbers(&text.replace('\n', "\r")), expected);
    }

    #[test]
    fn a_quoted_empty_cell_is_a_row() {
        assert_eq!(numbers("1\n\"\"\n2\n"), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(numbers("1\n \t \n2\n"), [(1, 1), (3, 1)]);
    }

    #[test]
    fn the_delimiter_is_guessed_from_the_first_line_with_text() {
        assert_eq!(guess_delimiter("t.csv", "a,b\tc;d"), b',');
        assert_eq!(guess_delimiter("t.csv", "\n  \na\tb;c\n1,2"), b'\t');
        assert_eq!(guess_delimiter("t.csv", "a;b\r\n1,5;2\r\n"), b';');
        assert_eq!(guess_delimiter("t.csv", "a\n1"), b',');
        assert_eq!(guess_delimiter("T.TSV", "a,b"), b'\t');
        assert_eq!(guess_delimiter("t.csv", ""), b',');
    }

    #[test]
    fn a_delimiter_must_be_able_to_separate_numbers() {
        for good in [b',', b';', b'\t', b'|', b' ', b':'] {
            assert_eq!(check_delimiter(good).expect("can separate"), good);
        }
        for bad in [b'"', b'\n', b'\r', b'.', b'-', b'+', b'e', b'7', 0, 0xc3] {
            assert!(matches!(check_delimiter(bad), Err(DataError::Delimiter { .. })), "{bad}");
        }
    }
}
