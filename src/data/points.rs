//! The features of a table, in memory or in a file.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use ndarray::{Array2, ArrayBase, ArrayView2, CowRepr, Ix2, s};

use super::error::DataError;
use super::pick::Pick;
use super::rows::{Rows, rows_per_chunk};
use super::scale::{Scaling, scaled};
use super::source::Source;
use crate::memory;

/// An array, owned or borrowed: ndarray's `CowArray`. Written out, so that it may stand for one of a shorter lifetime.
pub type Values<'a, T> = ArrayBase<CowRepr<'a, T>, Ix2, T>;

/// The features of a table, shape (n_points, n_dims).
///
/// Values read from CSV are finite; those of other sources are unchecked.
///
/// Arrays are taken as they are, and views are borrowed, whatever their strides: no value is copied.
#[derive(Debug, Clone)]
pub enum Points<'a> {
    /// Single precision.
    F32(Values<'a, f32>),
    /// Double precision.
    F64(Values<'a, f64>),
    /// Columns of a source, reread on each visit.
    Source(SourcePoints),
    /// Others, scaled on each visit: see [`Dataset::scaled`](super::Dataset::scaled).
    Scaled(ScaledPoints<'a>),
}

/// Rows that are scaled on each visit.
#[derive(Debug, Clone)]
pub struct ScaledPoints<'a> {
    raw: Box<Points<'a>>,
    scaling: Arc<Scaling>,
}

/// The features of a source that can be reread and whose number of rows is known.
#[derive(Clone)]
pub struct SourcePoints {
    source: Arc<dyn Source>,
    pick: Pick,
    rows: Range<usize>,
    n_rows: usize, // of the source
}

impl SourcePoints {
    /// The features of `pick`, without its truth and weights.
    pub(super) fn new(source: Arc<dyn Source>, pick: Pick, n_points: usize) -> SourcePoints {
        let pick = Pick { truth: None, weights: None, ..pick };
        SourcePoints { source, pick, rows: 0..n_points, n_rows: n_points }
    }

    /// Some of its rows.
    fn part(&self, rows: Range<usize>) -> SourcePoints {
        let rows = self.rows.start + rows.start..self.rows.start + rows.end;
        let pick = Pick { from: rows.start, ..self.pick.clone() };
        SourcePoints { source: Arc::clone(&self.source), pick, rows, n_rows: self.n_rows }
    }

    /// As [`Points::visit`].
    fn visit<E: From<DataError>>(
        &self,
        visit: &mut dyn FnMut(usize, Rows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.rows == (0..self.n_rows) {
            return self.source.visit(&self.pick, &mut |chunk| visit(chunk.first, chunk.rows)).map(drop);
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let (n_dims, mut failed) = (self.pick.features.len(), None);
        self.source.read(&self.pick, &mut |chunk| {
            let here = self.rows.start.max(chunk.first)..self.rows.end.min(chunk.first + chunk.n_rows);
            if here.is_empty() {
                return ControlFlow::Continue(()); // rows before
            }
            let values = (here.start - chunk.first) * n_dims..(here.end - chunk.first) * n_dims;
            match visit(here.start - self.rows.start, chunk.rows.part(values)) {
                Ok(()) if here.end == self.rows.end => ControlFlow::Break(()),
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}

impl fmt::Debug for SourcePoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.source.columns().source();
        f.debug_struct("SourcePoints").field("name", &name).field("rows", &self.rows).finish()
    }
}

impl<'a> Points<'a> {
    /// These points, which are not scaled, as a scaling makes them.
    #[must_use]
    pub fn scaled(raw: Points<'a>, scaling: Scaling) -> Self {
        Points::Scaled(ScaledPoints { raw: Box::new(raw), scaling: Arc::new(scaling) })
    }

    /// Some of the rows, borrowed.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Points<'_> {
        match self {
            Points::F32(all) => Points::F32(all.slice(s![rows, ..]).into()),
            Points::F64(all) => Points::F64(all.slice(s![rows, ..]).into()),
            Points::Source(points) => Points::Source(points.part(rows)),
            Points::Scaled(points) => Points::Scaled(ScaledPoints {
                raw: Box::new(points.raw.part(rows)),
                scaling: Arc::clone(&points.scaling),
            }),
        }
    }

    /// The points before they were scaled.
    #[must_use]
    pub fn raw(&self) -> &Points<'a> {
        match self {
            Points::Scaled(scaled) => &scaled.raw,
            raw => raw,
        }
    }

    /// The same, owned.
    pub(super) fn into_raw(self) -> Points<'a> {
        match self {
            Points::Scaled(scaled) => *scaled.raw,
            raw => raw,
        }
    }

    /// The scaling, if there is one.
    #[must_use]
    pub fn scaling(&self) -> Option<&Scaling> {
        match self {
            Points::Scaled(scaled) => Some(&scaled.scaling),
            _ => None,
        }
    }

    /// Number of rows.
    pub fn n_points(&self) -> usize {
        match self {
            Points::F32(rows) => rows.nrows(),
            Points::F64(rows) => rows.nrows(),
            Points::Source(points) => points.rows.len(),
            Points::Scaled(points) => points.raw.n_points(),
        }
    }

    /// Number of columns.
    pub fn n_dims(&self) -> usize {
        match self {
            Points::F32(rows) => rows.ncols(),
            Points::F64(rows) => rows.ncols(),
            Points::Source(points) => points.pick.features.len(),
            Points::Scaled(points) => points.raw.n_dims(),
        }
    }

    /// Bytes of the values that are in memory, before they are scaled: none of rows that stay in a source.
    #[must_use]
    pub fn bytes_held(&self) -> u64 {
        let values = (self.n_points() * self.n_dims()) as u64;
        match self.raw() {
            Points::F32(_) => values * 4,
            Points::F64(_) => values * 8,
            Points::Source(_) | Points::Scaled(_) => 0,
        }
    }

    /// A copy of all values as f64, row-major. (n_points, n_dims)
    ///
    /// # Errors
    ///
    /// [`DataError`] if a file can't be read, or has changed since it was loaded.
    pub fn to_f64(&self) -> Result<Vec<f64>, DataError> {
        let mut values = Vec::new();
        memory::reserve(&mut values, self.n_points() * self.n_dims()).map_err(|memory| {
            DataError::OutOfMemory { name: "all values as 64-bit floats".into(), memory }
        })?;
        self.visit::<DataError>(&mut |_, rows| {
            values.extend_from_slice(&rows.to_f64());
            Ok(())
        })?;
        Ok(values)
    }

    /// Calls `visit` for all rows in order, in chunks: with the index of the first row, from 0, and the rows.
    ///
    /// Each call gives the same rows. A chunk has at most 2 MiB, or one row if a row is larger.
    ///
    /// # Errors
    ///
    /// The first error of `visit`, which ends the iteration; a [`DataError`] if a file can't be read, or has changed
    /// since it was loaded.
    pub fn visit<E: From<DataError>>(
        &self,
        visit: &mut dyn FnMut(usize, Rows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Points::F32(rows) => visit_array(rows, |first, rows| visit(first, Rows::F32(rows))),
            Points::F64(rows) => visit_array(rows, |first, rows| visit(first, Rows::F64(rows))),
            Points::Source(points) => points.visit(visit),
            Points::Scaled(points) => points.raw.visit(&mut |first, rows| {
                visit(first, Rows::F64(&scaled(Some(&*points.scaling), rows.to_f64())))
            }),
        }
    }
}

macro_rules! from_arrays {
    ($of:ident, $value:ty) => {
        impl From<Array2<$value>> for Points<'_> {
            fn from(rows: Array2<$value>) -> Self {
                Points::$of(rows.into())
            }
        }

        impl<'a> From<ArrayView2<'a, $value>> for Points<'a> {
            fn from(rows: ArrayView2<'a, $value>) -> Self {
                Points::$of(rows.into())
            }
        }

        impl<'a> From<&'a Array2<$value>> for Points<'a> {
            fn from(rows: &'a Array2<$value>) -> Self {
                rows.view().into()
            }
        }

        impl<'a, const N: usize> From<&'a [[$value; N]]> for Points<'a> {
            fn from(rows: &'a [[$value; N]]) -> Self {
                ArrayView2::from(rows).into()
            }
        }
    };
}

