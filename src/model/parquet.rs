//! Predictions and distances as columns of a Parquet file.
//!
//! They have the names of the columns in CSV: see [`Layout`](super::Layout). What is empty there is null.

use super::{Model, Prediction};
use crate::data::write::{ColumnCells, ColumnKind};

/// The columns of predictions.
#[must_use]
pub fn names_of_predictions() -> Vec<(String, ColumnKind)> {
    [
        ("label", ColumnKind::U32),
        ("name", ColumnKind::Text),
        ("distance", ColumnKind::F64),
        ("runner_up", ColumnKind::U32),
        ("margin", ColumnKind::F64),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
    .into()
}

/// The cells of predictions; `None` for a row without a label.
#[must_use]
pub fn of_predictions(model: &Model, rows: &[Option<Prediction>]) -> Vec<ColumnCells> {
    let name = |row: &Prediction| model.name(row.label as usize).map(|name| name.to_owned().into());
    vec![
        ColumnCells::U32(rows.iter().map(|row| Some(row.as_ref()?.label)).collect()),
        ColumnCells::Text(rows.iter().map(|row| name(row.as_ref()?)).collect()),
        ColumnCells::F64(rows.iter().map(|row| Some(row.as_ref()?.distance)).collect()),
        ColumnCells::U32(rows.iter().map(|row| row.as_ref()?.runner_up).collect()),
        ColumnCells::F64(rows.iter().map(|row| row.as_ref()?.margin).collect()),
    ]
}

/// The columns of distances to all centroids.
#[must_use]
pub fn names_of_distances(model: &Model) -> Vec<(String, ColumnKind)> {
    (0..model.n_clusters()).map(|c| (format!("cluster {c}"), ColumnKind::F64)).collect()
}

/// The cells of distances; NaN for a row that has none. (any, n_clusters)
#[must_use]
pub fn of_distances(model: &Model, distances: &[f64]) -> Vec<ColumnCells> {
    let k = model.n_clusters();
    let of = |c: usize| distances.iter().skip(c).step_by(k).map(|x| (!x.is_nan()).then_some(*x)).collect();
    (0..k).map(|c| ColumnCells::F64(of(c))).collect()
}
