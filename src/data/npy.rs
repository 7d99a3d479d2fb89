//! `.npy` files: tables of numbers as numpy saves them.

use super::array::Array;
use super::columns::Columns;
use super::error::DataError;
use super::format::InputFormat;
use super::input::Input;
use super::npy_header::{MAGIC, read_header};
use super::options::ReadOptions;
use super::source::Source;

/// The `.npy` format, for two-dimensional arrays of numbers.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[MAGIC], endings: &["npy"], is_text: false, open };

fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let form = read_header(stored.name(), &mut stored.open()?, stored.len(), options.one_column)?;
    let columns = Columns::numbered(stored.name(), form.n_dims);
    Array::open(stored, columns, form)
}
