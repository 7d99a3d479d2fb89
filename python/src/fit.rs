//! A fit, and what it returns.

use cairn::data::{Dataset, Scale};
use cairn::engine::{Device, Metric, OpenOptions};
use cairn::kmeans::{self, Algorithm, Init, KMeans, Minibatch, Progress, Search, fit_on, in_threads};
use cairn::warnings::{self, Warning};
use numpy::{PyArray1, PyArray2, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

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
    /// -1 for a row without a label. (n_points)
    labels: Py<PyArray1<i32>>,
    inertia: f64,
    /// The inertia less that of the same centroids with the nearest labels: 0 without limits on sizes.
    limits_cost: f64,
    n_iter: u32,
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
    model: cairn::model::Model,
    warnings: Vec<Warning>,
}

/// Fits the table.
#[pyfunction]
pub(crate) fn fit(
    py: Python<'_>,
    table: Table<'_>,
    request: Request<'_>,
    callback: Option<Py<PyAny>>,
) -> PyResult<Fit> {
    let (data, kmeans, options) = (table.dataset()?, request.kmeans()?, options()?);
    let (threads, tol, metric) = (request.threads, request.tol, request.metric()?);
    let done = work::run(py, callback.as_ref(), |watcher| {
        // a pool of its own: threads of a common one would be missing after a fork
        in_threads(Some(threads), || run(&for_metric(data, metric)?, kmeans, tol, options, watcher))
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
    Ok(Done { fit, model, warnings })
}

impl Done {
    fn into_python(self, py: Python<'_>) -> PyResult<Fit> {
        let Self { fit, model, warnings } = self;
        let outcomes = &fit.restarts.outcomes;
        let inertias: Vec<f64> = outcomes.iter().map(|outcome| fit.cost(outcome.inertia)).collect();
        let iterations: Vec<u32> = outcomes.iter().map(|outcome| outcome.iterations).collect();
        let stops: Vec<u8> = outcomes.iter().map(|outcome| outcome.stop as u8).collect();
        let labels: Vec<i32> = fit.labels().iter().map(|&label| label as i32).collect(); // NO_LABEL as -1
        let code = |warning: &Warning| format!("{:?}", warning.code);
        Ok(Fit {
            centroids: fit.centroids().to_pyarray(py).unbind(),
            labels: PyArray1::from_vec(py, labels).unbind(),
            inertia: fit.inertia(),
            limits_cost: fit.unlimited.map_or(0.0, |nearest| fit.cost(fit.best.inertia - nearest)),
            n_iter: fit.best.iterations,
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
