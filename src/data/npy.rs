//! `.npy` files: tables of numbers as numpy saves them.
//!
//! An array in C order is read chunk by chunk, so it may be larger than memory. An array in Fortran order is held in
//! memory as stored. Types that f32 holds exactly are read as f32, others as f64.

use std::ops::{ControlFlow, Range};

use super::columns::Columns;
use super::error::DataError;
use super::format::InputFormat;
use super::input::{Input, Stored};
use super::npy_cells::Dtype;
use super::npy_header::{MAGIC, NpyHeader};
use super::options::ReadOptions;
use super::pick::Pick;
use super::rows::{Rows, rows_per_chunk};
use super::source::{Chunk, Source};

/// The `.npy` format, for two-dimensional arrays of numbers.
pub(super) const FORMAT: InputFormat = InputFormat { magic: MAGIC, endings: &["npy"], open };

/// An array after its header was read.
struct Npy {
    stored: Stored,
    columns: Columns,
    header: NpyHeader,
    /// All cells of an array in Fortran order.
    held: Option<Vec<u8>>,
}

fn open(input: Input, _: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let stored = input.store()?;
    let mut file = stored.open()?;
    let header = NpyHeader::read(stored.name(), &mut file, stored.len())?;
    let held = header.fortran.then(|| file.rest()).transpose()?;
    let columns = Columns::numbered(stored.name(), header.n_dims);
    Ok(Box::new(Npy { stored, columns, header, held }))
}

impl Source for Npy {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        Some(self.header.n_points)
    }

    fn can_reread(&self) -> bool {
        true
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        match &self.held {
            Some(held) => self.read_held(&self.cells(held), pick, each),
            None => self.read_file(pick, each),
        }
    }
}

impl Npy {
    fn read_held(
        &self,
        cells: &Cells<'_>,
        pick: &Pick,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let mut block = RowBlock::default();
        for rows in parts(0..self.header.n_points, self.chunk_rows(pick)) {
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
        let row_bytes = self.header.n_dims * self.header.dtype.bytes();
        let mut file = self.stored.open()?;
        file.go_to(self.header.offset)?;
        let (mut block, mut bytes) = (RowBlock::default(), Vec::new());
        for rows in parts(0..self.header.n_points, self.chunk_rows(pick)) {
            block.clear();
            // of few columns of many, a chunk's rows may be large in the file: read them in parts
            for part in parts(rows.clone(), rows_per_chunk(row_bytes, 1)) {
                bytes.resize(part.len() * row_bytes, 0);
                file.fill(&mut bytes)?;
                block.add(self, &self.cells(&bytes), 0..part.len(), part.start, pick)?;
            }
            if each(block.chunk(self, rows, pick)).is_break() {
                break;
            }
        }
        file.check_unchanged()
    }

    fn chunk_rows(&self, pick: &Pick) -> usize {
        pick.chunk_rows(if self.header.dtype.fits_f32() { 4 } else { 8 })
    }

    /// Whole rows in C order, or all of them in Fortran order.
    fn cells<'b>(&self, bytes: &'b [u8]) -> Cells<'b> {
        let &NpyHeader { dtype, fortran, n_points, n_dims, .. } = &self.header;
        let (row_stride, column_stride) = if fortran { (1, n_points) } else { (n_dims, 1) };
        Cells { dtype, row_stride, column_stride, bytes }
    }
}

/// Splits a range into parts of `size`; the last may be shorter.
fn parts(all: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = all.end;
    all.step_by(size).map(move |first| first..end.min(first + size))
}

/// The cells of some rows, in either order.
struct Cells<'b> {
    dtype: Dtype,
    row_stride: usize,
    column_stride: usize,
    bytes: &'b [u8],
}

