//! CSV text -> a table.
//!
//! * Cells are trimmed and may be quoted; empty lines are skipped; a byte order mark is dropped.
//! * `--header auto`: the first row is a header if any cell of it holds text that is no number. An
//!   empty cell, `nan` and `inf` don't make a header, so that a first row of data with a hole in it
//!   is refused and not taken for names. A table without header whose first row holds a text cell
//!   (a class, say) needs `--header no`.
//! * Values are parsed as f64, and kept as f32 when all of them are exact there.
//! * The text is held in memory while it is parsed: large tables are better kept as `.npy`.

use ndarray::Array2;

use super::columns::{Columns, Role};
use super::csv_rows::{CsvRows, check_delimiter, guess_delimiter};
use super::error::{Hint, Place};
use super::truth::TruthBuilder;
use super::{DataError, Dataset, Header, LoadOptions, Points};

/// Parses the bytes of a CSV file. `source` names them in messages, and its ending may tell the delimiter.
pub(super) fn parse(source: &str, bytes: &[u8], options: &LoadOptions) -> Result<Dataset, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(source, bytes, error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let delimiter = match options.delimiter {
        Some(delimiter) => check_delimiter(delimiter)?,
        None => guess_delimiter(source, text),
    };
    let mut rows = CsvRows::new(source, text.as_bytes(), delimiter);
    let Some((_, first)) = rows.next_row()? else {
        return Err(DataError::Empty { name: source.to_owned() });
    };
    let first: Vec<String> = first.iter().map(|cell| cell.trim().to_owned()).collect();
    let n_columns = first.len();
    let has_header = has_header(options.header, &first);
    let hint = hint(options.header, has_header, &first, delimiter);
    if !has_header {
        rows = CsvRows::new(source, text.as_bytes(), delimiter);
    }
    let columns = Columns::new(source, has_header.then_some(first), n_columns, options)?;
    let mut table = Table::new(Cells { source: source.to_owned(), columns, hint });
    while let Some((row, cells)) = rows.next_row()? {
        table.cells.check_length(row, cells.len())?;
        table.push(row, cells.iter())?;
    }
    table.finish()
}

/// Whether the first row names the columns.
pub(super) fn has_header(asked: Header, first: &[String]) -> bool {
    match asked {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => looks_like_header(first),
    }
}

/// Whether any cell of the first row holds text that is no number.
fn looks_like_header(first: &[String]) -> bool {
    first.iter().any(|cell| !cell.is_empty() && cell.parse::<f64>().is_err())
}

/// What else may be wrong when a cell is no number: the guess of the header, or the delimiter.
pub(super) fn hint(asked: Header, has_header: bool, first: &[String], delimiter: u8) -> Hint {
    let some_number = first.iter().any(|cell| cell.parse::<f64>().is_ok());
    match asked {
        _ if first.len() == 1 => Hint::OneColumn { delimiter: char::from(delimiter) },
        Header::Auto if has_header && some_number => Hint::TakenForHeader,
        Header::Auto | Header::No if !has_header => Hint::TakenForData,
        _ => Hint::None,
    }
}

fn not_utf8(source: &str, bytes: &[u8], valid: usize) -> DataError {
    let lines_before = bytes[..valid].iter().filter(|&&byte| byte == b'\n').count();
    DataError::NotUtf8 { name: source.to_owned(), row: lines_before as u64 + 1, byte: bytes[valid] }
}

/// What is known of the cells before they are read.
pub(super) struct Cells {
    pub(super) source: String,
    pub(super) columns: Columns,
    pub(super) hint: Hint,
}

impl Cells {
    pub(super) fn feature(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(_) => Err(DataError::NotFinite { place: self.place(row, column), text: cell.to_owned() }),
            Err(_) if cell.is_empty() => Err(self.empty_cell(row, column, self.first_row_hint(row))),
            Err(_) => Err(DataError::NotANumber {
                place: self.place(row, column),
                text: cell.to_owned(),
                hint: self.hint,
            }),
        }
    }

    fn weight(&self, row: u64, column: usize, cell: &str) -> Result<f64, DataError> {
        match cell.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(DataError::Weight { place: self.place(row, column), text: cell.to_owned() }),
        }
    }

    pub(super) fn empty_cell(&self, row: u64, column: usize, hint: Hint) -> DataError {
        DataError::EmptyCell { place: self.place(row, column), hint }
    }

    /// A hole in the first row may stand above an index column: then the row is a header.
    fn first_row_hint(&self, row: u64) -> Hint {
        if row == 1 { self.hint } else { Hint::None }
    }

    pub(super) fn place(&self, row: u64, column: usize) -> Place {
        let column_name = self.columns.header_name(column);
        Place { name: self.source.clone(), row, column: column + 1, column_name }
    }

    /// Refuses a row of another length than the first.
    pub(super) fn check_length(&self, row: u64, found: usize) -> Result<(), DataError> {
        let expected = self.columns.roles().len();
        if found == expected {
            return Ok(());
        }
        Err(DataError::Ragged { name: self.source.clone(), row, expected, found })
    }
}

/// The rows read so far.
struct Table {
    cells: Cells,
    n_points: usize,
    values: Vec<f64>, // (n_points, n_dims)
    all_f32: bool,
    weights: Vec<f64>,
    truth: Option<TruthBuilder>,
}

impl Table {
    fn new(cells: Cells) -> Table {
        let columns = &cells.columns;
        let truth = columns.position(Role::Truth).map(|column| TruthBuilder::new(columns.name(column)));
        Table { cells, n_points: 0, values: Vec::new(), all_f32: true, weights: Vec::new(), truth }
    }

    fn push<'c>(&mut self, row: u64, cells: impl Iterator<Item = &'c str>) -> Result<(), DataError> {
        for (column, cell) in cells.enumerate() {
            let cell = cell.trim();
            match self.cells.columns.roles()[column] {
                Role::Feature => {
                    let value = self.cells.feature(row, column, cell)?;
                    self.all_f32 &= is_f32(value);
                    self.values.push(value);
                }
                Role::Weights => {
                    let weight = self.cells.weight(row, column, cell)?;
                    self.weights.push(weight);
                }
                Role::Truth if cell.is_empty() => return Err(self.cells.empty_cell(row, column, Hint::None)),
                Role::Truth => self.truth.iter_mut().for_each(|truth| truth.push(cell)),
            }
        }
        self.n_points += 1;
        Ok(())
    }

    fn finish(self) -> Result<Dataset, DataError> {
        let Cells { source: name, columns, .. } = self.cells;
        if self.n_points == 0 {
            return Err(DataError::NoRows { name, columns: columns.roles().len() });
        }
        let shape = (self.n_points, columns.features().count());
        let points = if self.all_f32 {
            let values = self.values.iter().map(|&value| value as f32).collect();
            Array2::from_shape_vec(shape, values).map(Points::F32)
        } else {
            Array2::from_shape_vec(shape, self.values).map(Points::F64)
        };
        Ok(Dataset {
            name,
            points: points.expect("each row pushed one value a feature"),
            columns: columns.feature_names(),
            truth: self.truth.map(TruthBuilder::finish),
            weights: columns.position(Role::Weights).map(|_| self.weights),
        })
    }
}

/// Whether an f32 holds the value exactly.
fn is_f32(value: f64) -> bool {
    f64::from(value as f32) == value
}
