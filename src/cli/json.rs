//! The summary of a fit as JSON. Numbers that are not finite are null.

use std::time::Duration;

use cairn::data::{Dataset, Truth};
use cairn::engine::DeviceInfo;
use cairn::kmeans::{Algorithm, Params, Resumed, Split};
use cairn::warnings::{Placed, Warning};
use serde::Serialize;
use serde_json::Value;

use super::args::FitArgs;
use super::done::Done;
use super::input::{self, DrawingsJson, InputJson, PicturesJson};
use super::prepared::{self, PreparedJson};
use super::ranks::{self, SharedJson};
use super::starts::StartColumns;
use super::streaming::{self, StreamedJson};
use super::{measures, request};

/// Version of the format. It is incremented when a field is removed or changes its meaning, not for new fields.
pub(super) const SCHEMA: u32 = 1;
/// Most entries of a confusion matrix that are listed.
const MOST_CONFUSED: usize = 10_000;
/// Significant digits of numbers that are given as text.
const DIGITS: usize = 10;
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct FitSummary<'a> {
    schema: u32,
    version: &'a str,
    data: DataJson<'a>,
    params: Parameters<'a>,
    device: DeviceJson<'a>,
    best: BestJson,
    restarts: RestartsJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    splits: Option<Vec<SplitJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minibatch: Option<MinibatchJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sizes: Option<SizesJson>,
    search: SearchJson,
    resumed: Option<ResumedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    streamed: Option<StreamedJson>, // with --memory, of a table that needs more
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<SharedJson>, // of a fit that several share
    timings_s: TimingsJson,
    work: WorkJson,
    score: Option<ScoreJson<'a>>,
    measures: Option<MeasuresJson>,
    warnings: &'a [Warning],
    fingerprint: &'a str,
}

/// A table.
#[derive(Serialize)]
pub(super) struct DataJson<'a> {
    name: &'a str,
    n_points: usize,
    n_dims: usize,
    mixed: bool,
    step_min: f64,
    step_max: f64,
    rounding_rms: f64,
    weights_rounding: f64,
    input: Option<InputJson<'a>>,
    pictures: Option<PicturesJson<'a>>,
    drawings: Option<DrawingsJson<'a>>,
    #[serde(flatten)]
    prepared: PreparedJson<'a>,
}

/// The parameters of a fit.
#[derive(Serialize)]
pub(super) struct Parameters<'a> {
    n_clusters: usize,
    n_restarts: u64,
    first_restart: u64,
    seed: String, // as text: some JSON readers have only floats, which can't hold every u64
    init: &'a str,
    metric: &'static str,
    algorithm: &'static str,
    batch_size: Option<u32>, // of minibatch
    batches: Option<u32>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    init_columns: Option<&'static str>, // how those of the --init file were matched
    max_iter: u32,
    tol: f64,
    threads: Option<usize>,
    truth: Option<&'a str>,
    weights: Option<&'a str>,
    columns: &'a [String],
    ignore: &'a [String],
    numeric: bool,
    missing: &'static str,
}

#[derive(Serialize)]
pub(super) struct DeviceJson<'a> {
    asked: &'a str,
    used: &'a str,
    adapter: &'a str,
    driver: &'a str,
    fallback: Option<&'a str>,
}

#[derive(Serialize)]
struct BestJson {
    restart: u64,
    inertia: f64,
    inertia_text: String,  // also beyond f64
    inertia_exact: String, // lattice units
    rounding_share: f64,   // expected, of the inertia; null beside an inertia of 0
    iterations: u32,
    stopped: &'static str,
    converged: bool,
    counts: Vec<Value>, // in the given weights
    empty: usize,
}

#[derive(Serialize)]
struct RestartsJson {
    count: u64,
    min: f64,
    median: f64,
    max: f64,
    min_text: String, // also beyond f64
    median_text: String,
    max_text: String,
    found_best: u64,
}

/// A split of a cluster in two: the first half keeps the number. Of bisecting k-means.
#[derive(Serialize)]
struct SplitJson {
    cluster: u32,
    new: u32,
    restart: u64,
    inertia: f64,            // before
    inertia_after: [f64; 2], // of both halves
    counts: [Value; 2],      // in the given weights
}

