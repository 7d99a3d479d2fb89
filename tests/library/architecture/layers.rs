//! The table of layers in `docs/ARCHITECTURE.md`.

use std::collections::BTreeSet;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: String,
    /// Files and folders, by their paths below `src/`. A file belongs to the layer that names it most closely.
    files: Vec<String>,
    /// Names of the layers that it may use.
    pub(crate) may_use: BTreeSet<String>,
}

/// The rows of the table whose first column is headed `layer`, in order.
pub(crate) fn layers(document: &str) -> Vec<Layer> {
    let rows = document.lines().skip_while(|line| !line.starts_with("| layer |")).skip(2);
    rows.take_while(|line| line.starts_with('|')).map(layer).collect()
}

/// Reads a row: names and paths stand in backquotes.
fn layer(row: &str) -> Layer {
    let cells: Vec<Vec<String>> = row.split('|').map(quoted).collect();
    let [_, name, files, may_use, ..] = &cells[..] else { panic!("{row}: too few columns") };
    let [name] = &name[..] else { panic!("{row}: a layer has one name") };
    Layer { name: name.clone(), files: files.clone(), may_use: may_use.iter().cloned().collect() }
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The layer of a file.
///
/// # Panics
/// If there is none.
pub(crate) fn layer_of<'a>(file: &str, layers: &'a [Layer]) -> &'a Layer {
    let closeness = |layer: &&Layer| {
        let names =
            layer.files.iter().filter(|name| file == *name || name.ends_with('/') && file.starts_with(*name));
        names.map(String::len).max()
    };
    let found = layers.iter().filter(|layer| closeness(layer).is_some()).max_by_key(closeness);
    found.unwrap_or_else(|| panic!("{file} is in no layer of docs/ARCHITECTURE.md"))
}

/// What is wrong with the table itself: a layer that may use what is not below it.
pub(crate) fn check(layers: &[Layer]) -> Vec<String> {
    let is_below = |at: usize, name: &String| layers[at + 1..].iter().any(|layer| layer.name == *name);
    let wrong = layers.iter().enumerate().flat_map(|(at, layer)| {
        let above = layer.may_use.iter().filter(move |name| !is_below(at, name));
        above.map(|name| format!("{} may use {name}, which is no row below it", layer.name))
    });
    wrong.collect()
}

#[test]
fn a_table_is_read_row_by_row() {
    let document = "text\n\n| layer | files | may use | what |\n|---|---|---|---|\n\
        | `a` | `a/`, `b.rs` | `c`, `d` | `x` |\n| `c` | `a/c/`, `a/d.rs` | | |\n\n| layer | is | another |\n";
    let layers = layers(document);
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0].may_use, BTreeSet::from(["c".to_owned(), "d".to_owned()]));
    let of = ["a/x.rs", "b.rs", "a/c/x.rs", "a/d.rs"].map(|file| layer_of(file, &layers).name.as_str());
    assert_eq!(of, ["a", "a", "c", "c"]);
    assert_eq!(check(&layers), ["a may use d, which is no row below it"]);
}
