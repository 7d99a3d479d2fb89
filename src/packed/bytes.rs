//! Reads at a place of a file.

use std::fs::File;
use std::io;

/// Bytes that can be read at any place, by several threads.
pub(super) trait ReadAt: Send + Sync {
    /// Reads some bytes from `at` on: fewer than fit, perhaps; none at the end.
    fn read_some(&self, to: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_some(&self, to: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, to, at)
    }

    #[cfg(windows)]
    fn read_some(&self, to: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, to, at)
    }
}

/// Fills `to` with the bytes from `at` on, however many reads that takes.
pub(super) fn read_all(bytes: &dyn ReadAt, mut to: &mut [u8], mut at: u64) -> io::Result<()> {
    while !to.is_empty() {
        match bytes.read_some(to, at) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than it was")),
            Ok(n) => {
                to = &mut to[n..];
                at += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
