//! `cairn quantize`: a picture with fewer colours.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use cairn::data::Dataset;
use cairn::data::write::Output;
use cairn::kmeans::{CONTINUE, Fit, FitError, KMeans, Params, fit_on, job_size};
use cairn::numbers::{count, grouped_plural, percent, plural, significant};
use cairn::picture::{Channels, MOST_COLOURS, Pixels};
use cairn::quantize::{Colours, PaletteColour, Quantized};
use cairn::warnings::{self, Warning};
use serde::Serialize;

use super::args::QuantizeArgs;
use super::device::{self, Wanted};
use super::failure::{Stopped, Usage};
use super::json::{self, SCHEMA, VERSION};
use super::progress::Bar;
use super::terminal::{self, labelled, plain};
use super::{image_file, notes, stop, summary};

/// Last words of a fit that Ctrl-C ends at once.
const NOTHING_WRITTEN: &str = "nothing was written";
/// Most colours of a palette that are listed.
const LISTED: usize = 64;

/// What was done.
struct Done<'a> {
    args: &'a QuantizeArgs,
    picture: Pixels,
    colours: Colours,
    params: Params,
    fit: Fit,
    quantized: Quantized,
    warnings: Vec<Warning>,
    /// Bytes of the picture that was written.
    bytes: usize,
    read: Duration,
    total: Duration,
}

/// Runs the subcommand.
pub(super) fn run(args: &QuantizeArgs) -> anyhow::Result<()> {
    check_name(&args.output)?;
    let output = Output::create_plain(&args.output)?;
    let palette = args.palette.as_deref().map(palette_file).transpose()?;
    let asked = params(args, args.colours)?;
    stop::forbid(Some(NOTHING_WRITTEN));
    let mut done = work(args, &asked)?;
    stop::forbid(None);
    let source = image_file::name(&args.image);
    let png = done.quantized.picture.png().map_err(|error| anyhow!("{source} {error}"))?;
    done.bytes = png.len();
    output.write_bytes(&png)?;
    if let Some((format, output)) = palette {
        output.write_bytes(format(&done)?.as_bytes())?;
    }
    if !args.quiet {
        said(&done).iter().for_each(|note| notes::write_note(note));
        notes::warn(&done.warnings);
    }
    let text = match (args.json, args.quiet) {
        (true, _) => json::pretty(&document(&done))?,
        (false, true) => String::new(),
        (false, false) => text(&done),
    };
    terminal::write_stdout(&text).context("standard output")?;
    let (ended, of) = (done.fit.restarts.count(), asked.n_restarts());
    if ended < of {
        let output = args.output.display();
        return Err(Stopped(format!("the result is that of --restarts {ended}; {output} was written")).into());
    }
    Ok(())
}

/// Checks that the name of the picture is not that of another format.
fn check_name(path: &Path) -> Result<(), Usage> {
    const OTHERS: [&str; 9] = ["jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff", "ppm", "pgm"];
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.filter(|ending| OTHERS.contains(&ending.as_str())) {
        Some(_) => {
            let named = path.with_extension("png");
            Err(Usage(format!(
                "{}: the picture is written as PNG; -o {} says so",
                path.display(),
                named.display()
            )))
        }
        None => Ok(()),
    }
}

/// How the palette is written, and where.
fn palette_file(path: &Path) -> anyhow::Result<(Format, Output)> {
    Ok((format(path)?, Output::create_plain(path)?))
}

fn params(args: &QuantizeArgs, n_clusters: usize) -> anyhow::Result<Params> {
    let kmeans = KMeans::new(n_clusters)
        .restarts(args.restarts)
        .seed(args.seed)
        .max_iter(args.max_iter)
        .device(args.device.device())
        .best_so_far(true);
    Ok(kmeans.check()?)
}

