//! The rows: their number, origin and some examples.

use askama::Template;

use super::super::format::list;
use super::super::images::InlineImage;
use super::{Facts, ReportError, Section};
use crate::numbers::{count, grouped, grouped_plural, short_percent};

/// Pictures in the grid.
const GRID: usize = 64;
/// Rows and columns of the table, if rows are not pictures.
const ROWS: usize = 8;
const COLUMNS: usize = 12;

#[derive(Template)]
#[template(path = "report/rows.html")]
struct RowsSection {
    words: Vec<String>,
    pictures: Vec<InlineImage>,
    header: Vec<String>,
    cells: Vec<Vec<String>>,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let template = RowsSection {
        words: words(facts),
        pictures: pictures(facts)?,
        header: header(facts),
        cells: cells(facts),
    };
    super::section::section("rows", "The data", &template)
}

fn words(facts: &Facts<'_>) -> Vec<String> {
    let model = facts.model;
    let shape = match model.image {
        Some((height, width)) => format!("pictures of {height} x {width} pixels"),
        None => grouped_plural(model.n_dims(), "column"),
    };
    let Some(rows) = facts.report.rows else {
        let from = &model.provenance;
        return vec![format!(
            "The model was fitted to {} of {}: {shape}. A model holds no rows; give the data beside it to see them.",
            grouped_plural(from.n_points, "row"),
            from.data
        )];
    };
    let n = rows.labels.len();
    let mut words =
        vec![format!("{}: {}, {shape}. {}", rows.data.name, grouped_plural(n, "row"), classes(facts))];
    words.extend(facts.report.origin.map(str::to_owned));
    let drawn = facts.gathered.as_ref().map_or(0, |gathered| gathered.sample.len());
    if drawn < n {
        words.push(format!(
            "The counts on this page are of all rows. The map, the silhouettes and the pictures here show a random \
             sample of {} of them, {}.",
            count(drawn as f64),
            short_percent(drawn as f64 / n as f64)
        ));
    }
    if rows.data.weights.is_some() {
        words.push("The rows have weights: the fit uses them, while this page counts rows.".into());
    }
    words
}

/// The sizes of the classes.
fn classes(facts: &Facts<'_>) -> String {
    let Some(truth) = facts.truth() else { return "No classes are known.".into() };
    let mut sizes = vec![0u64; truth.names.len()];
    truth.labels.iter().for_each(|&class| sizes[class as usize] += 1);
    let most = sizes.iter().copied().max().unwrap_or(0);
    let least = sizes.iter().copied().min().unwrap_or(0);
    let named = |size: u64| {
        let names = truth.names.iter().zip(&sizes).filter(|&(_, &n)| n == size).map(|(name, _)| name.clone());
        list(&names.take(3).collect::<Vec<_>>())
    };
    let spread = if most == least {
        format!("{most} rows each")
    } else {
        format!(
            "most rows are {} ({}), fewest {} ({})",
            named(most),
            count(most as f64),
            named(least),
            count(least as f64)
        )
    };
    let n = match sizes.len() {
        1 => "1 class".to_owned(),
        n => format!("{} classes", count(n as f64)),
    };
    format!(
        "The column “{}” holds {n}: {spread}. k-means does not use it; it only names and scores the clusters.",
        truth.column
    )
}

fn pictures(facts: &Facts<'_>) -> Result<Vec<InlineImage>, ReportError> {
    let (Some(gathered), Some(ink)) = (&facts.gathered, facts.ink) else { return Ok(Vec::new()) };
    let picture = |at: usize| {
        let row = gathered.sample[at];
        let class = facts.class_of(row).unwrap_or_default();
        let alt = if class.is_empty() {
            facts.row_words(row)
        } else {
            format!("{class}, {}", facts.row_words(row))
        };
        ink.picture(gathered.sampled(at), alt, class.to_owned())
    };
    gathered.some(GRID, 1).into_iter().map(picture).collect()
}

fn header(facts: &Facts<'_>) -> Vec<String> {
    let columns = facts.model.columns.iter().take(COLUMNS).cloned();
    let class = facts.truth().map(|truth| truth.column.clone());
    std::iter::once("row".to_owned()).chain(class).chain(columns).collect()
}

/// The first columns of some rows.
fn cells(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let Some(gathered) = facts.gathered.as_ref().filter(|_| facts.ink.is_none()) else { return Vec::new() };
    let line = |at: usize| {
        let row = gathered.sample[at];
        let values = gathered.sampled(at).iter().take(COLUMNS).map(|&x| grouped(x));
        let class = facts.class_of(row).map(str::to_owned);
        std::iter::once(facts.row_name(row)).chain(class).chain(values).collect()
    };
    gathered.some(ROWS, 1).into_iter().map(line).collect()
}
