//! Rows gone through once, chunk by chunk, in bounded memory: for what is done with rows, not to them.
//!
//! CSV text is never held as a whole, from a file or standard input. An `.npy` file in C order is read piece by
//! piece, from standard input by way of a temporary file; one in Fortran order, or with a truth column to take
//! out, is held in memory.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::Path;

use ::csv::StringRecord;

use super::columns::Columns;
use super::csv::{Cells, has_header, hint};
use super::csv_rows::{CsvRows, check_delimiter, guess_delimiter};
use super::error::{Hint, Place};
use super::truth::TruthBuilder;
use super::{DataError, Header, LoadOptions, Points, Rows, Truth, digits, npy, read_error};
use crate::temporary::{Access, Temporary};

/// Bytes of a chunk of values, unless a single row is larger.
const CHUNK_BYTES: usize = 8 << 20;
/// Most rows of a chunk.
const CHUNK_ROWS: usize = 1 << 16;
/// Bytes that are looked at for the first line with text.
const FIRST_LINE: usize = 1 << 20;

/// A source whose columns are known, and whose rows are still to come.
pub struct Stream {
    name: String,
    columns: Columns,
    header: Option<Vec<String>>,
    body: Body,
}

enum Body {
    Csv { rows: Box<CsvRows<Box<dyn Read>>>, first: Option<(u64, StringRecord)>, hint: Hint },
    Npy { points: Points, path: String, spooled: Option<Temporary> },
}

/// The columns that are wanted, by index from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// Those of the features, in the order that they are wanted in; at least one.
    pub features: Vec<usize>,
    /// That of the truth.
    pub truth: Option<usize>,
    /// Rows of a chunk, if not as many as suit.
    pub chunk: Option<usize>,
}

/// Some rows, one after the other.
pub struct Chunk<'a> {
    /// Index of the first of them, from 0.
    pub first: usize,
    /// Their features. (n_rows, n_features)
    pub values: &'a [f64],
    numbers: &'a [u64],
    cells: &'a dyn Fn(u64, usize) -> Place,
    features: &'a [usize],
}

impl Chunk<'_> {
    /// Where a value stands in the source: row and feature count from 0 in this chunk.
    #[must_use]
    pub fn place(&self, row: usize, feature: usize) -> Place {
        (self.cells)(self.numbers[row], self.features[feature])
    }
}

impl Stream {
    /// Opens `digits`, `-` for standard input, or a path, and finds its columns; the options' truth and weights
    /// are not asked.
    ///
    /// # Errors
    ///
    /// As [`super::load`], for all that is known before the rows are read.
    pub fn open(source: &str, options: &LoadOptions) -> Result<Stream, DataError> {
        match source {
            digits::NAME => {
                let options =
                    LoadOptions { header: Header::Yes, delimiter: Some(b','), ..LoadOptions::default() };
                Stream::of_reader(source, Box::new(digits::TEXT.as_bytes()), &options)
            }
            "-" => Stream::of_reader("standard input", Box::new(io::stdin()), options),
            path => Stream::of_path(path, options),
        }
    }

    fn of_path(path: &str, options: &LoadOptions) -> Result<Stream, DataError> {
        let metadata = fs::metadata(path).map_err(|reason| read_error(path, reason))?;
        if metadata.is_dir() {
            return Err(DataError::Folder { name: path.to_owned() });
        }
        let mut file = File::open(path).map_err(|reason| read_error(path, reason))?;
        if metadata.is_file() && npy::begins(&mut file).map_err(|reason| read_error(path, reason))? {
            return Stream::of_npy(path, path, file, None);
        }
        Stream::of_reader(path, Box::new(file), options)
    }

