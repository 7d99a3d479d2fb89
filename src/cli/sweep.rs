//! `cairn sweep`: fits and measures several numbers of clusters.

use std::ops::{ControlFlow, RangeInclusive};

use anyhow::Context;
use cairn::data::{DIGITS, Dataset, LoadOptions, has_names};
use cairn::engine::{Device, Metric, Opened};
use cairn::kmeans::{Algorithm, CONTINUE, FitError, KMeans, ParamsError};
use cairn::sweep::{Choice, MeasureSpread, SweepError, SweepPlan, SweepRun, sweep};
use cairn::warnings::{Warning, WarningCode, merged};
use serde::Serialize;

use super::args::sweep::SweepArgs;
use super::device::{self, Wanted};
use super::failure::{self, Stopped, Usage};
use super::input::{self, DrawingsJson, InputJson, PicturesJson};
use super::output::Out;
use super::prepared::PreparedJson;
use super::progress::Bar;
use super::table::Table;
use super::terminal::labelled;
use super::terminal::{self, plain};
use super::{hints, json, notes, prepared, request, stop, summary};
use cairn::numbers::{percent, plural, short, time, value};

/// Default numbers of clusters.
const DEFAULT: RangeInclusive<usize> = 2..=20;

/// Measures of a row of the table.
const N_MEASURES: usize = 9;

/// A row of the table: one number of clusters, over all seeds.
#[derive(Serialize)]
struct SweepRow {
    n_clusters: usize,
    inertia: Option<MeasureSpread>,
    inertia_text: String, // the median, also beyond f64
    silhouette: Option<MeasureSpread>,
    calinski_harabasz: Option<MeasureSpread>,
    davies_bouldin: Option<MeasureSpread>,
    gap: Option<MeasureSpread>,
    gap_error: Option<MeasureSpread>,
    bic: Option<MeasureSpread>,
    accuracy: Option<MeasureSpread>,
    held_out_accuracy: Option<MeasureSpread>,
}

#[derive(Serialize)]
struct SweepSummary<'a> {
    schema: u32,
    version: &'a str,
    data: &'a str,
    test: Option<&'a str>,
    input: Option<InputJson<'a>>,
    test_input: Option<InputJson<'a>>,
    pictures: Option<PicturesJson<'a>>,
    test_pictures: Option<PicturesJson<'a>>,
    drawings: Option<DrawingsJson<'a>>,
    test_drawings: Option<DrawingsJson<'a>>,
    prepared: PreparedJson<'a>,
    test_prepared: Option<PreparedJson<'a>>,
    truth: Option<&'a str>,
    n_restarts: u64,
    search: &'static str,
    population: Option<u64>,
    refine: bool,
    time_s: Option<f64>,
    metric: &'static str,
    algorithm: &'static str,
    batch_size: Option<u32>, // of minibatch
    batches: Option<u32>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    seeds: Vec<String>, // as text: some JSON readers have only floats, which can't hold every u64
    device: &'a str,
    choice: Option<&'a Choice>,
    table: &'a [SweepRow],
    warnings: &'a [Warning],
    runs: &'a [SweepRun],
}

/// What was swept, and where.
struct Sources<'a> {
    args: &'a SweepArgs,
    data: &'a Dataset<'a>,
    test: Option<&'a Dataset<'a>>,
    device: &'a str,
    algorithm: Algorithm,
}