from_arrays!(F32, f32);
from_arrays!(F64, f64);

fn visit_array<T: Copy, E>(
    array: &Values<'_, T>,
    mut visit: impl FnMut(usize, &[T]) -> Result<(), E>,
) -> Result<(), E> {
    let step = rows_per_chunk(array.ncols(), size_of::<T>());
    for first in (0..array.nrows()).step_by(step) {
        let end = array.nrows().min(first + step);
        // a view of row-major arrays; a copy of others, such as transposed ones
        let chunk = array.slice(s![first..end, ..]);
        let chunk = chunk.as_standard_layout();
        visit(first, chunk.as_slice().expect("standard layout is one slice"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::rows::CHUNK_BYTES;
    use super::*;

    fn collect(points: &Points<'_>) -> (Vec<usize>, Vec<f64>) {
        let (mut firsts, mut values) = (Vec::new(), Vec::new());
        points
            .visit::<DataError>(&mut |first, rows| {
                firsts.push(first);
                match rows {
                    Rows::F32(rows) => values.extend(rows.iter().map(|&x| f64::from(x))),
                    Rows::F64(rows) => values.extend_from_slice(rows),
                }
                Ok(())
            })
            .expect("no error here");
        (firsts, values)
    }

    #[test]
    fn chunks_are_bounded_and_join_to_the_whole() {
        let n_points = 3 * CHUNK_BYTES / 8 / 7;
        let array = Array2::from_shape_fn((n_points, 7), |(i, j)| (i * 7 + j) as f64);
        let (firsts, values) = collect(&array.into());
        let step = CHUNK_BYTES / 8 / 7;
        assert_eq!(firsts, [0, step, 2 * step, 3 * step][..firsts.len()]);
        assert!(firsts.len() >= 3);
        assert_eq!(values.len(), n_points * 7);
        assert!(values.iter().enumerate().all(|(i, &x)| x == i as f64));
    }

    #[test]
    fn a_row_larger_than_a_chunk_comes_alone() {
        let n_dims = CHUNK_BYTES / 4 + 1;
        let (firsts, values) = collect(&Array2::<f32>::zeros((3, n_dims)).into());
        assert_eq!((firsts, values.len()), (vec![0, 1, 2], 3 * n_dims));
    }

    #[test]
    fn transposed_arrays_come_row_by_row_too() {
        let array = ndarray::arr2(&[[1.0, 3.0], [2.0, 4.0]]).reversed_axes();
        assert_eq!(collect(&array.into()).1, [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_view_is_read_row_by_row_in_place_whatever_its_strides() {
        let array = ndarray::arr2(&[[1.0_f32, 9.0, 2.0], [3.0, 9.0, 4.0], [5.0, 9.0, 6.0]]);
        let every_other = array.slice(s![..;-2, ..;2]);
        let points = Points::from(every_other);
        assert!(
            matches!(&points, Points::F32(rows) if rows.is_view() && rows.as_ptr() == every_other.as_ptr())
        );
        assert_eq!(collect(&points).1, [5.0, 6.0, 1.0, 2.0]);
        let double = array.mapv(f64::from);
        let points = Points::from(double.t());
        assert!(matches!(&points, Points::F64(rows) if rows.is_view()));
        assert_eq!(collect(&points).1, [1.0, 3.0, 5.0, 9.0, 9.0, 9.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn the_first_error_ends_the_walk() {
        let mut calls = 0;
        let points = Points::from(Array2::<f32>::zeros((3, CHUNK_BYTES / 4)));
        let result: Result<(), DataError> = points.visit(&mut |_, _| {
            calls += 1;
            Err(DataError::Empty { name: "x".into() })
        });
        assert!(matches!(result, Err(DataError::Empty { .. })));
        assert_eq!(calls, 1);
    }
}
