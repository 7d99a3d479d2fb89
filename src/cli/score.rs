//! `cairn score`: a model on rows whose classes are known.

use anyhow::Context;
use cairn::data::Truth;
use cairn::model::{Model, Predictor};
use cairn::score::{Score, score};
use serde::Serialize;

use super::args::ScoreArgs;
use super::failure::Usage;
use super::json;
use super::numbers::{percent, plural};
use super::rows::{open_device, start_threads, walk, warn_of_fallback};
use super::summary::labelled;
use super::terminal::{self, plain};

/// The classes of the digits inside the program.
const TRUTH_OF_DIGITS: &str = "digit";

/// A model on rows whose classes are known.
pub(super) struct Scored {
    pub(super) truth: Truth,
    /// Nearest centroid of each row.
    pub(super) labels: Vec<u32>,
    pub(super) score: Score,
    /// Share of the rows whose cluster has the name of their class; none without names.
    pub(super) named: Option<f64>,
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: u32,
    version: &'static str,
    model: String,
    data: &'a str,
    truth: &'a str,
    n_points: usize,
    n_clusters: usize,
    accuracy_by_names: Option<f64>,
    accuracy: f64,
    ari: f64,
    nmi: f64,
}

/// Runs the subcommand.
pub(super) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    start_threads(&args.rows)?;
    let truth = truth_column(args)?;
    let model = Model::load(&args.rows.model)?;
    let scored = work(args, &model, truth)?;
    let text =
        if args.json { json::pretty(&summary(args, &model, &scored))? } else { text(args, &model, &scored) };
    terminal::write_stdout(&text).context("standard output")
}

fn truth_column(args: &ScoreArgs) -> Result<&str, Usage> {
    match (&args.truth, args.rows.data.as_str()) {
        (Some(truth), _) => Ok(truth),
        (None, "digits") => Ok(TRUTH_OF_DIGITS),
        _ => Err(Usage("name the column of known classes with --truth".into())),
    }
}

fn work(args: &ScoreArgs, model: &Model, truth: &str) -> anyhow::Result<Scored> {
    let opened = open_device(&args.device)?;
    let mut predictor = Predictor::new(model, &*opened.engine)?;
    let mut labels = Vec::new();
    let truth = walk(&args.rows, model, Some(truth), &mut |chunk| {
        let found = predictor.predict(chunk.values).map_err(|error| error.in_chunk(chunk, 0))?;
        labels.extend(found.iter().map(|row| row.label));
        Ok(())
    })?;
    warn_of_fallback(predictor.info().fallback.or(opened.fallback));
    let truth = truth.context("no truth came with the rows")?;
    let score = score(&truth.labels, truth.names.len(), &labels, model.n_clusters())?;
    let named = model.is_named().then(|| share_named(model, &truth, &labels));
    Ok(Scored { truth, labels, score, named })
}

/// Share of the rows whose cluster has the name of their class.
fn share_named(model: &Model, truth: &Truth, labels: &[u32]) -> f64 {
    let right = |(&class, &label): (&u32, &u32)| {
        model.name(label as usize) == truth.names.get(class as usize).map(String::as_str)
    };
    let all = truth.labels.iter().zip(labels);
    all.filter(|&(class, label)| right((class, label))).count() as f64 / labels.len() as f64
}

fn summary<'a>(args: &'a ScoreArgs, model: &Model, scored: &'a Scored) -> Summary<'a> {
    Summary {
        schema: json::SCHEMA,
        version: json::VERSION,
        model: args.rows.model.display().to_string(),
        data: &args.rows.data,
        truth: &scored.truth.column,
        n_points: scored.labels.len(),
        n_clusters: model.n_clusters(),
        accuracy_by_names: scored.named,
        accuracy: scored.score.accuracy,
        ari: scored.score.ari,
        nmi: scored.score.nmi,
    }
}

fn text(args: &ScoreArgs, model: &Model, scored: &Scored) -> String {
    let from = format!(
        "{}, {} fitted on {}, {}",
        plain(&args.rows.model.display().to_string()),
        plural(model.n_clusters() as u64, "cluster"),
        plain(&model.provenance.data),
        plural(model.provenance.n_points as u64, "row"),
    );
    let rows = plural(scored.labels.len() as u64, "row");
    let column = plain(&scored.truth.column);
    let named = match scored.named {
        Some(share) => {
            format!("{} of the rows are of the {column} that their cluster is named after", percent(share))
        }
        None => "the model has no names; fit with --truth, or use cairn name".to_owned(),
    };
    let Score { accuracy, ari, nmi, .. } = &scored.score;
    let measures = format!(
        "accuracy {} if these rows name the clusters, ARI {ari:.4}, NMI {nmi:.4}",
        percent(*accuracy)
    );
    let lines = [
        ("model", from),
        ("data", format!("{}, {rows}", plain(&args.rows.data))),
        ("names", named),
        ("truth", format!("{column}: {measures}")),
    ];
    lines.map(|(label, text)| labelled(label, &text)).concat()
}
