//! CSV text -> rows.
//!
//! * Cells are trimmed and may be quoted; empty lines are skipped; a byte order mark is dropped, and UTF-16
//!   that begins with one is converted.
//! * The delimiter, the header and the columns of truth values are found in the first rows: see `form`.
//! * Values are parsed as f64. Where the delimiter is not a comma, numbers may have a decimal comma, if none of them has
//!   a decimal point.
//! * The text is never in memory as a whole.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ::csv::StringRecord;

use super::cells::{boolean, decimal_comma, is_missing, may_be_thousands};
use super::columns::{Columns, MOST_COLUMNS};
use super::csv_rows::CsvRows;
use super::error::{DataError, Hint, TextColumns};
use super::form::Form;
use super::format::InputFormat;
use super::input::{Input, read_error};
use super::options::{Header, LONGEST_ROW, ReadOptions};
use super::pick::Pick;
use super::reading::TextReading;
use super::rows::Rows;
use super::sample::Sample;
use super::source::{Chunk, Source};
use super::utf16::{Utf16, is_big_endian};

/// The format of all text that no other format recognises.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[], endings: &["csv", "tsv", "txt"], is_text: true, open };

/// Bytes of the longest first row, unless more is asked for than by default: the first rows are read several times.
const LONGEST_FIRST: usize = LONGEST_ROW / 4;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A CSV source after its first rows were read.
struct Csv {
    input: Input,
    columns: Columns,
    form: Form,
    /// The requested header.
    header: Header,
    longest_row: usize,
    /// More marks of missing values.
    na: Vec<String>,
    /// Rows of the first numbers with a decimal point and with a decimal comma, 0 for none. Only where numbers may have
    /// a comma.
    points: AtomicU64,
    commas: AtomicU64,
    /// The open reader, used by the first pass over the rows.
    begun: Mutex<Option<TextRows>>,
}

type TextRows = CsvRows<Box<dyn Read + Send>>;

/// Finds the delimiter, the header and the number of columns.
fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    open_at(input, options, None)
}

/// Opens a sheet as text, whose first column is this one of the sheet, from 0.
#[cfg(feature = "excel")]
pub(super) fn open_sheet(
    input: Input,
    options: &ReadOptions,
    first: usize,
) -> Result<Box<dyn Source>, DataError> {
    open_at(input, options, Some(first))
}

fn open_at(input: Input, options: &ReadOptions, sheet: Option<usize>) -> Result<Box<dyn Source>, DataError> {
    let name = input.name();
    let mut text = text_of(&input)?;
    let longest = options.longest_row;
    let most = if longest > LONGEST_ROW { longest } else { longest.min(LONGEST_FIRST) };
    let sample = Sample::read(&mut *text, most).map_err(|reason| read_error(name, reason))?;
    if !sample.has_whole_line() {
        return Err(DataError::LongRow { name: name.to_owned(), row: 1, bytes: most });
    }
    let sample = sample.with_marks(&options.na);
    let form = Form::of(name, &sample, options)?;
    let (columns, most) = (form.n_columns as u64, MOST_COLUMNS);
    if columns > most {
        return Err(DataError::TooManyColumns { name: name.to_owned(), columns, most });
    }
    let columns = match &form.header {
        Some(header) => Columns::named(name, header.clone()),
        None => Columns::numbered(name, form.n_columns),
    };
    let columns = columns.with_text(form.text.clone()).in_sheet(sheet);
    let text: Box<dyn Read + Send> = Box::new(Cursor::new(sample.into_bytes()).chain(text));
    let begun = Mutex::new(Some(rows_of(name, text, &form, longest)?));
    let (points, commas, header) = (AtomicU64::new(0), AtomicU64::new(0), options.header);
    let na = options.na.clone();
    Ok(Box::new(Csv { input, columns, form, header, longest_row: longest, na, points, commas, begun }))
}

/// The bytes after the byte order mark, in UTF-8.
fn text_of(input: &Input) -> Result<Box<dyn Read + Send>, DataError> {
    let mut reader = input.open()?;
    if let Some(big_endian) = is_big_endian(input.start()) {
        let text = Utf16::new(reader, big_endian).map_err(|reason| read_error(input.name(), reason))?;
        return Ok(Box::new(text));
    }
    if input.start().starts_with(BYTE_ORDER_MARK) {
        let mut mark = [0; BYTE_ORDER_MARK.len()];
        reader.read_exact(&mut mark).map_err(|reason| read_error(input.name(), reason))?;
    }
    Ok(reader)
}

