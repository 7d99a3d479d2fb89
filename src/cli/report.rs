//! `cairn report` and `cairn fit --report`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use cairn::data::write::Output;
use cairn::data::{
    self, ColumnRoles, DIGITS, Dataset, ORIGIN_OF_DIGITS, Pick, Points, ReadCounter, ReadOptions, Reading,
    Source, TRUTH_OF_DIGITS,
};
use cairn::engine::cost::JobSize;
use cairn::engine::{Keep, NO_LABEL, Opened};
use cairn::kmeans::{
    self, Algorithm, CONTINUE, Fit, KMeans, Params, fit_in_steps, job_size, labelled, labelled_values,
};
use cairn::model::{ColumnOptions, Model, Predictor};
use cairn::report::{LabelledRows, Report, RestartSummary, SweepLine, draw, html};
use cairn::score::{Contingency, purity};
use cairn::sweep::{Choice, SweepPlan, SweepRun, sweep};
use cairn::warnings::{self, Unlabelled, Warning, merged};
use ndarray::Array2;

use super::args::sweep::REFERENCE_SETS;
use super::args::{MissingArg, ReportArgs};
use super::device::{self, Wanted};
use super::failure::{self, Usage};
use super::progress::Bar;
use super::{hints, input, notes, prepared, progress, request, rows, summary, terminal};

/// Most bytes of labels and centroids that are kept in order to score all restarts.
const MOST_STATES: u128 = 256 << 20;
/// Most multiply-adds spent on repeating the best restart for its convergence.
const MOST_TRACE: u128 = 10_000_000_000;
/// Restarts per fit of the sweep.
const RESTARTS_OF_SWEEP: u64 = 10;

/// Runs the subcommand.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let from_model = is_model(&args.job.data);
    if let (false, Some(rows)) = (from_model, &args.rows) {
        let data = &args.job.data;
        return Err(Usage(format!(
            "{data} is not a model, so {rows} can't be rows for it; give one of them"
        ))
        .into());
    }
    let output = Output::create_plain(&args.output)?;
    let (page, warnings) = if from_model { of_model(args)? } else { of_data(args)? };
    output.write_bytes(page.as_bytes())?;
    if !args.quiet {
        notes::warn(&warnings);
        let path = terminal::plain(&args.output.display().to_string());
        terminal::write_stderr(&format!("{path}: {} kB; open it in a browser", page.len().div_ceil(1000)));
    }
    Ok(())
}

/// Whether this is a model file, by its first bytes: a length of 8 bytes, then the `{` of a header.
fn is_model(source: &str) -> bool {
    if matches!(source, DIGITS | "-") {
        return false;
    }
    let mut start = [0; 9];
    let is_file = std::fs::metadata(source).is_ok_and(|metadata| metadata.is_file()); // a pipe can be read only once
    let begins = is_file && File::open(source).and_then(|mut file| file.read_exact(&mut start)).is_ok();
    let named =
        || Path::new(source).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors"));
    named()
        || begins
            && start[8] == b'{'
            && u64::from_le_bytes(start[..8].try_into().unwrap_or([0xff; 8])) < 1 << 32
}

fn of_model(args: &ReportArgs) -> anyhow::Result<(String, Vec<Warning>)> {
    if args.sweep.is_some() {
        return Err(Usage(
            "--sweep clusters data, and a model is clustered already; give the data instead".into(),
        )
        .into());
    }
    check_flags(args)?;
    let model = Model::load(Path::new(&args.job.data))?;
    let mut report = Report { drawing: drawing(&model), ..Report::of(&model) };
    let Some(source) = &args.rows else { return Ok((html(&report)?, Vec::new())) };
    let (all, found, warnings) = rows_for(args, &model, source)?;
    let (data, labels) = labelled(&all, &found)?;
    if labels.is_empty() {
        bail!("there is nothing to report: {}", warnings[0].text);
    }
    report.warnings.clone_from(&warnings);
    let fitted = model.provenance.data == data.name && model.provenance.n_points == found.len();
    report.rows = Some(LabelledRows { data: &data, labels: &labels, fitted });
    report.origin = origin(source);
    Ok((html(&report)?, warnings))
}

