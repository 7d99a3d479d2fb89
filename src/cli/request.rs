//! Flags -> parameters, with defaults that depend on other flags.

use anyhow::Context;
use cairn::data::{self, DataError, Header, LoadOptions, Points};
use cairn::engine::Device;
use cairn::kmeans::{Init, KMeans, Params, ParamsError};
use ndarray::Array2;

use super::args::{InitArg, JobArgs, TableArgs};

/// Default number of clusters.
const CLUSTERS: usize = 10;
/// Default restarts for the digits: enough under most seeds to come within a few millionths of the best known
/// inertia.
const RESTARTS_OF_DIGITS: u64 = 1000;
const RESTARTS: u64 = 10;

/// Options for reading the data.
pub(super) fn load_options(args: &JobArgs) -> LoadOptions {
    LoadOptions {
        header: args.table.header.into(),
        delimiter: args.table.delimiter,
        truth: args.truth.clone(),
        weights: args.weights.clone(),
        ignore: args.ignore.clone(),
    }
}

/// Checks the parameters by themselves, before data are read.
pub(super) fn check_alone(args: &JobArgs) -> Result<(), ParamsError> {
    let file = matches!(args.init, InitArg::File(_));
    if let (true, Some(restarts @ 2..)) = (file, args.restarts) {
        return Err(ParamsError::RestartsOfOneStart(restarts));
    }
    kmeans(args, args.clusters.unwrap_or(CLUSTERS)).check().map(drop)
}

/// The parameters, with start centroids read from their file if there is one.
pub(super) fn params(args: &JobArgs, device: Device) -> anyhow::Result<Params> {
    let (n_clusters, init) = match &args.init {
        InitArg::KMeansPlusPlus => (args.clusters.unwrap_or(CLUSTERS), Init::KMeansPlusPlus),
        InitArg::Random => (args.clusters.unwrap_or(CLUSTERS), Init::Random),
        InitArg::File(file) => {
            let centroids = centroids(file, &args.table)?;
            (args.clusters.unwrap_or(centroids.nrows()), Init::Centroids(centroids))
        }
    };
    let params = kmeans(args, n_clusters).init(init).device(device).check();
    params.with_context(|| format!("--init {}", init_name(&args.init)))
}

/// `--init` as typed.
pub(super) fn init_name(init: &InitArg) -> &str {
    match init {
        InitArg::KMeansPlusPlus => "k-means++",
        InitArg::Random => "random",
        InitArg::File(file) => file,
    }
}

fn kmeans(args: &JobArgs, n_clusters: usize) -> KMeans {
    let kmeans = KMeans::new(n_clusters)
        .restarts(args.restarts.unwrap_or_else(|| default_restarts(args)))
        .seed(args.seed)
        .max_iter(args.max_iter)
        .tol(args.tol);
    match args.threads.threads {
        Some(threads) => kmeans.threads(threads),
        None => kmeans,
    }
}

fn default_restarts(args: &JobArgs) -> u64 {
    match (&args.init, args.data.as_str()) {
        (InitArg::File(_), _) => 1,
        (_, "digits") => RESTARTS_OF_DIGITS,
        _ => RESTARTS,
    }
}

/// Reads start centroids from a file of numbers, with or without a header. `--header` is about the data, and about
/// this file only if it is doubtful.
fn centroids(file: &str, table: &TableArgs) -> anyhow::Result<Array2<f64>> {
    // the embedded digits are not centroids
    let source = if file == "digits" { "./digits" } else { file };
    let load = |header| data::load(source, &LoadOptions { header, ..LoadOptions::default() });
    let table = match load(Header::Auto) {
        // standard input can't be read again
        Err(DataError::DoubtfulHeader { .. })
            if Header::from(table.header) != Header::Auto && source != "-" =>
        {
            load(table.header.into())
        }
        loaded => loaded,
    };
    let table = table.map_err(|error| match error {
        DataError::NotFound { name } => {
            anyhow::anyhow!(
                "{name}: no such file; give k-means++, random, or a CSV or .npy file of centroids"
            )
        }
        error => error.into(),
    });
    let centroids = table.and_then(|table| Ok(to_f64(&table.points)?));
    centroids.context("--init")
}

fn to_f64(points: &Points) -> Result<Array2<f64>, DataError> {
    let values = points.to_f64()?;
    let n_dims = points.n_dims();
    Ok(Array2::from_shape_fn((values.len() / n_dims, n_dims), |(c, j)| values[c * n_dims + j]))
}
