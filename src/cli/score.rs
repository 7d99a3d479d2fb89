//! `cairn score`: measures a model on rows of known classes.

use std::collections::HashMap;

use anyhow::{Context, bail};
use cairn::data::{DIGITS, DrawingReading, PictureReading, TRUTH_OF_DIGITS, TextReading, Truth};
use cairn::model::{Model, Predictor};
use cairn::score::{Score, score, score_named};
use cairn::warnings::{Unlabelled, Warning};
use serde::Serialize;

use super::args::ScoreArgs;
use super::failure::Usage;
use super::input::{self, DrawingsJson, InputJson, PicturesJson};
use super::measures::InternalMeasures;
use super::rows::{device_warnings, labelled as labelled_rows, open_device, walk};
use super::terminal::labelled;
use super::terminal::{self, plain};
use super::{json, measures, notes, request};
use cairn::numbers::{percent, plural};

/// Measures of a model on rows of known classes.
pub(super) struct Scored {
    pub(super) truth: Truth,
    /// How the rows were read.
    pub(super) text: Option<TextReading>,
    pub(super) pictures: Option<PictureReading>,
    pub(super) drawings: Option<DrawingReading>,
    /// Nearest centroid of each row.
    pub(super) labels: Vec<u32>,
    pub(super) score: Score,
    /// Share of the rows whose cluster has the name of their class; `None` without names.
    pub(super) named: Option<f64>,
    pub(super) measures: Option<InternalMeasures>,
    pub(super) warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct ScoreSummary<'a> {
    schema: u32,
    version: &'static str,
    model: String,
    data: String,
    input: Option<InputJson<'a>>,
    pictures: Option<PicturesJson<'a>>,
    drawings: Option<DrawingsJson<'a>>,
    truth: &'a str,
    n_points: usize,
    n_clusters: usize,
    scale: Option<&'static str>,
    metric: &'static str,
    accuracy_by_names: Option<f64>,
    #[serde(flatten)]
    score: json::ScoreJson<'a>,
    measures: Option<json::MeasuresJson>,
    warnings: &'a [Warning],
}

/// Runs the subcommand.
pub(super) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    let truth = truth_column(args)?;
    let model = Model::load(&args.rows.model)?;
    let scored = work(args, &model, truth)?;
    notes::warn(&scored.warnings);
    let text =
        if args.json { json::pretty(&summary(args, &model, &scored))? } else { text(args, &model, &scored) };
    terminal::write_stdout(&text).context("standard output")
}

/// The column of the classes; `None` if they are in a file.
fn truth_column(args: &ScoreArgs) -> Result<Option<&str>, Usage> {
    match (&args.truth, &args.truth_file, args.rows.name().as_str()) {
        (_, Some(_), _) => Ok(None),
        (Some(truth), None, _) => Ok(Some(truth)),
        (None, None, DIGITS) => Ok(Some(TRUTH_OF_DIGITS)),
        _ => Err(Usage(
            "name the column of known classes with --truth, or their file with --truth-file".into(),
        )),
    }
}

fn work(args: &ScoreArgs, model: &Model, truth: Option<&str>) -> anyhow::Result<Scored> {
    let opened = open_device(&args.device)?;
    let mut predictor = Predictor::new(model, &*opened.engine)?;
    let (mut found, mut rows, mut unlabelled) = (Vec::new(), Vec::new(), Unlabelled::default());
    let classes = (truth, args.truth_file.as_deref());
    let visited = walk(&args.rows, model, classes, &mut |chunk, _| {
        let labels = labelled_rows(&args.rows, &mut predictor, chunk, &mut unlabelled)?;
        if args.measures {
            let values = chunk.rows.to_f64();
            let of_row = values.chunks_exact(model.n_dims()).zip(&labels);
            of_row.filter(|(_, label)| label.is_some()).for_each(|(row, _)| rows.extend_from_slice(row));
        }
        found.extend(labels.into_iter().map(|row| row.map(|row| row.label)));
        Ok(())
    })?;
    let mut warnings = device_warnings(&predictor, &opened);
    warnings.extend(unlabelled.warning());
    let truth = with_labels(visited.truth.context("the rows have no truth column")?, &found);
    let labels: Vec<u32> = found.into_iter().flatten().collect();
    if let (true, Some(warning)) = (labels.is_empty(), unlabelled.warning()) {
        bail!("there is nothing to score: {}", warning.text);
    }
    let (n_truth, n_clusters) = (truth.names.len(), model.n_clusters());
    let score = match model.is_named() {
        true => score_named(&truth.labels, n_truth, &labels, n_clusters, &names(model, &truth))?,
        false => score(&truth.labels, n_truth, &labels, n_clusters)?,
    };
    model.scaling.iter().for_each(|scaling| scaling.apply(&mut rows));
    let named = model.is_named().then_some(score.accuracy);
    let measure = || measures::of_rows(&rows, model.n_dims(), &labels, n_clusters, model.params.seed);
    let measures = args.measures.then(measure).transpose()?;
    Ok(Scored {
        truth,
        text: visited.text,
        pictures: visited.pictures,
        drawings: visited.drawings,
        labels,
        score,
        named,
        measures,
        warnings,
    })
}

