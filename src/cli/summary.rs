//! The summary of a fit as text: lines of a label and a value, ending in the fingerprint.

use std::time::Duration;

use cairn::engine::{Metric, Stop};
use cairn::kmeans::{Algorithm, Fit, Minibatch, Params, Resumed, RunEnd, Search, Searched, Timings};
use cairn::lattice::Lattice;
use cairn::warnings::WarningCode;

use super::args::InitArg;
use super::done::Done;
use super::terminal::{labelled, plain};
use super::{clusters, measures, prepared, ranks, request, streaming};
use cairn::numbers::{percent, plural, rate, time};

/// Significant digits of an inertia, which tell two of them apart.
const DIGITS: usize = 10;

/// The summary for a terminal `width` columns wide, with ANSI styles, which the writer may strip.
pub(super) fn text(done: &Done<'_>, width: usize, color: bool) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| text.push_str(&labelled(label, value));
    line("data", &data(done));
    prepared::lines(&done.data).iter().for_each(|(label, text)| line(label, &plain(text)));
    line("asked for", &asked(&done.params, &done.args.job.init));
    if let Some(algorithm) = algorithm(done) {
        line("algorithm", &algorithm);
    }
    if let Some(sizes) = sizes(done) {
        line("sizes", &sizes);
    }
    if let Some(metric) = metric(done) {
        line("metric", &metric);
    }
    if let Some(resumed) = resumed(done) {
        line("resumed", &resumed);
    }
    if let Some(from) = &done.fit.streamed {
        line("streamed", &streaming::done(from));
    }
    if let Some(shared) = &done.fit.shared {
        line("processes", &ranks::done(shared, done.fit.timings.total));
    }
    line("device", &device(done));
    line("time", &times(&done.fit.timings, done.read, done.total));
    if let Some(speed) = speed(&done.fit, done.params.algorithm()) {
        line("speed", &speed);
    }
    line("inertia", &inertia(done));
    if done.fit.spread.count > 1 {
        line("spread", &spread(done));
    }
    if let Some(search) = search(&done.fit) {
        line("search", &search);
    }
    line("iterations", &iterations(done));
    if let Some(unfinished) = unfinished(done) {
        line("unfinished", &unfinished);
    }
    line("clusters", &clusters::heading(done));
    text.push_str(&clusters::text(done, width, color));
    let truth = done.data.truth.as_ref().zip(done.score.as_ref());
    if let Some((truth, score)) = truth {
        text.push_str(&labelled("truth", &measures::truth(truth, score)));
    }
    if let Some(measures) = &done.measures {
        text.push_str(&measures::text(measures, truth));
    }
    if let Some(model) = &done.args.model {
        text.push_str(&labelled("model", &model_use(&plain(&model.display().to_string()))));
    }
    text.push_str(&labelled("fingerprint", &done.fit.fingerprint));
    text
}

fn data(done: &Done<'_>) -> String {
    let (fit, data) = (&done.fit, &done.data);
    let rows = plural(fit.n_points as u64, "row");
    let columns = plural(fit.lattice.n_dims() as u64, "column");
    let when_read = done.warnings.iter().any(|warning| warning.code == WarningCode::LargeIntegers);
    let rounding = match fit.rounding.rms {
        0.0 if when_read => "whole numbers beyond 2^53 rounded when read".to_owned(),
        0.0 => "nothing rounded".to_owned(),
        rms => format!("rounding {rms:.1e} of the spread"),
    };
    format!("{}, {rows} x {columns}; {}, {rounding}", plain(&data.name), lattice(&fit.lattice))
}

/// The steps of a lattice.
pub(super) fn lattice(lattice: &Lattice) -> String {
    let exponents = &lattice.exponent;
    let least = exponents.iter().min().copied().unwrap_or(0);
    let most = exponents.iter().max().copied().unwrap_or(0);
    if lattice.mixed() {
        format!("mixed lattice, steps 2^{least} to 2^{most}")
    } else {
        format!("uniform lattice, step 2^{most}")
    }
}

/// What was asked for.
pub(super) fn asked(params: &Params, init: &InitArg) -> String {
    let clusters = plural(params.n_clusters() as u64, "cluster");
    let restarts = plural(params.n_restarts(), "restart");
    let init = plain(request::init_name(init));
    let within =
        params.time().map_or(String::new(), |limit| format!(" within {}", time(limit.as_secs_f64())));
    let first = match params.first_restart() {
        0 => String::new(),
        first => format!(" ({first} to {})", first + (params.n_restarts() - 1)),
    };
    format!("{clusters}, {restarts}{first} from {init}{within}, seed {}", params.seed())
}

