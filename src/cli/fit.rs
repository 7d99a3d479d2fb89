//! `cairn fit`: checks inputs, then fits, then writes files, notes and the summary.

use std::ops::ControlFlow;

use anyhow::Context;
use cairn::comm::CommError;
use cairn::data::Dataset;
use cairn::data::write::Output;
use cairn::engine::EngineError;
use cairn::kmeans::{
    Algorithm, CONTINUE, Checkpoint, Fit, FitError, KMeans, Minibatch, Params, ParamsError, RunEnd, Share,
    Step, fit_in_steps, fit_on_ranks, fit_restarts_on_ranks, fit_streamed, fit_with_checkpoint, labelled,
    labelled_values,
};
use cairn::numbers::plural;
use cairn::score::{Score, Undefined, score};
use cairn::warnings::{self, Warning, WarningCode};

use super::args::{AlgorithmArg, FitArgs};
use super::done::Done;
use super::failure::{Stopped, Usage};
use super::files::{Files, RestartsFile};
use super::measures::{self, InternalMeasures};
use super::ranks::Ranks;
use super::ready::{self, Ready};
use super::request::Asked;
use super::{
    checkpoint, dry_run, failure, follower, hints, json, notes, progress, ranks, report, request, rows_out,
    stop, streaming, summary, terminal,
};

/// Last words of a fit that Ctrl-C ends at once.
const NOTHING_WRITTEN: &str = "nothing was written";
const NOTHING_MORE: &str = "nothing more was written to the checkpoint";
const NO_RESTART: &str = "no restart has ended yet, and nothing was written";

/// Runs the subcommand.
pub(super) fn run(args: &FitArgs, ranks: &Ranks) -> anyhow::Result<()> {
    let (mut files, asked, mut kept) = ranks.agree(prepare(args))?;
    if args.dry_run {
        if follower::follows() {
            return Ok(());
        }
        return dry_run::write(args, &ready::ready(args, asked, None)?, kept.as_ref());
    }
    let mut restarts = files.begin_restarts(asked.params.n_outcomes());
    stop::forbid(Some(NO_RESTART));
    let done = work((args, ranks), asked, &mut restarts, &mut kept)?;
    stop::forbid(None);
    let Some(done) = done else { return Ok(()) };
    let listed = restarts.finish();
    let (report, written) = files.write(&done);
    let reported = report.map_or(Ok(()), |to| write_report(&done, to));
    if !args.quiet {
        notes::write(&done);
    }
    let summed_up = write_summary(&done).context("standard output");
    listed?;
    written?;
    reported.and(summed_up)?;
    end(&done, kept.as_ref())?;
    Ok(kept.map_or(Ok(()), Checkpoint::finish)?)
}

/// All that is checked before the table is read.
fn prepare(args: &FitArgs) -> anyhow::Result<(Files, Asked, Option<Checkpoint>)> {
    request::check_alone(&args.job)?;
    let algorithm = args.algorithm.algorithm().map_err(Usage)?;
    let files = Files::create(args)?;
    request::check_clusters(&args.job, &args.more)?;
    let sizes = [args.algorithm.min_size, args.algorithm.max_size];
    let asked = request::params(&args.job, args.device.device())?.with(algorithm, sizes)?;
    let asked = asked.begun_at(args.run.first_restart)?;
    let kept = checkpoint::open(&args.run, &asked.params, args.quiet)?;
    Ok((files, asked, kept))
}

/// The error if it was stopped, with what was written.
fn end(done: &Done<'_>, kept: Option<&Checkpoint>) -> anyhow::Result<()> {
    let count = done.fit.restarts.count();
    if done.fit.searched.ended != RunEnd::Cancelled {
        return Ok(());
    }
    let files = ready::outputs(done.args);
    let written = match files.as_slice() {
        [] => "no file was asked for, and none was written".to_owned(),
        [file] => format!("{file} was written"),
        [files @ .., last] => format!("{} and {last} were written", files.join(", ")),
    };
    let (iterations, first) = (done.fit.best.iterations, done.fit.best.restart);
    let of = match (done.params.algorithm().minibatch(), done.params.first_restart()) {
        (None, _) if done.fit.unfinished && first > 0 => {
            format!("--restarts 1 --first-restart {first} --max-iter {iterations}")
        }
        (None, _) if done.fit.unfinished => format!("--restarts 1 --max-iter {iterations}"),
        (Some(plan), _) => format!("--batches {}", plan.batches),
        (None, 0) => format!("--restarts {count}"),
        (None, first) => format!("--restarts {count} --first-restart {first}"),
    };
    let kept =
        checkpoint::words(&done.args.run, kept, count).map_or(String::new(), |words| format!("; {words}"));
    Err(Stopped(format!("the result is that of {of}; {written}{kept}")).into())
}

