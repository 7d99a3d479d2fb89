//! A communicator of Python, through which the processes of a fit reach each other.

use cairn::comm::{Comm, CommError};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// An object with the methods of `cairn_kmeans._comm.Comm`.
pub(crate) struct PyComm {
    object: Py<PyAny>,
    rank: usize,
    size: usize,
}

impl PyComm {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let number = |name: &str| object.getattr(name)?.extract();
        Ok(Self { rank: number("rank")?, size: number("size")?, object: object.clone().unbind() })
    }

    /// Calls it with the interpreter's lock.
    fn call<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, CommError> {
        Python::attach(|py| call(self.object.bind(py)))
            .map_err(|error| CommError::Lost { reason: error.to_string() })
    }
}

impl Comm for PyComm {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), CommError> {
        self.call(|object| {
            let array = PyArray1::from_slice(object.py(), words);
            let sum = object.call_method1("sum", (array,))?;
            let sum = sum.cast::<PyArray1<u64>>()?.readonly();
            words.copy_from_slice(sum.as_slice()?);
            Ok(())
        })
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        self.call(|object| {
            let all = object.call_method1("gather", (PyBytes::new(object.py(), bytes),))?;
            all.try_iter()?.map(|bytes| Ok(bytes?.cast::<PyBytes>()?.as_bytes().to_vec())).collect()
        })
    }

    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError> {
        self.call(|object| {
            let own = PyBytes::new(object.py(), bytes);
            let got = object.call_method1("broadcast", (own, root))?;
            *bytes = got.cast::<PyBytes>()?.as_bytes().to_vec();
            Ok(())
        })
    }
}