fn work<'a>(args: &'a QuantizeArgs, asked: &Params) -> anyhow::Result<Done<'a>> {
    let start = Instant::now();
    let source = image_file::name(&args.image);
    let of_source = |error: anyhow::Error| anyhow!("{source} {error}");
    let bytes = image_file::bytes(&args.image).map_err(of_source)?;
    let picture =
        Pixels::decode(&bytes, Some(Channels::Rgba), false).map_err(|error| of_source(error.into()))?;
    let colours = Colours::of(&picture).context("a picture without colours")?;
    let table = colours.table(source);
    let params = params(args, asked.n_clusters().min(colours.colours.len()))?;
    let read = start.elapsed();
    let size = Some(job_size(&table, &params));
    let wanted = Wanted { gpu_memory: args.memory.gpu_memory, quiet: args.quiet, size };
    let opened = device::open(params.device(), &wanted)?;
    let fit = fit(&opened, &table, &params)?;
    let warnings = warnings::of_fit(&fit, &table)?;
    let quantized = Quantized::of(&colours, &fit);
    let total = start.elapsed();
    Ok(Done { args, picture, colours, params, fit, quantized, warnings, bytes: 0, read, total })
}

fn fit(opened: &cairn::engine::Opened, table: &Dataset<'_>, params: &Params) -> anyhow::Result<Fit> {
    let bar = Bar::restarts(params.n_restarts(), "restarts");
    let fit = fit_on(opened, table, params, &mut |progress| {
        bar.update(progress);
        if progress.done > 0 {
            stop::allow(NOTHING_WRITTEN);
        }
        if stop::is_asked() { ControlFlow::Break(()) } else { CONTINUE }
    });
    fit.map_err(|error| match error {
        FitError::Cancelled { .. } => Stopped(format!("{error}; {NOTHING_WRITTEN}")).into(),
        error => error.into(),
    })
}

/// What was done for the user, beside what was asked for.
fn said(done: &Done<'_>) -> Vec<String> {
    let source = image_file::name(&done.args.image);
    let (asked, distinct) = (done.args.colours, done.colours.colours.len());
    let (used, of) = (done.quantized.palette.len(), done.params.n_clusters());
    let mut notes = Vec::new();
    if done.picture.kind.deep {
        notes.push(format!("{source}: its values of 16 bits are rounded to 8"));
    }
    if distinct < asked {
        let colours = grouped_plural(distinct, "colour");
        notes.push(format!("{source}: has {colours}, fewer than the {} asked for", count(asked as f64)));
    }
    if used < of {
        notes.push(format!(
            "{source}: of {} {} are left, since some are alike in 8 bits or nearest to no pixel",
            plural(of as u64, "colour"),
            count(used as f64)
        ));
    }
    notes
}

fn text(done: &Done<'_>) -> String {
    let (params, quantized, picture) = (&done.params, &done.quantized, &done.colours);
    let (source, output) = (image_file::name(&done.args.image), done.args.output.display().to_string());
    let n_pixels = picture.pixels.len();
    let mut text = labelled(
        "picture",
        &format!(
            "{}, {} x {} pixels, {} among {}",
            plain(source),
            picture.width,
            picture.height,
            grouped_plural(picture.colours.len(), "colour"),
            grouped_plural(n_pixels, "pixel"),
        ),
    );
    let asked = format!(
        "{}, {} from k-means++, seed {}",
        plural(params.n_clusters() as u64, "colour"),
        plural(params.n_restarts(), "restart"),
        params.seed()
    );
    text += &labelled("asked for", &asked);
    let device = &done.fit.device;
    text += &labelled("device", &format!("{} ({})", device.used, plain(&device.adapter)));
    text += &labelled("time", &summary::times(&done.fit.timings, done.read, done.total));
    let how = if quantized.palette.len() > MOST_COLOURS { "without a palette" } else { "with a palette" };
    let written = format!("{}, {} bytes, {how}", plain(&output), count(done.bytes as f64));
    text += &labelled("written", &written);
    text += &labelled("error", &error(quantized));
    text += &labelled(
        "palette",
        &format!("{}: share of the pixels", plural(quantized.palette.len() as u64, "colour")),
    );
    for entry in quantized.palette.iter().take(LISTED) {
        let share = percent(entry.pixels as f64 / n_pixels as f64);
        text += &format!("  {}{} {share:>7}\n", swatch(entry), hex(entry, done.colours.is_opaque()));
    }
    if let Some(more @ 1..) = quantized.palette.len().checked_sub(LISTED) {
        text += &format!("  and {more} more, which --palette writes\n");
    }
    text + &labelled("fingerprint", &done.fit.fingerprint)
}

fn error(quantized: &Quantized) -> String {
    if quantized.mean_squared_error == 0.0 {
        return "none, every pixel keeps its colour".to_owned();
    }
    let root = significant(quantized.mean_squared_error.sqrt(), 4);
    format!("root mean square {root} of 255, PSNR {:.2} dB", quantized.psnr())
}