    /// Reads from anything that gives bytes once; `source` names it in messages.
    ///
    /// # Errors
    ///
    /// As [`Stream::open`].
    pub fn of_reader(
        source: &str,
        mut reader: Box<dyn Read>,
        options: &LoadOptions,
    ) -> Result<Stream, DataError> {
        let start = first_lines(&mut *reader).map_err(|reason| read_error(source, reason))?;
        let name = || source.to_owned();
        if start.is_empty() {
            return Err(DataError::Empty { name: name() });
        }
        if start.starts_with(b"PK\x03\x04") {
            return Err(DataError::Archive { name: name() });
        }
        let reader: Box<dyn Read> = Box::new(Cursor::new(start.clone()).chain(reader));
        if start.starts_with(npy::MAGIC) {
            return Stream::spool(source, reader);
        }
        if Path::new(source).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")) {
            return Err(DataError::NotNpy { name: name() });
        }
        Stream::of_csv(source, &start, reader, options)
    }

    fn of_csv(
        source: &str,
        start: &[u8],
        mut reader: Box<dyn Read>,
        options: &LoadOptions,
    ) -> Result<Stream, DataError> {
        let delimiter = match options.delimiter {
            Some(delimiter) => check_delimiter(delimiter)?,
            None => guess_delimiter(source, &String::from_utf8_lossy(start)),
        };
        if start.starts_with("\u{feff}".as_bytes()) {
            reader.read_exact(&mut [0; 3]).map_err(|reason| read_error(source, reason))?;
        }
        let mut rows = Box::new(CsvRows::new(source, reader, delimiter));
        let Some((number, first)) = rows.next_row()? else {
            return Err(DataError::Empty { name: source.to_owned() });
        };
        let cells: Vec<String> = first.iter().map(|cell| cell.trim().to_owned()).collect();
        let named = has_header(options.header, &cells);
        let hint = hint(options.header, named, &cells, delimiter);
        let first = (!named).then(|| (number, first.clone()));
        let n_columns = cells.len();
        let header = named.then_some(cells);
        let columns = Columns::new(source, header.clone(), n_columns, &LoadOptions::default())?;
        Ok(Stream { name: source.to_owned(), columns, header, body: Body::Csv { rows, first, hint } })
    }

    /// Puts an `.npy` file that comes through a pipe where it can be read in pieces.
    fn spool(source: &str, mut reader: Box<dyn Read>) -> Result<Stream, DataError> {
        let failed = |reason| read_error(source, reason);
        let spooled = Temporary::new_in(&std::env::temp_dir(), Access::Private).map_err(failed)?;
        io::copy(&mut reader, &mut spooled.file()).map_err(failed)?;
        let file = File::open(spooled.path()).map_err(failed)?;
        let path = spooled.path().to_string_lossy().into_owned();
        Stream::of_npy(source, &path, file, Some(spooled))
    }

    fn of_npy(source: &str, path: &str, file: File, spooled: Option<Temporary>) -> Result<Stream, DataError> {
        let points = npy::load_file(source, path, file, &LoadOptions::default())?.points;
        let columns = Columns::new(source, None, points.n_dims(), &LoadOptions::default())?;
        let body = Body::Npy { points, path: path.to_owned(), spooled };
        Ok(Stream { name: source.to_owned(), columns, header: None, body })
    }

    /// The source as it was given; `standard input` for `-`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.columns.roles().len()
    }

    /// The columns' names, if the first row holds them.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The name of a column from 0, or `column 3`.
    #[must_use]
    pub fn column_name(&self, column: usize) -> String {
        self.columns.name(column)
    }

    /// The index of a column that was asked for by name, or by number from 1, to be `role`: `truth`, `weights` or `ignored`.
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownColumn`], [`DataError::AmbiguousColumn`].
    pub fn find(&self, role: &'static str, asked: &str) -> Result<usize, DataError> {
        self.columns.find(&self.name, role, asked)
    }

    /// Hands over all rows from first to last in chunks of at most 8 MiB, and returns the truth if a column of it
    /// was picked.
    ///
    /// # Errors
    ///
    /// The first error of `visit` ends the walk; all that can be wrong with the rows is a [`DataError`].
    pub fn visit<E: From<DataError>>(
        self,
        pick: &Pick,
        visit: &mut dyn FnMut(Chunk<'_>) -> Result<(), E>,
    ) -> Result<Option<Truth>, E> {
        let Stream { name, columns, body, .. } = self;
        let truth = pick.truth.map(|column| TruthBuilder::new(columns.name(column)));
        match body {
            Body::Csv { rows, first, hint } => {
                let cells = Cells { source: name, columns, hint };
                CsvWalk { cells, pick, truth }.run(*rows, first, visit)
            }
            Body::Npy { points, path, spooled } => {
                let (truth, points, pick) = without_truth(&name, points, &path, pick)?;
                visit_npy(&name, &points, &pick, visit)?;
                drop(spooled);
                Ok(truth)
            }
        }
    }
}

/// Bytes up to the end of the first line with text, and some more.
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

fn chunk_rows(pick: &Pick) -> usize {
    let suits = (CHUNK_BYTES / (pick.features.len().max(1) * 8)).clamp(1, CHUNK_ROWS);
    pick.chunk.unwrap_or(suits).max(1)
}

/// A walk over the rows of a CSV text.
struct CsvWalk<'a> {
    cells: Cells,
    pick: &'a Pick,
    truth: Option<TruthBuilder>,
}

impl CsvWalk<'_> {
    fn run<E: From<DataError>>(
        mut self,
        mut rows: CsvRows<Box<dyn Read>>,
        first: Option<(u64, StringRecord)>,
        visit: &mut dyn FnMut(Chunk<'_>) -> Result<(), E>,
    ) -> Result<Option<Truth>, E> {
        let most = chunk_rows(self.pick);
        let (mut values, mut numbers, mut done) = (Vec::new(), Vec::new(), 0);
        if let Some((number, row)) = first {
            self.push(number, &row, &mut values)?;
            numbers.push(number);
        }
        loop {
            let next = if numbers.len() < most { rows.next_row()? } else { None };
            if let Some((number, row)) = next {
                self.push(number, row, &mut values)?;
                numbers.push(number);
                continue;
            }
            if numbers.is_empty() {
                break;
            }
            let place = |row, column| self.cells.place(row, column);
            let features = &self.pick.features;
            visit(Chunk { first: done, values: &values, numbers: &numbers, cells: &place, features })?;
            done += numbers.len();
            values.clear();
            numbers.clear();
        }
        if done == 0 {
            let columns = self.cells.columns.roles().len();
            return Err(DataError::NoRows { name: self.cells.source, columns }.into());
        }
        Ok(self.truth.map(TruthBuilder::finish))
    }

    fn push(&mut self, number: u64, row: &StringRecord, values: &mut Vec<f64>) -> Result<(), DataError> {
        self.cells.check_length(number, row.len())?;
        for &column in &self.pick.features {
            values.push(self.cells.feature(number, column, row[column].trim())?);
        }
        if let (Some(truth), Some(column)) = (&mut self.truth, self.pick.truth) {
            match row[column].trim() {
                "" => return Err(self.cells.empty_cell(number, column, Hint::None)),
                cell => truth.push(cell),
            }
        }
        Ok(())
    }
}

/// Takes the truth column out of an `.npy` table, which for that is held in memory.
fn without_truth(
    name: &str,
    points: Points,
    path: &str,
    pick: &Pick,
) -> Result<(Option<Truth>, Points, Pick), DataError> {
    let Some(column) = pick.truth else { return Ok((None, points, pick.clone())) };
    let options = LoadOptions { truth: Some((column + 1).to_string()), ..LoadOptions::default() };
    let file = File::open(path).map_err(|reason| read_error(name, reason))?;
    let data = npy::load_file(name, path, file, &options)?;
    let features = pick.features.iter().map(|&feature| feature - usize::from(feature > column)).collect();
    Ok((data.truth, data.points, Pick { features, ..pick.clone() }))
}

fn visit_npy<E: From<DataError>>(
    name: &str,
    points: &Points,
    pick: &Pick,
    visit: &mut dyn FnMut(Chunk<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let d = points.n_dims();
    let place =
        |row, column: usize| Place { name: name.to_owned(), row, column: column + 1, column_name: None };
    points.visit(&mut |first, rows| {
        let n = match rows {
            Rows::F32(rows) => rows.len() / d,
            Rows::F64(rows) => rows.len() / d,
        };
        let step = pick.chunk.unwrap_or(n).max(1);
        for at in (0..n).step_by(step) {
            let end = n.min(at + step);
            let values: Vec<f64> = match rows {
                Rows::F32(rows) => picked(&rows[at * d..end * d], d, pick),
                Rows::F64(rows) => picked(&rows[at * d..end * d], d, pick),
            };
            let numbers: Vec<u64> = (first + at..first + end).map(|row| row as u64 + 1).collect();
            let features = &pick.features;
            visit(Chunk { first: first + at, values: &values, numbers: &numbers, cells: &place, features })?;
        }
        Ok(())
    })
}

fn picked<T: Copy + Into<f64>>(rows: &[T], d: usize, pick: &Pick) -> Vec<f64> {
    rows.chunks_exact(d).flat_map(|row| pick.features.iter().map(|&column| row[column].into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(text: &'static str) -> Result<Stream, DataError> {
        Stream::of_reader("t.csv", Box::new(text.as_bytes()), &LoadOptions::default())
    }

    /// Chunks, numbers of the rows, truth.
    type Walked = (Vec<Vec<f64>>, Vec<u64>, Option<Truth>);

    fn walk(text: &'static str, pick: &Pick) -> Result<Walked, DataError> {
        let (mut chunks, mut numbers) = (Vec::new(), Vec::new());
        let truth = stream(text)?.visit::<DataError>(pick, &mut |chunk| {
            assert_eq!(chunk.first, numbers.len());
            numbers.extend_from_slice(chunk.numbers);
            chunks.push(chunk.values.to_vec());
            Ok(())
        })?;
        Ok((chunks, numbers, truth))
    }

    #[test]
    fn rows_come_in_chunks_with_their_numbers_and_the_columns_asked_for() {
        let text = "a,name,b\r\n1,x,2\r\n\r\n3,y,4\r\n5,x,6\r\n";
        let pick = Pick { features: vec![2, 0], truth: Some(1), chunk: Some(2) };
        let (chunks, numbers, truth) = walk(text, &pick).unwrap();
        assert_eq!(chunks, [vec![2.0, 1.0, 4.0, 3.0], vec![6.0, 5.0]]);
        assert_eq!(numbers, [2, 4, 5]);
        let truth = truth.unwrap();
        assert_eq!((truth.labels, truth.names), (vec![0, 1, 0], vec!["x".to_owned(), "y".into()]));
    }

    #[test]
    fn without_a_header_the_first_row_is_data() {
        let pick = Pick { features: vec![0, 1], ..Pick::default() };
        let (chunks, numbers, _) = walk("\u{feff}1;2\n\n3;4", &pick).unwrap();
        assert_eq!((chunks, numbers), (vec![vec![1.0, 2.0, 3.0, 4.0]], vec![1, 3]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let pick = Pick { features: vec![0], ..Pick::default() };
        let error = |text| walk(text, &pick).unwrap_err().to_string();
        assert!(error("a,b\n1,2\nx,3\n").contains("row 3, column 1 (\"a\"): \"x\" is not a number"));
        assert!(error("a,b\n1,2\nx,3\n").contains("leave out the column"));
        assert!(error("1,2\n3\n").contains("row 2: has 1 cells"));
        assert!(error("a,b\n").contains("no rows"));
        assert!(error("").contains("is empty"));
        assert!(error("\n\n").contains("is empty"));
        assert!(error("PK\u{3}\u{4}").contains("zip"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_row() {
        let reader = Box::new(&b"a,b\n1,2\n\n3,\xff4\n"[..]);
        let stream = Stream::of_reader("t.csv", reader, &LoadOptions::default()).unwrap();
        let pick = Pick { features: vec![0, 1], ..Pick::default() };
        let error = stream.visit::<DataError>(&pick, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, DataError::NotUtf8 { row: 4, byte: 0xff, .. }), "{error}");
    }
}