/// What minibatch k-means did.
#[derive(Serialize)]
struct MinibatchJson {
    sample: u64, // rows, a weight of w as w of them
    batches: u32,
    batch_size: u32,
    fixed_point: bool, // whether one more iteration over all rows would change no centroid
}

/// What limits on sizes did.
#[derive(Serialize)]
struct SizesJson {
    inertia_without: f64, // of the same centroids, each row at the nearest
    cost: f64,            // the inertia less that
    cost_share: f64,      // of the inertia without; null if that is 0
}

#[derive(Serialize)]
struct SearchJson {
    kind: &'static str,
    refine: bool,
    population: Option<u64>,
    generations: u64,
    accepted: u64,
    time_s: Option<f64>,
    patience: Option<u64>,
    ended: &'static str, // restarts, time, patience or cancelled
}

/// Where a run went on after it was stopped.
#[derive(Clone, Copy, Serialize)]
pub(super) struct ResumedJson {
    pub(super) restarts: u64,   // that were done
    pub(super) iterations: u32, // of the next one
}

#[derive(Serialize)]
struct TimingsJson {
    read: f64,
    pack: f64,
    open: f64,
    upload: f64,
    seed: f64,
    iterate: f64,
    read_back: f64,
    total: f64,
}

#[derive(Serialize)]
struct WorkJson {
    repaired_points: u64,
    assigned_points: u64,
}

#[derive(Serialize)]
pub(super) struct ScoreJson<'a> {
    pub(super) accuracy: f64,
    accuracy_one_to_one: Option<f64>,
    purity: f64,
    homogeneity: f64,
    completeness: f64,
    v_measure: f64,
    ari: f64,
    ami: f64,
    nmi: f64,
    cluster_labels: Vec<Option<&'a str>>,
    cluster_purities: &'a [Option<f64>],
    one_to_one_labels: Option<Vec<Option<&'a str>>>,
    confusion: Option<Vec<ConfusedJson<'a>>>, // None if it would be very long
}

#[derive(Serialize)]
pub(super) struct ConfusedJson<'a> {
    truth: Option<&'a str>,
    cluster_label: Option<&'a str>,
    count: u64,
}

/// Internal measures. An undefined one is null, with a reason.
#[derive(Serialize)]
pub(super) struct MeasuresJson {
    silhouette: Option<f64>,
    silhouette_sample: Option<usize>,
    silhouette_standard_error: Option<f64>,
    calinski_harabasz: Option<f64>,
    davies_bouldin: Option<f64>,
    undefined: Option<String>,
}

/// The summary as one JSON object.
pub(super) fn text(done: &Done<'_>) -> serde_json::Result<String> {
    let placed = Placed {
        lattice: &done.fit.lattice,
        rounding: &done.fit.rounding,
        weights_rounding: done.fit.weights_rounding,
        unplaced: &[],
    };
    pretty(&FitSummary {
        schema: SCHEMA,
        version: VERSION,
        data: data(&done.data, &placed),
        params: parameters(done.args, &done.data, &done.params, &done.starts),
        device: device(&done.params, &done.fit.device, done.fit.device.fallback.as_deref()),
        best: best(done),
        restarts: restarts(done),
        splits: splits(done),
        minibatch: minibatch(done),
        sizes: sizes(done),
        search: search(done),
        resumed: done
            .fit
            .resumed
            .map(|Resumed { restarts, iterations }| ResumedJson { restarts, iterations }),
        streamed: done.fit.streamed.as_ref().map(streaming::json),
        processes: done.fit.shared.as_ref().map(ranks::json),
        timings_s: timings(done),
        work: work(done),
        score: score(done),
        measures: done.measures.as_ref().map(measures_of),
        warnings: &done.warnings,
        fingerprint: &done.fit.fingerprint,
    })
}

/// An object as indented JSON with a final newline.
pub(super) fn pretty(object: &impl Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(object)? + "\n")
}

/// The table, and its place on the lattice.
pub(super) fn data<'a>(data: &'a Dataset<'_>, placed: &Placed<'_>) -> DataJson<'a> {
    let (step_min, step_max) = placed.lattice.steps();
    DataJson {
        name: &data.name,
        n_points: data.points.n_points(),
        n_dims: placed.lattice.n_dims(),
        mixed: placed.lattice.mixed(),
        step_min,
        step_max,
        rounding_rms: placed.rounding.rms,
        weights_rounding: placed.weights_rounding,
        input: input::json(data),
        pictures: input::pictures_json(data.reading.pictures.as_ref()),
        drawings: input::drawings_json(data.reading.drawings.as_ref()),
        prepared: prepared::json(data),
    }
}

