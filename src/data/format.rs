//! Input formats, and how they are recognised.

use super::error::DataError;
use super::input::Input;
use super::options::ReadOptions;
use super::source::Source;

/// Opens a source of a format.
pub(super) type OpenFn = fn(Input, &ReadOptions) -> Result<Box<dyn Source>, DataError>;

/// A file format of tables.
pub(super) struct InputFormat {
    /// The first bytes that only files of this format have, any of these; none for text and vectors.
    pub(super) magic: &'static [&'static [u8]],
    /// File extensions, in lower case, for files that no magic bytes identify.
    pub(super) endings: &'static [&'static str],
    /// Whether it is text, in which marks may stand for missing values.
    pub(super) is_text: bool,
    /// Reads the columns.
    pub(super) open: OpenFn,
}
