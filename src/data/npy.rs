//! `.npy` files: tables of numbers as numpy saves them, read chunk by chunk.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::time::SystemTime;

use ndarray::Array2;

use super::columns::{Columns, Role};
use super::error::Place;
use super::npy_cells::Dtype;
pub(super) use super::npy_header::MAGIC;
use super::npy_header::NpyHeader;
use super::points::rows_per_chunk;
use super::truth::TruthBuilder;
use super::{DataError, Dataset, LoadOptions, Points, Rows, Truth, read_error};

/// A table in an `.npy` file in C order: a few facts, and no values.
///
/// Each visit reads the file anew, 2 MiB at a time, so tables larger than memory can be gone through.
/// Types that an f32 holds exactly come as f32, the others as f64.
#[derive(Debug, Clone)]
pub struct NpyTable {
    name: String, // in messages: the path, or where the file came from
    path: String,
    header: NpyHeader,
    stamp: Stamp,
}

/// By which a file that was changed is told: its bytes, and when they were written last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl NpyTable {
    /// Number of rows, at least 1.
    pub fn n_points(&self) -> usize {
        self.header.n_points
    }

    /// Number of columns, at least 1.
    pub fn n_dims(&self) -> usize {
        self.header.n_dims
    }

    /// As [`Points::visit`].
    pub(super) fn visit<E: From<DataError>>(
        &self,
        visit: &mut dyn FnMut(usize, Rows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let NpyHeader { dtype, n_points, n_dims, .. } = self.header;
        let mut file = self.open()?;
        let step = rows_per_chunk(n_dims, if dtype.fits_f32() { 4 } else { 8 });
        let (mut bytes, mut narrow, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        for first in (0..n_points).step_by(step) {
            let n_rows = step.min(n_points - first);
            bytes.resize(n_rows * n_dims * dtype.bytes(), 0);
            file.read_exact(&mut bytes).map_err(|reason| self.read_failed(&file, reason))?;
            if dtype.fits_f32() {
                narrow.clear();
                dtype.decode_f32(&bytes, &mut narrow);
                visit(first, Rows::F32(&narrow))?;
            } else {
                wide.clear();
                dtype.decode_f64(&bytes, &mut wide);
                visit(first, Rows::F64(&wide))?;
            }
        }
        // Written anew while it was read: the rows may be of both versions.
        Ok(self.check_unchanged(&file)?)
    }

    /// The file at its first value, if it is still the one that was loaded.
    fn open(&self) -> Result<File, DataError> {
        let failed = |reason| read_error(&self.name, reason);
        let mut file = File::open(&self.path).map_err(failed)?;
        self.check_unchanged(&file)?;
        file.seek(SeekFrom::Start(self.header.offset)).map_err(failed)?;
        Ok(file)
    }

    fn check_unchanged(&self, file: &File) -> Result<(), DataError> {
        let now = Stamp::of(&file.metadata().map_err(|reason| read_error(&self.name, reason))?);
        if now == self.stamp {
            return Ok(());
        }
        Err(DataError::Changed { name: self.name.clone(), expected: self.stamp.bytes, found: now.bytes })
    }

    /// A file that ends early was cut while it was read; all else is the system's to explain.
    fn read_failed(&self, file: &File, reason: io::Error) -> DataError {
        self.check_unchanged(file).err().unwrap_or_else(|| read_error(&self.name, reason))
    }
}

/// Whether a file begins as `.npy` files do. Leaves it at its start.
pub(super) fn begins(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    (&mut *file).take(MAGIC.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == MAGIC)
}

/// A table on disk; in memory where columns have to be taken out or rows put together.
pub(super) fn load_path(path: &str, file: File, options: &LoadOptions) -> Result<Dataset, DataError> {
    load_file(path, path, file, options)
}

/// As [`load_path`], of a file that messages know by another name.
pub(super) fn load_file(
    name: &str,
    path: &str,
    mut file: File,
    options: &LoadOptions,
) -> Result<Dataset, DataError> {
    let failed = |reason| read_error(name, reason);
    let stamp = Stamp::of(&file.metadata().map_err(failed)?);
    let header = NpyHeader::read(name, &mut file, stamp.bytes)?;
    if header.fortran || options.truth.is_some() || options.weights.is_some() {
        let mut values = Vec::new();
        file.read_to_end(&mut values).map_err(failed)?;
        return from_values(name, &header, &values, options);
    }
    let columns = Columns::new(name, None, header.n_dims, options)?.feature_names();
    let points = Points::Npy(NpyTable { name: name.to_owned(), path: path.to_owned(), header, stamp });
    Ok(Dataset { name: name.to_owned(), points, columns, truth: None, weights: None })
}

/// A table whose bytes are all in memory.
pub(super) fn parse(source: &str, bytes: &[u8], options: &LoadOptions) -> Result<Dataset, DataError> {
    let mut rest = bytes;
    let header = NpyHeader::read(source, &mut rest, bytes.len() as u64)?;
    from_values(source, &header, rest, options)
}

/// Takes truth and weights out, and puts the features in memory row by row.
fn from_values(
    source: &str,
    header: &NpyHeader,
    values: &[u8],
    options: &LoadOptions,
) -> Result<Dataset, DataError> {
    let columns = Columns::new(source, None, header.n_dims, options)?;
    let array = RawArray::new(source, header, values)?;
    let truth = columns.position(Role::Truth).map(|column| array.truth(source, column, &columns));
    let weights = columns.position(Role::Weights).map(|column| array.weights(source, column));
    Ok(Dataset {
        name: source.to_owned(),
        points: array.points(&columns.features().collect::<Vec<_>>()),
        columns: columns.feature_names(),
        truth: truth.transpose()?,
        weights: weights.transpose()?,
    })
}

/// The cells of a table in memory, in either order.
struct RawArray<'b> {
    dtype: Dtype,
    n_points: usize,
    row_stride: usize,
    column_stride: usize,
    values: &'b [u8],
}

