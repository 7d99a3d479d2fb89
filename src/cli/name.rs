//! `cairn name`: lists or changes the names of a model's clusters.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Context;
use cairn::model::Model;
use serde::Serialize;
use serde_json::Value;

use super::args::NameArgs;
use super::json::{self, SCHEMA, VERSION};
use super::terminal::{self, plain};
use cairn::numbers::{percent, value};

#[derive(Serialize)]
struct Names<'a> {
    schema: u32,
    version: &'static str,
    truth: Option<&'a str>,
    scale: Option<&'static str>,
    metric: &'static str,
    clusters: Vec<Cluster<'a>>,
}

#[derive(Serialize)]
struct Cluster<'a> {
    cluster: usize,
    weight: Value,
    name: Option<&'a str>,
    purity: Option<f64>,
}

/// Runs the subcommand.
pub(super) fn run(args: &NameArgs) -> anyhow::Result<()> {
    let _lock = lock(args);
    let mut model = Model::load(&args.model)?;
    if args.names.is_empty() {
        let text = if args.json { json::pretty(&names(&model))? } else { text(&model) };
        return terminal::write_stdout(&text).context("standard output");
    }
    for (cluster, name) in &args.names {
        model.rename(*cluster, name)?;
    }
    Ok(model.save(args.output.as_ref().unwrap_or(&args.model))?)
}

/// Locks a model that is changed, so that of several changes at a time none is lost: each waits for the one before.
/// `None` where nothing is changed in place, or the file system has no locks.
fn lock(args: &NameArgs) -> Option<File> {
    let in_place = !args.names.is_empty() && args.output.as_ref().is_none_or(|file| *file == args.model);
    let is_file = || fs::metadata(&args.model).is_ok_and(|metadata| metadata.is_file());
    while in_place && is_file() {
        let file = File::open(&args.model).ok()?;
        file.lock().ok()?;
        if is_at(&file, &args.model) {
            return Some(file);
        }
    }
    None
}

/// Whether a file still has this path; the one before may have replaced it.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(locked), Ok(now)) = (file.metadata(), fs::metadata(path)) else { return true };
    (locked.dev(), locked.ino()) == (now.dev(), now.ino())
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

fn names(model: &Model) -> Names<'_> {
    let cluster = |cluster: usize| Cluster {
        cluster,
        weight: json::whole(model.weight(cluster)),
        name: model.name(cluster),
        purity: purity(model, cluster),
    };
    let clusters = (0..model.n_clusters()).map(cluster).collect();
    let scale = model.scaling.as_ref().map(|scaling| scaling.scale().name());
    let (truth, metric) = (model.truth.as_deref(), model.params.metric.name());
    Names { schema: SCHEMA, version: VERSION, truth, scale, metric, clusters }
}

fn purity(model: &Model, cluster: usize) -> Option<f64> {
    model.names[cluster].as_ref()?.purity
}

/// A table with one line per cluster.
fn text(model: &Model) -> String {
    let mut rows = vec![["cluster", "weight", "name", "purity"].map(str::to_owned)];
    rows.extend((0..model.n_clusters()).map(|c| {
        let purity = purity(model, c).map_or_else(|| "-".to_owned(), percent);
        let name = model.name(c).map_or_else(|| "-".to_owned(), plain);
        [c.to_string(), value(model.weight(c)), name, purity]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let cell = |(cell, width): (&String, usize)| format!("{cell:<width$}");
    let line = |row: &[String; 4]| row.iter().zip(widths).map(cell).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned() + "\n").collect()
}
