//! Models: labels, distances and scores of rows; their bytes.

use std::path::PathBuf;

use cairn::engine::OpenOptions;
use cairn::engine::cpu::Cpu;
use cairn::kmeans::in_threads;
use cairn::lattice::LatticeError;
use cairn::model::{self, PredictError, Prediction, Predictor};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::Failure;
use crate::table::{Rows, View};
use crate::work;

/// Rows that are placed at a time, so that their places take little memory.
const BLOCK: usize = 1 << 15;

/// A fitted model.
#[pyclass(frozen, module = "cairn_kmeans._cairn")]
pub(crate) struct Model(pub(crate) model::Model);

#[pymethods]
impl Model {
    /// The model of these bytes, as in a file that `save` or the command wrote.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        let model = work::guarded(|| model::Model::from_bytes("bytes", bytes))?;
        Ok(Self(model.map_err(Failure::from)?))
    }

    /// The model of this file.
    #[staticmethod]
    fn load(path: PathBuf) -> PyResult<Self> {
        let model = work::guarded(|| model::Model::load(&path))?;
        Ok(Self(model.map_err(Failure::from)?))
    }

    /// Writes a file.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        Ok(work::guarded(|| self.0.save(&path))?.map_err(Failure::from)?)
    }

    /// The bytes of the file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work::guarded(|| self.0.to_bytes())?;
        Ok(PyBytes::new(py, &bytes.map_err(Failure::from)?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((py.get_type::<Self>().getattr("from_bytes")?, (self.to_bytes(py)?,)))
    }

    /// Centroids in the user's units. (n_clusters, n_dims)
    #[getter]
    fn centroids<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.values().to_pyarray(py)
    }

    #[getter]
    fn inertia(&self) -> f64 {
        self.0.inertia()
    }

    #[getter]
    fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    #[getter]
    fn device(&self) -> &str {
        &self.0.provenance.device
    }

    #[getter]
    fn columns(&self) -> Vec<String> {
        self.0.columns.clone()
    }

    /// Seed, restarts, name of the seeding, most iterations, tolerance, metric.
    #[getter]
    fn params(&self) -> (u64, u64, String, u32, f64, &'static str) {
        let params = &self.0.params;
        let (init, metric) = (params.init.clone(), params.metric.name());
        (params.seed, params.n_restarts, init, params.max_iter, params.tol, metric)
    }

    /// The nearest centroid of each row. (n_rows)
    fn predict<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'py>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray1<i32>>> {
        let mut labels = Vec::new();
        self.each(py, &rows, threads, &mut |found, _| labels.push(found.label as i32))?;
        Ok(PyArray1::from_vec(py, labels))
    }

    /// The sum of the squared distances to the nearest centroids, each times its weight.
    fn cost(
        &self,
        py: Python<'_>,
        rows: Rows<'_>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        threads: usize,
    ) -> PyResult<f64> {
        let weights = weights.map(|weights| weights.as_array().to_vec());
        let mut sum = 0.0;
        self.each(py, &rows, threads, &mut |found, row| {
            sum += found.distance * found.distance * weights.as_ref().map_or(1.0, |weights| weights[row]);
        })?;
        Ok(sum)
    }

    /// The distance of each row to every centroid. (n_rows, n_clusters)
    fn transform<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'py>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let k = self.0.n_clusters();
        let mut distances = Vec::new();
        self.blocks(py, &rows, threads, || {
            Ok(|block: View<'_>, _| {
                let values = match block {
                    View::F32(rows) => rows.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>(),
                    View::F64(rows) => rows.iter().copied().collect(),
                };
                distances.extend(self.0.transform(&values)?);
                Ok(())
            })
        })?;
        let n = distances.len() / k;
        PyArray1::from_vec(py, distances).reshape([n, k])
    }
}

impl Model {
    /// Calls `take` with the prediction and the index of each row, in order.
    fn each(
        &self,
        py: Python<'_>,
        rows: &Rows<'_>,
        threads: usize,
        take: &mut (dyn FnMut(Prediction, usize) + Send),
    ) -> PyResult<()> {
        let cpu = Cpu::open(&OpenOptions::default()).map_err(Failure::from)?;
        self.blocks(py, rows, threads, || {
            let mut predictor = Predictor::new(&self.0, &cpu)?;
            Ok(move |block: View<'_>, first| {
                let found = match block {
                    View::F32(rows) => predictor.predict_view(rows)?,
                    View::F64(rows) => predictor.predict_view(rows)?,
                };
                (first..).zip(found).for_each(|(row, found)| take(found, row));
                Ok(())
            })
        })
    }

    /// Makes the work in a pool of threads, and calls it there with blocks of rows and the index of their first, in order.
    fn blocks<W: FnMut(View<'_>, usize) -> Result<(), PredictError>>(
        &self,
        py: Python<'_>,
        rows: &Rows<'_>,
        threads: usize,
        make: impl FnOnce() -> Result<W, PredictError> + Send,
    ) -> PyResult<()> {
        let view = rows.view();
        let n = view.n_rows();
        let done = work::run(py, None, |watcher| {
            in_threads(Some(threads), || -> Result<(), Failure> {
                let mut work = make()?;
                for first in (0..n).step_by(BLOCK) {
                    work(view.slice(first..n.min(first + BLOCK)), first)
                        .map_err(|error| after(error, first))?;
                    if watcher.ends().is_break() {
                        break;
                    }
                }
                Ok(())
            })
        })?;
        Ok(done?)
    }
}

/// An error of rows that come after so many others.
fn after(error: PredictError, first: usize) -> PredictError {
    match error {
        PredictError::Lattice(LatticeError::TooFarOutside { row, column, value, centre, limit }) => {
            LatticeError::TooFarOutside { row: row + first, column, value, centre, limit }.into()
        }
        PredictError::NoDirection { row } => PredictError::NoDirection { row: row + first },
        error => error,
    }
}