/// The parameters.
pub(super) fn parameters<'a>(
    args: &'a FitArgs,
    data: &'a Dataset<'_>,
    params: &Params,
    starts: &StartColumns,
) -> Parameters<'a> {
    Parameters {
        n_clusters: params.n_clusters(),
        n_restarts: params.n_restarts(),
        first_restart: params.first_restart(),
        seed: params.seed().to_string(),
        init: request::init_name(&args.job.init),
        metric: params.metric().name(),
        algorithm: params.algorithm().name(),
        batch_size: params.algorithm().minibatch().map(|plan| plan.rows),
        batches: params.algorithm().minibatch().map(|plan| plan.batches),
        min_size: params.sizes().and_then(|(min, _)| min),
        max_size: params.sizes().and_then(|(_, max)| max),
        init_columns: starts.name(),
        max_iter: params.max_iter(),
        tol: params.tol(),
        threads: args.job.threads.threads,
        truth: data.truth.as_ref().map(|truth| truth.column.as_str()),
        weights: args.job.weights.as_deref(),
        columns: &args.job.columns.columns,
        ignore: &args.job.columns.ignore,
        numeric: args.job.columns.numeric || args.job.missing.clean,
        missing: args.job.missing.how().name(),
    }
}

/// The device that was asked for, the one used, and why another took over, if one did.
pub(super) fn device<'a>(
    params: &'a Params,
    used: &'a DeviceInfo,
    fallback: Option<&'a str>,
) -> DeviceJson<'a> {
    DeviceJson {
        asked: params.device().name(),
        used: used.used,
        adapter: &used.adapter,
        driver: &used.driver,
        fallback,
    }
}

fn best(done: &Done<'_>) -> BestJson {
    let (fit, best) = (&done.fit, &done.fit.best);
    BestJson {
        restart: best.restart,
        inertia: fit.inertia(),
        inertia_text: fit.cost_text(best.inertia, DIGITS),
        inertia_exact: best.inertia.to_string(),
        rounding_share: fit.rounding.cost / best.inertia as f64 + 0.0, // no -0; infinite or NaN becomes null
        iterations: best.iterations,
        stopped: best.stop.name(),
        converged: best.stop != cairn::engine::Stop::MaxIter,
        counts: fit.state.counts.iter().map(|&count| whole(count as f64 * fit.weight_unit)).collect(),
        empty: fit.empty(),
    }
}

/// A number, without a fraction if it is an integer: 178 rows, not 178.0.
pub(super) fn whole(x: f64) -> Value {
    let exact = x.fract() == 0.0 && x.abs() < (1u64 << 53) as f64;
    if exact { Value::from(x as i64) } else { Value::from(x) }
}

fn restarts(done: &Done<'_>) -> RestartsJson {
    let spread = &done.fit.spread;
    RestartsJson {
        count: spread.count,
        min: done.fit.cost(spread.min),
        median: done.fit.median_inertia(),
        max: done.fit.cost(spread.max),
        min_text: done.fit.cost_text(spread.min, DIGITS),
        median_text: done.fit.median_text(DIGITS),
        max_text: done.fit.cost_text(spread.max, DIGITS),
        found_best: spread.found_best,
    }
}

/// The splits; `None` of other algorithms.
fn splits(done: &Done<'_>) -> Option<Vec<SplitJson>> {
    let fit = &done.fit;
    let of = |split: &Split| SplitJson {
        cluster: split.cluster,
        new: split.new,
        restart: split.restart,
        inertia: fit.cost(split.before),
        inertia_after: split.after.map(|inertia| fit.cost(inertia)),
        counts: split.counts.map(|count| whole(count as f64 * fit.weight_unit)),
    };
    (done.params.algorithm() == Algorithm::Bisecting).then(|| fit.splits.iter().map(of).collect())
}

/// The batches; `None` of other algorithms.
fn minibatch(done: &Done<'_>) -> Option<MinibatchJson> {
    let (plan, sample) = done.params.algorithm().minibatch().zip(done.fit.sample)?;
    Some(MinibatchJson {
        sample,
        batches: plan.batches,
        batch_size: plan.rows,
        fixed_point: done.fit.best.stop == cairn::engine::Stop::FixedPoint,
    })
}

