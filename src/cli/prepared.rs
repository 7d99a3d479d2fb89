//! What was made of a table before it was clustered: columns and rows that were left out. For every output.

use cairn::data::{Dataset, Scale, Scaling};
use cairn::numbers::plural;
use serde::Serialize;

use super::input;

/// What was made of a table, as JSON.
#[derive(Serialize)]
pub(super) struct PreparedJson<'a> {
    not_numeric: &'a [String], // columns that --numeric left out
    rows_dropped: usize,       // by --missing drop
    scale: Option<&'static str>,
    missing: Vec<MissingJson<'a>>,
}

/// A column that lacks values.
#[derive(Serialize)]
struct MissingJson<'a> {
    column: &'a str,
    rows: u64,
}

/// What was made of a table, as JSON.
pub(super) fn json<'a>(data: &'a Dataset<'_>) -> PreparedJson<'a> {
    let dropped = &data.reading.dropped;
    let missing = dropped.columns().iter().map(|(column, rows)| MissingJson { column, rows: *rows });
    PreparedJson {
        not_numeric: &data.reading.not_numeric,
        rows_dropped: dropped.count(),
        scale: data.points.scaling().map(|scaling| scaling.scale().name()),
        missing: missing.collect(),
    }
}

/// What was made of a table: pairs of label and text.
pub(super) fn lines(data: &Dataset<'_>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let text = &data.reading.not_numeric;
    if !text.is_empty() {
        let columns = plural(text.len() as u64, "column");
        lines
            .push(("columns", format!("{columns} left out, which are not numeric: {}", input::listed(text))));
    }
    let dropped = &data.reading.dropped;
    if dropped.count() > 0 {
        let rows = plural((data.points.n_points() + dropped.count()) as u64, "row");
        let cells: Vec<String> =
            dropped.columns().iter().map(|(column, count)| format!("{count} in {column:?}")).collect();
        let text =
            format!("{} of {rows} left out, which lack values: {}", dropped.count(), shortened(&cells));
        lines.push(("missing", text));
    }
    lines.extend(data.points.scaling().map(|scaling| ("scale", scaled(scaling))));
    lines
}

/// How rows are scaled, in words.
pub(super) fn scaled(scaling: &Scaling) -> String {
    let (name, about) = (scaling.scale().name(), scaling.scale().about());
    let centroids = match scaling.scale() {
        Scale::Unit => "centroids, inertia and distances are those of scaled rows",
        _ => "inertia and distances are those of scaled rows, centroids in the units of the data",
    };
    format!("{name}: {about}; {centroids}")
}

/// Notes on what was made of a table.
pub(super) fn notes(data: &Dataset<'_>) -> Vec<String> {
    let of_rows_and_columns = lines(data).into_iter().filter(|(label, _)| *label != "scale"); // as asked for
    of_rows_and_columns.map(|(_, text)| format!("{}: {text}", data.name)).collect()
}

/// Texts between commas, shortened if many.
pub(super) fn shortened(texts: &[String]) -> String {
    const MOST: usize = 8;
    let shown = texts.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if texts.len() > MOST { format!("{shown}, .. ({} columns)", texts.len()) } else { shown }
}
