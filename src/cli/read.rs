//! `cairn read`: reads the digits in a picture.

use anyhow::{Context, anyhow, bail};
use cairn::data::write::Output;
use cairn::model::Model;
use cairn::reading::{Amount, Area, Digit, Line, Picture, Reading, ReadingError, amounts, proof, read};
use serde::Serialize;

use super::args::ReadArgs;
use super::image_file;
use super::json::{self, SCHEMA, VERSION};
use super::terminal::{self, plain};
use cairn::numbers::plural;

/// Runs the subcommand.
pub(super) fn run(args: &ReadArgs) -> anyhow::Result<()> {
    let debug = args.debug.as_deref().map(Output::create_plain).transpose()?;
    let model = Model::load(&args.model)?;
    let source = image_file::name(&args.image);
    let picture = picture(&args.image).map_err(|error| anyhow!("{source} {error}"))?;
    let reading = read(&picture, &model).map_err(|error| match error {
        ReadingError::Crowded => anyhow!("{source} {error}"),
        error => error.into(),
    })?;
    if let Some(debug) = debug {
        let proof = proof(&picture, &reading, &model).map_err(|error| anyhow!("{source} {error}"))?;
        debug.write_bytes(&proof)?;
    }
    if reading.lines.is_empty() && !args.json {
        bail!("{source}: nothing found{}", left_out(&reading, ", but "));
    }
    let amounts = amounts(&reading, &model);
    let text = match (args.json, args.plain) {
        (true, _) => json::pretty(&document(source, &picture, &reading, &model))?,
        _ if args.amounts => amounts.iter().map(|amount| listed(amount, args.plain)).collect(),
        (_, true) => reading.lines.iter().map(|line| plain(&line.text(&model)) + "\n").collect(),
        _ => reading.lines.iter().map(|line| shown(line, &model)).collect(),
    };
    terminal::write_stdout(&text).context("standard output")?;
    if !args.quiet {
        notes(&reading, &model, args.amounts)
            .iter()
            .for_each(|note| terminal::write_stderr(&format!("note: {note}")));
    }
    if reading.lines.is_empty() {
        bail!("{source}: nothing found");
    }
    if args.amounts && amounts.is_empty() {
        bail!("{source}: no amount found: no number has a point, a comma, a minus or a sign");
    }
    Ok(())
}

fn picture(file: &str) -> anyhow::Result<Picture> {
    Ok(Picture::decode(&image_file::bytes(file)?)?)
}

/// An amount, and unless its text alone is wanted its box, and whether it may be the total.
fn listed(amount: &Amount, plain_only: bool) -> String {
    let text = plain(&amount.text);
    if plain_only {
        return text + "\n";
    }
    let [left, top, width, height] = corners(&amount.area);
    let total = if amount.total { "  likely the total: the largest at the right edge, a guess" } else { "" };
    format!("{text:>12}  at {left},{top}, {width} x {height} pixels{total}\n")
}

/// The text of a line, and below it the confidence of each digit.
fn shown(line: &Line, model: &Model) -> String {
    let sure = |digit: &Digit| format!("{} {:.0}%", digit.name(model), digit.confidence * 100.0);
    let sure: Vec<String> = line.digits.iter().map(sure).collect();
    format!("{}\n  confidence  {}\n", plain(&line.text(model)), plain(&sure.join("  ")))
}

fn notes(reading: &Reading, model: &Model, amounts: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if reading.skew != 0.0 {
        notes.push(format!("the lines are skewed by {:.1} degrees, which was corrected", reading.skew));
    }
    if !reading.left_out.is_empty() && !amounts {
        notes.push(left_out(reading, ""));
    }
    let strange = reading.lines.iter().flat_map(|line| &line.digits).filter(|digit| digit.strange).count();
    if strange > 0 {
        let are = if strange == 1 { "is not a digit and is shown" } else { "are not digits and are shown" };
        notes.push(format!("{strange} {are} as ?: too far from every centroid"));
    }
    if model.names.iter().all(Option::is_none) {
        notes.push(
            "the model's clusters have no names; fit it with --truth, or give some by `cairn name`".into(),
        );
    }
    notes
}

fn left_out(reading: &Reading, before: &str) -> String {
    match reading.left_out.len() as u64 {
        0 => String::new(),
        n => format!("{before}{} left out by size: a dot, a comma, a rule or dirt", plural(n, "mark")),
    }
}

#[derive(Serialize)]
struct ReadingJson<'a> {
    schema: u32,
    version: &'static str,
    picture: Size<'a>,
    skew_degrees: f64,
    text: String,
    lines: Vec<LineOf>,
    amounts: Vec<AmountOf>,
    left_out: Vec<[usize; 4]>,
}

#[derive(Serialize)]
struct Size<'a> {
    name: &'a str,
    width: usize,
    height: usize,
}

#[derive(Serialize)]
struct AmountOf {
    text: String,
    value: Option<f64>,
    line: usize,
    /// Left, top, width and height, in pixels of the picture.
    r#box: [usize; 4],
    likely_total: bool,
}

#[derive(Serialize)]
struct LineOf {
    text: String,
    digits: Vec<DigitOf>,
}

#[derive(Serialize)]
struct DigitOf {
    name: String,
    confidence: f64,
    cluster: u32,
    distance: f64,
    strange: bool,
    runner_up: Option<u32>,
    after_gap: bool,
    /// Left, top, width and height, in pixels of the picture.
    r#box: [usize; 4],
    counts: Vec<u8>,
}

fn document<'a>(name: &'a str, picture: &Picture, reading: &Reading, model: &Model) -> ReadingJson<'a> {
    let digit = |digit: &Digit| DigitOf {
        name: digit.name(model),
        confidence: digit.confidence,
        cluster: digit.label,
        distance: digit.distance,
        strange: digit.strange,
        runner_up: digit.runner_up,
        after_gap: digit.after_gap,
        r#box: corners(&digit.area),
        counts: digit.counts.to_vec(),
    };
    let line =
        |line: &Line| LineOf { text: line.text(model), digits: line.digits.iter().map(digit).collect() };
    let amount = |amount: &Amount| AmountOf {
        text: amount.text.clone(),
        value: amount.value,
        line: amount.line,
        r#box: corners(&amount.area),
        likely_total: amount.total,
    };
    let texts: Vec<String> = reading.lines.iter().map(|line| line.text(model)).collect();
    ReadingJson {
        schema: SCHEMA,
        version: VERSION,
        picture: Size { name, width: picture.width, height: picture.height },
        skew_degrees: reading.skew,
        text: texts.join("\n"),
        lines: reading.lines.iter().map(line).collect(),
        amounts: amounts(reading, model).iter().map(amount).collect(),
        left_out: reading.left_out.iter().map(corners).collect(),
    }
}

fn corners(area: &Area) -> [usize; 4] {
    [area.x, area.y, area.width, area.height]
}
