//! Flags -> parameters, with defaults that depend on other flags.

use anyhow::Context;
use cairn::data::{self, DIGITS, DataError, Dataset, LoadOptions, Loaded, ReadCounter, Scale};
use cairn::engine::{Device, Metric};
use cairn::kmeans::{Algorithm, Init, KMeans, MOST_OUTCOMES, Params, ParamsError, Search};

use super::args::{
    ColumnArgs, InitArg, JobArgs, MetricArg, MetricArgs, MissingArgs, ScaleArg, ScaleArgs, SearchArg,
    SearchArgs, TableArgs,
};
use super::failure::Usage;
use super::input::typed;
use super::progress::Bar;
use super::starts::{StartColumns, Starts};

/// Default number of clusters, for the digits.
const CLUSTERS: usize = 10;
/// Default restarts for the digits: enough under most seeds to come within a few millionths of the best known
/// inertia.
const RESTARTS_OF_DIGITS: u64 = 1000;
const RESTARTS: u64 = 10;

/// Options for reading the data: one table, with no column of classes or weights.
pub(super) fn load_options(table: &TableArgs, columns: &ColumnArgs, missing: &MissingArgs) -> LoadOptions {
    LoadOptions {
        read: table.read_options(),
        columns: columns.columns.clone(),
        ignore: columns.ignore.clone(),
        numeric: columns.numeric || missing.clean,
        missing: missing.how().into(),
        ..LoadOptions::default()
    }
}

/// Loads the data, with the rows of more files, and scales them.
pub(super) fn load(args: &JobArgs, more: &[String]) -> Result<Dataset<'static>, DataError> {
    Ok(load_kept(args, more, false)?.data)
}

/// The same with the source, whose rows can be read again if `reread` asks for it.
pub(super) fn load_kept(args: &JobArgs, more: &[String], reread: bool) -> Result<Loaded, DataError> {
    let mut options = options_of(args, more);
    options.read.reread = reread;
    load_asked(args, options)
}

/// The options for the table, its truth and its weights.
pub(super) fn options_of(args: &JobArgs, more: &[String]) -> LoadOptions {
    LoadOptions {
        truth: args.truth.clone(),
        truth_file: args.truth_file.clone(),
        weights: args.weights.clone(),
        more: more.to_vec(),
        ..load_options(&args.table, &args.columns, &args.missing)
    }
}

/// Loads the data by these options, and scales them.
pub(super) fn load_asked(args: &JobArgs, options: LoadOptions) -> Result<Loaded, DataError> {
    let Loaded { data, source } = load_watched(&args.data, options)?;
    Ok(Loaded { data: scaled(data, &args.scale, &args.metric)?, source })
}

/// Loads a table, and shows how far that is.
pub(super) fn load_watched(source: &str, mut options: LoadOptions) -> Result<Loaded, DataError> {
    let counter = ReadCounter::default();
    let sources: Vec<String> = [source.to_owned()].into_iter().chain(options.more.iter().cloned()).collect();
    options.read.counter = Some(counter.clone());
    let _bar = Bar::read(&sources, &counter);
    data::load_kept(source, &options)
}

/// The data, scaled as asked for, or as the metric needs.
pub(super) fn scaled(
    data: Dataset<'static>,
    scale: &ScaleArgs,
    metric: &MetricArgs,
) -> Result<Dataset<'static>, DataError> {
    match (metric.metric, scale.scale.scale()) {
        (MetricArg::Cosine, _) => data.scaled(Scale::Unit),
        (MetricArg::Euclidean, Some(scale)) => data.scaled(scale),
        (MetricArg::Euclidean, None) => Ok(data),
    }
}

/// Checks that the scale suits the metric.
pub(super) fn check_metric(metric: &MetricArgs, scale: &ScaleArgs) -> Result<(), Usage> {
    let other = match (metric.metric, scale.scale) {
        (MetricArg::Euclidean, _) | (MetricArg::Cosine, ScaleArg::None | ScaleArg::Unit) => return Ok(()),
        (MetricArg::Cosine, other) => other.scale().map_or("none", Scale::name),
    };
    Err(Usage(format!(
        "--metric cosine with --scale {other}: the metric itself scales rows to length 1, and a table is scaled once; \
         leave out --scale, or use --metric euclidean"
    )))
}

/// Checks that the number of clusters is given where nothing else tells it.
pub(super) fn check_clusters(args: &JobArgs, more: &[String]) -> Result<(), Usage> {
    let is_told = args.clusters.is_some() || args.data == DIGITS || matches!(args.init, InitArg::File(_));
    if is_told {
        return Ok(());
    }
    let files = [&args.data].into_iter().chain(more).map(|file| typed(file));
    let data = files.collect::<Vec<_>>().join(" ");
    Err(Usage(format!(
        "{}: how many clusters? -k 8 asks for 8; to choose a number, `cairn sweep {data}`, with the same flags for \
         its columns and rows, measures 2 to 20",
        args.data
    )))
}

