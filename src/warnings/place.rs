//! Names of columns and numbers of rows, as the source shows them.

use crate::data::Dataset;

/// The number of a row in its source, given its index from 0.
pub(super) fn row_number(data: &Dataset, row: usize) -> u64 {
    data.reading.rows.number(row)
}

/// The name of a column, given its index from 0; `column 3` if it has none.
pub(super) fn column_name(data: &Dataset, column: usize) -> String {
    data.columns.get(column).cloned().unwrap_or_else(|| format!("column {}", column + 1))
}

/// A column in a sentence: `column "age"`, `column 3`.
pub(super) fn column_in_text(data: &Dataset, column: usize) -> String {
    let name = column_name(data, column);
    let generated = name.strip_prefix("column ").is_some_and(|number| number.parse::<usize>().is_ok());
    if generated { name } else { format!("column {name:?}") }
}
