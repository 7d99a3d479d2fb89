//! The bytes of a Parquet file, and its pages. Those compressed by zstd are unpacked here, without a C library.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::input::StoredBytes;
use super::unpack::unpack_zstd;

/// Most bytes of an unpacked page; they have about 1 MB.
const MOST: u64 = 1 << 30;

/// The bytes of a file, of which any part can be read.
#[derive(Clone)]
pub(super) struct FileBytes {
    bytes: Arc<Mutex<StoredBytes>>,
    n_bytes: u64,
}

impl FileBytes {
    pub(super) fn new(bytes: StoredBytes, n_bytes: u64) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), n_bytes }
    }

    /// Checks that the file has not changed.
    pub(super) fn check_unchanged(&self) -> std::result::Result<(), super::error::DataError> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).check_unchanged()
    }

    fn read_at(&self, start: u64, to: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.seek(SeekFrom::Start(start))?;
        bytes.read(to)
    }
}

impl Length for FileBytes {
    fn len(&self) -> u64 {
        self.n_bytes
    }
}

impl ChunkReader for FileBytes {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(1 << 10, From { file: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start.saturating_add(length as u64) > self.n_bytes {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are beyond its end")));
        }
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut part = Vec::with_capacity(length);
        bytes.seek(SeekFrom::Start(start))?;
        (&mut *bytes).take(length as u64).read_to_end(&mut part)?;
        if part.len() < length {
            return Err(ParquetError::EOF("it ends early".to_owned()));
        }
        Ok(part.into())
    }
}

/// The bytes of a file from a place on.
pub(super) struct From {
    file: FileBytes,
    at: u64,
}

impl Read for From {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(self.at, to)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// The pages of a column in a group of rows.
pub(super) fn pages(
    file: &FileBytes,
    column: &ColumnChunkMetaData,
    n_rows: usize,
) -> Result<Box<dyn PageReader>> {
    let file = Arc::new(file.clone());
    if !matches!(column.compression(), Compression::ZSTD(_)) {
        return Ok(Box::new(SerializedPageReader::new(file, column, n_rows, None)?));
    }
    // the pages as they are stored
    let packed = column.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
    Ok(Box::new(ZstdPages(SerializedPageReader::new(file, &packed, n_rows, None)?)))
}

struct ZstdPages(SerializedPageReader<FileBytes>);

impl Iterator for ZstdPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for ZstdPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.0.get_next_page()?.map(unpacked).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}

fn unpacked(mut page: Page) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => *buf = unpack(buf, 0)?,
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, is_compressed: true, .. } => {
            *buf = unpack(buf, *def_levels_byte_len as usize + *rep_levels_byte_len as usize)?;
        }
        Page::DataPageV2 { .. } => {}
    }
    Ok(page)
}

/// Unpacks what follows the first bytes, if there is anything.
fn unpack(bytes: &Bytes, first: usize) -> Result<Bytes> {
    let (plain, packed) = bytes
        .split_at_checked(first)
        .ok_or_else(|| ParquetError::EOF("a page is shorter than its levels".to_owned()))?;
    if packed.is_empty() {
        return Ok(bytes.clone());
    }
    let mut all = plain.to_vec();
    unpack_zstd(packed, MOST, &mut all)?;
    Ok(all.into())
}
