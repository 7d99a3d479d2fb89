//! CSV text -> rows.
//!
//! * Cells are trimmed and may be quoted; empty lines are skipped; a byte order mark is dropped.
//! * [`Header::Auto`]: the first row is a header if any of its cells is text other than a number. Empty cells, `nan`
//!   and `inf` do not make a header, so that a first row of data with a missing value is an error and not taken for
//!   names. A table without a header whose first row has a text cell, such as a class, needs [`Header::No`].
//! * Values are parsed as f64.
//! * The text is never in memory as a whole.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use ::csv::StringRecord;

use super::columns::Columns;
use super::csv_rows::{CsvRows, check_delimiter, guess_delimiter};
use super::error::{DataError, Hint};
use super::format::InputFormat;
use super::input::{Input, read_error};
use super::options::{Header, ReadOptions};
use super::pick::Pick;
use super::rows::Rows;
use super::source::{Chunk, Source};

/// The format of all text that no other format recognises.
pub(super) const FORMAT: InputFormat = InputFormat { magic: b"", endings: &["csv", "tsv", "txt"], open };

/// Most bytes searched for the first line with text.
const FIRST_LINE: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A CSV source after its first row was read.
struct Csv {
    input: Input,
    columns: Columns,
    delimiter: u8,
    has_header: bool,
    /// Likely cause when a cell is not a number.
    hint: Hint,
    /// The open reader, used by the first pass over the rows.
    begun: Mutex<Option<TextRows>>,
}

type TextRows = CsvRows<Box<dyn Read + Send>>;

/// Finds the delimiter, the header and the number of columns.
fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let name = input.name();
    let mut text = text_of(&input)?;
    let start = first_lines(&mut *text).map_err(|reason| read_error(name, reason))?;
    let delimiter = match options.delimiter {
        Some(delimiter) => check_delimiter(delimiter)?,
        None => guess_delimiter(name, &String::from_utf8_lossy(&start)),
    };
    let mut rows: TextRows = CsvRows::new(name, Box::new(Cursor::new(start).chain(text)), delimiter);
    let Some((_, first)) = rows.next_row()? else {
        return Err(DataError::Empty { name: name.to_owned() });
    };
    let first: Vec<String> = first.iter().map(|cell| cell.trim().to_owned()).collect();
    let has_header = has_header(options.header, &first);
    let hint = hint(options.header, has_header, &first, delimiter);
    let columns = if has_header {
        Columns::named(name, first)
    } else {
        rows.unread();
        Columns::numbered(name, first.len())
    };
    let begun = Mutex::new(Some(rows));
    Ok(Box::new(Csv { input, columns, delimiter, has_header, hint, begun }))
}

/// The bytes after the byte order mark.
fn text_of(input: &Input) -> Result<Box<dyn Read + Send>, DataError> {
    let mut reader = input.open()?;
    if input.start().starts_with(BYTE_ORDER_MARK) {
        let mut mark = [0; BYTE_ORDER_MARK.len()];
        reader.read_exact(&mut mark).map_err(|reason| read_error(input.name(), reason))?;
    }
    Ok(reader)
}

/// Bytes at least up to the end of the first line with text.
fn first_lines(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let has_line = |bytes: &[u8]| {
        let text = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
        text.is_some_and(|at| bytes[at..].iter().any(|byte| b"\r\n".contains(byte)))
    };
    while start.len() < FIRST_LINE {
        let n = reader.take(8192).read_to_end(&mut start)?;
        if n < 8192 || has_line(&start) {
            break;
        }
    }
    Ok(start)
}

/// Whether the first row names the columns.
fn has_header(asked: Header, first: &[String]) -> bool {
    match asked {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => looks_like_header(first),
    }
}

/// Whether any cell of the first row is text other than a number.
fn looks_like_header(first: &[String]) -> bool {
    first.iter().any(|cell| !cell.is_empty() && cell.parse::<f64>().is_err())
}

