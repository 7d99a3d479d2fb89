//! Arrow IPC files, also called Feather (version 2). Read batch by batch.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, read_footer_length};
use arrow_ipc::{Block, Buffer, CompressionType, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, DataType, Field};

use super::arrow_column::{kind_of, read};
use super::columnar::{Cells, ColumnFile, ColumnTable, EachRows, Wanted, not_numbers};
use super::columns::{Columns, MOST_COLUMNS};
use super::error::DataError;
use super::format::InputFormat;
use super::guarded::guarded;
use super::input::{Input, Stored, StoredBytes};
use super::options::ReadOptions;
use super::source::Source;
use super::unpack::FREE;

/// The Arrow IPC format.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[b"ARROW1"], endings: &["arrow", "feather", "ipc"], is_text: false, open };

const NAME: &str = "Arrow";

/// The most times their size that data of LZ4 unpack to. Those of zstd may unpack to more where that is little.
const MOST_TIMES: i64 = 256;

/// Bytes at the end of a file: the length of its footer, and the magic.
const END: u64 = 10;

struct Arrow {
    stored: Stored,
    /// The column of the file, and the place in its lists. (n_columns)
    places: Vec<(usize, usize)>,
}

fn open(input: Input, _: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let name = stored.name().to_owned();
    guarded(&name, NAME, || opened(stored))
}