/// The fit, with all that is known of it; `None` of a process that follows another one.
fn work<'a>(
    (args, ranks): (&'a FitArgs, &Ranks),
    asked: Asked,
    restarts: &mut RestartsFile,
    kept: &mut Option<Checkpoint>,
) -> anyhow::Result<Option<Done<'a>>> {
    let Ready { opened, data, source, params, starts, begun, read } =
        ranks.agree(ready::ready(args, asked, ranks.comm()))?;
    let share = ranks.share(args, &data, &params)?;
    let streamed = if share.is_some() { None } else { streaming::plan(args, &data, &params)? };
    if let Some((streaming, plan)) = streamed.as_ref().filter(|_| !args.quiet) {
        notes::write_note(&format!("memory: {}", streaming::planned(plan, streaming)));
    }
    // a checkpoint holds the state of the best restart alone, as a table in a file allows
    let for_report = args.report.is_some() && kept.is_none() && streamed.is_none() && share.is_none();
    let params = if for_report { report::keep_for_report(params, &data)? } else { params };
    let params = KMeans::from(params).best_so_far(true).check()?;
    let shared = share.zip(ranks.comm());
    let fit = {
        let (mut bar, mut said, is_kept) = (None, None, kept.is_some() || follower::keeps());
        let mut seen = |step: Step<'_>| {
            progress::of_fit(&mut bar, &step);
            let Step::Restarts(progress) = step else { return CONTINUE };
            if share != Some(Share::Restarts) {
                restarts.write(&progress); // else those of this process alone
            }
            checkpoint::warn(&progress, &mut said);
            if is_kept {
                stop::keep();
                stop::allow(NOTHING_MORE);
            } else if progress.can_end {
                stop::allow(NOTHING_WRITTEN);
            }
            if stop::is_asked() { ControlFlow::Break(()) } else { CONTINUE }
        };
        match (shared, &streamed, kept.as_mut()) {
            (Some((Share::Rows, comm)), _, kept) => {
                let own = data.part(ranks::own_rows(&data, comm));
                fit_on_ranks(&opened, &own, &params, comm, kept, &mut seen)
            }
            (Some((Share::Restarts, comm)), _, _) => {
                fit_restarts_on_ranks(&opened, &data, &params, comm, &mut seen)
            }
            (None, Some((streaming, _)), kept) => {
                fit_streamed(&opened, &data, &params, streaming, kept, &mut seen)
            }
            (None, None, None) => fit_in_steps(&opened, &data, &params, &mut seen),
            (None, None, Some(kept)) => fit_with_checkpoint(&opened, &data, &params, kept, &mut seen),
        }
    };
    let so_far = match &fit {
        Ok(fit) if fit.searched.ended == RunEnd::Cancelled => Some(fit.restarts.count()),
        Err(FitError::Cancelled { done, .. }) => Some(*done),
        _ => None,
    };
    let words = so_far.and_then(|done| checkpoint::words(&args.run, kept.as_ref(), done));
    if let Some(terminated) = so_far.and_then(|_| checkpoint::terminated(words.clone())) {
        return Err(terminated.into());
    }
    let fit = fit.map_err(|error| match (error, words) {
        (FitError::Cancelled { .. }, Some(words)) => Stopped(words).into(),
        (error @ FitError::Cancelled { .. }, _) if share == Some(Share::Restarts) => {
            let text = format!(
                "{error}: shared by processes they have no result before all are done; {NOTHING_WRITTEN}"
            );
            Stopped(text).into()
        }
        // all processes are cancelled together
        (error @ FitError::Cancelled { .. }, _) => explain(error, &data, args),
        (error, _) => {
            let heard = matches!(
                error,
                FitError::Comm(CommError::Failed { .. })
                    | FitError::Engine(EngineError::Comm(CommError::Failed { .. }))
            );
            ranks.told(explain(error, &data, args), heard)
        }
    })?;
    if follower::follows() {
        return Ok(None); // the first process does the rest
    }
    if share == Some(Share::Restarts) {
        restarts.write_all(&fit);
    }
    let mut warnings = hints::with_flags(warnings::of_fit(&fit, &data)?);
    warnings.extend(args.rows_out.as_ref().and_then(|to| rows_out::unread(&*source, to)));
    if fit.searched.ended == RunEnd::Cancelled {
        warnings.push(stopped(&fit, &params));
    }
    let params = those_done(&fit, params)?;
    let score = score_of(&data, &fit, params.n_clusters())?;
    let measures = measures_of(&data, &fit, &params, args, &warnings)?;
    let total = begun.elapsed();
    Ok(Some(Done { args, data, source, params, fit, score, measures, warnings, starts, opened, read, total }))
}