impl<'b> Cells<'b> {
    /// The bytes of one cell.
    fn cell(&self, row: usize, column: usize) -> &'b [u8] {
        let size = self.dtype.bytes();
        let at = (row * self.row_stride + column * self.column_stride) * size;
        &self.bytes[at..at + size]
    }

    /// Appends the bytes of these columns, row-major.
    fn gather(&self, rows: Range<usize>, columns: &[usize], out: &mut Vec<u8>) {
        let whole_rows = self.column_stride == 1 && columns.iter().copied().eq(0..self.row_stride);
        if whole_rows {
            let row_bytes = self.row_stride * self.dtype.bytes();
            return out.extend_from_slice(&self.bytes[rows.start * row_bytes..rows.end * row_bytes]);
        }
        for row in rows {
            columns.iter().for_each(|&column| out.extend_from_slice(self.cell(row, column)));
        }
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
}

impl RowBlock {
    fn clear(&mut self) {
        self.narrow.clear();
        self.wide.clear();
        self.truth.clear();
        self.weights.clear();
    }

    /// Decodes `rows` of the cells. `first` is the table's row of the first of them.
    fn add(
        &mut self,
        npy: &Npy,
        cells: &Cells<'_>,
        rows: Range<usize>,
        first: usize,
        pick: &Pick,
    ) -> Result<(), DataError> {
        self.bytes.clear();
        cells.gather(rows.clone(), &pick.features, &mut self.bytes);
        if cells.dtype.fits_f32() {
            cells.dtype.decode_f32(&self.bytes, &mut self.narrow);
        } else {
            cells.dtype.decode_f64(&self.bytes, &mut self.wide);
        }
        for (row, number) in rows.zip(first as u64 + 1..) {
            if let Some(column) = pick.truth {
                let text = cells.text(row, column);
                if !cells.number(row, column).is_finite() {
                    return Err(DataError::NotFinite {
                        position: npy.columns.position(number, column),
                        text,
                    });
                }
                self.truth.push(text);
            }
            if let Some(column) = pick.weights {
                let weight = cells.number(row, column);
                if !(weight.is_finite() && weight >= 0.0) {
                    let (position, text) = (npy.columns.position(number, column), cells.text(row, column));
                    return Err(DataError::Weight { position, text });
                }
                self.weights.push(weight);
            }
        }
        Ok(())
    }

    fn chunk<'a>(&'a self, npy: &'a Npy, rows: Range<usize>, pick: &'a Pick) -> Chunk<'a> {
        let narrow = npy.header.dtype.fits_f32();
        Chunk {
            first: rows.start,
            n_rows: rows.len(),
            rows: if narrow { Rows::F32(&self.narrow) } else { Rows::F64(&self.wide) },
            truth: &self.truth,
            weights: &self.weights,
            numbers: None,
            columns: &npy.columns,
            features: &pick.features,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N_POINTS: usize = 50_000;
    const N_DIMS: usize = 50;

    fn value(row: usize, column: usize) -> i16 {
        ((row * N_DIMS + column) % 30_000) as i16
    }

    /// An array of 5 MB, of which a chunk of few columns is read in several parts.
    fn array(fortran: bool) -> Box<dyn Source> {
        let order = if fortran { "True" } else { "False" };
        let header =
            format!("{{'descr': '<i2', 'fortran_order': {order}, 'shape': ({N_POINTS}, {N_DIMS}), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        for i in 0..N_POINTS * N_DIMS {
            let (row, column) = if fortran { (i % N_POINTS, i / N_POINTS) } else { (i / N_DIMS, i % N_DIMS) };
            bytes.extend(value(row, column).to_le_bytes());
        }
        let input = Input::of_memory("t.npy", &bytes).expect("memory can be read");
        open(input, &ReadOptions::default()).expect("an array")
    }

    #[test]
    fn few_columns_of_many_come_in_the_order_asked_for() {
        let pick = Pick { features: vec![41, 3], truth: Some(7), weights: Some(9), ..Pick::default() };
        for fortran in [false, true] {
            for most_rows in [None, Some(20_000)] {
                let (mut next, mut n_chunks) = (0, 0);
                let pick = Pick { most_rows, ..pick.clone() };
                let read = array(fortran).visit::<DataError>(&pick, &mut |chunk| {
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
            let read = array(fortran).read(&pick, &mut |chunk| {
                rows += chunk.n_rows;
                if rows < 30 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            assert!(read.is_ok());
            assert_eq!(rows, 30);
        }
    }
}
