//! What is wrong with the file of a packed table.

use std::io;
use std::path::PathBuf;

/// Why the file of a packed table can't be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// It can't be read.
    #[error("{}: the packed table can't be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The message of the operating system.
        reason: io::Error,
    },
    /// It can't be written.
    #[error("{}: the packed table can't be written: {reason}; name another folder for it", folder.display())]
    Write {
        /// The folder.
        folder: PathBuf,
        /// The message of the operating system.
        reason: io::Error,
    },
    /// There is no room for it.
    #[error(
        "{}: {needed} bytes are needed for the packed table, and {free} are free; make room, or name another folder for it",
        folder.display()
    )]
    NoRoom {
        /// The folder.
        folder: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// What is read is not what was written.
    #[error("{}: the packed table is damaged: {reason}; remove the file, and run again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
