//! The bytes of a Parquet file, and its pages.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::input::StoredBytes;

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

/// The pages of a column in a group of rows. Memory for a dictionary is taken by the number of values that it claims, so
/// this is checked before.
pub(super) struct Pages(SerializedPageReader<FileBytes>);

impl Pages {
    pub(super) fn new(file: &FileBytes, column: &ColumnChunkMetaData, n_rows: usize) -> Result<Pages> {
        Ok(Pages(SerializedPageReader::new(Arc::new(file.clone()), column, n_rows, None)?))
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.0.get_next_page()?;
        match &page {
            // each value of a dictionary takes a byte at least
            Some(Page::DictionaryPage { buf, num_values, .. }) if *num_values as usize > buf.len() => {
                let n_bytes = buf.len();
                Err(ParquetError::EOF(format!("a dictionary of {num_values} values has {n_bytes} bytes")))
            }
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}
