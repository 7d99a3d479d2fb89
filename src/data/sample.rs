//! The first rows of a text, by which its delimiter and its header are found.

use std::io::{self, Read};

use ::csv::StringRecord;

use super::csv_rows::CsvRows;

/// Most rows that are looked at.
const ROWS: usize = 100;
/// Rows that are enough once there are so many bytes.
const FEW_ROWS: usize = 3;
const MANY_BYTES: usize = 1 << 20;
/// Bytes read at a time.
const BLOCK: u64 = 1 << 13;

/// The first bytes of a text.
pub(super) struct Sample {
    bytes: Vec<u8>,
    /// Whether these are all of them.
    whole: bool,
    /// More marks of missing values.
    na: Vec<String>,
}

/// A row of a sample.
#[derive(Clone)]
pub(super) struct SampleRow {
    /// Line on which it begins, from 1.
    pub(super) line: u64,
    cells: StringRecord,
}

impl Sample {
    /// Reads bytes up to the end of a hundred rows, or of fewer if they are long, but little more than `most`.
    pub(super) fn read(reader: &mut dyn Read, most: usize) -> io::Result<Sample> {
        let (mut bytes, mut lines) = (Vec::new(), LineCount::default());
        loop {
            let from = bytes.len();
            let n = reader.take(BLOCK).read_to_end(&mut bytes)?;
            lines.add(&bytes[from..]);
            let enough = match bytes.len() {
                read if read >= most => true,
                MANY_BYTES.. => lines.n > FEW_ROWS,
                _ => lines.n > ROWS,
            };
            if (n as u64) < BLOCK || enough {
                return Ok(Sample { bytes, whole: (n as u64) < BLOCK, na: Vec::new() });
            }
        }
    }

    /// The same, with more marks of missing values: a cell that is one of them counts as empty.
    pub(super) fn with_marks(self, na: &[String]) -> Sample {
        Sample { na: na.to_vec(), ..self }
    }

    /// The bytes, which were taken from the reader.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether a line ends within the sample, or the text does.
    pub(super) fn has_whole_line(&self) -> bool {
        self.whole || self.bytes.iter().any(|byte| b"\r\n".contains(byte))
    }

    /// Whether the text has this byte.
    pub(super) fn has(&self, byte: u8) -> bool {
        self.bytes.contains(&byte)
    }

    /// The first line.
    pub(super) fn first_line(&self) -> String {
        let end = self.bytes.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[..end]).into_owned()
    }

    fn without_marks(&self, cells: &StringRecord) -> StringRecord {
        if self.na.is_empty() {
            return cells.clone();
        }
        let is_mark = |cell: &str| self.na.iter().any(|mark| mark == cell.trim());
        cells.iter().map(|cell| if is_mark(cell) { "" } else { cell }).collect()
    }

    /// The rows as this delimiter splits them, without the first `skip` ones. A row that is cut off is left out, unless
    /// it is the only one.
    pub(super) fn rows(&self, delimiter: u8, skip: usize) -> Vec<SampleRow> {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut reader = CsvRows::new("", text.as_bytes(), delimiter, usize::MAX);
        let mut rows = Vec::new();
        while rows.len() < skip + ROWS + 1
            && let Ok(Some((line, cells))) = reader.next_row()
        {
            rows.push(SampleRow { line, cells: self.without_marks(cells) });
        }
        let cut_off = !self.whole && rows.len() < skip + ROWS + 1;
        if cut_off && rows.len() > skip + 1 {
            rows.pop();
        }
        rows.drain(..skip.min(rows.len()));
        rows
    }
}

impl SampleRow {
    /// The row with an empty cell before its first.
    pub(super) fn after_empty_cell(&self) -> SampleRow {
        SampleRow { line: self.line, cells: [""].into_iter().chain(self.cells.iter()).collect() }
    }

    /// The row without a `#` at its start, if it has one, and something after it.
    pub(super) fn after_comment_mark(&self) -> Option<SampleRow> {
        let first = self.cell(0).strip_prefix('#')?.trim();
        let rest = self.cells.iter().skip(1);
        // blanks may separate the mark from the names as they do the cells
        let cells: StringRecord =
            if first.is_empty() { rest.collect() } else { [first].into_iter().chain(rest).collect() };
        (!cells.is_empty()).then_some(SampleRow { line: self.line, cells })
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// A cell, trimmed; empty if the row is shorter.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    /// All cells, trimmed.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }

    /// Whether the last of several cells is empty.
    pub(super) fn ends_empty(&self) -> bool {
        self.len() > 1 && self.cell(self.len() - 1).is_empty()
    }
}

/// Counts lines with text.
#[derive(Default)]
struct LineCount {
    n: usize,
    text: bool,
}

impl LineCount {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if !byte.is_ascii_whitespace() {
                self.text = true;
            } else if self.text && b"\r\n".contains(byte) {
                self.n += 1;
                self.text = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(text: &str) -> Vec<(u64, usize)> {
        let sample = Sample::read(&mut text.as_bytes(), 1 << 24).expect("memory can be read");
        sample.rows(b',', 0).iter().map(|row| (row.line, row.len())).collect()
    }

    #[test]
    fn a_short_text_is_all_in_it() {
        assert_eq!(rows_of("\n1,2\n\n3,4"), [(2, 2), (4, 2)]);
        assert_eq!(rows_of(""), []);
    }

    #[test]
    fn a_long_text_is_cut_at_whole_rows() {
        let long = "1,2\n".repeat(100_000);
        assert_eq!(rows_of(&long).len(), ROWS + 1);
        let wide = format!("{}1\n", "1,".repeat(400_000)).repeat(9);
        let rows = rows_of(&wide);
        assert!(
            (FEW_ROWS..9).contains(&rows.len()) && rows.iter().all(|row| row.1 == 400_001),
            "{}",
            rows.len()
        );
    }
}
