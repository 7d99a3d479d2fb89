//! A column of a Parquet file -> cells.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::columnar::{Cells, Kind};
use super::error::DataError;
use super::npy_cells::half;
use super::texts::CellType;

/// Most decimal places: 10 to this power is exact in f64.
const MOST_PLACES: i32 = 22;

/// Most digits of a decimal: 128 bits hold it without the point.
const MOST_DIGITS: i32 = 38;

const NESTED: &str = "nested values";
const TIMES: &str = "dates or times";
const BINARY: &str = "binary data";

/// What the values of a leaf of the schema are.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    /// Whether each cell is a list of numbers.
    pub(super) is_list: bool,
    /// The level at which there is a value.
    full: i16,
    unsigned: bool,
    /// What decimals are divided by; 1 for other numbers.
    unit: f64,
    decimal: bool,
}

impl Leaf {
    /// The only leaf of a field; nested values if it has several.
    pub(super) fn of(schema: &SchemaDescriptor, leaves: &[usize]) -> Leaf {
        let column = schema.column(leaves[0]);
        let (kind, unsigned, unit) = kind_of(&column);
        let depth = column.max_rep_level();
        let is_number = matches!(kind, Kind::Number { .. });
        let is_plain = leaves.len() == 1 && (depth == 0 && column.path().parts().len() == 1);
        let is_list = leaves.len() == 1 && depth == 1 && is_number;
        let kind = if is_plain || is_list { kind } else { Kind::Other(NESTED) };
        let decimal = is_decimal(&column);
        Leaf { kind, is_list, full: column.max_def_level(), unsigned, unit, decimal }
    }
}

/// The kind of a leaf, whether its integers are unsigned, and the unit of its decimals.
fn kind_of(column: &ColumnDescriptor) -> (Kind, bool, f64) {
    use ConvertedType as Old;
    let of = |cells| move |narrow| Kind::Number { narrow, cells };
    let (signed, natural) = (of(CellType::Signed), of(CellType::Unsigned));
    let (float, boolean) = (of(CellType::Float), of(CellType::Boolean));
    let (kind, unsigned) = match (column.physical_type(), column.logical_type_ref(), column.converted_type())
    {
        (Type::INT96, ..)
        | (_, Some(LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_)), _)
        | (
            _,
            _,
            Old::DATE
            | Old::TIME_MILLIS
            | Old::TIME_MICROS
            | Old::TIMESTAMP_MILLIS
            | Old::TIMESTAMP_MICROS
            | Old::INTERVAL,
        ) => (Kind::Other(TIMES), false),
        (Type::INT32 | Type::INT64, Some(LogicalType::Integer(int)), _) => {
            let number = if int.is_signed { signed } else { natural };
            (number(int.bit_width <= 16), !int.is_signed)
        }
        (Type::INT32 | Type::INT64, _, Old::UINT_8 | Old::UINT_16) => (natural(true), true),
        (Type::INT32 | Type::INT64, _, Old::UINT_32 | Old::UINT_64) => (natural(false), true),
        (Type::INT32 | Type::INT64, _, Old::INT_8 | Old::INT_16) => (signed(true), false),
        (Type::INT32 | Type::INT64, ..) if is_decimal(column) => (float(false), false),
        (Type::INT32 | Type::INT64, ..) => (signed(false), false),
        (Type::DOUBLE, ..) => (float(false), false),
        (Type::FLOAT, ..) => (float(true), false),
        (Type::BOOLEAN, ..) => (boolean(true), false),
        (Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16), _) if column.type_length() == 2 => {
            (float(true), false)
        }
        (Type::FIXED_LEN_BYTE_ARRAY, ..)
            if is_decimal(column) && (1..=MOST_DIGITS).contains(&column.type_precision()) =>
        {
            (float(false), false)
        }
        _ if is_decimal(column) => (Kind::Other("decimals of more than 38 digits"), false),
        (Type::BYTE_ARRAY, ..) => (Kind::Text, false),
        (Type::FIXED_LEN_BYTE_ARRAY, ..) => (Kind::Other(BINARY), false),
    };
    match column.type_scale() {
        0 => (kind, unsigned, 1.0),
        places @ 1..=MOST_PLACES if is_decimal(column) => (kind, unsigned, 10f64.powi(places)),
        _ if is_decimal(column) => (Kind::Other("decimals of many places"), unsigned, 1.0),
        _ => (kind, unsigned, 1.0),
    }
}

fn is_decimal(column: &ColumnDescriptor) -> bool {
    let is_logical = matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_)));
    is_logical || column.converted_type() == ConvertedType::DECIMAL
}

