//! Fits for several numbers of clusters.

use cairn::kmeans::in_threads;
use cairn::sweep::{SweepPlan, SweepRun};
use pyo3::prelude::*;

use crate::devices::{open, options};
use crate::errors::Failure;
use crate::fit::{Request, for_metric};
use crate::table::Table;
use crate::{tolerance, work};

/// Clusters, seed, inertia, three measures, fingerprint.
type Row = (usize, u64, f64, Option<f64>, Option<f64>, Option<f64>, String);

/// Fits the table with every number of clusters and every seed; those of `request` are ignored.
#[pyfunction]
pub(crate) fn sweep(
    py: Python<'_>,
    table: Table<'_>,
    request: Request<'_>,
    n_clusters: Vec<usize>,
    seeds: Vec<u64>,
    measures: bool,
) -> PyResult<Vec<Row>> {
    let (data, kmeans, options) = (table.dataset()?, request.kmeans()?, options()?);
    let (threads, tol, metric) = (request.threads(), request.tol(), request.metric()?);
    let most = n_clusters.iter().copied().max().unwrap_or(1);
    let runs = work::run(py, None, |watcher| {
        in_threads(Some(threads), || -> Result<Vec<SweepRun>, Failure> {
            let data = for_metric(data, metric)?;
            let kmeans = tolerance::set(kmeans, tol, &data)?;
            // the package's sweep has no gap statistic
            let plan =
                SweepPlan { kmeans, n_clusters, seeds, measures, reference_sets: 0, best_so_far: false };
            let opened = open(options, &data, &plan.kmeans.clone().clusters(most).check()?)?;
            Ok(cairn::sweep::sweep(&opened, &data, None, &plan, &mut |_| watcher.ends())?)
        })
    })?;
    Ok(runs?.into_iter().map(row).collect())
}

fn row(run: SweepRun) -> Row {
    let SweepRun { n_clusters, seed, inertia, silhouette, calinski_harabasz, davies_bouldin, .. } = run;
    (n_clusters, seed, inertia, silhouette, calinski_harabasz, davies_bouldin, run.fingerprint)
}
