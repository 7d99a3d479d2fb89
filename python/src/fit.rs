//! A fit, and what it returns.

use std::ops::Range;

use cairn::comm::{Comm, CommError, agree};
use cairn::data::{Dataset, Scale};
use cairn::engine::{Device, Metric, OpenOptions};
use cairn::kmeans::{
    self, Algorithm, Init, KMeans, Minibatch, Progress, Search, Step, fit_on, fit_on_ranks, in_threads,
};
use cairn::warnings::{self, Warning};
use numpy::{PyArray1, PyArray2, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use crate::comm::PyComm;
use crate::devices::{open, options};
use crate::errors::Failure;
use crate::model::Model;
use crate::table::{Table, unexpected};
use crate::tolerance;
use crate::work::{self, Watcher};

/// Parameters, as Python gives them.
#[derive(FromPyObject)]
pub(crate) struct Request<'py> {
    #[pyo3(item)]
    n_clusters: usize,
    #[pyo3(item)]
    n_restarts: u64,
    #[pyo3(item)]
    init: Start<'py>,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    max_iter: u32,
    #[pyo3(item)]
    tol: f64,
    #[pyo3(item)]
    metric: String,
    #[pyo3(item)]
    refine: bool,
    #[pyo3(item)]
    population: Option<u64>,
    /// Fewest and most rows of a cluster.
    #[pyo3(item)]
    sizes: (Option<u64>, Option<u64>),
    /// Rows and number of the batches of minibatch.
    #[pyo3(item)]
    batches: Option<(u32, u32)>,
    #[pyo3(item)]
    device: String,
    #[pyo3(item)]
    threads: usize,
}

/// The name of a seeding, or centroids.
#[derive(FromPyObject)]
enum Start<'py> {
    Named(String),
    Centroids(PyReadonlyArray2<'py, f64>),
}

impl Request<'_> {
    pub(crate) fn device(&self) -> Device {
        Device::parse(&self.device)
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    pub(crate) fn metric(&self) -> PyResult<Metric> {
        let metric = Metric::ALL.into_iter().find(|metric| metric.name() == self.metric);
        metric.ok_or_else(|| unexpected(&format!("there is no metric {:?}", self.metric)))
    }

    /// The `tol` of scikit-learn, which [`tolerance::set`] converts.
    pub(crate) fn tol(&self) -> f64 {
        self.tol
    }

    /// The parameters of the library, without `tol`.
    pub(crate) fn kmeans(&self) -> PyResult<KMeans> {
        let init = match &self.init {
            Start::Named(name) if name == "k-means++" => Init::KMeansPlusPlus,
            Start::Named(name) if name == "random" => Init::Random,
            Start::Named(name) => return Err(unexpected(&format!("there is no init {name:?}"))),
            Start::Centroids(rows) => Init::Centroids(rows.as_array().to_owned()),
        };
        Ok(KMeans::new(self.n_clusters)
            .metric(self.metric()?)
            .refine(self.refine)
            .search(self.population.map_or(Search::Restarts, |population| Search::Evolve { population }))
            .algorithm(self.batches.map_or(Algorithm::Lloyd, |(rows, batches)| {
                Algorithm::Minibatch(Minibatch { rows, batches })
            }))
            .sizes(self.sizes.0, self.sizes.1)
            .restarts(self.n_restarts)
            .init(init)
            .seed(self.seed)
            .max_iter(self.max_iter)
            .device(self.device())
            .best_so_far(true))
    }
}

/// Inertias, iterations and stop codes. (n_restarts)
type Restarts = (Py<PyArray1<f64>>, Py<PyArray1<u32>>, Py<PyArray1<u8>>);

/// A fit.
#[pyclass(frozen, get_all, module = "cairn_kmeans._cairn")]
pub(crate) struct Fit {
    /// (n_clusters, n_dims)
    centroids: Py<PyArray2<f64>>,
    /// Of the rows of this process; -1 for a row without a label. (n_points)
    labels: Py<PyArray1<i32>>,
    inertia: f64,
    /// The inertia less that of the same centroids with the nearest labels: 0 without limits on sizes.
    limits_cost: f64,
    n_iter: u32,
    /// Clusters without a row of positive weight.
    empty: usize,
    fingerprint: String,
    device: String,
    rounding: f64,
    model: Py<Model>,
    /// Inertia, iterations and stop code of each restart.
    restarts: Restarts,
    /// Code and text of each doubt.
    warnings: Vec<(String, String)>,
}

/// What is computed without the interpreter's lock.
struct Done {
    fit: kmeans::Fit,
    rows: Range<usize>, // of this process
    model: cairn::model::Model,
    warnings: Vec<Warning>,
}