impl<'b> RawArray<'b> {
    /// `values` may have changed in length since the header was checked against it.
    fn new(source: &str, header: &NpyHeader, values: &'b [u8]) -> Result<RawArray<'b>, DataError> {
        let &NpyHeader { dtype, fortran, n_points, n_dims, offset } = header;
        let expected = n_points * n_dims * dtype.bytes();
        if values.len() != expected {
            return Err(DataError::Changed {
                name: source.to_owned(),
                expected: offset + expected as u64,
                found: offset + values.len() as u64,
            });
        }
        let (row_stride, column_stride) = if fortran { (1, n_points) } else { (n_dims, 1) };
        Ok(RawArray { dtype, n_points, row_stride, column_stride, values })
    }

    /// The bytes of one cell.
    fn cell(&self, row: usize, column: usize) -> &'b [u8] {
        let bytes = self.dtype.bytes();
        let at = (row * self.row_stride + column * self.column_stride) * bytes;
        &self.values[at..at + bytes]
    }

    /// The columns asked for, row by row.
    fn points(&self, features: &[usize]) -> Points {
        let shape = (self.n_points, features.len());
        let reason = "each row gives one value a feature";
        if self.dtype.fits_f32() {
            let values = self.rows(features, Dtype::decode_f32);
            Points::F32(Array2::from_shape_vec(shape, values).expect(reason))
        } else {
            let values = self.rows(features, Dtype::decode_f64);
            Points::F64(Array2::from_shape_vec(shape, values).expect(reason))
        }
    }

    fn rows<T>(&self, features: &[usize], decode: fn(Dtype, &[u8], &mut Vec<T>)) -> Vec<T> {
        let mut values = Vec::with_capacity(self.n_points * features.len());
        let mut bytes = Vec::new();
        let step = rows_per_chunk(features.len(), 8);
        for first in (0..self.n_points).step_by(step) {
            bytes.clear();
            for row in first..self.n_points.min(first + step) {
                features.iter().for_each(|&column| bytes.extend_from_slice(self.cell(row, column)));
            }
            decode(self.dtype, &bytes, &mut values);
        }
        values
    }

    fn truth(&self, source: &str, column: usize, columns: &Columns) -> Result<Truth, DataError> {
        let mut truth = TruthBuilder::new(columns.name(column));
        for row in 0..self.n_points {
            let text = self.dtype.text(self.cell(row, column));
            if !self.number(row, column).is_finite() {
                return Err(DataError::NotFinite { place: place(source, row, column), text });
            }
            truth.push(&text);
        }
        Ok(truth.finish())
    }

    fn weights(&self, source: &str, column: usize) -> Result<Vec<f64>, DataError> {
        let weight = |row| match self.number(row, column) {
            weight if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => {
                let text = self.dtype.text(self.cell(row, column));
                Err(DataError::Weight { place: place(source, row, column), text })
            }
        };
        (0..self.n_points).map(weight).collect()
    }

    fn number(&self, row: usize, column: usize) -> f64 {
        let mut value = Vec::with_capacity(1);
        self.dtype.decode_f64(self.cell(row, column), &mut value);
        value[0]
    }
}

fn place(source: &str, row: usize, column: usize) -> Place {
    Place { name: source.to_owned(), row: row as u64 + 1, column: column + 1, column_name: None }
}