/// An error for flags about the rows of a fit, which a model has behind it.
fn check_flags(args: &ReportArgs) -> Result<(), Usage> {
    let flag = if args.job.scale.scale.scale().is_some() {
        "--scale: the model scales its rows as it was fitted"
    } else if args.job.missing.how() == MissingArg::Drop {
        "--missing drop: rows that lack a value have no label in a model"
    } else {
        return Ok(());
    };
    Err(Usage(format!("{flag}; leave it out")))
}

/// The rows of a table, with the model's columns; their labels, [`NO_LABEL`] where there is none; and warnings, the
/// first of them about rows without a label, if there are any.
fn rows_for(
    args: &ReportArgs,
    model: &Model,
    source: &str,
) -> anyhow::Result<(Dataset<'static>, Vec<u32>, Vec<Warning>)> {
    let job = &args.job;
    let counter = ReadCounter::default();
    let bar = Bar::read(&[source.to_owned()], &counter);
    let options = ReadOptions { counter: Some(counter), ..job.table.read_options() };
    let opened: Arc<dyn Source> = data::open(source, &options)?.into();
    let of_digits = || (source == DIGITS && job.truth_file.is_none()).then(|| TRUTH_OF_DIGITS.to_owned());
    let truth = job.truth.clone().or_else(of_digits);
    let ignore = job.weights.iter().chain(&job.columns.ignore).cloned().collect();
    let (columns, numeric) = (job.columns.columns.clone(), job.columns.numeric || job.missing.clean);
    let roles = ColumnRoles { truth, weights: None, columns, ignore, numeric };
    let (opened, roles) = data::as_drawings(opened, options.as_drawings, roles)?;
    let ColumnRoles { truth, columns, ignore, numeric, .. } = roles;
    let columns = ColumnOptions { truth, columns, ignore, numeric, by_position: false };
    let pick = Pick { lenient: true, ..model.pick(opened.columns(), &columns)? };
    let (opened, pick) = data::with_truth_file(opened, pick, job.truth_file.as_deref(), &options)?;
    let device = device::open(&args.device.device(), &wanted(args, None))?;
    let mut predictor = Predictor::new(model, &*device.engine)?;
    let (mut labels, mut unlabelled) = (Vec::new(), Unlabelled::default());
    let name = opened.columns().source().to_owned();
    let mut values = Vec::new();
    let truth = opened.visit::<anyhow::Error>(&pick, &mut |chunk| {
        let rows = chunk.rows.to_f64();
        let (found, errors) = predictor.predict_each(&rows)?;
        labels.extend(found.iter().map(|row| row.as_ref().map_or(NO_LABEL, |row| row.label)));
        errors.into_iter().for_each(|(_, error)| unlabelled.add(&error.in_chunk(&chunk, 0)));
        values.extend_from_slice(&rows);
        Ok(())
    })?;
    drop(bar);
    let shape = (values.len() / model.n_dims(), model.n_dims());
    let points = Array2::from_shape_vec(shape, values).context("rows of unlike length")?.into();
    let points = match &model.scaling {
        Some(scaling) => Points::scaled(points, scaling.clone()),
        None => points,
    };
    let (text, pictures) = (opened.text(&pick), opened.pictures().cloned());
    let drawings = opened.drawings().cloned();
    let reading =
        Reading { text, pictures, drawings, names: opened.row_names().to_vec(), ..Reading::default() };
    let data = Dataset { name, points, columns: model.columns.clone(), truth, weights: None, reading };
    if !args.quiet {
        notes::of_table(&data);
    }
    let mut warnings = Vec::from_iter(unlabelled.warning());
    warnings.extend(rows::device_warnings(&predictor, &device));
    Ok((data, labels, warnings))
}

fn wanted(args: &ReportArgs, size: Option<JobSize>) -> Wanted {
    Wanted { size, quiet: args.quiet, gpu_memory: None }
}

