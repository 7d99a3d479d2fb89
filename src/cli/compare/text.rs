//! The report on the terminal: what was verified, which device is faster, the figures, the chart.

use anstyle::Style;
use cairn::compare::document::{DeviceReport, Measurement, Timing};
use cairn::compare::{Document, Warning, format};
use cairn::numbers;

use super::chart;
use crate::cli::table::Table;
use crate::cli::terminal::labelled;
use crate::cli::terminal::{self, plain};
use cairn::numbers::plural;

/// Most warnings shown.
const WARNINGS: usize = 8;

/// What the distances of the last table are.
const DISTANCES: &str =
    "  distances are from each point to each centroid in each pass; bounds prove that some are not needed";

/// The whole report, for a terminal `width` columns wide.
pub(super) fn text(document: &Document, width: usize, color: bool) -> String {
    let mut text = head(document);
    match &document.sweep {
        None => format::largest_timed(document).iter().for_each(|m| text.push_str(&one(document, m))),
        Some(sweep) => {
            text.push_str(&heading(&format!("time of a run by {}", sweep.parameter.name())));
            text.push_str(&curve(document));
            text.push('\n');
            text.push_str(&chart::text(document, width, color));
            if let Some(largest) = format::largest_timed(document) {
                let value = largest.value.unwrap_or(0);
                text.push_str(&format!("\nat {} = {value}:\n", sweep.parameter.name()));
                text.push_str(&one(document, largest));
            }
        }
    }
    text.push('\n');
    findings(document).iter().for_each(|finding| text.push_str(&labelled("result", &plain(finding))));
    text
}

fn head(document: &Document) -> String {
    let (data, method) = (&document.data, &document.method);
    let rows = plural(data.n_points as u64, "row");
    let columns = plural(data.n_dims as u64, "column");
    let fewer = if method.fewer_where_long { ", fewer where they take long" } else { "" };
    let runs = plural(method.runs.into(), "run");
    let mut lines = vec![
        ("data", format!("{}, {rows} x {columns}", data.name)),
        ("asked for", format::job(document)),
        ("method", format!("{runs} each, alternating, after {} to warm up{fewer}", method.warmup)),
        ("once", format!("read {}, pack {}", numbers::time(data.read_s), numbers::time(data.pack_s))),
        ("verified", format::verified(document)),
    ];
    let devices = document.devices.iter().map(|device| ("device", format::device(device)));
    lines.splice(2..2, devices);
    if document.stopped {
        lines.push(("incomplete", "stopped by Ctrl-C: only part of the measurements was made".into()));
    }
    let failed = document.devices.iter().filter_map(|device| Some((&device.name, device.failure.as_ref()?)));
    lines.extend(failed.map(|(name, why)| ("incomplete", format!("{name} failed: {why}"))));
    lines.iter().map(|(label, value)| labelled(label, &plain(value))).collect()
}

fn heading(text: &str) -> String {
    let bold = Style::new().bold();
    let text = terminal::wrapped(text, terminal::room(), 0);
    format!("\n{bold}{text}{bold:#}\n")
}

/// The tables of one measurement.
fn one(document: &Document, measurement: &Measurement) -> String {
    let times = Table::of_names(
        &["", "median", "IQR", "min", "max", "ratio [95%]", "runs"],
        measurement.devices.iter().map(times),
    );
    let split = Table::of_names(
        &["", "(open", "build)", "upload", "seed", "iterate", "assign", "update", "read back", "clock"],
        measurement.devices.iter().zip(&document.devices).filter_map(split),
    );
    let rates = Table::of_names(
        &["", "restarts", "distances", "skipped by bounds"],
        measurement.devices.iter().filter_map(rates),
    );
    let tables = [("time of a run", times), ("where it goes", split), ("useful work a second", rates)];
    let tables = tables.map(|(title, table)| heading(title) + &table.text()).concat();
    tables + &terminal::wrapped(DISTANCES, terminal::room(), 2) + "\n"
}