/// The truth of the rows that have labels.
fn with_labels(truth: Truth, found: &[Option<u32>]) -> Truth {
    let labels = truth.labels.iter().zip(found).filter(|(_, label)| label.is_some()).map(|(&class, _)| class);
    Truth { labels: labels.collect(), ..truth }
}

/// The names of the clusters as classes of these rows; `None` for a name that is not a class.
fn names(model: &Model, truth: &Truth) -> Vec<Option<u32>> {
    let classes: HashMap<&str, u32> = truth.names.iter().map(String::as_str).zip(0..).collect();
    (0..model.n_clusters()).map(|c| classes.get(model.name(c)?).copied()).collect()
}

fn summary<'a>(args: &'a ScoreArgs, model: &Model, scored: &'a Scored) -> ScoreSummary<'a> {
    let mut score = json::score_of(&scored.truth, &scored.score);
    score.accuracy = scored.score.purity; // with clusters named by these rows
    ScoreSummary {
        schema: json::SCHEMA,
        version: json::VERSION,
        model: args.rows.model.display().to_string(),
        data: args.rows.name(),
        input: input::of_text(&args.rows.name(), scored.text.as_ref()),
        pictures: input::pictures_json(scored.pictures.as_ref()),
        drawings: input::drawings_json(scored.drawings.as_ref()),
        truth: &scored.truth.column,
        n_points: scored.labels.len(),
        n_clusters: model.n_clusters(),
        scale: model.scaling.as_ref().map(|scaling| scaling.scale().name()),
        metric: model.params.metric.name(),
        accuracy_by_names: scored.named,
        score,
        measures: scored.measures.as_ref().map(json::measures_of),
        warnings: &scored.warnings,
    }
}

fn text(args: &ScoreArgs, model: &Model, scored: &Scored) -> String {
    let scale = model.scaling.as_ref().map(|scaling| format!(", scale {}", scaling.scale().name()));
    let from = format!(
        "{}, {} fitted on {}, {}{}{}",
        plain(&args.rows.model.display().to_string()),
        plural(model.n_clusters() as u64, "cluster"),
        plain(&model.provenance.data),
        plural(model.provenance.n_points as u64, "row"),
        scale.unwrap_or_default(),
        request::metric_words(model.params.metric),
    );
    let rows = plural(scored.labels.len() as u64, "row");
    let column = plain(&scored.truth.column);
    let named = match scored.named {
        Some(share) => {
            format!("{} of the rows are of the {column} that their cluster is named after", percent(share))
        }
        None => "the model has no names; fit with --truth, or use cairn name".to_owned(),
    };
    let Score { purity, ari, ami, v_measure, .. } = &scored.score;
    let one_to_one = scored.score.accuracy_one_to_one.map_or("not computed: too large".into(), percent);
    let measures = format!(
        "accuracy {} if these rows name the clusters, one-to-one {one_to_one}, ARI {ari:.4}, AMI {ami:.4}, V {v_measure:.4}",
        percent(*purity)
    );
    let lines = [
        ("model", from),
        ("data", format!("{}, {rows}", plain(&args.rows.name()))),
        ("names", named),
        ("truth", format!("{column}: {measures}")),
    ];
    let head = lines.map(|(label, text)| labelled(label, &text)).concat();
    let rest = match &scored.measures {
        Some(measures) => measures::text(measures, Some((&scored.truth, &scored.score))),
        None => {
            labelled("measures", &measures::more(&scored.score))
                + &measures::confusion(&scored.truth, &scored.score.confusion)
        }
    };
    head + &rest
}