/// The cost of limits on sizes; `None` without them.
fn sizes(done: &Done<'_>) -> Option<SizesJson> {
    let (fit, without) = (&done.fit, done.fit.unlimited?);
    let cost = fit.best.inertia - without; // labels within limits are never better
    let cost_share = cost as f64 / without as f64; // infinite or NaN becomes null
    Some(SizesJson { inertia_without: fit.cost(without), cost: fit.cost(cost), cost_share })
}

fn search(done: &Done<'_>) -> SearchJson {
    let searched = &done.fit.searched;
    SearchJson {
        kind: searched.search.name(),
        refine: searched.refine,
        population: searched.search.population(),
        generations: searched.generations,
        accepted: searched.accepted,
        time_s: done.params.time().map(|time| time.as_secs_f64()),
        patience: done.params.patience(),
        ended: searched.ended.name(),
    }
}

fn timings(done: &Done<'_>) -> TimingsJson {
    let timings = &done.fit.timings;
    let seconds = |duration: Duration| duration.as_secs_f64();
    TimingsJson {
        read: seconds(done.read),
        pack: seconds(timings.pack),
        open: seconds(timings.open),
        upload: seconds(timings.upload),
        seed: seconds(timings.run.seed),
        iterate: seconds(timings.run.iterate),
        read_back: seconds(timings.run.read_back),
        total: seconds(done.total),
    }
}

fn work(done: &Done<'_>) -> WorkJson {
    let work = done.fit.work();
    WorkJson { repaired_points: work.repaired_points, assigned_points: work.assigned_points }
}

fn score<'a>(done: &'a Done<'_>) -> Option<ScoreJson<'a>> {
    Some(score_of(done.data.truth.as_ref()?, done.score.as_ref()?))
}

/// The measures against a truth.
pub(super) fn score_of<'a>(truth: &'a Truth, score: &'a cairn::score::Score) -> ScoreJson<'a> {
    let name =
        |class: &Option<u32>| class.and_then(|class| truth.names.get(class as usize)).map(String::as_str);
    let names = |classes: &Vec<Option<u32>>| classes.iter().map(name).collect();
    let confused = |entry: &cairn::score::Confused| ConfusedJson {
        truth: name(&Some(entry.truth)),
        cluster_label: name(&entry.named),
        count: entry.count,
    };
    let short = score.confusion.len() <= MOST_CONFUSED;
    ScoreJson {
        accuracy: score.accuracy,
        accuracy_one_to_one: score.accuracy_one_to_one,
        purity: score.purity,
        homogeneity: score.homogeneity,
        completeness: score.completeness,
        v_measure: score.v_measure,
        ari: score.ari,
        ami: score.ami,
        nmi: score.nmi,
        cluster_labels: names(&score.cluster_names),
        cluster_purities: &score.cluster_purities,
        one_to_one_labels: score.one_to_one_names.as_ref().map(names),
        confusion: short.then(|| score.confusion.iter().map(confused).collect()),
    }
}

/// The internal measures.
pub(super) fn measures_of(measures: &measures::InternalMeasures) -> MeasuresJson {
    let silhouette = measures.silhouette.ok();
    let reasons =
        [measures.silhouette.err(), measures.calinski_harabasz.err(), measures.davies_bouldin.err()];
    MeasuresJson {
        silhouette: silhouette.map(|silhouette| silhouette.mean),
        silhouette_sample: silhouette.map(|silhouette| silhouette.sample),
        silhouette_standard_error: silhouette.map(|silhouette| silhouette.standard_error),
        calinski_harabasz: measures.calinski_harabasz.ok(),
        davies_bouldin: measures.davies_bouldin.ok(),
        undefined: reasons.into_iter().flatten().next().map(|why| why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_counts_are_integers_and_what_is_not_finite_is_null() {
        assert_eq!(
            pretty(&[whole(178.0), whole(2.5), whole(f64::NAN)]).unwrap(),
            "[\n  178,\n  2.5,\n  null\n]\n"
        );
        assert_eq!(pretty(&f64::INFINITY).unwrap(), "null\n");
    }
}
