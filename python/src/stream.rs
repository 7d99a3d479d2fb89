//! Streams: k-means of rows that come in batches.

use cairn::engine;
use cairn::engine::OpenOptions;
use cairn::kmeans::{self, in_threads};
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::devices::options;
use crate::errors::Failure;
use crate::fit::{Request, for_metric};
use crate::model::Model;
use crate::table::Table;
use crate::work;

/// A stream, and where its batches are computed.
#[pyclass(module = "cairn_kmeans._cairn")]
pub(crate) struct Stream {
    stream: kmeans::Stream,
    columns: Vec<String>,
    device: engine::Device,
    options: OpenOptions,
    threads: usize,
}

#[pymethods]
impl Stream {
    /// One with these parameters; with the least and the largest value of each feature, or three times the range of its
    /// first batch.
    #[new]
    fn new(request: Request<'_>, ranges: Option<Vec<(f64, f64)>>) -> PyResult<Self> {
        let kmeans = request.kmeans()?;
        let stream = || -> Result<kmeans::Stream, Failure> {
            let params = kmeans.tol(request.tol()).check()?;
            Ok(match &ranges {
                None => kmeans::Stream::new(&params)?,
                Some(ranges) => kmeans::Stream::with_ranges(&params, ranges)?,
            })
        };
        let (device, threads) = (request.device(), request.threads());
        Ok(Self { stream: stream()?, columns: Vec::new(), device, options: options()?, threads })
    }

    /// Learns from the next batch, and returns the labels of its rows. (n_points)
    fn partial_fit<'py>(
        &mut self,
        py: Python<'py>,
        table: Table<'py>,
    ) -> PyResult<Bound<'py, PyArray1<i32>>> {
        let data = table.dataset()?;
        let columns = data.columns.clone();
        let Self { stream, device, options, threads, .. } = self;
        let labels = work::run(py, None, |_| {
            in_threads(Some(*threads), || -> Result<Vec<u32>, Failure> {
                let data = for_metric(data, stream.params().metric())?;
                let opened = engine::open(device, options)?;
                Ok(stream.partial_fit(opened.engine.as_ref(), &data)?)
            })
        })??;
        self.columns = columns;
        Ok(PyArray1::from_vec(py, labels.into_iter().map(|label| label as i32).collect()))
    }

    /// Weight of the rows that ever came to each centroid. (n_clusters)
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        PyArray1::from_slice(py, self.stream.counts())
    }

    #[getter]
    fn n_batches(&self) -> u64 {
        self.stream.n_batches()
    }

    /// The model of the centroids so far; none before the first batch.
    #[getter]
    fn model(&self) -> Option<Model> {
        self.stream.model(&self.columns, "stream").map(Model)
    }
}