/// Checks the parameters by themselves, before data are read.
pub(super) fn check_alone(args: &JobArgs) -> anyhow::Result<()> {
    check_metric(&args.metric, &args.scale)?;
    let file = matches!(args.init, InitArg::File(_));
    if let (true, Some(restarts @ 2..)) = (file, args.restarts) {
        return Err(ParamsError::RestartsOfOneStart(restarts).into());
    }
    kmeans(args, args.clusters.unwrap_or(CLUSTERS)).check()?;
    Ok(())
}

/// The parameters, before the data are read.
pub(super) struct Asked {
    pub(super) params: Params,
    starts: Option<Starts>,
}

impl Asked {
    /// The same with this algorithm, and limits on sizes: the least and the most.
    pub(super) fn with(
        self,
        algorithm: Algorithm,
        [min, max]: [Option<u64>; 2],
    ) -> Result<Self, ParamsError> {
        let kmeans = KMeans::from(self.params).algorithm(algorithm).sizes(min, max);
        Ok(Self { params: kmeans.check()?, ..self })
    }

    /// The same from this restart on.
    pub(super) fn begun_at(self, first: u64) -> Result<Self, ParamsError> {
        Ok(Self { params: KMeans::from(self.params).first_restart(first).check()?, ..self })
    }

    /// The parameters for these data: start centroids from a file have the order of its columns.
    pub(super) fn of_data(self, data: &Dataset<'_>) -> anyhow::Result<(Params, StartColumns)> {
        let Some(starts) = self.starts else { return Ok((self.params, StartColumns::None)) };
        let (mut centroids, columns) = starts.in_order_of(data)?;
        // as they are written: in the units of the data, but for rows of length 1
        if let Some(scaling) = data.points.scaling().filter(|scaling| scaling.scale() != Scale::Unit) {
            for mut row in centroids.rows_mut() {
                let mut values = row.to_vec();
                scaling.apply(&mut values);
                row.iter_mut().zip(values).for_each(|(to, value)| *to = value);
            }
        }
        Ok((KMeans::from(self.params).init(Init::Centroids(centroids)).check()?, columns))
    }
}

/// The parameters, with start centroids read from their file if there is one.
pub(super) fn params(args: &JobArgs, device: Device) -> anyhow::Result<Asked> {
    let starts = match &args.init {
        InitArg::File(file) => Some(Starts::read(file, &args.table)?),
        _ => None,
    };
    let init = match (&args.init, &starts) {
        (_, Some(starts)) => Init::Centroids(starts.centroids.clone()),
        (InitArg::Random, _) => Init::Random,
        _ => Init::KMeansPlusPlus,
    };
    let default = starts.as_ref().map_or(CLUSTERS, |starts| starts.centroids.nrows());
    let params = kmeans(args, args.clusters.unwrap_or(default)).init(init).device(device).check();
    let params = params.with_context(|| format!("--init {}", init_name(&args.init)))?;
    Ok(Asked { params, starts })
}

/// `, metric cosine`, to add to a job in words; nothing for the usual metric.
pub(super) fn metric_words(metric: Metric) -> String {
    match metric {
        Metric::Euclidean => String::new(),
        Metric::Cosine => format!(", metric {}", metric.name()),
    }
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
        .metric(args.metric.metric.into())
        .seed(args.seed)
        .max_iter(args.max_iter)
        .tol(args.tol);
    searching(kmeans, &args.search)
}

/// How restarts are chosen.
pub(super) fn search(args: &SearchArgs) -> Search {
    match args.search {
        SearchArg::Restarts => Search::Restarts,
        SearchArg::Evolve => Search::Evolve { population: args.population },
    }
}

/// The parameters, with how restarts are chosen.
pub(super) fn searching(kmeans: KMeans, args: &SearchArgs) -> KMeans {
    let kmeans = kmeans.refine(args.refine).search(search(args));
    let kmeans = args.time.into_iter().fold(kmeans, KMeans::time);
    args.patience.into_iter().fold(kmeans, KMeans::patience)
}

fn default_restarts(args: &JobArgs) -> u64 {
    match (&args.init, args.data.as_str()) {
        (InitArg::File(_), _) => 1,
        _ if args.search.time.is_some() => MOST_OUTCOMES as u64,
        (_, DIGITS) => RESTARTS_OF_DIGITS,
        _ => RESTARTS,
    }
}
