//! `cairn merge`: joins parts of one run.

use std::path::PathBuf;

use anyhow::Context;
use cairn::kmeans::{KMeans, RunIdentity, SavedRun, SavedRunError};
use cairn::numbers::plural;
use serde::Serialize;

use super::args::MergeArgs;
use super::json::{self, SCHEMA, VERSION};
use super::terminal::{self, labelled, plain};

/// Significant digits of an inertia, as in the summary of a fit.
const DIGITS: usize = 10;

#[derive(Serialize)]
struct Merged<'a> {
    schema: u32,
    version: &'static str,
    runs: Vec<String>,
    output: Option<String>,
    data: &'a str,
    n_points: u64,
    n_dims: u64,
    n_clusters: u64,
    seed: String, // as text: some JSON readers have only floats, which can't hold every u64
    first_restart: u64,
    n_restarts: u64,
    best: BestJson,
    seconds: f64, // of all processes
    fingerprint: String,
}

#[derive(Serialize)]
struct BestJson {
    restart: u64,
    inertia_text: String,
    inertia_exact: String, // lattice units
    iterations: u32,
    stopped: &'static str,
}

/// Runs the subcommand.
pub(super) fn run(args: &MergeArgs) -> anyhow::Result<()> {
    let load = |path: &PathBuf| SavedRun::load(path).map(|run| (path.clone(), run));
    let parts: Vec<(PathBuf, SavedRun)> = args.runs.iter().map(load).collect::<Result<_, SavedRunError>>()?;
    let whole = SavedRun::merge(parts)?;
    if let Some(output) = &args.output {
        whole.save(output)?;
    }
    let text = match (args.json, args.quiet) {
        (true, _) => json::pretty(&merged(args, &whole)?)?,
        (false, true) => return Ok(()),
        (false, false) => text(args, &whole)?,
    };
    terminal::write_stdout(&text).context("standard output")
}

fn merged<'a>(args: &MergeArgs, whole: &'a SavedRun) -> anyhow::Result<Merged<'a>> {
    let best = whole.best_outcome().context("the run has no restart")?;
    let RunIdentity { n_points, n_dims, n_clusters, seed, .. } = whole.identity;
    Ok(Merged {
        schema: SCHEMA,
        version: VERSION,
        runs: args.runs.iter().map(|run| run.display().to_string()).collect(),
        output: args.output.as_ref().map(|output| output.display().to_string()),
        data: &whole.about.data,
        n_points,
        n_dims,
        n_clusters,
        seed: seed.to_string(),
        first_restart: whole.first_restart,
        n_restarts: whole.count(),
        best: BestJson {
            restart: best.restart,
            inertia_text: whole.cost_text(best.inertia, DIGITS),
            inertia_exact: best.inertia.to_string(),
            iterations: best.iterations,
            stopped: best.stop.name(),
        },
        seconds: whole.spent.as_secs_f64(),
        fingerprint: whole.fingerprint(),
    })
}

fn text(args: &MergeArgs, whole: &SavedRun) -> anyhow::Result<String> {
    let best = whole.best_outcome().context("the run has no restart")?;
    let RunIdentity { n_points, n_dims, n_clusters, seed, init, .. } = &whole.identity;
    let mut text = String::new();
    let mut line = |label: &str, value: &str| text.push_str(&labelled(label, &plain(value)));
    let table = format!("{} x {}", plural(*n_points, "row"), plural(*n_dims, "column"));
    line("data", &format!("{}, {table}", whole.about.data));
    let restarts = plural(whole.count(), "restart");
    let last = whole.first_restart + whole.count() - 1;
    let clusters = plural(*n_clusters, "cluster");
    line(
        "asked for",
        &format!("{clusters}, {restarts} ({} to {last}) from {init}, seed {seed}", whole.first_restart),
    );
    let flags = flags(&whole.identity)?;
    line("parts", &plural(args.runs.len() as u64, "run"));
    line("flags", &flags);
    let found = whole.outcomes.iter().filter(|outcome| outcome.inertia == best.inertia).count();
    let inertia = whole.cost_text(best.inertia, DIGITS);
    line("inertia", &format!("{inertia} in restart {}, found by {found} of {}", best.restart, whole.count()));
    if let Some(output) = &args.output {
        let output = output.display();
        let first = match whole.first_restart {
            0 => String::new(),
            first => format!(" --first-restart {first}"),
        };
        line(
            "written",
            &format!(
                "{output}, write outputs from it with: cairn fit, the table as it was given, {flags} -r {}{first} --checkpoint {output} --resume",
                whole.count()
            ),
        );
    }
    line("fingerprint", &whole.fingerprint());
    Ok(text)
}

/// The flags of the parameters that decide a run's restarts, as far as they are not those by default.
fn flags(run: &RunIdentity) -> anyhow::Result<String> {
    let usual = KMeans::new(1).check()?;
    let RunIdentity { n_clusters, metric, init, seed, max_iter, tol, search, .. } = run;
    let text = |flag: &str, value: &str, usual: &str| (value != usual).then(|| format!("{flag} {value}"));
    let number = |flag: &str, value: Option<u64>| value.map(|value| format!("{flag} {value}"));
    let flags = [
        Some(format!("-k {n_clusters}")),
        text("--seed", &seed.to_string(), &usual.seed().to_string()),
        match init.as_str() {
            "centroids" => Some("--init FILE".to_owned()),
            init => text("--init", init, usual.init().name()),
        },
        text("--metric", metric, usual.metric().name()),
        text("--max-iter", &max_iter.to_string(), &usual.max_iter().to_string()),
        text("--tol", tol, &usual.tol().to_string()),
        number("--min-size", run.min_size),
        number("--max-size", run.max_size),
        run.refine.then(|| "--refine".to_owned()),
        text("--search", search, usual.search().name()),
        number("--population", run.population),
        number("--patience", run.patience),
    ];
    Ok(flags.into_iter().flatten().collect::<Vec<String>>().join(" "))
}
