//! HTML: one self-contained page with findings, chart and tables.

use crate::numbers;
use askama::Template;

use super::chart;
use super::error::{ExportError, failed};
use crate::compare::Document;
use crate::compare::document::{DeviceReport, Measurement, Timing};
use crate::compare::format;

/// Sizes of the chart for a wide window and for a phone, in pixels.
const WIDE: (u32, u32) = (860, 440);
const NARROW: (u32, u32) = (400, 400);

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    title: String,
    subtitle: String,
    findings: Vec<String>,
    incomplete: Option<String>,
    devices: Vec<Legend>,
    chart_about: &'static str,
    wide: Option<String>,
    narrow: Option<String>,
    tables: Vec<HtmlTable>,
    warnings: Vec<String>,
    about: Vec<(&'static str, String)>,
}

struct Legend {
    color: usize,
    name: String,
    about: String,
    failure: Option<String>,
}

/// All devices at a value.
struct HtmlTable {
    heading: Option<String>,
    times: Vec<[String; 7]>,
    split: Vec<[String; 10]>,
    rates: Vec<[String; 4]>,
}

pub(super) fn text(document: &Document) -> Result<String, ExportError> {
    let page = ComparePage {
        title: title(document),
        subtitle: subtitle(document),
        findings: format::findings(document),
        incomplete: incomplete(document),
        devices: document.devices.iter().enumerate().map(legend).collect(),
        chart_about: match document.sweep {
            Some(_) => {
                "Median time of a run; the band is from the fastest to the slowest run. Both axes are logarithmic."
            }
            None => "Time of each run, in the order in which they were made.",
        },
        wide: chart::svg(document, WIDE)?,
        narrow: chart::svg(document, NARROW)?,
        tables: document.measurements.iter().filter(|m| m.timed()).map(|m| table(document, m)).collect(),
        warnings: format::warnings(document, &|_| ""),
        about: about(document),
    };
    page.render().map_err(failed)
}

fn title(document: &Document) -> String {
    let names: Vec<&str> = document.devices.iter().map(|device| device.name.as_str()).collect();
    format!("{}: {}", names.join(" against "), document.data.name)
}

fn subtitle(document: &Document) -> String {
    let data = &document.data;
    format!("k-means of {} points × {} features: {}", data.n_points, data.n_dims, format::job(document))
}

fn incomplete(document: &Document) -> Option<String> {
    let why = match (document.stopped, document.failure()) {
        (true, _) => "it was stopped before its end".to_owned(),
        (false, Some((device, why))) => format!("{device} failed: {why}"),
        (false, None) => return None,
    };
    Some(format!("This comparison is incomplete: {why}."))
}

fn legend((color, device): (usize, &DeviceReport)) -> Legend {
    let mut about = vec![device.adapter.clone()];
    about.extend((!device.driver.is_empty()).then(|| device.driver.clone()));
    about.extend(device.software.then(|| "software adapter on the CPU".to_owned()));
    about.push(format!("opened in {}", numbers::time(device.open_s)));
    let peak = device.peak.map(|peak| {
        let (flops, bytes) = (numbers::rate(peak.flops), numbers::rate(peak.bytes_per_second));
        format!("measured peak {flops}FLOP/s, {bytes}B/s")
    });
    about.extend(peak);
    Legend {
        color: color % 6,
        name: device.name.clone(),
        about: about.join(" · "),
        failure: device.failure.clone(),
    }
}

fn table(document: &Document, measurement: &Measurement) -> HtmlTable {
    let heading = document.sweep.as_ref().zip(measurement.value).map(|(sweep, value)| {
        let added = if measurement.added { ", added to narrow the crossover down" } else { "" };
        format!("{} = {value}{added}", sweep.parameter.name())
    });
    HtmlTable {
        heading,
        times: measurement.devices.iter().map(times).collect(),
        split: measurement.devices.iter().zip(&document.devices).filter_map(split).collect(),
        rates: measurement.devices.iter().filter_map(rates).collect(),
    }
}

fn times(timing: &Timing) -> [String; 7] {
    let Some(time) = timing.time_s else {
        let why = timing.failure.clone().unwrap_or_else(|| "not measured".into());
        return [timing.name.clone(), why, "".into(), "".into(), "".into(), "".into(), "".into()];
    };
    let ratio = timing.ratio.as_ref().map_or_else(|| "–".to_owned(), format::ratio);
    [
        timing.name.clone(),
        numbers::time(time.median),
        numbers::time(time.iqr),
        numbers::time(time.min),
        numbers::time(time.max),
        ratio,
        timing.runs_s.len().to_string(),
    ]
}

fn split((timing, device): (&Timing, &DeviceReport)) -> Option<[String; 10]> {
    let split = timing.split_s?;
    let told = |s: f64| if s > 0.0 { numbers::time(s) } else { "–".into() };
    Some([
        timing.name.clone(),
        numbers::time(device.open_s),
        told(split.build),
        told(split.upload),
        numbers::time(split.seed),
        numbers::time(split.iterate),
        told(split.assign),
        told(split.update),
        told(split.read_back),
        if split.device_clock { "device" } else { "host" }.into(),
    ])
}

fn rates(timing: &Timing) -> Option<[String; 4]> {
    let rates = timing.rates?;
    Some([
        timing.name.clone(),
        numbers::rate(rates.restarts_per_s),
        rates.distances_per_s.map_or("–".into(), numbers::rate),
        rates.skipped_distances.map_or("–".into(), numbers::short_percent),
    ])
}

fn about(document: &Document) -> Vec<(&'static str, String)> {
    let (data, method, host) = (&document.data, &document.method, &document.host);
    let fewer = if method.fewer_where_long { " (fewer where they take long)" } else { "" };
    vec![
        ("verified", format::verified(document)),
        (
            "method",
            format!(
                "measured runs of each device, alternating: {} after {} to warm up{fewer}; a time is {}",
                method.runs, method.warmup, method.time
            ),
        ),
        ("ratio", format!("time over that of the first device, pair by pair; {}", method.interval)),
        (
            "once for all devices",
            format!("reading {}, packing {}", numbers::time(data.read_s), numbers::time(data.pack_s)),
        ),
        ("machine", format!("{} {}, threads: {}", host.os, host.arch, host.threads)),
        ("cairn", document.version.to_owned()),
    ]
}
