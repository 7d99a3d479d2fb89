//! The batches of rows of an Arrow IPC file.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::vec::IntoIter;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer as Bytes;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, Buffer, CompressionType, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, Schema};

use super::error::DataError;
use super::input::{Stored, StoredBytes};
use super::unpack::FREE;

pub(super) const NAME: &str = "Arrow";

/// The most times their size that data of LZ4 unpack to. Those of zstd may unpack to more where that is little.
const MOST_TIMES: i64 = 256;

/// Bytes at the end of a file: the length of its footer, and the magic.
const END: u64 = 10;

/// The batches of an open file, in order. Each is read into the memory of the one before it: new memory takes longer to get
/// than the batch to read.
pub(super) struct Batches {
    name: String,
    file: StoredBytes,
    schema: Arc<Schema>,
    decoder: FileDecoder,
    blocks: IntoIter<Block>,
    /// Rows of all batches.
    n_rows: usize,
    /// The bytes of the last block, which a batch may still hold.
    bytes: Bytes,
}

impl Batches {
    /// Opens a file, checks its footer and its blocks, and reads its dictionaries.
    pub(super) fn open(stored: &Stored) -> Result<Self, DataError> {
        let name = stored.name().to_owned();
        let mut file = stored.open()?;
        let (footer, start) = footer(&mut file, &name, stored.len())?;
        let footer = root_as_footer(&footer).map_err(|_| wrong(&name, "its footer is damaged".to_owned()))?;
        let blocks = footer.recordBatches().into_iter().flatten();
        let dictionaries = footer.dictionaries().into_iter().flatten();
        check_blocks(&mut file, &name, start, dictionaries.clone())?;
        let n_rows = check_blocks(&mut file, &name, start, blocks.clone())?;
        let schema = footer.schema().ok_or_else(|| wrong(&name, "it has no schema".to_owned()))?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(wrong(&name, "its bytes are in the other order than this machine's".to_owned()));
        }
        let schema = Arc::new(try_fb_to_schema(schema).map_err(|error| damaged(&name, &error))?);
        let decoder = FileDecoder::new(schema.clone(), footer.version());
        let blocks = blocks.copied().collect::<Vec<_>>().into_iter();
        let mut batches = Self { name, file, schema, decoder, blocks, n_rows, bytes: Bytes::default() };
        for block in dictionaries {
            let bytes = batches.read(block)?;
            batches.decoder.read_dictionary(block, &bytes).map_err(|error| damaged(&batches.name, &error))?;
        }
        Ok(batches)
    }

    /// Only these columns, which are in ascending order.
    pub(super) fn of_columns(self, columns: &[usize]) -> Self {
        Self { decoder: self.decoder.with_projection(columns.to_vec()), ..self }
    }

    /// The columns of the file.
    pub(super) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Rows of all batches.
    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The next batch.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, DataError> {
        let Some(block) = self.blocks.next() else { return Ok(None) };
        self.bytes = self.read(&block)?;
        self.decoder.read_record_batch(&block, &self.bytes).map_err(|error| damaged(&self.name, &error))
    }

    /// Reads a block, into the memory of the last one if nothing else holds it.
    fn read(&mut self, block: &Block) -> Result<Bytes, DataError> {
        let mut bytes = std::mem::take(&mut self.bytes).into_mutable().unwrap_or_default();
        let n_bytes = block.metaDataLength() as usize + block.bodyLength() as usize;
        let failed = |error: &dyn ToString| wrong(&self.name, error.to_string());
        bytes.try_resize(n_bytes, 0).map_err(|error| failed(&error))?;
        self.file.seek(SeekFrom::Start(block.offset() as u64)).map_err(|error| failed(&error))?;
        self.file.read_exact(&mut bytes).map_err(|_| failed(&"it is cut short"))?;
        Ok(bytes.into())
    }

    /// Checks that the file has not changed since it was first opened.
    pub(super) fn check_unchanged(&self) -> Result<(), DataError> {
        self.file.check_unchanged()
    }
}

/// The bytes of the footer of a file, and where it begins.
fn footer(file: &mut StoredBytes, name: &str, n_bytes: u64) -> Result<(Vec<u8>, u64), DataError> {
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
    Ok((footer, start))
}

/// Checks that blocks lie before the footer, as room is made for whatever their lengths are. Returns their rows.
fn check_blocks<'a>(
    file: &mut StoredBytes,
    name: &str,
    footer_start: u64,
    blocks: impl Iterator<Item = &'a Block>,
) -> Result<usize, DataError> {
    let wrong = |reason: &str| wrong(name, reason.to_owned());
    let mut n_rows = 0usize;
    for block in blocks {
        if !lies_within(block, footer_start) {
            return Err(wrong("a block of it lies outside of it"));
        }
        let Some(more) = rows_of(file, block).map_err(|_| wrong("it is cut short"))? else {
            return Err(wrong("a buffer of it lies outside of its block, or unpacks to more than it can"));
        };
        n_rows = n_rows.checked_add(more).ok_or_else(|| wrong("it says more rows than it can have"))?;
    }
    Ok(n_rows)
}

/// The number of rows that a block says, if its buffers lie in it, and the compressed ones say lengths that they may have.
fn rows_of(file: &mut StoredBytes, block: &Block) -> io::Result<Option<usize>> {
    let mut message = vec![0; block.metaDataLength() as usize];
    file.seek(SeekFrom::Start(block.offset() as u64))?;
    file.read_exact(&mut message)?;
    let prefix = if message.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let Ok(message) = root_as_message(message.get(prefix..).unwrap_or_default()) else { return Ok(None) };
    let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(dictionary) else { return Ok(None) };
    let lies_in_body = |buffer: &Buffer| {
        let end = buffer.offset().checked_add(buffer.length());
        buffer.offset() >= 0 && buffer.length() >= 0 && end.is_some_and(|end| end <= block.bodyLength())
    };
    if !batch.buffers().into_iter().flatten().all(lies_in_body) {
        return Ok(None);
    }
    let Ok(n_rows) = usize::try_from(batch.length()) else { return Ok(None) };
    let Some(compression) = batch.compression() else { return Ok(Some(n_rows)) };
    let free = if compression.codec() == CompressionType::ZSTD { FREE as i64 } else { 0 };
    let mut unpacked = 0i64; // more than their share, in all
    let body = block.offset() + i64::from(block.metaDataLength());
    for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
        let Some(at) = body.checked_add(buffer.offset()).and_then(|at| u64::try_from(at).ok()) else {
            return Ok(None);
        };
        let mut length = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut length)?;
        let more = i64::from_le_bytes(length).saturating_sub(buffer.length().saturating_mul(MOST_TIMES));
        unpacked = unpacked.saturating_add(more.max(0));
        if unpacked > free {
            return Ok(None);
        }
    }
    Ok(Some(n_rows))
}

fn lies_within(block: &Block, n_bytes: u64) -> bool {
    let parts = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()];
    let parts = parts.map(|part| u64::try_from(part).unwrap_or(u64::MAX));
    parts.into_iter().fold(0, u64::saturating_add) <= n_bytes
}

pub(super) fn damaged(name: &str, error: &ArrowError) -> DataError {
    let text = error.to_string();
    wrong(name, text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned())
}

fn wrong(name: &str, reason: String) -> DataError {
    DataError::Damaged { name: name.to_owned(), format: NAME, reason }
}
