//! An output file that is written in pieces and renamed when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use super::output::Output;
use crate::data::error::DataError;
use crate::temporary::Temporary;

/// A temporary file for an output file. Removed if dropped unfinished.
pub struct Sink {
    output: Output,
    file: BufWriter<File>,
    temporary: Temporary,
}

impl Output {
    /// Starts writing to a temporary file.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn begin(self) -> Result<Sink, DataError> {
        let begun = self
            .temporary()
            .and_then(|temporary| Ok((BufWriter::new(temporary.file().try_clone()?), temporary)));
        match begun {
            Ok((file, temporary)) => Ok(Sink { output: self, file, temporary }),
            Err(reason) => Err(self.failed(reason)),
        }
    }
}

impl Sink {
    /// Renames the temporary file.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], as of a full disk.
    pub fn finish(mut self) -> Result<(), DataError> {
        self.file.flush().map_err(|reason| self.output.failed(reason))?;
        self.output.name(self.temporary)
    }

    /// Another writer to the same file, for what this one has not written to.
    #[cfg(feature = "parquet")]
    pub(super) fn another(&self) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::new(self.temporary.file().try_clone()?))
    }

    /// The error for a failed write.
    #[must_use]
    pub fn failed(&self, reason: io::Error) -> DataError {
        self.output.failed(reason)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