/// A block of the colour, in a terminal of colours.
fn swatch(entry: &PaletteColour) -> String {
    let [red, green, blue, _] = entry.colour;
    if terminal::color() { format!("\x1b[48;2;{red};{green};{blue}m    \x1b[0m ") } else { String::new() }
}

/// A colour as in CSS: `#c7cfd6`, with its opacity if not all are opaque.
fn hex(entry: &PaletteColour, opaque: bool) -> String {
    let [red, green, blue, alpha] = entry.colour;
    let colour = format!("#{red:02x}{green:02x}{blue:02x}");
    if opaque { colour } else { format!("{colour}{alpha:02x}") }
}

/// How a file of the palette is written.
type Format = fn(&Done<'_>) -> anyhow::Result<String>;

fn format(path: &Path) -> Result<Format, Usage> {
    match path.extension().unwrap_or_default().to_ascii_lowercase().to_str() {
        Some("csv") => Ok(|done| Ok(csv(done))),
        Some("json") => Ok(|done| Ok(json::pretty(&palette(done))?)),
        Some("jsonl") => Ok(|done| {
            let lines =
                palette(done).into_iter().map(|entry| serde_json::to_string(&entry).map(|line| line + "\n"));
            Ok(lines.collect::<Result<_, _>>()?)
        }),
        _ => {
            Err(Usage(format!("{}: the name of a palette must end in .csv, .json or .jsonl", path.display())))
        }
    }
}

fn csv(done: &Done<'_>) -> String {
    let mut text = "colour,red,green,blue,alpha,pixels,share\n".to_owned();
    for entry in palette(done) {
        let ColourJson { colour, red, green, blue, alpha, pixels, share } = entry;
        text += &format!("{colour},{red},{green},{blue},{alpha},{pixels},{share}\n");
    }
    text
}

#[derive(Serialize)]
struct QuantizeJson<'a> {
    schema: u32,
    version: &'static str,
    picture: &'a str,
    width: usize,
    height: usize,
    distinct_colours: usize,
    n_colours: usize,
    n_restarts: u64,
    seed: String,
    max_iter: u32,
    device: &'a str,
    output: String,
    bytes: usize,
    indexed: bool,
    mean_squared_error: f64,
    psnr_db: f64, // null if nothing has changed
    iterations: u32,
    stopped: &'static str,
    total_s: f64,
    palette: Vec<ColourJson>,
    warnings: &'a [Warning],
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct ColourJson {
    colour: String,
    red: u8,
    green: u8,
    blue: u8,
    alpha: u8,
    pixels: u64,
    share: f64,
}

fn palette(done: &Done<'_>) -> Vec<ColourJson> {
    let n_pixels = done.colours.pixels.len() as f64;
    let opaque = done.colours.is_opaque();
    let colour = |entry: &PaletteColour| {
        let [red, green, blue, alpha] = entry.colour;
        let share = entry.pixels as f64 / n_pixels;
        ColourJson { colour: hex(entry, opaque), red, green, blue, alpha, pixels: entry.pixels, share }
    };
    done.quantized.palette.iter().map(colour).collect()
}

fn document<'a>(done: &'a Done<'_>) -> QuantizeJson<'a> {
    QuantizeJson {
        schema: SCHEMA,
        version: VERSION,
        picture: image_file::name(&done.args.image),
        width: done.colours.width,
        height: done.colours.height,
        distinct_colours: done.colours.colours.len(),
        n_colours: done.args.colours,
        n_restarts: done.fit.restarts.count(),
        seed: done.params.seed().to_string(),
        max_iter: done.params.max_iter(),
        device: done.fit.device.used,
        output: done.args.output.display().to_string(),
        bytes: done.bytes,
        indexed: done.quantized.palette.len() <= MOST_COLOURS,
        mean_squared_error: done.quantized.mean_squared_error,
        psnr_db: done.quantized.psnr(),
        iterations: done.fit.best.iterations,
        stopped: done.fit.best.stop.name(),
        total_s: done.total.as_secs_f64(),
        palette: palette(done),
        warnings: &done.warnings,
        fingerprint: &done.fit.fingerprint,
    }
}