/// Runs the subcommand.
pub(super) fn run(args: &SweepArgs) -> anyhow::Result<()> {
    request::check_metric(&args.metric, &args.scale)?;
    let algorithm = args.algorithm.algorithm().map_err(Usage)?;
    check_truth(args)?;
    let mut plan = plan(args, algorithm);
    for &k in &plan.n_clusters {
        plan.kmeans.clone().clusters(k).check()?;
    }
    let table = args.table_out.as_ref().map(Out::create).transpose()?;
    let wanted = Wanted { quiet: args.quiet, ..Wanted::default() };
    let opened = device::open(&args.device.device(), &wanted)?;
    let read = LoadOptions {
        truth: args.truth.clone(),
        truth_file: args.test_truth_file.clone(),
        ..request::load_options(&args.table, &args.columns, &args.missing)
    };
    let weighted = LoadOptions {
        truth_file: args.truth_file.clone(),
        weights: args.weights.clone(),
        more: args.more.clone(),
        ..read.clone()
    };
    let data = request::load_watched(&args.data, weighted)?.data;
    let data = request::scaled(data, &args.scale, &args.metric)?;
    let test = args.test.as_ref().map(|test| request::load_watched(test, read)).transpose();
    let test = test.context("--test")?.map(|test| test.data);
    let fewer = if args.clusters.is_none() { keep_possible(&mut plan, &data) } else { None };
    let n_fits = plan.n_clusters.len() * plan.seeds.len();
    stop::forbid(Some("no fit has ended yet, and nothing was written"));
    let runs = {
        let bar = Bar::fits(n_fits as u64);
        sweep(&opened, &data, test.as_ref(), &plan, &mut |runs| {
            bar.step(runs.len() as u64);
            if !runs.is_empty() {
                stop::allow("nothing was written");
            }
            if stop::is_asked() { ControlFlow::Break(()) } else { CONTINUE }
        })
    };
    let runs = runs.map_err(|error| explain(error, &data))?;
    stop::forbid(None);
    let stopped = stopped(runs.len(), n_fits);
    let choice = Choice::of(&runs);
    let lines: Vec<SweepRow> = runs.chunk_by(|a, b| a.n_clusters == b.n_clusters).map(line).collect();
    let written = table.map_or(Ok(()), |table| {
        let (columns, rows) = cells(&lines);
        table.write_table(&columns, &rows)
    });
    let of_runs = runs.iter().map(|run| &run.warnings);
    let of_sweep = fewer.into_iter().chain(stopped).collect();
    let warnings = hints::with_flags(merged([&of_sweep].into_iter().chain(of_runs)));
    if !args.quiet {
        note_device(args, &opened);
        std::iter::once(&data).chain(&test).for_each(notes::of_table);
        note_columns(&data, test.as_ref());
        notes::warn(&warnings);
    }
    let sources =
        Sources { args, data: &data, test: test.as_ref(), device: opened.engine.info().used, algorithm };
    let text = match (args.json, args.quiet) {
        (true, _) => json::pretty(&summary(&sources, &warnings, choice.as_ref(), &lines, &runs))?,
        (false, true) => String::new(),
        (false, false) => {
            heading(args, &data, test.as_ref(), algorithm)
                + &samples(&data, &runs)
                + &text(&lines, choice.as_ref())
                + &choice.map_or(String::new(), |choice| labelled("choice", &choice.text))
        }
    };
    terminal::write_stdout(&text).context("standard output")?;
    written?;
    if runs.len() == n_fits {
        return Ok(());
    }
    let file = match &args.table_out {
        Some(file) => format!("{file} was written"),
        None => "no file was asked for, and none was written".to_owned(),
    };
    Err(Stopped(format!("the result is that of {} of {n_fits} fits; {file}", runs.len())).into())
}

/// Checks that held-out rows have classes where the fitted ones have them in a file, which holds no others.
fn check_truth(args: &SweepArgs) -> Result<(), Usage> {
    match (&args.test, &args.truth_file, &args.test_truth_file) {
        (None, _, Some(file)) => Err(Usage(format!(
            "--test-truth-file {file} has the classes of --test, which there is not; leave it out"
        ))),
        (Some(test), Some(file), None) if test != DIGITS => Err(Usage(format!(
            "--truth-file {file} has the classes of {}; give those of --test {test} with --test-truth-file",
            args.data
        ))),
        _ => Ok(()),
    }
}

/// The warning of a sweep that was stopped.
fn stopped(done: usize, of: usize) -> Option<Warning> {
    let text = format!(
        "stopped by Ctrl-C after {done} of {of} fits; larger numbers of clusters are missing, and the last one may have \
         fewer seeds than the others"
    );
    (done < of).then(|| Warning::new(WarningCode::StoppedEarly, text))
}

