//! Arrays of numpy as tables. The memory of an array is read in place, whatever its strides.

use std::ops::Range;

use cairn::data::Dataset;
use cairn::ndarray::{ArrayView2, s};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// An array of one of the two types, borrowed.
#[derive(FromPyObject)]
pub(crate) enum Rows<'py> {
    /// Single precision.
    F32(PyReadonlyArray2<'py, f32>),
    /// Double precision.
    F64(PyReadonlyArray2<'py, f64>),
}

/// Its values.
pub(crate) enum View<'a> {
    F32(ArrayView2<'a, f32>),
    F64(ArrayView2<'a, f64>),
}

impl View<'_> {
    pub(crate) fn n_rows(&self) -> usize {
        match self {
            Self::F32(rows) => rows.nrows(),
            Self::F64(rows) => rows.nrows(),
        }
    }

    /// Some rows.
    pub(crate) fn slice(&self, rows: Range<usize>) -> View<'_> {
        match self {
            Self::F32(all) => View::F32(all.slice(s![rows, ..])),
            Self::F64(all) => View::F64(all.slice(s![rows, ..])),
        }
    }
}

impl Rows<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::F32(rows) => View::F32(rows.as_array()),
            Self::F64(rows) => View::F64(rows.as_array()),
        }
    }
}

/// Rows, their weights and the names of their columns, as Python gives them.
#[derive(FromPyObject)]
pub(crate) struct Table<'py> {
    #[pyo3(item)]
    rows: Rows<'py>,
    #[pyo3(item)]
    weights: Option<PyReadonlyArray1<'py, f64>>,
    #[pyo3(item)]
    columns: Option<Vec<String>>,
}

impl Table<'_> {
    /// The table of the library.
    pub(crate) fn dataset(&self) -> PyResult<Dataset<'_>> {
        let mut data = match self.rows.view() {
            View::F32(rows) => Dataset::new("array", rows),
            View::F64(rows) => Dataset::new("array", rows),
        };
        if let Some(columns) = &self.columns {
            data.columns.clone_from(columns);
        }
        match &self.weights {
            Some(weights) => Ok(data.with_weights(weights.as_array().to_vec())),
            None => Ok(data),
        }
    }
}

/// The error of a mistake in the Python half.
pub(crate) fn unexpected(what: &str) -> PyErr {
    PyValueError::new_err(format!("{what}; please report this"))
}