/// The rows below the header.
fn rows_of(
    name: &str,
    text: Box<dyn Read + Send>,
    form: &Form,
    longest: usize,
) -> Result<TextRows, DataError> {
    let mut rows = CsvRows::new(name, text, form.delimiter, longest);
    for _ in 0..form.skip {
        rows.next_row()?;
    }
    Ok(rows)
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

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        let form = &self.form;
        let booleans = pick.features.iter().filter(|&&column| form.booleans[column]);
        let row_count =
            form.row_count.filter(|column| pick.features.contains(column) && pick.features.len() > 1);
        Some(TextReading {
            delimiter: char::from(form.delimiter),
            first_row: form.first_row,
            header: form.header.clone(),
            trailing_delimiter: form.trailing,
            decimal_comma: self.commas.load(Ordering::Relaxed) > 0,
            booleans: booleans.map(|&column| self.columns.name(column)).collect(),
            row_count: row_count.map(|column| (self.columns.name(column), self.columns.asked(column))),
        })
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let read = self.read_rows(pick, each);
        // the rows could be a mix of two versions, and an error come from that
        self.input.check_unchanged().and(read)
    }
}

impl Csv {
    fn read_rows(
        &self,
        pick: &Pick,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut rows = match begun {
            Some(rows) => rows,
            None => rows_of(self.input.name(), text_of(&self.input)?, &self.form, self.longest_row)?,
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
        Ok(())
    }

    fn feature(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        if self.is_mark(cell) {
            return Err(self.bad(row, column, cell));
        }
        // most cells by far
        if !self.form.commas()
            && !self.form.booleans[column]
            && let Ok(value) = cell.parse::<f64>()
            && value.is_finite()
        {
            return Ok(value);
        }
        if self.form.booleans[column] {
            return boolean(cell)
                .map(|value| f64::from(u8::from(value)))
                .ok_or_else(|| self.bad(row, column, cell));
        }
        match self.number(row, column, cell)? {
            Some(value) if value.is_finite() => Ok(value),
            Some(value) if value.is_nan() => Err(self.bad(row, column, cell)),
            Some(_) => {
                let (position, text) = (self.columns.position(row, column), cell.to_owned());
                Err(DataError::NotFinite { position, text })
            }
            None => Err(self.bad(row, column, cell)),
        }
    }

    /// A number with a decimal point, or with a comma where the form allows it and no other number has a point.
    fn number(&self, row: u64, column: usize, cell: &str) -> Result<Option<f64>, DataError> {
        let parsed = cell.parse().ok();
        if !self.form.commas() {
            return Ok(parsed);
        }
        let value = parsed.or_else(|| decimal_comma(cell));
        let comma = parsed.is_none();
        if value.is_some() && comma && !self.form.sure_commas && may_be_thousands(cell) {
            let (position, text) = (self.columns.position(row, column), cell.to_owned());
            return Err(DataError::DoubtfulComma { position, text });
        }
        if value.is_some() && (comma || cell.contains('.')) {
            self.note_decimal(row, column, cell, comma)?;
        }
        Ok(value)
    }

    /// Notes the first number with a decimal comma or point. An error if there are both.
    fn note_decimal(&self, row: u64, column: usize, text: &str, comma: bool) -> Result<(), DataError> {
        let (this, other) = if comma { (&self.commas, &self.points) } else { (&self.points, &self.commas) };
        match other.load(Ordering::Relaxed) {
            0 if this.load(Ordering::Relaxed) > 0 => Ok(()),
            0 => {
                this.store(row, Ordering::Relaxed);
                Ok(())
            }
            other => {
                let (position, text) = (self.columns.position(row, column), text.to_owned());
                Err(DataError::MixedDecimals { position, text, comma, other })
            }
        }
    }

    /// The error for a cell that is no number.
    fn bad(&self, row: u64, column: usize, cell: &str) -> DataError {
        let (position, text, hint) =
            (self.columns.position(row, column), cell.to_owned(), self.hint(row, column, cell));
        match cell {
            "" => DataError::EmptyCell { position, hint },
            cell if is_missing(cell) || self.is_mark(cell) => DataError::Missing { position, text, hint },
            _ => DataError::NotANumber { position, text, hint, columns: Box::default() },
        }
    }

    /// Whether the user said that this text stands for a missing value.
    fn is_mark(&self, cell: &str) -> bool {
        self.na.iter().any(|mark| mark == cell)
    }

    /// The error for text, with all columns of text among the features, if its own is one of those found.
    fn with_text_columns(&self, error: DataError, pick: &Pick) -> DataError {
        let DataError::NotANumber { position, text, hint, .. } = error else { return error };
        let mut found: Vec<usize> = self.columns.text().to_vec();
        found.retain(|column| pick.features.contains(column));
        if !found.contains(&(position.column - 1)) {
            found.clear();
        }
        let names = found.iter().map(|&column| self.columns.name(column)).collect();
        let columns = Box::new(TextColumns { names, asked: self.columns.asked_all(&found) });
        DataError::NotANumber { position, text, hint, columns }
    }

    /// Likely cause when a cell is not a number.
    fn hint(&self, row: u64, column: usize, cell: &str) -> Hint {
        let form = &self.form;
        let is_first = form.header.is_none() && row == form.first_row;
        if form.booleans[column] && !is_missing(cell) {
            Hint::BooleanColumn
        } else if form.n_columns == 1 && !is_missing(cell) {
            Hint::OneColumn { delimiter: char::from(form.delimiter) }
        } else if is_first && (self.header == Header::No || cell.is_empty()) {
            Hint::TakenForData
        } else if !form.commas() && decimal_comma(cell).is_some() {
            Hint::DecimalComma
        } else {
            Hint::None
        }
    }

    fn weight(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        match self.number(row, column, cell)? {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
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

    /// Checks that a row is as long as the first, apart from an empty cell after a trailing delimiter.
    fn check_length(&self, number: u64, row: &StringRecord) -> Result<(), DataError> {
        let (expected, found) = (self.columns.count(), row.len());
        let trailing = self.form.trailing && found == expected + 1 && row[expected].trim().is_empty();
        if found == expected || trailing {
            return Ok(());
        }
        Err(DataError::Ragged { name: self.input.name().to_owned(), row: number, expected, found })
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
            csv.check_length(number, row)?;
            self.push(csv, pick, number, row)?;
        }
        Ok(!self.numbers.is_empty())
    }

    fn push(&mut self, csv: &Csv, pick: &Pick, number: u64, row: &StringRecord) -> Result<(), DataError> {
        for &column in &pick.features {
            let value = match csv.feature(number, column, row[column].trim()) {
                Err(error) if pick.lenient && error.is_bad_cell() => f64::NAN,
                Err(error) if pick.drops() && error.is_missing() => f64::NAN,
                value => value.map_err(|error| csv.with_text_columns(error, pick))?,
            };
            self.features.push(value);
        }
        if let Some(column) = pick.weights {
            let cell = row[column].trim();
            let is_dropped = pick.drops() && (is_missing(cell) || csv.is_mark(cell));
            self.weights.push(if is_dropped { f64::NAN } else { csv.weight(number, column, cell)? });
        }
        if let Some(column) = pick.truth {
            let cell = row[column].trim();
            let is_dropped = pick.drops() && (cell.is_empty() || csv.is_mark(cell));
            self.truth.push(if is_dropped { String::new() } else { csv.class(number, column, cell)? });
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

    #[test]
    fn rows_and_columns_without_end_are_refused_in_bounded_memory() {
        let error = |text: String, name: &str| {
            let source = open(Input::of_memory(name, text.as_bytes()).unwrap(), &ReadOptions::default());
            let read = source.and_then(|source| {
                source
                    .read(&Pick { features: vec![0], ..Pick::default() }, &mut |_| ControlFlow::Continue(()))
            });
            read.unwrap_err().to_string()
        };
        assert_eq!(
            error("1,".repeat(10 << 20), "wide.csv"),
            "wide.csv, row 1: is longer than 16 MiB; close its quotes, or split the line (a table has one line per row)"
        );
        let quote = format!("a,b\n1,2\n3,\"4\n{}", "5,6\n".repeat(17 << 20));
        let found = error(quote, "quote.csv");
        assert!(found.starts_with("quote.csv, row 3: is longer than 64 MiB; close its quotes"), "{found}");
        let many = "1,".repeat((1 << 20) + 2) + "1\n";
        assert!(
            error(many.repeat(2), "many.csv")
                .starts_with("many.csv: has 1048579 columns; at most 1048576 can be")
        );
    }
}