/// The parameters of what was done: what is left of a stopped fit is in all the same as one of fewer restarts or batches.
fn those_done(fit: &Fit, params: Params) -> Result<Params, ParamsError> {
    let done = fit.restarts.count();
    match params.algorithm().minibatch() {
        Some(plan) if fit.searched.ended == RunEnd::Cancelled => {
            let plan = Minibatch { batches: fit.best.iterations, ..plan };
            KMeans::from(params).algorithm(Algorithm::Minibatch(plan)).check()
        }
        _ if fit.unfinished => {
            let kmeans = KMeans::from(params).restarts(1).first_restart(fit.best.restart);
            kmeans.max_iter(fit.best.iterations).check()
        }
        _ if done < params.n_outcomes() => KMeans::from(params).restarts(done).check(),
        _ => Ok(params),
    }
}

/// The warning of a fit that was stopped.
fn stopped(fit: &Fit, params: &Params) -> Warning {
    let text = match params.algorithm().minibatch() {
        Some(plan) => {
            let (done, of) = (fit.best.iterations, plan.batches);
            format!("stopped by Ctrl-C after {done} of {of} batches; the result is that of these")
        }
        None if fit.unfinished => {
            let (done, of) = (plural(fit.best.iterations.into(), "iteration"), params.n_outcomes());
            format!(
                "stopped by Ctrl-C after {done}, before any of {of} restarts had ended; the result is that of these"
            )
        }
        None => {
            let (done, of) = (fit.restarts.count(), params.n_outcomes());
            format!("stopped by Ctrl-C after {done} of {of} restarts; the result is the best of these")
        }
    };
    Warning::new(WarningCode::StoppedEarly, text)
}

fn explain(error: FitError, data: &Dataset<'_>, args: &FitArgs) -> anyhow::Error {
    match error {
        FitError::Params(ParamsError::Centroid(_) | ParamsError::CentroidDims { .. }) => {
            let init = request::init_name(&args.job.init);
            anyhow::Error::new(error).context(format!("--init {init}"))
        }
        FitError::CancelledBatches { .. } => {
            Stopped(format!("{error}, while the sample was fitted; {NOTHING_WRITTEN}")).into()
        }
        FitError::Cancelled { .. } if args.algorithm.algorithm == AlgorithmArg::Bisecting => {
            Stopped(format!("{error}, before there were as many clusters as asked for; {NOTHING_WRITTEN}"))
                .into()
        }
        FitError::Cancelled { .. } => {
            Stopped(format!("{error}, too many for a result of fewer than asked for; {NOTHING_WRITTEN}"))
                .into()
        }
        error => failure::in_data(error, data),
    }
}

fn score_of(data: &Dataset<'_>, fit: &Fit, n_clusters: usize) -> anyhow::Result<Option<Score>> {
    let Some(truth) = &data.truth else { return Ok(None) };
    let (classes, labels) = labelled_values(&truth.labels, fit.labels());
    Ok(Some(score(&classes, truth.names.len(), &labels, n_clusters)?))
}

fn measures_of(
    data: &Dataset<'_>,
    fit: &Fit,
    params: &Params,
    args: &FitArgs,
    warnings: &[Warning],
) -> anyhow::Result<Option<InternalMeasures>> {
    if !args.measures {
        return Ok(None);
    }
    if warnings.iter().any(|warning| warning.code == WarningCode::FewDistinctRows) {
        return Ok(Some(InternalMeasures::undefined(Undefined::OnlyCopies)));
    }
    let (data, labels) = labelled(data, fit.labels())?;
    Ok(Some(measures::measure(&data, &labels, params.n_clusters(), params.seed())?))
}

fn write_report(done: &Done<'_>, to: Output) -> anyhow::Result<()> {
    let made = report::Made {
        opened: &done.opened,
        source: &done.data.name,
        data: &done.data,
        params: &done.params,
        fit: &done.fit,
        warnings: &done.warnings,
        runs: &[],
        resumed: summary::resumed(done),
        kept: done.args.run.checkpoint.is_some(),
    };
    let page = report::of_fit(&made).context("--report")?;
    Ok(to.write_bytes(page.as_bytes())?)
}

fn write_summary(done: &Done<'_>) -> anyhow::Result<()> {
    let text = match (done.args.json, done.args.quiet) {
        (true, _) => json::text(done)?,
        (false, true) => return Ok(()),
        (false, false) => summary::text(done, terminal::width(), terminal::color()),
    };
    Ok(terminal::write_stdout(&text)?)
}