fn times(timing: &Timing) -> Vec<String> {
    let Some(time) = timing.time_s else {
        let why = if timing.failure.is_some() { "failed" } else { "not measured" };
        return vec![plain(&timing.name), why.into()];
    };
    let ratio = timing.ratio.as_ref().map_or_else(|| "-".to_owned(), format::ratio);
    let runs = timing.runs_s.len().to_string();
    let [median, iqr, min, max] = [time.median, time.iqr, time.min, time.max].map(numbers::time);
    let iqr = if timing.runs_s.len() > 1 { iqr } else { "-".into() };
    vec![plain(&timing.name), median, iqr, min, max, ratio, runs]
}

/// A time; a dash if it was not measured.
fn told(seconds: f64) -> String {
    if seconds > 0.0 { numbers::time(seconds) } else { "-".into() }
}

fn split((timing, device): (&Timing, &DeviceReport)) -> Option<Vec<String>> {
    let split = timing.split_s?;
    let clock = if split.device_clock { "device" } else { "host" };
    let steps =
        [device.open_s, split.build, split.upload, split.seed, split.iterate, split.assign, split.update];
    let steps = steps.into_iter().chain([split.read_back]).map(told);
    Some(std::iter::once(plain(&timing.name)).chain(steps).chain([clock.to_owned()]).collect())
}

/// Distances are those that the result depends on, computed or skipped.
fn rates(timing: &Timing) -> Option<Vec<String>> {
    let rates = timing.rates?;
    Some(vec![
        plain(&timing.name),
        numbers::rate(rates.restarts_per_s),
        rates.distances_per_s.map_or("-".into(), numbers::rate),
        rates.skipped_distances.map_or("-".into(), numbers::short_percent),
    ])
}

/// A line for each value: the median of each device, the ratio, the faster device.
fn curve(document: &Document) -> String {
    let names = document.devices.iter().map(|device| plain(&device.name));
    let (pair, several) = (document.devices.len() == 2, document.devices.len() > 1);
    let mut header = vec![String::new()];
    header.extend(names);
    header.extend(pair.then(|| "ratio [95%]".to_owned()));
    header.extend(several.then(|| "fastest".to_owned()));
    let mut measurements: Vec<&Measurement> = document.measurements.iter().collect();
    measurements.sort_by_key(|m| m.value);
    let line = |m: &&Measurement| {
        let mut cells = vec![m.value.unwrap_or(0).to_string()];
        cells.extend(m.devices.iter().map(|timing| match timing.time_s {
            Some(time) => numbers::time(time.median),
            None if timing.failure.is_some() => "failed".into(),
            None => "-".into(),
        }));
        let ratio = || m.devices.get(1)?.ratio.as_ref().map(format::ratio);
        cells.extend(pair.then(|| ratio().unwrap_or_else(|| "-".into())));
        let fastest = m.fastest().and_then(|at| m.devices.get(at)).map(|timing| plain(&timing.name));
        let compared = m.devices.iter().filter(|timing| timing.time_s.is_some()).count() > 1;
        let open = if compared { "unclear" } else { "-" };
        cells.extend(several.then(|| fastest.unwrap_or_else(|| open.into())));
        cells
    };
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    Table::of_names(&header, measurements.iter().map(line)).text()
}

fn findings(document: &Document) -> Vec<String> {
    let found = format::findings(document);
    if found.is_empty() && document.devices.len() > 1 {
        return vec!["too little was measured to say who is faster".into()];
    }
    found
}

/// The flag that a warning refers to.
fn flag(warning: &Warning) -> &'static str {
    match warning.kind {
        "short_runs" => "; see --restarts",
        "first_run_slow" => "; see --warmup",
        "outliers" | "wide_spread" | "few_runs" => "; see --runs",
        _ => "",
    }
}

/// Writes the warnings to standard error.
pub(super) fn warn(document: &Document) {
    let warnings = format::warnings(document, &flag);
    let bold = anstyle::AnsiColor::Yellow.on_default().bold();
    for warning in warnings.iter().take(WARNINGS) {
        terminal::write_stderr(&format!("{bold}warning:{bold:#} {}", plain(warning)));
    }
    if warnings.len() > WARNINGS {
        let more = warnings.len() - WARNINGS;
        terminal::write_stderr(&format!(
            "{bold}warning:{bold:#} and {more} more, which the exported files list"
        ));
    }
}
