//! IDX files, the format of MNIST: arrays of any number of axes. Each entry of the first axis is a row; those of three
//! axes are pictures, whose columns are named by their pixels.

use std::io::{self, Read};

use super::array::{Array, ArrayForm};
use super::columns::{Columns, MOST_COLUMNS};
use super::error::DataError;
use super::format::InputFormat;
use super::input::{Input, read_error};
use super::npy_cells::Dtype;
use super::options::ReadOptions;
use super::pixels::pixel_names;
use super::source::Source;

/// The format: two bytes of 0, then one that names the type of the values, then the number of axes.
pub(super) const FORMAT: InputFormat = InputFormat {
    magic: &[b"\0\0\x08", b"\0\0\x09", b"\0\0\x0b", b"\0\0\x0c", b"\0\0\x0d", b"\0\0\x0e"],
    endings: &["idx"],
    is_text: false,
    open,
};

fn open(input: Input, _: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let (form, shape) = read_header(stored.name(), &mut stored.open()?, stored.len())?;
    let columns = match shape[..] {
        [_, height, width] => {
            Columns::named(stored.name(), pixel_names(height as usize, width as usize).collect())
        }
        _ => Columns::numbered(stored.name(), form.n_dims),
    };
    Array::open(stored, columns, form)
}

/// The form of the array, and its shape, checked against the length of the whole file, `total` bytes.
fn read_header(source: &str, reader: &mut dyn Read, total: u64) -> Result<(ArrayForm, Vec<u64>), DataError> {
    let name = || source.to_owned();
    let damaged = |reason: String| DataError::Damaged { name: name(), format: "IDX", reason };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("its header is cut short".to_owned()),
        _ => read_error(source, error),
    };
    let mut start = [0; 4];
    reader.read_exact(&mut start).map_err(failed)?;
    let [0, 0, code, n_axes] = start else {
        return Err(damaged("it does not begin as one does".to_owned()));
    };
    let dtype = dtype(code).ok_or_else(|| damaged(format!("0x{code:02x} is no type of values")))?;
    let mut shape = Vec::new();
    for _ in 0..n_axes {
        let mut size = [0; 4];
        reader.read_exact(&mut size).map_err(failed)?;
        shape.push(u64::from(u32::from_be_bytes(size)));
    }
    let Some((&n_points, others)) = shape.split_first() else {
        return Err(damaged("it has no axes".to_owned()));
    };
    let n_dims = others.iter().fold(1u64, |all, &size| all.saturating_mul(size));
    if n_points == 0 || n_dims == 0 {
        return Err(DataError::NpyNoCells { name: name(), n_points, n_dims });
    }
    let offset = 4 + 4 * u64::from(n_axes);
    let expected = u128::from(n_points) * u128::from(n_dims) * dtype.bytes() as u128;
    let found = total.saturating_sub(offset);
    if expected != u128::from(found) {
        return Err(DataError::NpyLength { name: name(), shape, expected, found });
    }
    if n_dims > MOST_COLUMNS {
        return Err(DataError::TooManyColumns { name: name(), columns: n_dims, most: MOST_COLUMNS });
    }
    let (n_points, n_dims) = (n_points as usize, n_dims as usize); // the file has as many bytes
    Ok((ArrayForm { dtype, fortran: false, n_points, n_dims, offset, counted: false }, shape))
}

fn dtype(code: u8) -> Option<Dtype> {
    let name = match code {
        0x08 => "|u1",
        0x09 => "|i1",
        0x0b => ">i2",
        0x0c => ">i4",
        0x0d => ">f4",
        0x0e => ">f8",
        _ => return None,
    };
    Dtype::parse(name)
}