/// Keeps the numbers of clusters that the rows allow, with a warning if these are fewer.
fn keep_possible(plan: &mut SweepPlan, data: &Dataset<'_>) -> Option<Warning> {
    let n_points = match &data.weights {
        Some(weights) => weights.iter().filter(|&&weight| weight > 0.0).count(),
        None => data.points.n_points(),
    };
    let asked = plan.n_clusters.last().copied()?;
    if asked <= n_points {
        return None;
    }
    plan.n_clusters.retain(|&k| k <= n_points);
    if plan.n_clusters.is_empty() {
        plan.n_clusters.push(1);
    }
    let rows = plural(n_points as u64, "row");
    let weighted = if data.weights.is_some() { " of positive weight" } else { "" };
    let last = plan.n_clusters.last().copied().unwrap_or(1);
    let text = format!(
        "{} has {rows}{weighted}, so the numbers of clusters end at {last}, not at {asked}",
        data.name
    );
    Some(Warning::new(WarningCode::FewerClusters, text))
}

/// A note if the columns of held-out rows could not be matched by name.
fn note_columns(data: &Dataset<'_>, test: Option<&Dataset<'_>>) {
    let Some(test) = test else { return };
    let [named, other] = [data, test].map(|data| has_names(&data.columns));
    if named != other {
        let (with, without) = if named { (data, test) } else { (test, data) };
        notes::write_note(&format!(
            "{} has no column names, so its columns and those of {} are matched in their order",
            without.name, with.name
        ));
    }
}

fn plan(args: &SweepArgs, algorithm: Algorithm) -> SweepPlan {
    let kmeans = KMeans::new(1)
        .metric(args.metric.metric.into())
        .algorithm(algorithm)
        .sizes(args.algorithm.min_size, args.algorithm.max_size)
        .restarts(args.restarts)
        .max_iter(args.max_iter)
        .device(args.device.device());
    let kmeans = request::searching(kmeans, &args.search);
    SweepPlan {
        kmeans,
        n_clusters: args.clusters.as_ref().map_or_else(|| DEFAULT.collect(), |numbers| numbers.0.clone()),
        seeds: args.seeds.0.clone(),
        measures: !args.no_measures,
        reference_sets: args.reference_sets,
        best_so_far: true,
    }
}

fn note_device(args: &SweepArgs, opened: &Opened) {
    if args.device.device() == Device::Auto {
        let info = opened.engine.info();
        let note = format!("note: device {} ({}): {}", info.used, info.adapter, opened.why);
        terminal::write_stderr(&plain(&note));
    }
}

fn explain(error: SweepError, data: &Dataset<'_>) -> anyhow::Error {
    match error {
        SweepError::Fit(error) => match &error {
            FitError::Params(ParamsError::TooManyClusters { .. })
            | FitError::Lattice(_)
            | FitError::Memory(_) => failure::in_data(error, data),
            _ => error.into(),
        },
        error => error.into(),
    }
}

fn line(runs: &[SweepRun]) -> SweepRow {
    SweepRow {
        n_clusters: runs.first().map_or(0, |run| run.n_clusters),
        inertia: MeasureSpread::of(runs, |run| Some(run.inertia)),
        inertia_text: median_text(runs),
        silhouette: MeasureSpread::of(runs, |run| run.silhouette),
        calinski_harabasz: MeasureSpread::of(runs, |run| run.calinski_harabasz),
        davies_bouldin: MeasureSpread::of(runs, |run| run.davies_bouldin),
        gap: MeasureSpread::of(runs, |run| run.gap),
        gap_error: MeasureSpread::of(runs, |run| run.gap_error),
        bic: MeasureSpread::of(runs, |run| run.bic),
        accuracy: MeasureSpread::of(runs, |run| run.accuracy),
        held_out_accuracy: MeasureSpread::of(runs, |run| run.held_out_accuracy),
    }
}

/// The median inertia as text; beyond `f64`, the two central values if they differ.
fn median_text(runs: &[SweepRun]) -> String {
    if let Some(spread) =
        MeasureSpread::of(runs, |run| Some(run.inertia)).filter(|spread| spread.median.is_normal())
    {
        return value(spread.median);
    }
    let mut sorted: Vec<&SweepRun> = runs.iter().collect();
    sorted.sort_by_key(|run| run.inertia_exact);
    let [low, high] = [runs.len().saturating_sub(1) / 2, runs.len() / 2];
    let text = |at: usize| sorted.get(at).map_or("", |run| run.inertia_text.as_str());
    if text(low) == text(high) { text(low).to_owned() } else { format!("{} to {}", text(low), text(high)) }
}

