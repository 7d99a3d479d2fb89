//! `cairn fit`: checks inputs, then fits, then writes files, notes and the summary.

use std::time::Instant;

use anyhow::Context;
use cairn::data::{self, Dataset};
use cairn::engine::{Device, Opened};
use cairn::kmeans::{CONTINUE, Fit, FitError, Params, ParamsError, fit_on, job_size};
use cairn::score::{Score, score};

use super::args::FitArgs;
use super::device::{self, Wanted};
use super::done::Done;
use super::files::Files;
use super::measures::{self, InternalMeasures};
use super::progress::Bar;
use super::{failure, json, notes, report, request, summary, terminal};

/// Runs the subcommand.
pub(super) fn run(args: &FitArgs) -> anyhow::Result<()> {
    request::check_alone(&args.job)?;
    let files = Files::create(args)?;
    let params = request::params(&args.job, args.device.device())?;
    let done = work(args, params)?;
    files.write(&done.fit, &done.data, &done.params, done.report.as_deref())?;
    if !args.quiet {
        notes::write(&done);
    }
    write_summary(&done).context("standard output")
}

fn work(args: &FitArgs, params: Params) -> anyhow::Result<Done<'_>> {
    let start = Instant::now();
    let load = || data::load(&args.job.data, &request::load_options(&args.job));
    let wanted = Wanted {
        gpu_memory: args.memory.gpu_memory,
        threads: params.threads(),
        quiet: args.quiet,
        size: None,
    };
    let (opened, data) = match params.device() {
        // the choice depends on the size of the job, so load first
        Device::Auto => {
            let data = load()?;
            (device::open(&Device::Auto, &Wanted { size: Some(job_size(&data, &params)), ..wanted })?, data)
        }
        // an error in opening the device is reported before rows are read
        named => (device::open(named, &wanted)?, load()?),
    };
    let read = start.elapsed() - opened.took;
    let params = if args.report.is_some() { report::keep_for_report(params, &data)? } else { params };
    let fit = {
        let bar = Bar::new(params.n_restarts(), args.quiet);
        fit_on(&opened, &data, &params, &mut |progress| {
            bar.update(progress);
            CONTINUE
        })
    };
    let fit = fit.map_err(|error| explain(error, &data, args))?;
    let score = score_of(&data, &fit, params.n_clusters())?;
    let measures = measures_of(&data, &fit, &params, args)?;
    let report = report_of(args, &opened, &data, &params, &fit)?;
    Ok(Done { args, data, params, fit, score, measures, report, read, total: start.elapsed() })
}

fn explain(error: FitError, data: &Dataset, args: &FitArgs) -> anyhow::Error {
    match error {
        FitError::Params(ParamsError::Centroid(_) | ParamsError::CentroidDims { .. }) => {
            let init = request::init_name(&args.job.init);
            anyhow::Error::new(error).context(format!("--init {init}"))
        }
        error => failure::in_data(error, data),
    }
}

fn score_of(data: &Dataset, fit: &Fit, n_clusters: usize) -> anyhow::Result<Option<Score>> {
    let Some(truth) = &data.truth else { return Ok(None) };
    Ok(Some(score(&truth.labels, truth.names.len(), fit.labels(), n_clusters)?))
}

fn measures_of(
    data: &Dataset,
    fit: &Fit,
    params: &Params,
    args: &FitArgs,
) -> anyhow::Result<Option<InternalMeasures>> {
    if !args.measures {
        return Ok(None);
    }
    Ok(Some(measures::measure(data, fit.labels(), params.n_clusters(), params.seed())?))
}

fn report_of(
    args: &FitArgs,
    opened: &Opened,
    data: &Dataset,
    params: &Params,
    fit: &Fit,
) -> anyhow::Result<Option<String>> {
    if args.report.is_none() {
        return Ok(None);
    }
    let made = report::Made { opened, source: &args.job.data, data, params, fit, runs: &[] };
    report::of_fit(&made).context("--report").map(Some)
}

fn write_summary(done: &Done<'_>) -> anyhow::Result<()> {
    let text = match (done.args.json, done.args.quiet) {
        (true, _) => json::text(done)?,
        (false, true) => return Ok(()),
        (false, false) => summary::text(done, terminal::width(), terminal::color()),
    };
    Ok(terminal::write_stdout(&text)?)
}