fn of_data(args: &ReportArgs) -> anyhow::Result<(String, Vec<Warning>)> {
    request::check_alone(&args.job)?;
    request::check_clusters(&args.job, &[])?;
    let asked = request::params(&args.job, args.device.device())?;
    let data = request::load(&args.job, &[])?;
    let (params, starts) = asked.of_data(&data)?;
    if let Some(note) = starts.note(&data).filter(|_| !args.quiet) {
        notes::write_note(&note);
    }
    let opened = device::open(params.device(), &wanted(args, Some(job_size(&data, &params))))?;
    let params = keep_for_report(params, &data)?;
    let fit = {
        let mut bar = None;
        fit_in_steps(&opened, &data, &params, &mut |step| {
            progress::of_fit(&mut bar, &step);
            CONTINUE
        })
    };
    let fit = fit.map_err(|error| failure::in_data(error, &data))?;
    let runs = swept(args, &opened, &data, &params)?;
    if !args.quiet {
        notes::of_table(&data);
    }
    let of_fit_alone = warnings::of_fit(&fit, &data)?;
    let warnings =
        hints::with_flags(merged([&of_fit_alone].into_iter().chain(runs.iter().map(|run| &run.warnings))));
    let page = of_fit(&Made {
        opened: &opened,
        source: &args.job.data,
        data: &data,
        params: &params,
        fit: &fit,
        warnings: &warnings,
        runs: &runs,
        resumed: None,
        kept: false,
    })?;
    Ok((page, warnings))
}

fn swept(
    args: &ReportArgs,
    opened: &Opened,
    data: &Dataset<'_>,
    params: &Params,
) -> anyhow::Result<Vec<SweepRun>> {
    let Some(numbers) = &args.sweep else { return Ok(Vec::new()) };
    let kmeans =
        KMeans::new(1).restarts(RESTARTS_OF_SWEEP).max_iter(params.max_iter()).device(args.device.device());
    let plan = SweepPlan {
        kmeans,
        n_clusters: numbers.0.clone(),
        seeds: vec![params.seed()],
        measures: true,
        reference_sets: REFERENCE_SETS,
        best_so_far: false,
    };
    let bar = Bar::fits(plan.n_clusters.len() as u64);
    sweep(opened, data, None, &plan, &mut |runs| {
        bar.step(runs.len() as u64);
        CONTINUE
    })
    .context("--sweep")
}

/// Sets the parameters so that the states of all restarts are kept, if there is room.
pub(super) fn keep_for_report(params: Params, data: &Dataset<'_>) -> anyhow::Result<Params> {
    let keep = if data.truth.is_some() && states_fit(&params, data) { Keep::All } else { Keep::Best };
    Ok(KMeans::from(params).keep(keep).check()?)
}

fn states_fit(params: &Params, data: &Dataset<'_>) -> bool {
    let (n, d) = (data.points.n_points() as u128, data.points.n_dims() as u128);
    let state = 4 * n + (4 * d + 8) * params.n_clusters() as u128;
    state * u128::from(params.n_outcomes()) <= MOST_STATES
}

/// A fit and the other inputs of its report.
pub(super) struct Made<'a> {
    pub(super) opened: &'a Opened,
    pub(super) source: &'a str,
    pub(super) data: &'a Dataset<'a>,
    pub(super) params: &'a Params,
    pub(super) fit: &'a Fit,
    pub(super) warnings: &'a [Warning],
    pub(super) runs: &'a [SweepRun],
    /// Where the run went on, if it did.
    pub(super) resumed: Option<String>,
    /// Whether it was written to a checkpoint.
    pub(super) kept: bool,
}

/// The report of a fit.
pub(super) fn of_fit(made: &Made<'_>) -> anyhow::Result<String> {
    let model = made.fit.model(made.data, made.params)?;
    let (data, labels) = labelled(made.data, made.fit.labels())?;
    let report = Report {
        model: &model,
        rows: Some(LabelledRows::new(&data, &labels)),
        warnings: made.warnings.to_vec(),
        inertia_scale: made.fit.cost_scale(),
        origin: origin(made.source),
        restarts: Some(restarts(made)?),
        convergence: convergence(made)?,
        sweep: made.runs.iter().map(line).collect(),
        choice: Choice::of(made.runs).map(|choice| choice.text),
        about: about(made),
        drawing: drawing(&model),
    };
    Ok(html(&report)?)
}

/// The drawing section, for models of 8 x 8 counts.
fn drawing(model: &Model) -> Option<String> {
    draw::section(model).ok()
}

fn origin(source: &str) -> Option<&'static str> {
    (source == DIGITS).then_some(ORIGIN_OF_DIGITS)
}

