//! How the formats of tables are told from one another.

use super::error::DataError;
use super::input::Input;
use super::options::ReadOptions;
use super::source::Source;

/// Makes a source of bytes that have the format.
pub(super) type Open = fn(Input, &ReadOptions) -> Result<Box<dyn Source>, DataError>;

/// A format of tables.
pub(super) struct Format {
    /// The first bytes that only files of this format have; empty for text.
    pub(super) magic: &'static [u8],
    /// The ends of names, in lower case, of files that are of this format unless their first bytes are another's.
    pub(super) endings: &'static [&'static str],
    /// Finds the columns.
    pub(super) open: Open,
}
