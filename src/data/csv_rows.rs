//! CSV text -> rows of cells, with the row numbers that a spreadsheet shows.

use std::io::{self, Read};
use std::mem::take;

use ::csv::{Reader, ReaderBuilder, StringRecord};

use super::error::DataError;

/// Bytes of past rows that are kept before they are dropped.
const FORGET: usize = 1 << 16;

/// Iterates over the rows of a text. Empty lines are skipped but counted. Only a small part of the text is in memory.
pub(super) struct CsvRows<R> {
    source: String,
    reader: Reader<Tee<R>>,
    cells: StringRecord,
    row: u64,
    again: bool,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(source: &str, text: R, delimiter: u8) -> CsvRows<R> {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true) // the caller reports ragged rows
            .from_reader(Tee { text, kept: Vec::new(), first: 0 });
        CsvRows { source: source.to_owned(), reader, cells: StringRecord::new(), row: 0, again: false }
    }

    /// The next row that isn't empty: its number from 1, and its cells, untrimmed.
    pub(super) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, DataError> {
        if take(&mut self.again) {
            return Ok(Some((self.row, &self.cells)));
        }
        loop {
            let before = self.reader.position().byte();
            let read = self.reader.read_record(&mut self.cells);
            // the reader has skipped empty lines
            self.row += 1 + self.reader.get_mut().empty_lines_from(before);
            let more = read.map_err(|error| self.failed(error))?;
            if !more {
                return Ok(None);
            }
            if !is_blank(&self.cells) {
                return Ok(Some((self.row, &self.cells)));
            }
        }
    }

    /// Makes [`CsvRows::next_row`] return the last row again.
    pub(super) fn unread(&mut self) {
        self.again = true;
    }

    fn failed(&self, error: ::csv::Error) -> DataError {
        let name = self.source.clone();
        let ::csv::ErrorKind::Utf8 { pos, .. } = error.kind() else {
            return DataError::Read { name, reason: error.into() };
        };
        let start = pos.as_ref().map_or(0, ::csv::Position::byte);
        let byte = self.reader.get_ref().first_bad_byte(start);
        DataError::NotUtf8 { name, row: self.row, byte }
    }
}

/// Forwards text to the CSV reader, and keeps what was forwarded since the last row.
struct Tee<R> {
    text: R,
    kept: Vec<u8>,
    first: u64, // offset of the first byte kept
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(to)?;
        self.kept.extend_from_slice(&to[..n]);
        Ok(n)
    }
}

impl<R> Tee<R> {
    fn from(&self, byte: u64) -> &[u8] {
        let at = byte.saturating_sub(self.first) as usize;
        self.kept.get(at..).unwrap_or_default()
    }

    /// Number of empty lines from a byte on. Earlier bytes may be dropped.
    fn empty_lines_from(&mut self, byte: u64) -> u64 {
        // the reader ends a row at the CR of a CR LF
        let after_return = byte > self.first && self.from(byte - 1).first() == Some(&b'\r');
        let mut rest = self.from(byte);
        if after_return {
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
        self.forget(byte.saturating_sub(1));
        lines
    }

    /// Drops the text before a byte, once there is enough of it: the rest must be moved.
    fn forget(&mut self, byte: u64) {
        let n = byte.saturating_sub(self.first) as usize;
        if n > FORGET {
            self.kept.drain(..n);
            self.first = byte;
        }
    }

    fn first_bad_byte(&self, start: u64) -> u8 {
        let rest = self.from(start);
        let valid = std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        rest.get(valid).copied().unwrap_or_default()
    }
}

/// Whether a line is only spaces. A quoted empty cell does not count.
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

/// Rejects a delimiter that may be part of a number or can't separate cells.
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
        let mut rows = CsvRows::new("t.csv", text.as_bytes(), b',');
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