/// Likely cause when a cell is not a number: the guess of the header, or the delimiter.
fn hint(asked: Header, has_header: bool, first: &[String], delimiter: u8) -> Hint {
    let some_number = first.iter().any(|cell| cell.parse::<f64>().is_ok());
    match asked {
        _ if first.len() == 1 => Hint::OneColumn { delimiter: char::from(delimiter) },
        Header::Auto if has_header && some_number => Hint::TakenForHeader,
        Header::Auto | Header::No if !has_header => Hint::TakenForData,
        _ => Hint::None,
    }
}

impl Source for Csv {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        None
    }

    fn can_reread(&self) -> bool {
        self.input.can_reopen()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        let again = begun.is_none();
        let mut rows = match begun {
            Some(rows) => rows,
            None => self.reopened()?,
        };
        let mut block = RowBlock::default();
        while block.fill(self, pick, &mut rows)? {
            if each(block.chunk(self, pick)).is_break() {
                return Ok(());
            }
        }
        if block.first == 0 {
            let (name, columns) = (self.input.name().to_owned(), self.columns.count());
            return Err(DataError::NoRows { name, columns });
        }
        // a file may grow while it is first read, but later passes must give the same rows
        if again { self.input.check_unchanged() } else { Ok(()) }
    }
}

impl Csv {
    fn reopened(&self) -> Result<TextRows, DataError> {
        let mut rows = CsvRows::new(self.input.name(), text_of(&self.input)?, self.delimiter);
        if self.has_header {
            rows.next_row()?;
        }
        Ok(rows)
    }

    fn feature(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        let position = || self.columns.position(row, column);
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(_) => Err(DataError::NotFinite { position: position(), text: cell.to_owned() }),
            // an empty cell in the first row may be the header of an index column
            Err(_) if cell.is_empty() => {
                let hint = if row == 1 { self.hint } else { Hint::None };
                Err(DataError::EmptyCell { position: position(), hint })
            }
            Err(_) => {
                Err(DataError::NotANumber { position: position(), text: cell.to_owned(), hint: self.hint })
            }
        }
    }

    fn weight(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        match cell.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => {
                Err(DataError::Weight { position: self.columns.position(row, column), text: cell.to_owned() })
            }
        }
    }

    fn class(&self, row: u64, column: usize, cell: &str) -> Result<String, DataError> {
        match cell {
            "" => {
                Err(DataError::EmptyCell { position: self.columns.position(row, column), hint: Hint::None })
            }
            class => Ok(class.to_owned()),
        }
    }

    /// Checks that a row is as long as the first.
    fn check_length(&self, row: u64, found: usize) -> Result<(), DataError> {
        let expected = self.columns.count();
        if found == expected {
            return Ok(());
        }
        Err(DataError::Ragged { name: self.input.name().to_owned(), row, expected, found })
    }
}

/// Buffers for the rows of a chunk.
#[derive(Default)]
struct RowBlock {
    first: usize,
    features: Vec<f64>, // (n_rows, n_features)
    truth: Vec<String>,
    weights: Vec<f64>,
    numbers: Vec<u64>, // (n_rows)
}

impl RowBlock {
    /// Reads the next rows. False if there are none.
    fn fill(&mut self, csv: &Csv, pick: &Pick, rows: &mut TextRows) -> Result<bool, DataError> {
        self.first += self.numbers.len();
        self.features.clear();
        self.truth.clear();
        self.weights.clear();
        self.numbers.clear();
        let most = pick.chunk_rows(size_of::<f64>());
        while self.numbers.len() < most
            && let Some((number, row)) = rows.next_row()?
        {
            csv.check_length(number, row.len())?;
            self.push(csv, pick, number, row)?;
        }
        Ok(!self.numbers.is_empty())
    }

    fn push(&mut self, csv: &Csv, pick: &Pick, number: u64, row: &StringRecord) -> Result<(), DataError> {
        for &column in &pick.features {
            self.features.push(csv.feature(number, column, row[column].trim())?);
        }
        if let Some(column) = pick.weights {
            self.weights.push(csv.weight(number, column, row[column].trim())?);
        }
        if let Some(column) = pick.truth {
            self.truth.push(csv.class(number, column, row[column].trim())?);
        }
        self.numbers.push(number);
        Ok(())
    }