fn restarts(made: &Made<'_>) -> anyhow::Result<RestartSummary> {
    let (fit, data) = (made.fit, made.data);
    let (mut accuracies, mut unscored) = (Vec::new(), None);
    if let Some(truth) = &data.truth {
        for (_, state) in &fit.restarts.states {
            let (classes, labels) = labelled_values(&truth.labels, &state.labels);
            let table = Contingency::new(&classes, truth.names.len(), &labels, made.params.n_clusters())?;
            accuracies.push(purity(&table));
        }
        if made.kept {
            unscored = Some(
                "Only the best restart is scored: a run with a checkpoint keeps no other labels.".into(),
            );
        } else if !states_fit(made.params, data) {
            unscored = Some(format!(
                "Only the best restart is scored: the labels of all {} take more than {} MB.",
                fit.spread.count,
                MOST_STATES >> 20
            ));
        }
    }
    let scaled = |inertia: u128| fit.scaled_cost(inertia, fit.cost_scale());
    let inertias = fit.restarts.outcomes.iter().map(|outcome| scaled(outcome.inertia)).collect();
    let (low, high) = fit.spread.median;
    let (median, found_best) = (scaled(low) / 2.0 + scaled(high) / 2.0, fit.spread.found_best);
    let (count, min, max) = (fit.spread.count, scaled(fit.spread.min), scaled(fit.spread.max));
    let mut falls: Vec<(f64, f64)> =
        fit.restarts.falls.iter().map(|fall| (fall.after.as_secs_f64(), scaled(fall.inertia))).collect();
    if let Some(&(after, least)) = falls.last() {
        falls.push((fit.restarts.ran_for.as_secs_f64().max(after), least));
    }
    // one cluster has no children, nor has a run that ended within the first generation
    let first = fit.searched.first_generation();
    let first_generation = if made.params.n_clusters() > 1 && first < count { first } else { 0 };
    Ok(RestartSummary {
        count,
        inertias,
        min,
        median,
        max,
        found_best,
        accuracies,
        unscored,
        falls,
        first_generation,
    })
}

/// Inertia after each iteration of the best restart, if that takes at most a few seconds.
fn convergence(made: &Made<'_>) -> anyhow::Result<Option<Vec<f64>>> {
    let fit = made.fit;
    if made.params.algorithm() != Algorithm::Lloyd {
        return Ok(None); // it has no one loop
    }
    let sizes = [fit.n_points, fit.lattice.n_dims(), made.params.n_clusters(), fit.best.iterations as usize];
    if made.params.refine() || fit.best.restart >= fit.searched.first_generation() {
        return Ok(None); // its iterations are not those of Lloyd's loop from the seeds alone
    }
    if sizes.iter().map(|&size| size as u128).product::<u128>() > MOST_TRACE {
        return Ok(None);
    }
    let table = kmeans::pack_for(made.data, made.params)?;
    let inertias = kmeans::trace(&*made.opened.engine, &table, made.params, &fit.best)?;
    Ok(Some(inertias.into_iter().map(|inertia| fit.scaled_cost(inertia, fit.cost_scale())).collect()))
}

fn line(run: &SweepRun) -> SweepLine {
    SweepLine {
        n_clusters: run.n_clusters,
        inertia: run.inertia,
        silhouette: run.silhouette,
        calinski_harabasz: run.calinski_harabasz,
        gap: run.gap,
        bic: run.bic,
        accuracy: run.accuracy,
    }
}

fn about(made: &Made<'_>) -> Vec<(String, String)> {
    let timings = &made.fit.timings;
    let times = summary::times(timings, Duration::ZERO, timings.total);
    let mut about = vec![("chosen".to_owned(), made.fit.device_reason.clone()), ("time".to_owned(), times)];
    if made.fit.spread.count > 1 {
        let speed = summary::speed(made.fit, Algorithm::Lloyd); // of several restarts
        about.extend(speed.map(|speed| ("speed".to_owned(), speed)));
    }
    about.extend(made.resumed.clone().map(|resumed| ("resumed".to_owned(), resumed)));
    about.extend(summary::search(made.fit).map(|search| ("search".to_owned(), search)));
    if let Some(text) = made.data.reading.text.as_ref().filter(|_| made.source != DIGITS) {
        about.push(("input".to_owned(), input::form(text)));
    }
    let prepared = prepared::lines(made.data).into_iter().filter(|(label, _)| *label != "scale"); // said of the model
    about.extend(prepared.map(|(label, text)| (label.to_owned(), text)));
    about
}
