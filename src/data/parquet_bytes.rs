//! The bytes of a Parquet file.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

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
