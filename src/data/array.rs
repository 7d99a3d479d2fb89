//! Arrays of numbers in a file, after its header: what `.npy`, IDX and vector files have in common.
//!
//! An array in C order is read chunk by chunk, so it may be larger than memory. An array in Fortran order is held in
//! memory as stored. Types that f32 holds exactly are read as f32, others as f64.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{ControlFlow, Range};

use super::columns::Columns;
use super::error::DataError;
use super::input::{Stored, read_error};
use super::npy_cells::Dtype;
use super::pick::Pick;
use super::rows::Rows;
use super::source::{Chunk, Source};
use super::texts::{CellType, Texts};
use crate::memory;

/// Bytes that are read at a time, unless a single row is larger.
const PART_BYTES: usize = 256 << 10;

/// How the cells of an array lie in its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArrayForm {
    pub(super) dtype: Dtype,
    /// Whether the order is column-major.
    pub(super) fortran: bool,
    pub(super) n_points: usize,
    pub(super) n_dims: usize,
    /// Bytes before the first row.
    pub(super) offset: u64,
    /// Whether each row begins with the number of its values, as 4 bytes.
    pub(super) counted: bool,
}

/// Where the bytes of an array are.
pub(super) trait ArrayBytes: Send + Sync {
    /// Calls `read` with a reader of all bytes but the first `skip`. Whatever comes of it, an error if they have changed.
    fn pass(
        &self,
        skip: u64,
        read: &mut dyn FnMut(&mut dyn Read) -> Result<(), DataError>,
    ) -> Result<(), DataError>;
}

impl ArrayBytes for Stored {
    fn pass(
        &self,
        skip: u64,
        read: &mut dyn FnMut(&mut dyn Read) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(skip)).map_err(|reason| read_error(self.name(), reason))?;
        let done = read(&mut file);
        file.check_unchanged().and(done)
    }
}

/// An array after its header was read.
pub(super) struct Array {
    bytes: Box<dyn ArrayBytes>,
    columns: Columns,
    form: ArrayForm,
    /// All cells of an array in Fortran order.
    held: Option<Vec<u8>>,
}

impl Array {
    /// A source of the rows of an array.
    pub(super) fn open(
        bytes: impl ArrayBytes + 'static,
        columns: Columns,
        form: ArrayForm,
    ) -> Result<Box<dyn Source>, DataError> {
        let mut array = Array { bytes: Box::new(bytes), columns, form, held: None };
        if array.form.fortran {
            array.held = Some(array.all()?);
        }
        Ok(Box::new(array))
    }

    /// All cells.
    fn all(&self) -> Result<Vec<u8>, DataError> {
        let name = || self.columns.source().to_owned();
        let n_bytes = self.form.n_points * self.form.n_dims * self.form.dtype.bytes();
        let mut cells = Vec::new();
        self.bytes.pass(self.form.offset, &mut |reader| {
            memory::reserve(&mut cells, n_bytes) // growing could take twice the memory
                .map_err(|memory| DataError::OutOfMemory { name: name(), memory })?;
            let read = reader.take(n_bytes as u64).read_to_end(&mut cells);
            match read {
                Ok(n) if n == n_bytes => Ok(()),
                Ok(_) => Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
                Err(reason) => Err(self.failed(reason)),
            }
        })?;
        Ok(cells)
    }

    fn failed(&self, reason: io::Error) -> DataError {
        read_error(self.columns.source(), reason)
    }
}

impl Source for Array {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        Some(self.form.n_points)
    }

    fn can_reread(&self) -> bool {
        true
    }

    fn cell_types(&self) -> Vec<CellType> {
        vec![self.form.dtype.cell_type(); self.form.n_dims]
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        match &self.held {
            Some(held) => self.read_held(&self.cells(held), pick, each),
            None => self.read_file(pick, each),
        }
    }
}