/// The rows of a column in a group of rows.
pub(super) struct ColumnRows {
    source: String,
    column: String,
    leaf: Leaf,
    reader: ColumnReader,
    /// Number of the first row that is read next, from 1.
    row: u64,
    defs: Vec<i16>,
    reps: Vec<i16>,
    /// Whether an element is wanted, and as text. (width)
    wanted: Vec<Option<bool>>,
    cells: Vec<Cells>, // (width)
}

impl ColumnRows {
    pub(super) fn new(source: &str, column: String, leaf: Leaf, reader: ColumnReader) -> Self {
        let (defs, reps, wanted, cells) = Default::default();
        let source = source.to_owned();
        Self { source, column, leaf, reader, row: 1, defs, reps, wanted, cells }
    }

    /// Says how many rows were read before these, and the length of lists.
    pub(super) fn starting_at(mut self, first: usize, width: usize) -> Self {
        self.row = first as u64 + 1;
        self.wanted = vec![None; width];
        self.cells = (0..width).map(|_| Cells::default()).collect();
        self
    }

    /// Asks for an element of the lists, or the only one.
    pub(super) fn want(&mut self, element: usize, as_text: bool) {
        self.wanted[element] = Some(as_text);
    }

    /// Exchanges the cells of an element.
    pub(super) fn swap(&mut self, element: usize, cells: &mut Cells) {
        std::mem::swap(&mut self.cells[element], cells);
    }

    /// Number of values in the list of the next row.
    pub(super) fn length_of_next(&mut self) -> Result<usize, DataError> {
        self.levels(1)?;
        Ok(self.reps.len())
    }

    /// Reads the levels of the next rows, and drops their values.
    fn levels(&mut self, n_rows: usize) -> Result<(), DataError> {
        (self.wanted, self.cells) = (vec![None; 1], vec![Cells::default()]);
        let list = std::mem::replace(&mut self.leaf.is_list, false);
        let read = self.read_any(n_rows);
        self.leaf.is_list = list;
        read
    }

    /// Reads the next rows.
    pub(super) fn read(&mut self, n_rows: usize) -> Result<(), DataError> {
        self.cells.iter_mut().for_each(Cells::clear);
        self.read_any(n_rows)?;
        self.row += n_rows as u64;
        Ok(())
    }

    fn read_any(&mut self, n_rows: usize) -> Result<(), DataError> {
        self.defs.clear();
        self.reps.clear();
        let mut to = Spread {
            leaf: &self.leaf,
            defs: &mut self.defs,
            reps: &mut self.reps,
            wanted: &self.wanted,
            cells: &mut self.cells,
        };
        let (unit, unsigned) = (self.leaf.unit, self.leaf.unsigned);
        let whole = unit == 1.0;
        let read = match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => {
                to.read(reader, n_rows, |&value| f64::from(u8::from(value)), |value| value.to_string())
            }
            ColumnReader::Int32ColumnReader(reader) if unsigned => {
                to.read(reader, n_rows, |&value| f64::from(value as u32), |&value| (value as u32).to_string())
            }
            ColumnReader::Int32ColumnReader(reader) => to.read(
                reader,
                n_rows,
                |&value| f64::from(value) / unit,
                |&value| if whole { value.to_string() } else { (f64::from(value) / unit).to_string() },
            ),
            ColumnReader::Int64ColumnReader(reader) if unsigned => {
                to.read(reader, n_rows, |&value| value as u64 as f64, |&value| (value as u64).to_string())
            }
            ColumnReader::Int64ColumnReader(reader) => to.read(
                reader,
                n_rows,
                |&value| value as f64 / unit,
                |&value| if whole { value.to_string() } else { (value as f64 / unit).to_string() },
            ),
            ColumnReader::FloatColumnReader(reader) => {
                to.read(reader, n_rows, |&value| f64::from(value), |&value| f64::from(value).to_string())
            }
            ColumnReader::DoubleColumnReader(reader) => {
                to.read(reader, n_rows, |&value| value, |value| value.to_string())
            }
            ColumnReader::ByteArrayColumnReader(reader) => to.read(
                reader,
                n_rows,
                |_| f64::NAN,
                |value| match std::str::from_utf8(value.data()) {
                    Ok(text) => text.to_owned(),
                    Err(_) => value.data().escape_ascii().to_string(),
                },
            ),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                let decimal = self.leaf.decimal;
                let number = |bytes: &[u8]| match *bytes {
                    _ if decimal => whole_of(bytes) as f64 / unit,
                    [low, high] => f64::from(half(u16::from_le_bytes([low, high]))),
                    _ => f64::NAN,
                };
                to.read(
                    reader,
                    n_rows,
                    |value| number(value.data()),
                    |value| number(value.data()).to_string(),
                )
            }
            ColumnReader::Int96ColumnReader(_) => Ok(Ok(())),
        };
        match read {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Uneven { row, found })) => {
                let (name, row, expected) = (self.source.clone(), self.row + row, self.wanted.len());
                let column = self.column.split('.').next().unwrap_or_default().to_owned();
                Err(DataError::ListLength { name, row, column, expected, found })
            }
            Err(error) => Err(unread(&self.source, &format!("column {:?}: ", self.column), &error)),
        }
    }
}