/// Fits the table.
#[pyfunction]
#[pyo3(signature = (table, request, callback, comm=None))]
pub(crate) fn fit(
    py: Python<'_>,
    table: Table<'_>,
    request: Request<'_>,
    callback: Option<Py<PyAny>>,
    comm: Option<Bound<'_, PyAny>>,
) -> PyResult<Fit> {
    let comm = comm.map(|comm| PyComm::new(&comm)).transpose()?;
    let prepared = || Ok((table.dataset()?, request.kmeans()?, options()?, request.metric()?));
    let prepared: PyResult<_> = prepared();
    if let (Some(comm), Err(error)) = (&comm, &prepared) {
        let told: Result<(), CommError> =
            py.detach(|| agree(comm, Err(CommError::Lost { reason: error.to_string() })));
        debug_assert!(told.is_err());
    }
    let (data, kmeans, options, metric) = prepared?;
    let (threads, tol) = (request.threads, request.tol);
    let done = work::run(py, callback.as_ref(), |watcher| {
        // a pool of its own: threads of a common one would be missing after a fork
        match &comm {
            None => {
                in_threads(Some(threads), || run(&for_metric(data, metric)?, kmeans, tol, options, watcher))
            }
            Some(comm) => {
                let data = agree(comm, for_metric(data, metric))?;
                run_on_rank(&data, kmeans.tol(tol).threads(threads), options, watcher, comm)
            }
        }
    })?;
    done?.into_python(py)
}

/// The table as the metric needs it.
pub(crate) fn for_metric(data: Dataset<'_>, metric: Metric) -> Result<Dataset<'_>, Failure> {
    Ok(match metric {
        Metric::Euclidean => data,
        Metric::Cosine => data.scaled(Scale::Unit)?,
    })
}

fn run(
    data: &Dataset<'_>,
    kmeans: KMeans,
    tol: f64,
    options: OpenOptions,
    watcher: &Watcher<'_>,
) -> Result<Done, Failure> {
    let params = tolerance::set(kmeans, tol, data)?.check()?;
    let opened = open(options, data, &params)?;
    let mut seen = |progress: &Progress<'_>| match progress.batch {
        [] => watcher.ends(),
        _ => watcher.step((progress.done, progress.of, progress.best)),
    };
    let fit = fit_on(&opened, data, &params, &mut seen)?;
    let params = match params.algorithm() {
        // perhaps fewer than were asked for
        Algorithm::Lloyd => KMeans::from(params).restarts(fit.restarts.count()).check()?,
        Algorithm::Bisecting | Algorithm::Minibatch(_) => params,
    };
    let model = fit.model(data, &params)?;
    let warnings = warnings::of_fit(&fit, data)?;
    Ok(Done { rows: 0..fit.n_points, fit, model, warnings })
}

/// The fit of a rank, with its own rows. `tol` is compared with the variance of the weighted rows.
fn run_on_rank(
    own: &Dataset<'_>,
    kmeans: KMeans,
    options: OpenOptions,
    watcher: &Watcher<'_>,
    comm: &dyn Comm,
) -> Result<Done, Failure> {
    let opened =
        kmeans.check().map_err(Failure::from).and_then(|params| Ok((open(options, own, &params)?, params)));
    let (opened, params) = agree(comm, opened)?;
    let mut seen = |step: Step<'_>| match step {
        Step::Restarts(progress) if !progress.batch.is_empty() => {
            watcher.step((progress.done, progress.of, progress.best))
        }
        _ => watcher.ends(),
    };
    let fit = fit_on_ranks(&opened, own, &params, comm, None, &mut seen)?;
    let params = KMeans::from(params).restarts(fit.restarts.count()).check()?;
    let model = fit.model_on_ranks(own, &params, comm)?;
    let counts = comm.gather(&(own.points.n_points() as u64).to_le_bytes())?;
    let count =
        |bytes: &Vec<u8>| bytes.as_chunks().0.iter().map(|&n| u64::from_le_bytes(n) as usize).sum::<usize>();
    let first = counts[..comm.rank()].iter().map(count).sum();
    let warnings = warnings::of_rank(&fit, own)?;
    Ok(Done { rows: first..first + own.points.n_points(), fit, model, warnings })
}

impl Done {
    fn into_python(self, py: Python<'_>) -> PyResult<Fit> {
        let Self { fit, rows, model, warnings } = self;
        let outcomes = &fit.restarts.outcomes;
        let inertias: Vec<f64> = outcomes.iter().map(|outcome| fit.cost(outcome.inertia)).collect();
        let iterations: Vec<u32> = outcomes.iter().map(|outcome| outcome.iterations).collect();
        let stops: Vec<u8> = outcomes.iter().map(|outcome| outcome.stop as u8).collect();
        let labels: Vec<i32> = fit.labels()[rows].iter().map(|&label| label as i32).collect(); // NO_LABEL as -1
        let code = |warning: &Warning| format!("{:?}", warning.code);
        Ok(Fit {
            centroids: fit.centroids().to_pyarray(py).unbind(),
            labels: PyArray1::from_vec(py, labels).unbind(),
            inertia: fit.inertia(),
            limits_cost: fit.unlimited.map_or(0.0, |nearest| fit.cost(fit.best.inertia - nearest)),
            n_iter: fit.best.iterations,
            empty: fit.empty(),
            fingerprint: fit.fingerprint.clone(),
            device: format!("{} ({})", fit.device.used, fit.device.adapter),
            rounding: fit.rounding.rms,
            model: Py::new(py, Model(model))?,
            restarts: (
                PyArray1::from_vec(py, inertias).unbind(),
                PyArray1::from_vec(py, iterations).unbind(),
                PyArray1::from_vec(py, stops).unbind(),
            ),
            warnings: warnings.into_iter().map(|warning| (code(&warning), warning.text)).collect(),
        })
    }
}
