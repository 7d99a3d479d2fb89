//! `.fvecs`, `.bvecs` and `.ivecs` files, in which vectors for nearest-neighbour search are published: each row begins
//! with the number of its values. Known by their names only.

use std::io::{self, Read};

use super::array::{Array, ArrayForm};
use super::columns::{Columns, MOST_COLUMNS};
use super::error::DataError;
use super::format::InputFormat;
use super::input::{Input, read_error};
use super::npy_cells::Dtype;
use super::source::Source;

/// Single-precision floats.
pub(super) const FVECS: InputFormat =
    InputFormat { magic: &[], endings: &["fvecs"], is_text: false, open: |input, _| open(input, "<f4") };
/// Bytes.
pub(super) const BVECS: InputFormat =
    InputFormat { magic: &[], endings: &["bvecs"], is_text: false, open: |input, _| open(input, "|u1") };
/// 32-bit integers.
pub(super) const IVECS: InputFormat =
    InputFormat { magic: &[], endings: &["ivecs"], is_text: false, open: |input, _| open(input, "<i4") };

/// Bytes of the number of values.
const COUNT: u64 = 4;

fn open(input: Input, dtype: &str) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let name = || stored.name().to_owned();
    let damaged = |reason: String| DataError::Damaged { name: name(), format: "vector", reason };
    let mut count = [0; COUNT as usize];
    stored.open()?.read_exact(&mut count).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it has fewer bytes than the length of a vector".to_owned()),
        _ => read_error(stored.name(), error),
    })?;
    let n_dims = u64::from(u32::from_le_bytes(count));
    if n_dims == 0 {
        return Err(damaged("its first vector has no values".to_owned()));
    }
    if n_dims > MOST_COLUMNS {
        return Err(DataError::TooManyColumns { name: name(), columns: n_dims, most: MOST_COLUMNS });
    }
    let dtype = Dtype::parse(dtype).ok_or_else(|| damaged("its type of values is unknown".to_owned()))?;
    let row_bytes = COUNT + n_dims * dtype.bytes() as u64;
    let (n_points, rest) = (stored.len() / row_bytes, stored.len() % row_bytes);
    if rest != 0 {
        return Err(damaged(format!(
            "its first vector has {n_dims} values, {row_bytes} bytes, but {rest} bytes are left after {n_points} of them"
        )));
    }
    let (n_points, n_dims) = (n_points as usize, n_dims as usize);
    let columns = Columns::numbered(stored.name(), n_dims);
    let form = ArrayForm { dtype, fortran: false, n_points, n_dims, offset: 0, counted: true };
    Array::open(stored, columns, form)
}