impl SweepRow {
    /// All measures by name, in the order of the columns.
    fn measures(&self) -> [(&'static str, Option<MeasureSpread>); N_MEASURES] {
        [
            ("inertia", self.inertia),
            ("silhouette", self.silhouette),
            ("calinski_harabasz", self.calinski_harabasz),
            ("davies_bouldin", self.davies_bouldin),
            ("gap", self.gap),
            ("gap_error", self.gap_error),
            ("bic", self.bic),
            ("accuracy", self.accuracy),
            ("held_out_accuracy", self.held_out_accuracy),
        ]
    }
}

/// Columns and rows of the output file. Measures without any value are left out.
fn cells(lines: &[SweepRow]) -> (Vec<String>, Vec<Vec<Option<f64>>>) {
    let held = |at: &usize| lines.iter().any(|line| line.measures()[*at].1.is_some());
    let kept: Vec<usize> = (0..N_MEASURES).filter(held).collect();
    let mut columns = vec!["n_clusters".to_owned()];
    if let Some(line) = lines.first() {
        let names = kept.iter().map(|&at| line.measures()[at].0);
        columns.extend(names.flat_map(|name| ["median", "min", "max"].map(|of| format!("{name}_{of}"))));
    }
    let row = |line: &SweepRow| {
        let parts = |spread: Option<MeasureSpread>| {
            [spread.map(|s| s.median), spread.map(|s| s.min), spread.map(|s| s.max)]
        };
        let values = kept.iter().flat_map(|&at| parts(line.measures()[at].1));
        std::iter::once(Some(line.n_clusters as f64)).chain(values).collect()
    };
    (columns, lines.iter().map(row).collect())
}

fn heading(args: &SweepArgs, data: &Dataset<'_>, test: Option<&Dataset<'_>>, algorithm: Algorithm) -> String {
    let rows = |data: &Dataset<'_>| {
        format!("{}, {}", plain(&data.name), plural(data.points.n_points() as u64, "row"))
    };
    let prepared = |data: &Dataset<'_>| {
        let lines = prepared::lines(data);
        lines.iter().map(|(label, text)| labelled(label, &plain(text))).collect::<String>()
    };
    let mut text = labelled("data", &rows(data)) + &prepared(data);
    if let Some(test) = test {
        text.push_str(&(labelled("held out", &rows(test)) + &prepared(test)));
    }
    let seeds = plural(args.seeds.0.len() as u64, "seed");
    let restarts = plural(args.restarts, "restart");
    let shown = if args.seeds.0.len() > 1 { "; medians over the seeds, (min to max)" } else { "" };
    let metric = request::metric_words(args.metric.metric.into());
    let of = match algorithm {
        Algorithm::Lloyd => "each".to_owned(),
        Algorithm::Bisecting => "for each split in two".to_owned(),
        Algorithm::Minibatch(plan) => {
            format!("for a sample, then {}, rarely to a fixed point", summary::batches(plan))
        }
    };
    let sizes = summary::sizes_words([args.algorithm.min_size, args.algorithm.max_size]);
    let sizes = sizes.map_or(String::new(), |sizes| format!(", clusters of {sizes}"));
    let search = request::search(&args.search).words(args.search.refine);
    let within = args
        .search
        .time
        .map_or(String::new(), |limit| format!(", at most {} each", time(limit.as_secs_f64())));
    text + &labelled("fits", &format!("{seeds}, {restarts} {of}{search}{within}{sizes}{metric}{shown}"))
}

