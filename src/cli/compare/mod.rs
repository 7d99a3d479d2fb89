//! `cairn compare`: checks inputs, then runs, then writes files and tables.

mod calibrate;
mod chart;
mod devices;
mod files;
mod text;

use std::time::{Duration, Instant};

use anyhow::Context;
use cairn::compare::sweep::{Parameter, Sweep};
use cairn::compare::{
    Budget, CompareError, Comparison, Contestant, Document, Estimate, HostClock, Method, Plan, Runner, Step,
    params_at,
};
use cairn::data::Dataset;
use cairn::engine::Device;
use cairn::kmeans::{FitError, Params};
use cairn::numbers::{self, plural};

use self::files::ExportFiles;
use super::args::CompareArgs;
use super::device;
use super::failure::{self, Stopped, Usage};
use super::progress::Bar;
use super::{hints, notes, request, stop, terminal};

/// Default number of runs of each device; fewer if they take long.
const RUNS: u32 = 10;
/// Time for the runs of a job, so that a comparison ends within a minute: opening devices, reading and measuring peaks take
/// the rest.
const BUDGET: Budget = Budget { time: Duration::from_secs(50), least_runs: 1 };
/// Time for the runs of each value of a sweep, of which fewer would leave open where the faster device changes.
const BUDGET_OF_VALUE: Budget = Budget { time: Duration::from_secs(10), least_runs: Method::LEAST_RUNS };

/// Runs the subcommand.
pub(super) fn run(args: &CompareArgs) -> anyhow::Result<()> {
    request::check_alone(&args.job)?;
    if args.job.search.time.is_some() {
        let text =
            "--time: devices are compared by the same restarts, and would do different ones; give --restarts";
        return Err(Usage(text.into()).into());
    }
    let list = devices::parse(args.devices.as_deref())?;
    if args.calibrate {
        return calibrate::run(args, &list);
    }
    let files = ExportFiles::create(args)?;
    if args.sweep.as_ref().is_none_or(|sweep| sweep.parameter != Parameter::Clusters) {
        request::check_clusters(&args.job, &[])?;
    }
    let asked = request::params(&args.job, Device::Auto)?;
    let params = &asked.params;
    if let Some(sweep) = &args.sweep {
        for &value in &sweep.values {
            params_at(params, sweep.parameter, value).with_context(|| format!("--sweep {sweep}"))?;
        }
        check_points(sweep, params.n_clusters())?;
    }
    let mut contestants = devices::open(&list, &device::options(&devices::wanted(args))?, args.quiet)?;
    let start = Instant::now();
    let data = request::load(&args.job, &[])?;
    let (params, starts) = asked.of_data(&data)?;
    stop::allow("nothing was written");
    let document = measure(args, &params, &data, start.elapsed(), &mut contestants)?;
    let document = Document { warnings: hints::with_flags(document.warnings.clone()), ..document };
    let written = files.write(&document);
    if !args.quiet {
        notes::of_table(&data);
        starts.note(&data).iter().for_each(|note| notes::write_note(note));
        let text = text::text(&document, terminal::width(), terminal::color());
        terminal::write_stdout(&text).context("standard output")?;
        text::warn(&document);
    }
    written?;
    end(&document)
}

/// An error if the sweep has fewer points than clusters.
fn check_points(sweep: &Sweep, n_clusters: usize) -> Result<(), Usage> {
    let few = sweep.values.iter().find(|&&value| value < n_clusters as u64);
    match few.filter(|_| sweep.parameter == Parameter::Points) {
        Some(few) => Err(Usage(format!(
            "--sweep {sweep}: {n_clusters} clusters need as many points, and {few} are fewer; start at {n_clusters}"
        ))),
        None => Ok(()),
    }
}

fn measure(
    args: &CompareArgs,
    params: &Params,
    data: &Dataset<'_>,
    read: Duration,
    contestants: &mut [Contestant<'_>],
) -> anyhow::Result<Document> {
    let comparison = Comparison { data, read, params, sweep: args.sweep.as_ref(), method: method(args) };
    contestants.iter_mut().for_each(Contestant::describe);
    let bar = Bar::line("compare");
    let several = contestants.len() > 1;
    let say = |step: Step<'_>| match step {
        Step::Estimate(estimate) => {
            let text = estimated(&estimate, several);
            bar.above(|| {
                if !args.quiet {
                    notes::write_note(&text)
                }
            });
        }
        Step::Run { what, left_s: None } => bar.say(what),
        Step::Run { what, left_s: Some(left_s) } => {
            bar.say(&format!("{what}; {} left", numbers::about(left_s)));
        }
    };
    let runner = Runner { clock: &HostClock::start(), stop: &stop::STOP, say: &say };
    comparison.run(contestants, &runner).map_err(|error| match (error, &args.sweep) {
        (CompareError::Fit(error), sweep) => match (&error, sweep) {
            (FitError::Params(_), Some(sweep)) => {
                failure::in_data(error, data).context(format!("--sweep {sweep}"))
            }
            _ => failure::in_data(error, data),
        },
        (error @ CompareError::TooFewRows { .. }, Some(sweep)) => {
            anyhow::Error::new(error).context(format!("--sweep {sweep}"))
        }
        (error, _) => error.into(),
    })
}

/// What the measurements will take; for several devices also what a clear answer takes.
fn estimated(estimate: &Estimate, several: bool) -> String {
    let Estimate { seconds, jobs, plan, pass_s } = *estimate;
    let Plan { warmup, runs } = plan;
    let time = numbers::about(seconds);
    if jobs > 1 {
        return format!("measuring {jobs} values takes {time}");
    }
    let run = |n: u32, what: &str| plural(n.into(), &format!("{what}run"));
    let (warmup, measured) = (run(warmup, "warm-up "), run(runs, ""));
    let mut text = format!("measuring takes {time}: {warmup} and {measured} of each device");
    if several && runs < Method::LEAST_RUNS {
        let (least, longer) = (Method::LEAST_RUNS, numbers::about(f64::from(Method::LEAST_RUNS) * pass_s));
        text += &format!("; --runs {least}, the fewest that can say which is faster, take {longer}");
    }
    text
}

fn method(args: &CompareArgs) -> Method {
    let budget = if args.sweep.is_some() { BUDGET_OF_VALUE } else { BUDGET };
    Method {
        runs: args.runs.unwrap_or(RUNS),
        warmup: args.warmup,
        budget: args.runs.is_none().then_some(budget),
    }
}

fn end(document: &Document) -> anyhow::Result<()> {
    if document.stopped {
        return Err(Stopped("what was measured until then is shown, and marked incomplete".into()).into());
    }
    match document.failure() {
        Some((device, why)) => anyhow::bail!("{device} failed: {why}"),
        None => Ok(()),
    }
}