/// Where the run went on, if it did.
pub(super) fn resumed(done: &Done<'_>) -> Option<String> {
    let Resumed { restarts, iterations } = done.fit.resumed?;
    let file = done.args.run.checkpoint.as_ref()?.display().to_string();
    Some(format!("from {}: {}", plain(&file), done_before(restarts, iterations)))
}

/// What was done when the run went on.
pub(super) fn done_before(restarts: u64, iterations: u32) -> String {
    let were = if restarts == 1 { "was" } else { "were" };
    let next = match iterations {
        0 => String::new(),
        made => format!(", and {} of the next one", plural(u64::from(made), "iteration")),
    };
    format!("{} {were} done{next}", plural(restarts, "restart"))
}

/// How clusters were found; `None` for the usual way.
fn algorithm(done: &Done<'_>) -> Option<String> {
    let splits = plural(done.fit.splits.len() as u64, "split");
    let restarts = plural(done.params.n_restarts(), "restart");
    match done.params.algorithm() {
        Algorithm::Lloyd => None,
        Algorithm::Bisecting => Some(format!(
            "bisecting: {splits} in two of the cluster of largest inertia, each the best of {restarts}; then rows are \
             labelled by the nearest centroid"
        )),
        Algorithm::Minibatch(plan) => {
            let sample = done.fit.sample.unwrap_or(0);
            let all = sample == done.fit.state.counts.iter().sum::<u64>();
            // it was fitted to its end, and batches only move its centroids away
            let all = if all {
                " (all of them: the usual loop takes less time, and mostly ends lower)"
            } else {
                ""
            };
            let sample = plural(sample, "row");
            let is_fixed = done.fit.best.stop == Stop::FixedPoint;
            Some(format!(
                "minibatch: a sample of {sample}{all}, the best of {restarts}, then {}; then rows are labelled by the nearest \
                 centroid; the result is {}a fixed point",
                batches(plan),
                if is_fixed { "" } else { "not " },
            ))
        }
    }
}

/// The batches of minibatch.
pub(super) fn batches(plan: Minibatch) -> String {
    let number = if plan.batches == 1 { "batch" } else { "batches" };
    format!("{} {number} of {}", plan.batches, plural(plan.rows.into(), "drawn row"))
}

/// The limits on sizes and what they cost; `None` without them.
fn sizes(done: &Done<'_>) -> Option<String> {
    let (fit, (min, max)) = (&done.fit, done.params.sizes()?);
    let without = fit.unlimited?;
    let words = sizes_words([min, max])?;
    let share = match (fit.best.inertia - without, without) {
        (0, _) => "the limits cost nothing".to_owned(),
        (_, 0) => "without the limits it would be 0".to_owned(),
        (more, without) => format!("the limits cost {} of it", percent(more as f64 / without as f64)),
    };
    let without = fit.cost_text(without, DIGITS);
    Some(format!(
        "{words}, kept by moving rows where that costs least; with each row at the nearest of these centroids the inertia \
         is {without}: {share}"
    ))
}

/// Limits on sizes in words; `None` without them.
pub(super) fn sizes_words(sizes: [Option<u64>; 2]) -> Option<String> {
    match sizes {
        [None, None] => None,
        [Some(min), None] => Some(format!("at least {}", plural(min, "row"))),
        [None, Some(max)] => Some(format!("at most {}", plural(max, "row"))),
        [Some(min), Some(max)] if min == max => Some(plural(min, "row")),
        [Some(min), Some(max)] => Some(format!("{min} to {}", plural(max, "row"))),
    }
}

/// What the metric means for the numbers below; `None` for the usual one.
fn metric(done: &Done<'_>) -> Option<String> {
    match done.fit.metric {
        Metric::Euclidean => None,
        Metric::Cosine => {
            let mean = format!("{:.6}", done.fit.mean_cosine());
            Some(format!(
                "cosine: rows and centroids have length 1, and inertia is the sum of 2 - 2 cos; the mean cosine of a row \
                 and its centroid is {mean}"
            ))
        }
    }
}

