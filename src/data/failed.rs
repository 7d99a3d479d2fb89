//! A stream that can't be read.

use std::io::{self, Read};

/// A stream that ends with this error, if it was not given yet.
pub(super) struct Failed(pub(super) Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