/// An integer of some bytes, the highest first, with a sign. Of at most 38 digits 128 bits hold it.
fn whole_of(bytes: &[u8]) -> i128 {
    let first = if bytes.first().is_some_and(|&byte| byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(first, |whole, &byte| whole << 8 | i128::from(byte))
}

/// A row, which counts from 0, with a list of another length.
struct Uneven {
    row: u64,
    found: u32,
}

/// Where the values of some rows go.
struct Spread<'a> {
    leaf: &'a Leaf,
    defs: &'a mut Vec<i16>,
    reps: &'a mut Vec<i16>,
    wanted: &'a [Option<bool>],
    cells: &'a mut [Cells],
}

impl Spread<'_> {
    /// Reads rows as numbers, or as texts where these are wanted.
    fn read<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        n_rows: usize,
        number: impl Fn(&T::T) -> f64,
        text: impl Fn(&T::T) -> String,
    ) -> Result<Result<(), Uneven>, ParquetError> {
        let mut values = Vec::new();
        let (read, ..) = reader.read_records(n_rows, Some(self.defs), Some(self.reps), &mut values)?;
        if read != n_rows {
            return Err(ParquetError::EOF(format!("{read} rows are left of {n_rows}")));
        }
        let all_there = self.defs.is_empty() || values.len() == self.defs.len();
        if !self.leaf.is_list && all_there && self.wanted[0] == Some(false) {
            self.cells[0].numbers.extend(values.iter().map(number)); // most columns by far
            return Ok(Ok(()));
        }
        let mut values = values.iter();
        if !self.leaf.is_list {
            if self.defs.is_empty() {
                values.for_each(|value| self.put(0, Some(value), &number, &text));
            } else {
                for at in 0..self.defs.len() {
                    let value = if self.defs[at] == self.leaf.full { values.next() } else { None };
                    self.put(0, value, &number, &text);
                }
            }
            return Ok(Ok(()));
        }
        Ok(self.spread_lists(&mut values, &number, &text))
    }

    /// A row without a list has one level, and no value.
    fn spread_lists<'v, V: 'v>(
        &mut self,
        values: &mut impl Iterator<Item = &'v V>,
        number: &impl Fn(&V) -> f64,
        text: &impl Fn(&V) -> String,
    ) -> Result<(), Uneven> {
        let (mut at, mut row) = (0, 0);
        while at < self.reps.len() {
            let more = self.reps[at + 1..].iter().take_while(|&&rep| rep > 0).count();
            let levels = at..at + 1 + more;
            let is_missing = more == 0 && self.defs[at] < self.leaf.full;
            if levels.len() != self.wanted.len() && !is_missing {
                return Err(Uneven { row, found: levels.len() as u32 });
            }
            if is_missing {
                (0..self.wanted.len()).for_each(|element| self.put(element, None, number, text));
            } else {
                for (element, level) in levels.clone().enumerate() {
                    let value = if self.defs[level] == self.leaf.full { values.next() } else { None };
                    self.put(element, value, number, text);
                }
            }
            at = levels.end;
            row += 1;
        }
        Ok(())
    }

    fn put<V>(
        &mut self,
        element: usize,
        value: Option<&V>,
        number: &impl Fn(&V) -> f64,
        text: &impl Fn(&V) -> String,
    ) {
        let cells = &mut self.cells[element];
        match (self.wanted[element], value) {
            (None, _) => {}
            (Some(as_text), None) => cells.push_missing(as_text),
            (Some(true), Some(value)) => cells.texts.push(text(value)),
            (Some(false), Some(value)) => cells.numbers.push(number(value)),
        }
    }
}

/// The error for what the library does not read, about a part of a file.
pub(super) fn unread(name: &str, part: &str, error: &ParquetError) -> DataError {
    let (name, said) = (name.to_owned(), said(error));
    if said.to_ascii_lowercase().contains("brotli") {
        let what = "a Parquet file compressed by Brotli, which is not read";
        return DataError::Foreign { name, what, advice: "write it with zstd, Snappy, gzip or LZ4" };
    }
    DataError::Damaged { name, format: "Parquet", reason: format!("{part}{said}") }
}

/// An error of the library on one line.
fn said(error: &ParquetError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}
