//! Parquet output: columns of numbers and texts, whose cells may have no value.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

/// Rows that are written at a time.
pub(super) const GROUP: usize = 1 << 20;

/// A type of cells.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// 32-bit integers, unsigned.
    U32,
    /// 64-bit integers, unsigned.
    U64,
    /// 64-bit integers.
    I64,
    /// 64-bit floats.
    F64,
    /// Truth values.
    Bool,
    /// Text.
    Text,
}

/// Cells of a column, of which some may have no value.
#[derive(Debug)]
pub enum Cells {
    /// 32-bit integers, unsigned.
    U32(Vec<Option<u32>>),
    /// 64-bit integers, unsigned.
    U64(Vec<Option<u64>>),
    /// 64-bit integers.
    I64(Vec<Option<i64>>),
    /// 64-bit floats.
    F64(Vec<Option<f64>>),
    /// Truth values.
    Bool(Vec<Option<bool>>),
    /// Text.
    Text(Vec<Option<Cow<'static, str>>>),
}

/// A file that is written group by group.
pub(super) struct ParquetOut<W: Write + Send>(SerializedFileWriter<W>);

impl<W: Write + Send> ParquetOut<W> {
    /// A file of columns of these names.
    pub(super) fn new<'n>(to: W, columns: impl Iterator<Item = (&'n str, Kind)>) -> io::Result<Self> {
        let fields =
            columns.map(|(name, kind)| field(name, kind)).collect::<Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("table").with_fields(fields).build().map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("cairn ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(Self(SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties)).map_err(failed)?))
    }

    /// Writes some rows: the cells of each column.
    pub(super) fn write(&mut self, columns: impl Iterator<Item = Cells>) -> io::Result<()> {
        let mut group = self.0.next_row_group().map_err(failed)?;
        for cells in columns {
            match cells {
                Cells::U32(cells) => write::<Int32Type, _>(&mut group, cells, |value| value as i32)?,
                Cells::U64(cells) => write::<Int64Type, _>(&mut group, cells, |value| value as i64)?,
                Cells::F64(cells) => write::<DoubleType, _>(&mut group, cells, |value| value)?,
                Cells::I64(cells) => write::<Int64Type, _>(&mut group, cells, |value| value)?,
                Cells::Bool(cells) => write::<BoolType, _>(&mut group, cells, |value| value)?,
                Cells::Text(cells) => {
                    write::<ByteArrayType, _>(&mut group, cells, |text| {
                        ByteArray::from(text.into_owned().into_bytes())
                    })?;
                }
            }
        }
        group.close().map(drop).map_err(failed)
    }

    /// Ends the file.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(failed)
    }
}

fn field(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match kind {
        Kind::U32 => (Physical::INT32, Some(LogicalType::integer(32, false))),
        Kind::U64 => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::I64 => (Physical::INT64, None),
        Kind::F64 => (Physical::DOUBLE, None),
        Kind::Bool => (Physical::BOOLEAN, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let field = Type::primitive_type_builder(name, physical);
    field.with_logical_type(logical).with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
}

fn write<T: DataType, V>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    cells: Vec<Option<V>>,
    value: impl Fn(V) -> T::T,
) -> io::Result<()> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().map(value).collect();
    let column = group.next_column().map_err(failed)?;
    let mut column = column.ok_or_else(|| io::Error::other("more columns than the table has"))?;
    column.typed::<T>().write_batch(&values, Some(&levels), None).map_err(failed)?;
    column.close().map_err(failed)
}

/// The error of the system, if it is one.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error.to_string()),
    }
}