impl Array {
    fn read_held(
        &self,
        cells: &Cells<'_>,
        pick: &Pick,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let mut block = RowBlock::default();
        for rows in parts(0..self.form.n_points, self.chunk_rows(pick)) {
            block.clear();
            block.add(self, cells, rows.clone(), rows.start, pick)?;
            if each(block.chunk(self, rows, pick)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read_file(
        &self,
        pick: &Pick,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let row_bytes = self.row_bytes();
        let (mut block, mut bytes) = (RowBlock::default(), Vec::new());
        let from = pick.from.min(self.form.n_points);
        self.bytes.pass(self.form.offset + from as u64 * row_bytes as u64, &mut |reader| {
            for rows in parts(from..self.form.n_points, self.chunk_rows(pick)) {
                block.clear();
                // in parts that stay in the cache until they are decoded
                for part in parts(rows.clone(), (PART_BYTES / row_bytes.max(1)).max(1)) {
                    bytes.resize(part.len() * row_bytes, 0);
                    reader.read_exact(&mut bytes).map_err(|reason| self.failed(reason))?;
                    self.check_counts(&bytes, part.start)?;
                    block.add(self, &self.cells(&bytes), 0..part.len(), part.start, pick)?;
                }
                if each(block.chunk(self, rows, pick)).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Bytes of a row in the file.
    fn row_bytes(&self) -> usize {
        self.before_row() + self.form.n_dims * self.form.dtype.bytes()
    }

    fn before_row(&self) -> usize {
        if self.form.counted { 4 } else { 0 }
    }

    /// Checks the number of values before each row.
    fn check_counts(&self, rows: &[u8], first: usize) -> Result<(), DataError> {
        if !self.form.counted {
            return Ok(());
        }
        for (bytes, row) in rows.chunks_exact(self.row_bytes()).zip(first as u64 + 1..) {
            let found = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            if found as usize != self.form.n_dims {
                let (name, expected) = (self.columns.source().to_owned(), self.form.n_dims);
                return Err(DataError::VectorLength { name, row, expected, found });
            }
        }
        Ok(())
    }

    fn chunk_rows(&self, pick: &Pick) -> usize {
        pick.chunk_rows(if self.form.dtype.fits_f32() { 4 } else { 8 })
    }

    /// Whole rows in C order, or all of them in Fortran order.
    fn cells<'b>(&self, bytes: &'b [u8]) -> Cells<'b> {
        let &ArrayForm { dtype, fortran, n_points, n_dims, .. } = &self.form;
        let size = dtype.bytes();
        let (row_stride, column_stride) =
            if fortran { (size, n_points * size) } else { (self.row_bytes(), size) };
        Cells { dtype, n_dims, before: self.before_row(), row_stride, column_stride, bytes }
    }
}

/// Splits a range into parts of `size`; the last may be shorter.
fn parts(all: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = all.end;
    all.step_by(size).map(move |first| first..end.min(first + size))
}

/// The cells of some rows, in either order. Strides are in bytes.
struct Cells<'b> {
    dtype: Dtype,
    n_dims: usize,
    /// Bytes before the cells of each row.
    before: usize,
    row_stride: usize,
    column_stride: usize,
    bytes: &'b [u8],
}

impl<'b> Cells<'b> {
    /// The bytes of one cell.
    fn cell(&self, row: usize, column: usize) -> &'b [u8] {
        let at = self.before + row * self.row_stride + column * self.column_stride;
        &self.bytes[at..at + self.dtype.bytes()]
    }

    /// The bytes of these columns, row-major. `room` is for those that do not lie so.
    fn gather<'c>(&'c self, rows: Range<usize>, columns: &[usize], room: &'c mut Vec<u8>) -> &'c [u8] {
        let whole_rows =
            self.column_stride == self.dtype.bytes() && columns.iter().copied().eq(0..self.n_dims);
        if whole_rows && self.before == 0 {
            return &self.bytes[rows.start * self.row_stride..rows.end * self.row_stride];
        }
        room.clear();
        for row in rows {
            if whole_rows {
                let end = (row + 1) * self.row_stride;
                room.extend_from_slice(&self.bytes[row * self.row_stride + self.before..end]);
            } else {
                columns.iter().for_each(|&column| room.extend_from_slice(self.cell(row, column)));
            }
        }
        room
    }

    fn number(&self, row: usize, column: usize) -> f64 {
        let mut value = Vec::with_capacity(1);
        self.dtype.decode_f64(self.cell(row, column), &mut value);
        value[0]
    }

    fn text(&self, row: usize, column: usize) -> String {
        self.dtype.text(self.cell(row, column))
    }
}

/// Buffers for the rows of a chunk.
#[derive(Default)]
struct RowBlock {
    bytes: Vec<u8>,
    narrow: Vec<f32>, // (n_rows, n_features), or empty
    wide: Vec<f64>,   // (n_rows, n_features), or empty
    truth: Vec<String>,
    weights: Vec<f64>,
    texts: Texts,
}

impl RowBlock {
    fn clear(&mut self) {
        self.narrow.clear();
        self.wide.clear();
        self.truth.clear();
        self.weights.clear();
        self.texts.clear();
    }

    /// Decodes `rows` of the cells. `first` is the table's row of the first of them.
    fn add(
        &mut self,
        array: &Array,
        cells: &Cells<'_>,
        rows: Range<usize>,
        first: usize,
        pick: &Pick,
    ) -> Result<(), DataError> {
        let bytes = cells.gather(rows.clone(), &pick.features, &mut self.bytes);
        if cells.dtype.fits_f32() {
            cells.dtype.decode_f32(bytes, &mut self.narrow);
        } else {
            cells.dtype.decode_f64(bytes, &mut self.wide);
        }
        if pick.texts {
            let cell = |row| (0..cells.n_dims).map(move |column| cells.text(row, column));
            rows.clone().flat_map(cell).for_each(|cell| self.texts.push(Some(&cell)));
        }
        for (row, number) in rows.zip(first as u64 + 1..) {
            if let Some(column) = pick.truth {
                let text = cells.text(row, column);
                let value = cells.number(row, column);
                if pick.drops() && value.is_nan() {
                    self.truth.push(String::new());
                } else if !value.is_finite() {
                    return Err(DataError::NotFinite {
                        position: array.columns.position(number, column),
                        text,
                    });
                } else {
                    self.truth.push(text);
                }
            }
            if let Some(column) = pick.weights {
                let weight = cells.number(row, column);
                if !pick.takes_weight(weight) {
                    let (position, text) = (array.columns.position(number, column), cells.text(row, column));
                    return Err(DataError::Weight { position, text });
                }
                self.weights.push(weight);
            }
        }
        Ok(())
    }

    fn chunk<'a>(&'a self, array: &'a Array, rows: Range<usize>, pick: &'a Pick) -> Chunk<'a> {
        let narrow = array.form.dtype.fits_f32();
        Chunk {
            first: rows.start,
            n_rows: rows.len(),
            rows: if narrow { Rows::F32(&self.narrow) } else { Rows::F64(&self.wide) },
            truth: &self.truth,
            weights: &self.weights,
            texts: pick.texts.then_some(&self.texts),
            numbers: None,
            columns: &array.columns,
            features: &pick.features,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::Input;
    use super::*;

    const N_POINTS: usize = 50_000;
    const N_DIMS: usize = 50;

    fn value(row: usize, column: usize) -> i16 {
        ((row * N_DIMS + column) % 30_000) as i16
    }

    /// An array of 5 MB, of which a chunk of few columns is read in several parts.
    fn array(fortran: bool, counted: bool) -> Box<dyn Source> {
        let mut bytes = b"head".to_vec();
        for i in 0..N_POINTS * N_DIMS {
            let (row, column) = if fortran { (i % N_POINTS, i / N_POINTS) } else { (i / N_DIMS, i % N_DIMS) };
            if counted && column == 0 {
                bytes.extend((N_DIMS as u32).to_le_bytes());
            }
            bytes.extend(value(row, column).to_le_bytes());
        }
        let dtype = Dtype::parse("<i2").expect("a plain number");
        let form = ArrayForm { dtype, fortran, n_points: N_POINTS, n_dims: N_DIMS, offset: 4, counted };
        let stored = Input::of_memory("t", &bytes).and_then(Input::store).expect("memory can be read");
        Array::open(stored, Columns::numbered("t", N_DIMS), form).expect("an array")
    }

    #[test]
    fn few_columns_of_many_come_in_the_order_asked_for() {
        let pick = Pick { features: vec![41, 3], truth: Some(7), weights: Some(9), ..Pick::default() };
        for (fortran, counted) in [(false, false), (false, true), (true, false)] {
            for most_rows in [None, Some(20_000)] {
                let (mut next, mut n_chunks) = (0, 0);
                let pick = Pick { most_rows, ..pick.clone() };
                let read = array(fortran, counted).visit::<DataError>(&pick, &mut |chunk| {
                    let Rows::F32(values) = chunk.rows else { panic!("an f32 holds every i2") };
                    assert_eq!((chunk.first, chunk.position(0, 1).column), (next, 4));
                    for (row, values) in (next..).zip(values.chunks_exact(2)) {
                        assert_eq!(values, [f32::from(value(row, 41)), f32::from(value(row, 3))]);
                        assert_eq!(chunk.weights[row - next], f64::from(value(row, 9)));
                        assert_eq!(chunk.truth[row - next], value(row, 7).to_string());
                    }
                    assert_eq!((values.len(), chunk.weights.len()), (chunk.n_rows * 2, chunk.n_rows));
                    next += chunk.n_rows;
                    n_chunks += 1;
                    Ok(())
                });
                assert_eq!(read.expect("nothing is wrong").expect("picked").labels.len(), N_POINTS);
                assert_eq!((next, n_chunks), (N_POINTS, if most_rows.is_some() { 3 } else { 1 }));
            }
        }
    }

    #[test]
    fn a_break_ends_the_reading() {
        let pick = Pick { features: vec![0], most_rows: Some(10), ..Pick::default() };
        for fortran in [false, true] {
            let mut rows = 0;
            let read = array(fortran, false).read(&pick, &mut |chunk| {
                rows += chunk.n_rows;
                if rows < 30 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            assert!(read.is_ok());
            assert_eq!(rows, 30);
        }
    }
}
