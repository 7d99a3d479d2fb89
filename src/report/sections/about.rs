//! Parameters, device and timings.

use askama::Template;

use super::super::format::inertia;
use super::{Facts, ReportError, Section};
use crate::engine::Metric;
use crate::kmeans::{Algorithm, Minibatch};
use crate::model::Model;
use crate::numbers::{count, grouped_plural, percent};

#[derive(Template)]
#[template(path = "report/about.html")]
struct About {
    lines: Vec<(String, String)>,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let (model, params, from) = (facts.model, &facts.model.params, &facts.model.provenance);
    let (least, most) = model.lattice.steps();
    let lattice = match model.lattice.mixed() {
        true => format!("a lattice with steps of {least:e} to {most:e}, by column"),
        false => format!("a lattice with steps of {least:e}"),
    };
    let own = [
        (
            "fitted to",
            format!(
                "{}, {} x {}",
                from.data,
                grouped_plural(from.n_points, "row"),
                grouped_plural(model.n_dims(), "column")
            ),
        ),
        ("scale", scale(model)),
        ("algorithm", algorithm(model)),
        ("sizes", sizes(model)),
        ("metric", metric(model).to_owned()),
        ("clusters", count(model.n_clusters() as f64)),
        ("restarts", format!("{}, {}, seed {}", restarts(model), params.init, params.seed)),
        (
            "stops",
            format!(
                "at the fixed point or a shift of {}, after {} iterations at most",
                params.tol, params.max_iter
            ),
        ),
        ("numbers", format!("integers on {lattice}; inertia {}", inertia(model))),
        ("device", from.device.clone()),
        ("version", format!("cairn {}", from.cairn)),
        ("fingerprint", model.fingerprint.clone()),
    ];
    let own = own.into_iter().filter(|(_, text)| !text.is_empty());
    let own = own.map(|(name, text)| (name.to_owned(), text));
    super::section::section(
        "about",
        "How it was made",
        &About { lines: own.chain(facts.report.about.iter().cloned()).collect() },
    )
}

/// The number of restarts; of a part of a run also which.
fn restarts(model: &Model) -> String {
    let (n, first) = (model.params.n_restarts, model.params.first_restart);
    match first {
        0 => count(n as f64),
        _ => format!("{} ({first} to {}: a part of a run)", count(n as f64), first.saturating_add(n) - 1),
    }
}

/// How clusters were found; empty for the usual way.
fn algorithm(model: &Model) -> String {
    match model.params.algorithm {
        Algorithm::Lloyd => String::new(),
        Algorithm::Bisecting => {
            let splits = grouped_plural(model.splits.len(), "split");
            format!(
                "bisecting: {splits} in two, each the best of the restarts; rows are labelled by the nearest centroid"
            )
        }
        Algorithm::Minibatch(Minibatch { rows: 0, batches }) => {
            format!(
                "stream: {} came one after the other; the result is not a fixed point",
                batches_of(batches)
            )
        }
        Algorithm::Minibatch(plan) => {
            let batches = batches_of(plan.batches);
            let fixed = if model.fixed_point == Some(true) { "" } else { "not " };
            format!(
                "minibatch: a sample, the best of the restarts, then {batches} of {} drawn rows; rows are labelled by \
                 the nearest centroid; the result is {fixed}a fixed point",
                plan.rows
            )
        }
    }
}

/// The limits on sizes and what they cost; empty without them.
fn sizes(model: &Model) -> String {
    let Some(((min, max), without)) = model.params.sizes.zip(model.unlimited) else { return String::new() };
    let least = min.map(|min| format!("at least {}", grouped_plural(min as usize, "row")));
    let most = max.map(|max| format!("at most {}", grouped_plural(max as usize, "row")));
    let limits: Vec<String> = least.into_iter().chain(most).collect();
    let share = match (model.inertia.saturating_sub(without), without) {
        (0, _) => "which costs nothing".to_owned(),
        (_, 0) => "without which the inertia would be 0".to_owned(),
        (more, without) => format!(
            "which adds {} to the inertia of nearest centroids",
            percent(more as f64 / without as f64)
        ),
    };
    format!("{} in each cluster, {share}; a prediction is the nearest centroid", limits.join(" and "))
}

fn batches_of(n: u32) -> String {
    format!("{n} {}", if n == 1 { "batch" } else { "batches" })
}

/// What a distance is; empty for the usual metric.
fn metric(model: &Model) -> &'static str {
    match model.params.metric {
        Metric::Euclidean => "",
        Metric::Cosine => "cosine: centroids have length 1 too, and a squared distance is 2 - 2 cos",
    }
}

/// How the rows are scaled; empty if they are not.
fn scale(model: &Model) -> String {
    let Some(scaling) = &model.scaling else { return String::new() };
    let (name, about) = (scaling.scale().name(), scaling.scale().about());
    format!("{name}: {about}; distances and inertia are those of scaled rows")
}