fn opened(stored: Stored) -> Result<Box<dyn Source>, DataError> {
    let name = stored.name().to_owned();
    check_blocks(&mut stored.open()?, &name, stored.len())?;
    let reader = FileReader::try_new(BufReader::new(stored.open()?), None);
    let schema = reader.map_err(|error| damaged(&name, &error))?.schema();
    let (mut names, mut kinds, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (at, field) in schema.fields().iter().enumerate() {
        let width = width(field);
        let n_columns = width.unwrap_or(1) + names.len();
        if n_columns > MOST_COLUMNS as usize {
            return Err(DataError::TooManyColumns { name, columns: n_columns as u64, most: MOST_COLUMNS });
        }
        for element in 0..width.unwrap_or(1) {
            names.push(width.map_or(field.name().clone(), |_| format!("{}[{element}]", field.name())));
            kinds.push(kind_of(field.data_type()));
            places.push((at, element));
        }
    }
    if names.is_empty() {
        return Err(DataError::NpyNoCells { name, n_points: 0, n_dims: 0 });
    }
    let columns = Columns::named(&name, names).with_text(not_numbers(&kinds));
    Ok(Box::new(ColumnTable { file: Box::new(Arrow { stored, places }), columns, kinds, n_rows: None }))
}

/// The length of the lists in a column of lists of one length.
fn width(field: &Field) -> Option<usize> {
    match field.data_type() {
        DataType::FixedSizeList(_, width) => usize::try_from(*width).ok(),
        _ => None,
    }
}

/// Checks that the blocks of a file lie in it: its reader makes room for whatever their lengths are.
fn check_blocks(file: &mut StoredBytes, name: &str, n_bytes: u64) -> Result<(), DataError> {
    let wrong = |reason: &str| wrong(name, reason.to_owned());
    let failed = |_| wrong("it is cut short");
    let footer_end = n_bytes.checked_sub(END).ok_or_else(|| wrong("it is cut short"))?;
    let mut end = [0; END as usize];
    file.seek(SeekFrom::Start(footer_end)).map_err(failed)?;
    file.read_exact(&mut end).map_err(failed)?;
    let length = read_footer_length(end).map_err(|error| damaged(name, &error))?;
    let start = footer_end.checked_sub(length as u64).ok_or_else(|| wrong("its footer is longer than it"))?;
    let mut footer = vec![0; length];
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    file.read_exact(&mut footer).map_err(failed)?;
    let footer = root_as_footer(&footer).map_err(|_| wrong("its footer is damaged"))?;
    let blocks = footer.recordBatches().into_iter().chain(footer.dictionaries()).flatten();
    for block in blocks {
        if !lies_within(block, start) {
            return Err(wrong("a block of it lies outside of it"));
        }
        if !unpacks(file, block).map_err(failed)? {
            return Err(wrong("a buffer of it lies outside of its block, or unpacks to more than it can"));
        }
    }
    Ok(())
}

/// Whether the buffers of a block lie in it, and the compressed ones say lengths that they may have.
fn unpacks(file: &mut StoredBytes, block: &Block) -> io::Result<bool> {
    let mut message = vec![0; block.metaDataLength() as usize];
    file.seek(SeekFrom::Start(block.offset() as u64))?;
    file.read_exact(&mut message)?;
    let prefix = if message.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let Ok(message) = root_as_message(message.get(prefix..).unwrap_or_default()) else { return Ok(false) };
    let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(dictionary) else { return Ok(false) };
    let lies_in_body = |buffer: &Buffer| {
        let end = buffer.offset().checked_add(buffer.length());
        buffer.offset() >= 0 && buffer.length() >= 0 && end.is_some_and(|end| end <= block.bodyLength())
    };
    if !batch.buffers().into_iter().flatten().all(lies_in_body) {
        return Ok(false);
    }
    let Some(compression) = batch.compression() else { return Ok(true) };
    let free = if compression.codec() == CompressionType::ZSTD { FREE as i64 } else { 0 };
    let mut unpacked = 0i64; // more than their share, in all
    let body = block.offset() + i64::from(block.metaDataLength());
    for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
        let Some(at) = body.checked_add(buffer.offset()).and_then(|at| u64::try_from(at).ok()) else {
            return Ok(false);
        };
        let mut length = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut length)?;
        let more = i64::from_le_bytes(length).saturating_sub(buffer.length().saturating_mul(MOST_TIMES));
        unpacked = unpacked.saturating_add(more.max(0));
        if unpacked > free {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lies_within(block: &Block, n_bytes: u64) -> bool {
    let parts = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()];
    let parts = parts.map(|part| u64::try_from(part).unwrap_or(u64::MAX));
    parts.into_iter().fold(0, u64::saturating_add) <= n_bytes
}

impl ColumnFile for Arrow {
    fn pass(&self, wanted: &[Wanted], most_rows: usize, each: &mut EachRows<'_>) -> Result<(), DataError> {
        let file = self.stored.open()?;
        let mut cells: Vec<Cells> = wanted.iter().map(|_| Cells::default()).collect();
        let mut batches = self.guarded(|| {
            let reader = FileReader::try_new(BufReader::with_capacity(1 << 16, file), None);
            reader.map_err(|error| damaged(self.stored.name(), &error))
        })?;
        let mut n_rows = 0;
        while let Some(batch) =
            self.guarded(|| batches.next().transpose().map_err(|error| damaged(self.stored.name(), &error)))?
        {
            for first in (0..batch.num_rows()).step_by(most_rows) {
                let rows = batch.slice(first, most_rows.min(batch.num_rows() - first));
                self.guarded(|| self.read(&rows, wanted, &mut cells))?;
                if each(rows.num_rows(), &cells)?.is_break() {
                    return Ok(());
                }
            }
            n_rows += batch.num_rows();
        }
        batches.get_ref().get_ref().check_unchanged()?;
        if n_rows == 0 {
            let (name, n_dims) = (self.stored.name().to_owned(), self.places.len() as u64);
            return Err(DataError::NpyNoCells { name, n_points: 0, n_dims });
        }
        Ok(())
    }
}

impl Arrow {
    fn read(&self, rows: &RecordBatch, wanted: &[Wanted], cells: &mut [Cells]) -> Result<(), DataError> {
        for (wanted, cells) in wanted.iter().zip(cells) {
            let (column, element) = self.places[wanted.column];
            cells.clear();
            read(rows.column(column), element, wanted.as_text, cells)
                .map_err(|error| damaged(self.stored.name(), &error))?;
        }
        Ok(())
    }

    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
        guarded(self.stored.name(), NAME, work)
    }
}

fn damaged(name: &str, error: &ArrowError) -> DataError {
    let text = error.to_string();
    wrong(name, text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned())
}

fn wrong(name: &str, reason: String) -> DataError {
    DataError::Damaged { name: name.to_owned(), format: NAME, reason }
}