fn device(done: &Done<'_>) -> String {
    let device = &done.fit.device;
    let driver =
        if device.driver.is_empty() { String::new() } else { format!(", {}", plain(&device.driver)) };
    let asked = plain(done.params.device().name());
    format!("{} ({}{driver}), asked for: {asked}", device.used, plain(&device.adapter))
}

/// The times of the parts of a fit, and in total. `read` is zero if nothing was read.
pub(super) fn times(timings: &Timings, read: Duration, total: Duration) -> String {
    let parts = [
        ("read", read),
        ("pack", timings.pack),
        ("open", timings.open),
        ("upload", timings.upload),
        ("seed", timings.run.seed),
        ("iterate", timings.run.iterate),
        ("read back", timings.run.read_back),
        ("total", total),
    ];
    // the CPU has nothing to read back
    let parts = parts.iter().filter(|(_, duration)| !duration.is_zero());
    parts
        .map(|(name, duration)| format!("{name} {}", time(duration.as_secs_f64())))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Restarts a second; `None` where a fit has other parts too, so that its time says nothing of restarts.
pub(super) fn speed(fit: &Fit, algorithm: Algorithm) -> Option<String> {
    let restarts = algorithm == Algorithm::Lloyd;
    restarts.then(|| format!("{} restarts a second", rate(fit.restarts_per_second())))
}

fn inertia(done: &Done<'_>) -> String {
    let (fit, spread) = (&done.fit, &done.fit.spread);
    let restart = fit.best.restart;
    let found = match spread.count {
        1 => String::new(),
        count => format!(", found by {} of {count}", spread.found_best),
    };
    format!("{} in restart {restart}{found}", fit.cost_text(fit.best.inertia, DIGITS))
}

fn spread(done: &Done<'_>) -> String {
    let (fit, spread) = (&done.fit, &done.fit.spread);
    let (min, max) = (fit.cost_text(spread.min, DIGITS), fit.cost_text(spread.max, DIGITS));
    format!("min {min}, median {}, max {max}", fit.median_text(DIGITS))
}

/// How restarts were chosen, if they are not independent and plain, and why there were no more if others were asked for.
pub(super) fn search(fit: &Fit) -> Option<String> {
    let Searched { search, refine, generations, accepted, ended } = fit.searched;
    let how = match search {
        Search::Restarts => "independent restarts".to_owned(),
        Search::Evolve { population } => {
            let population = population.min(fit.spread.count);
            let generations = plural(generations, "generation");
            format!("evolve, {generations} after a population of {population}, {accepted} better children")
        }
    };
    let refined = if refine { "; each restart refined" } else { "" };
    let count = fit.spread.count;
    let why = match ended {
        RunEnd::Restarts | RunEnd::Cancelled => String::new(),
        RunEnd::Time => format!("; ended by --time, --restarts {count} repeats it"),
        RunEnd::Patience => format!("; ended by --patience, --restarts {count} repeats it"),
    };
    let is_plain = search == Search::Restarts && !refine && why.is_empty();
    (!is_plain).then(|| format!("{how}{refined}{why}"))
}

fn iterations(done: &Done<'_>) -> String {
    let best = &done.fit.best;
    if done.params.algorithm().minibatch().is_some() {
        let why = match best.stop {
            Stop::FixedPoint => "and one more iteration over all rows would change no centroid",
            Stop::Tol | Stop::MaxIter => "and an iteration over all rows would move centroids on",
        };
        return format!("{} of a batch each, {why}", best.iterations);
    }
    let why = match best.stop {
        Stop::FixedPoint => "then no centroid moved any more",
        Stop::Tol => "then the centroids moved no more than --tol allows",
        Stop::MaxIter => "then --max-iter ended it",
    };
    format!("{}, {why} ({})", best.iterations, best.stop.name())
}

fn unfinished(done: &Done<'_>) -> Option<String> {
    let restarts = &done.fit.restarts;
    let (stopped, all, max_iter) =
        (restarts.stopped(Stop::MaxIter), restarts.count(), done.params.max_iter());
    let advice = "raise it to let them end, or set --tol";
    if done.params.algorithm().minibatch().is_some() {
        let advice = "--init with the file of --centroids goes on to one";
        return (stopped > 0).then(|| format!("not a fixed point; {advice}"));
    }
    (stopped > 0).then(|| format!("{stopped} of {all} stopped at --max-iter {max_iter}; {advice}"))
}

fn model_use(model: &str) -> String {
    format!("{model}, use it with: cairn predict {model} DATA")
}
