//! The clusters side by side: number, size and name, with a picture if the centroid is one.

use super::done::Done;
use super::pictures::{self, TerminalPicture};
use super::terminal::plain;
use cairn::numbers::value;

/// Most clusters shown, with pictures and without.
const MOST_PICTURES: usize = 40;
const MOST_LINES: usize = 100;
/// Longest name of a class.
const NAME: usize = 16;
/// Longest name of a class with its column's name before it.
const NAMED: usize = 8;
const GAP: usize = 2;

/// The text of one cluster. All cells have the same height.
struct ClusterCell {
    lines: Vec<(String, usize)>, // text and its width in columns
}

/// The line above the clusters, which says what is shown.
pub(super) fn heading(done: &Done<'_>) -> String {
    let size = if done.data.weights.is_some() { "weight" } else { "rows" };
    let class = done
        .data
        .truth
        .as_ref()
        .map(|truth| format!(", and the {} that most of them are", plain(&truth.column)));
    let empty = match done.fit.empty() {
        0 => String::new(),
        empty => format!(" ({empty} empty)"),
    };
    format!("number: {size}{}{empty}", class.unwrap_or_default())
}

/// All clusters, as many per line as fit in `width` columns.
pub(super) fn text(done: &Done<'_>, width: usize, color: bool) -> String {
    let pictures = pictures(done);
    let n_clusters = done.params.n_clusters();
    let most = if pictures.is_some() { MOST_PICTURES } else { MOST_LINES };
    let prefix = class_prefix(done).unwrap_or_default();
    let cell = |c: usize| match &pictures {
        Some(pictures) => with_picture(&pictures[c], caption(done, c), &prefix, color),
        None => without_picture(caption(done, c)),
    };
    let cells: Vec<ClusterCell> = (0..n_clusters.min(most)).map(cell).collect();
    let mut text = grid(&cells, width);
    if n_clusters > most {
        text.push_str(&format!("  and {} more, which --json lists\n", n_clusters - most));
    }
    text
}

/// The centroids as pictures, if the columns may be pixels: a square number of them, on a uniform lattice, and not scaled.
fn pictures(done: &Done<'_>) -> Option<Vec<TerminalPicture>> {
    let side = pictures::side(done.fit.lattice.n_dims())?;
    let one_unit = done.fit.scaling.is_none() && !done.fit.lattice.mixed();
    one_unit.then(|| pictures::of(&done.fit.centroids(), side))
}

/// Number and size of a cluster, and its name.
fn caption(done: &Done<'_>, c: usize) -> (String, Option<String>) {
    let count = done.fit.state.counts[c] as f64 * done.fit.weight_unit;
    let class = || {
        let truth = done.data.truth.as_ref()?;
        let class = done.score.as_ref()?.cluster_names[c]?;
        Some(plain(truth.names.get(class as usize)?).chars().take(NAME).collect())
    };
    (format!("{c}: {}", value(count)), class())
}

/// The column's name before each class, if there is room: `digit 8`.
fn class_prefix(done: &Done<'_>) -> Option<String> {
    let truth = done.data.truth.as_ref()?;
    let prefix = plain(&truth.column) + " ";
    let longest = truth.names.iter().map(|name| name.chars().count()).max()?;
    (prefix.chars().count() + longest <= NAMED).then_some(prefix)
}

fn with_picture(
    picture: &TerminalPicture,
    caption: (String, Option<String>),
    prefix: &str,
    color: bool,
) -> ClusterCell {
    let (number, class) = caption;
    let class = class.map(|class| format!("{prefix}{class}"));
    let mut lines = picture.lines(color);
    lines.extend([sized(number), sized(class.unwrap_or_default())]);
    ClusterCell { lines }
}

fn without_picture((number, class): (String, Option<String>)) -> ClusterCell {
    let text = match class {
        Some(class) => format!("{number} {class}"),
        None => number,
    };
    ClusterCell { lines: vec![sized(text)] }
}

fn sized(text: String) -> (String, usize) {
    let width = text.chars().count();
    (text, width)
}

fn grid(cells: &[ClusterCell], width: usize) -> String {
    let widths = cells.iter().flat_map(|cell| &cell.lines).map(|(_, width)| *width);
    let cell_width = widths.max().unwrap_or(0) + GAP;
    let across = (width / cell_width).max(1); // no gap is needed after the last
    cells.chunks(across).map(|row| grid_row(row, cell_width)).collect()
}

fn grid_row(cells: &[ClusterCell], cell_width: usize) -> String {
    let mut text = String::new();
    for at in 0..cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0) {
        let mut line = " ".repeat(GAP);
        for (part, width) in cells.iter().filter_map(|cell| cell.lines.get(at)) {
            line.push_str(part);
            line.push_str(&" ".repeat(cell_width - width));
        }
        let line = line.trim_end();
        if !line.is_empty() {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
