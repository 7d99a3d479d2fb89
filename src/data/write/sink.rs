//! An output that is written in pieces: a file, renamed when it is complete, or a stream.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use super::output::{Output, Stream};
use crate::data::error::DataError;
use crate::temporary::Temporary;

/// A temporary file for an output file, removed if dropped unfinished; or the stream of an output that is one.
pub struct Sink {
    output: Output,
    to: To,
}

enum To {
    File { file: BufWriter<File>, temporary: Temporary },
    Stream(BufWriter<Stream>),
}

impl Output {
    /// Starts writing, to a temporary file if the output is a file.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`].
    pub fn begin(mut self) -> Result<Sink, DataError> {
        if let Some(stream) = self.stream.take() {
            return Ok(Sink { output: self, to: To::Stream(BufWriter::new(stream)) });
        }
        let begun = self.temporary().and_then(|temporary| {
            Ok(To::File { file: BufWriter::new(temporary.file().try_clone()?), temporary })
        });
        match begun {
            Ok(to) => Ok(Sink { output: self, to }),
            Err(reason) => Err(self.failed(reason)),
        }
    }
}

impl Sink {
    /// Writes what is left, and renames the temporary file.
    ///
    /// # Errors
    ///
    /// [`DataError::Write`], as of a full disk.
    pub fn finish(mut self) -> Result<(), DataError> {
        self.flush().map_err(|reason| self.output.failed(reason))?;
        match self.to {
            To::File { temporary, .. } => self.output.name(temporary),
            To::Stream(_) => Ok(()),
        }
    }

    /// Another writer to the same file, for what this one has not written to.
    #[cfg(feature = "parquet")]
    pub(super) fn another(&self) -> io::Result<BufWriter<File>> {
        match &self.to {
            To::File { temporary, .. } => Ok(BufWriter::new(temporary.file().try_clone()?)),
            To::Stream(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The error for a failed write.
    #[must_use]
    pub fn failed(&self, reason: io::Error) -> DataError {
        self.output.failed(reason)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::File { file, .. } => file.write(bytes),
            To::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File { file, .. } => file.flush(),
            To::Stream(stream) => stream.flush(),
        }
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.to {
            To::File { file, .. } => file.seek(to),
            To::Stream(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
