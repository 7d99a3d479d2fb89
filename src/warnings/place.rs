//! Names of columns and numbers of rows, as the source shows them.

use crate::data::{Dataset, is_numbered_name, numbered_name};

/// The number of a row in its source, given its index from 0.
pub(super) fn row_number(data: &Dataset<'_>, row: usize) -> u64 {
    data.reading.rows.number(row)
}

/// The name of a column, given its index from 0; `column 3` if it has none.
pub(super) fn column_name(data: &Dataset<'_>, column: usize) -> String {
    data.columns.get(column).cloned().unwrap_or_else(|| numbered_name(column))
}

/// A column in a sentence: `column "age"`, `column 3`.
pub(super) fn column_in_text(data: &Dataset<'_>, column: usize) -> String {
    let name = column_name(data, column);
    if is_numbered_name(&name) { name } else { format!("column {name:?}") }
}