    fn chunk<'a>(&'a self, csv: &'a Csv, pick: &'a Pick) -> Chunk<'a> {
        Chunk {
            first: self.first,
            n_rows: self.numbers.len(),
            rows: Rows::F64(&self.features),
            truth: &self.truth,
            weights: &self.weights,
            numbers: Some(&self.numbers),
            columns: &csv.columns,
            features: &pick.features,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::truth::Truth;
    use super::*;

    fn source(text: &'static str) -> Result<Box<dyn Source>, DataError> {
        open(Input::of_memory("t.csv", text.as_bytes())?, &ReadOptions::default())
    }

    /// Chunks, numbers of the rows, truth.
    type Walked = (Vec<Vec<f64>>, Vec<u64>, Option<Truth>);

    fn walk(source: &dyn Source, pick: &Pick) -> Result<Walked, DataError> {
        let (mut chunks, mut numbers) = (Vec::new(), Vec::new());
        let truth = source.visit::<DataError>(pick, &mut |chunk| {
            assert_eq!(chunk.first, numbers.len());
            numbers.extend((0..chunk.n_rows).map(|row| chunk.position(row, 0).row));
            chunks.push(chunk.rows.to_f64().into_owned());
            Ok(())
        })?;
        Ok((chunks, numbers, truth))
    }

    #[test]
    fn rows_come_in_chunks_with_their_numbers_and_the_columns_asked_for() {
        let text = "a,name,b\r\n1,x,2\r\n\r\n3,y,4\r\n5,x,6\r\n";
        let pick = Pick { features: vec![2, 0], truth: Some(1), most_rows: Some(2), ..Pick::default() };
        let source = source(text).unwrap();
        for _ in 0..2 {
            let (chunks, numbers, truth) = walk(&*source, &pick).unwrap();
            assert_eq!(chunks, [vec![2.0, 1.0, 4.0, 3.0], vec![6.0, 5.0]]);
            assert_eq!(numbers, [2, 4, 5]);
            let truth = truth.unwrap();
            assert_eq!((truth.labels, truth.names), (vec![0, 1, 0], vec!["x".to_owned(), "y".into()]));
        }
    }

    #[test]
    fn without_a_header_the_first_row_is_data() {
        let pick = Pick { features: vec![0, 1], ..Pick::default() };
        let source = source("\u{feff}1;2\n\n3;4").unwrap();
        for _ in 0..2 {
            let (chunks, numbers, _) = walk(&*source, &pick).unwrap();
            assert_eq!((chunks, numbers), (vec![vec![1.0, 2.0, 3.0, 4.0]], vec![1, 3]));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let pick = Pick { features: vec![0], ..Pick::default() };
        let error = |text| source(text).and_then(|source| walk(&*source, &pick)).unwrap_err().to_string();
        assert!(error("a,b\n1,2\nx,3\n").contains("row 3, column 1 (\"a\"): \"x\" is not a number"));
        assert!(error("a,b\n1,2\nx,3\n").contains("leave out the column"));
        assert!(error("1,2\n3\n").contains("row 2: has 1 cells"));
        assert!(error("a,b\n").contains("no rows"));
        assert!(error("\n\n").contains("is empty"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_row() {
        let input = Input::of_memory("t.csv", b"a,b\n1,2\n\n3,\xff4\n").unwrap();
        let source = open(input, &ReadOptions::default()).unwrap();
        let error = walk(&*source, &Pick { features: vec![0, 1], ..Pick::default() }).unwrap_err();
        assert!(matches!(error, DataError::NotUtf8 { row: 4, byte: 0xff, .. }), "{error}");
    }

    #[test]
    fn a_text_that_changes_between_two_readings_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let path = path.to_str().unwrap();
        std::fs::write(path, "1\n2\n").unwrap();
        let source = open(Input::of_path(path).unwrap(), &ReadOptions::default()).unwrap();
        let pick = Pick { features: vec![0], ..Pick::default() };
        for _ in 0..2 {
            assert_eq!(walk(&*source, &pick).unwrap().0, [vec![1.0, 2.0]]);
        }
        std::fs::write(path, "1\n2\n3\n").unwrap();
        let error = walk(&*source, &pick).unwrap_err();
        assert!(matches!(error, DataError::Changed { expected: 4, found: 6, .. }), "{error}");
    }
}
