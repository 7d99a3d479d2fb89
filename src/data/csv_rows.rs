//! CSV text -> rows of cells, with the number of the line on which each begins.

use std::io::{self, Read};
use std::ops::Range;

use ::csv::{Reader, ReaderBuilder, StringRecord};

use super::error::DataError;
use super::white_space::TabbedText;

/// The delimiter that stands for white space: any run of blanks and tabs.
pub(super) const WHITE_SPACE: u8 = b' ';

/// Bytes of past rows that are kept before they are dropped.
const FORGET: usize = 1 << 16;

/// Iterates over the rows of a text. Empty lines are skipped but counted. Only a small part of the text is in memory.
pub(super) struct CsvRows<R> {
    source: String,
    reader: Reader<Tee<TabbedText<R>>>,
    cells: StringRecord,
    /// Line on which the last row begins, from 1.
    row: u64,
    /// Line on which the reader is.
    line: u64,
}

impl<R: Read> CsvRows<R> {
    /// The rows of a text. [`WHITE_SPACE`] as delimiter is any run of blanks and tabs. A row, with the empty lines before
    /// it, may have `longest` bytes.
    pub(super) fn new(source: &str, text: R, delimiter: u8, longest: usize) -> CsvRows<R> {
        let white_space = delimiter == WHITE_SPACE;
        let text = TabbedText::new(text, white_space);
        let reader = ReaderBuilder::new()
            .delimiter(if white_space { b'\t' } else { delimiter })
            .has_headers(false)
            .flexible(true) // the caller reports ragged rows
            .from_reader(Tee { text, longest, kept: Vec::new(), first: 0, returns: false });
        let source = source.to_owned();
        CsvRows { source, reader, cells: StringRecord::new(), row: 0, line: 1 }
    }

    /// The same, of a text that begins on this line.
    pub(super) fn at_line(self, line: u64) -> CsvRows<R> {
        CsvRows { line, ..self }
    }

    /// The line on which the next row begins, from 1, or an empty line before it.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next row that isn't empty: the line on which it begins, from 1, and its cells, untrimmed.
    pub(super) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, DataError> {
        loop {
            let before = self.reader.position().clone();
            let read = self.reader.read_record(&mut self.cells);
            let after = self.reader.position();
            let (bytes, feeds) = (before.byte()..after.byte(), after.line() - before.line());
            let lines = self.reader.get_mut().lines(bytes, feeds);
            self.row = self.line + lines.empty;
            self.line += lines.all;
            let more = read.map_err(|error| self.failed(error))?;
            if !more {
                return Ok(None);
            }
            if !is_blank(&self.cells) {
                return Ok(Some((self.row, &self.cells)));
            }
        }
    }

    fn failed(&self, error: ::csv::Error) -> DataError {
        let name = self.source.clone();
        let tee = self.reader.get_ref();
        if tee.is_too_long() {
            return DataError::LongRow { name, row: self.row, bytes: tee.longest };
        }
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
    longest: usize,
    kept: Vec<u8>,
    first: u64,    // offset of the first byte kept
    returns: bool, // whether the text has a CR so far
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.is_too_long() {
            return Err(io::Error::other("a row is too long"));
        }
        let n = self.text.read(to)?;
        self.kept.extend_from_slice(&to[..n]);
        self.returns |= to[..n].contains(&b'\r');
        Ok(n)
    }
}

impl<R> Tee<R> {
    /// Whether the last row and what follows it are longer than a row may be.
    fn is_too_long(&self) -> bool {
        self.kept.len() > self.longest.saturating_add(FORGET)
    }

    fn from(&self, byte: u64) -> &[u8] {
        let at = byte.saturating_sub(self.first) as usize;
        self.kept.get(at..).unwrap_or_default()
    }

    /// Line ends between two bytes, of which `feeds` are line feeds. Earlier bytes may be dropped.
    fn lines(&mut self, bytes: Range<u64>, feeds: u64) -> Lines {
        let Range { start: before, end: after } = bytes;
        let text = self.from(before);
        let mut text = &text[..text.len().min((after - before) as usize)];
        // the reader ends a row at the CR of a CR LF
        if before > self.first && self.from(before - 1).first() == Some(&b'\r') {
            text = text.strip_prefix(b"\n").unwrap_or(text);
        }
        let row = text.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(text.len());
        let all = if self.returns { line_ends(text) } else { feeds };
        let empty = if row == 0 { 0 } else { line_ends(&text[..row]) };
        let lines = Lines { empty, all };
        self.forget(before.saturating_sub(1));
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

/// Numbers of line ends.
struct Lines {
    /// Before a row.
    empty: u64,
    /// Before, in and after it.
    all: u64,
}

/// Number of line ends: CR LF, LF or CR.
fn line_ends(text: &[u8]) -> u64 {
    let count = |end: u8| text.iter().filter(|&&byte| byte == end).count() as u64;
    match count(b'\r') {
        0 => count(b'\n'),
        returns => {
            let both = text.windows(2).filter(|pair| pair == b"\r\n").count() as u64;
            count(b'\n') + returns - both
        }
    }
}

/// Whether a line is only spaces. A quoted empty cell does not count.
fn is_blank(cells: &StringRecord) -> bool {
    cells.len() == 1 && !cells[0].is_empty() && cells[0].trim().is_empty()
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
        let mut rows = CsvRows::new("t.csv", text.as_bytes(), b',', 100);
        let mut found = Vec::new();
        while let Some((row, cells)) = rows.next_row().expect("text has no errors") {
            found.push((row, cells.len()));
        }
        found
    }

    #[test]
    fn rows_are_numbered_by_their_lines_whatever_the_line_ends() {
        let text = "\n\na,b\n1,2\n\n  \n3\n\n\n\"4\n5\",6\n7,8\n\n";
        let expected = [(3, 2), (4, 2), (7, 1), (10, 2), (12, 2)];
        assert_eq!(numbers(text), expected);
        assert_eq!(numbers(text.trim_end()), expected);
        assert_eq!(numbers(&text.replace('\n', "\r\n")), expected);
        assert_eq!(numbers(&text.replace('\n', "\r")), expected);
    }

    #[test]
    fn white_space_separates_cells() {
        let mut rows = CsvRows::new("t.txt", "  1   2\n\n\t3\t\t4  \n".as_bytes(), WHITE_SPACE, 100);
        let mut found = Vec::new();
        while let Some((row, cells)) = rows.next_row().expect("text has no errors") {
            found.push((row, cells.iter().collect::<Vec<_>>().join("|")));
        }
        assert_eq!(found, [(1, "1|2".to_owned()), (3, "3|4".to_owned())]);
    }

    #[test]
    fn a_quoted_empty_cell_is_a_row() {
        assert_eq!(numbers("1\n\"\"\n2\n"), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(numbers("1\n \t \n2\n"), [(1, 1), (3, 1)]);
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
