//! CSV: a line for each value and device. Cells without a measurement are empty.

use super::Document;
use super::error::{ExportError, failed};
use crate::compare::document::{Measurement, Timing};

const HEADER: [&str; 33] = [
    "parameter",
    "value",
    "added",
    "n_points",
    "n_clusters",
    "n_restarts",
    "iterations",
    "device",
    "runs",
    "median_s",
    "q1_s",
    "q3_s",
    "min_s",
    "max_s",
    "ratio",
    "ratio_low",
    "ratio_high",
    "build_s",
    "upload_s",
    "seed_s",
    "iterate_s",
    "assign_s",
    "update_s",
    "read_back_s",
    "restarts_per_s",
    "point_cluster_iterations_per_s",
    "gflops",
    "gbytes_per_s",
    "distances_per_s",
    "skipped_distances",
    "fingerprint",
    "verified",
    "failure",
];

pub(super) fn text(document: &Document) -> Result<String, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(failed)?;
    let parameter = document.sweep.as_ref().map_or("", |sweep| sweep.parameter.name());
    for measurement in &document.measurements {
        for timing in &measurement.devices {
            writer.write_record(line(parameter, measurement, timing)).map_err(failed)?;
        }
    }
    String::from_utf8(writer.into_inner().map_err(failed)?).map_err(failed)
}

fn line(parameter: &str, measurement: &Measurement, timing: &Timing) -> [String; HEADER.len()] {
    let (time, ratio) = (timing.time_s, timing.ratio);
    let interval = ratio.and_then(|ratio| ratio.interval);
    let (split, rates) = (timing.split_s, timing.rates);
    let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    // zero means not measured
    let told = |x: f64| Some(x).filter(|&x| x > 0.0);
    [
        parameter.to_owned(),
        measurement.value.map(|value| value.to_string()).unwrap_or_default(),
        measurement.added.to_string(),
        measurement.n_points.to_string(),
        measurement.n_clusters.to_string(),
        measurement.n_restarts.to_string(),
        measurement.iterations.to_string(),
        timing.name.clone(),
        timing.runs_s.len().to_string(),
        number(time.map(|time| time.median)),
        number(time.map(|time| time.q1)),
        number(time.map(|time| time.q3)),
        number(time.map(|time| time.min)),
        number(time.map(|time| time.max)),
        number(ratio.map(|ratio| ratio.median)),
        number(interval.map(|interval| interval.low)),
        number(interval.map(|interval| interval.high)),
        number(split.map(|split| split.build)),
        number(split.map(|split| split.upload)),
        number(split.map(|split| split.seed)),
        number(split.map(|split| split.iterate)),
        number(split.and_then(|split| told(split.assign))),
        number(split.and_then(|split| told(split.update))),
        number(split.map(|split| split.read_back)),
        number(rates.map(|rates| rates.restarts_per_s)),
        number(rates.map(|rates| rates.point_cluster_iterations_per_s)),
        number(rates.map(|rates| rates.gflops)),
        number(rates.map(|rates| rates.gbytes_per_s)),
        number(rates.and_then(|rates| rates.distances_per_s)),
        number(rates.and_then(|rates| rates.skipped_distances)),
        measurement.fingerprint.clone().unwrap_or_default(),
        timing.verified.to_string(),
        timing.failure.clone().unwrap_or_default(),
    ]
}