/// A line if measures are of samples of the rows.
fn samples(data: &Dataset<'_>, runs: &[SweepRun]) -> String {
    let all = data.points.n_points();
    let of = |name: &str, rows: fn(&SweepRun) -> Option<usize>| {
        let rows = runs.iter().find_map(rows).filter(|&rows| rows < all)?;
        Some(format!("{name} of {}", plural(rows as u64, "row")))
    };
    let said = [of("silhouette", |run| run.silhouette_sample), of("gap", |run| run.gap_sample)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { labelled("samples", &said.join(", ")) }
}

/// The table, with a line for each number of clusters. A star marks the number that a measure chooses.
fn text(lines: &[SweepRow], choice: Option<&Choice>) -> String {
    let all = |at: usize, title: &str, show: fn(f64) -> String, range: bool| -> Option<Vec<String>> {
        let cell = |line: &SweepRow| match line.measures()[at].1 {
            Some(s) if range && s.min < s.max => {
                format!("{} ({} to {})", show(s.median), show(s.min), show(s.max))
            }
            Some(s) => show(s.median),
            None => "-".into(),
        };
        let held = lines.iter().any(|line| line.measures()[at].1.is_some());
        held.then(|| std::iter::once(title.to_owned()).chain(lines.iter().map(cell)).collect())
    };
    let starred = |column: Option<Vec<String>>, chosen: fn(&Choice) -> Option<usize>| {
        let (mut column, Some(choice)) = (column?, choice) else { return None };
        let marks = lines.iter().map(|line| if chosen(choice) == Some(line.n_clusters) { "*" } else { " " });
        column[1..].iter_mut().zip(marks).for_each(|(cell, mark)| cell.push_str(mark));
        column[0].push(' ');
        Some(column)
    };
    let four = |x: f64| format!("{x:.4}");
    let numbers = lines.iter().map(|line| line.n_clusters.to_string());
    let inertias = lines.iter().map(|line| line.inertia_text.clone());
    let mut columns: Vec<Vec<String>> = vec![std::iter::once("clusters".to_owned()).chain(numbers).collect()];
    let or_plain = |at, title, show, chosen| {
        let column = all(at, title, show, false);
        if choice.is_some() { starred(column, chosen) } else { column }
    };
    columns.extend(
        [
            Some(std::iter::once("inertia".to_owned()).chain(inertias).collect()),
            or_plain(1, "silhouette", four, |choice| choice.silhouette),
            or_plain(2, "Calinski-H.", short, |choice| choice.calinski_harabasz),
            all(3, "Davies-B.", four, false),
            or_plain(4, "gap", four, |choice| choice.gap),
            or_plain(6, "BIC", short, |choice| choice.bic),
            all(7, "accuracy", percent, false),
            all(8, "held out", percent, true),
        ]
        .into_iter()
        .flatten(),
    );
    Table::of_columns(columns).text()
}

fn summary<'a>(
    sources: &Sources<'a>,
    warnings: &'a [Warning],
    choice: Option<&'a Choice>,
    table: &'a [SweepRow],
    runs: &'a [SweepRun],
) -> SweepSummary<'a> {
    let Sources { args, data, test, device, algorithm } = *sources;
    SweepSummary {
        schema: json::SCHEMA,
        version: json::VERSION,
        data: &data.name,
        test: test.map(|test| test.name.as_str()),
        input: input::json(data),
        test_input: test.and_then(input::json),
        pictures: input::pictures_json(data.reading.pictures.as_ref()),
        test_pictures: input::pictures_json(test.and_then(|test| test.reading.pictures.as_ref())),
        drawings: input::drawings_json(data.reading.drawings.as_ref()),
        test_drawings: input::drawings_json(test.and_then(|test| test.reading.drawings.as_ref())),
        prepared: prepared::json(data),
        test_prepared: test.map(prepared::json),
        truth: data.truth.as_ref().map(|truth| truth.column.as_str()),
        n_restarts: args.restarts,
        search: request::search(&args.search).name(),
        population: request::search(&args.search).population(),
        refine: args.search.refine,
        time_s: args.search.time.map(|time| time.as_secs_f64()),
        metric: Metric::from(args.metric.metric).name(),
        algorithm: algorithm.name(),
        batch_size: algorithm.minibatch().map(|plan| plan.rows),
        batches: algorithm.minibatch().map(|plan| plan.batches),
        min_size: args.algorithm.min_size,
        max_size: args.algorithm.max_size,
        seeds: args.seeds.0.iter().map(u64::to_string).collect(),
        device,
        choice,
        table,
        warnings,
        runs,
    }
}
