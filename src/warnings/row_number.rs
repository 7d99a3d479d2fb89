//! Columns that number the rows, or name them, and are used as features all the same.

use super::first_rows::first_rows;
use super::place::{column_in_text, column_name};
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset, has_names, is_numbered_name};

/// Fewest rows that tell a count of the rows from a feature, and fewest if the column's name says so too.
const LEAST_ROWS: usize = 10;
const LEAST_NAMED: usize = 3;
/// Names of such columns, in lower case. Others end in `id`, as a word or after a lower-case letter: `user_id`, `UserID`.
const NAMES: [&str; 9] = ["#", "index", "no", "no.", "nr", "row", "rownames", "row_number", "unnamed: 0"];

/// A warning for each column that counts the rows from 0 or 1, or as the first one from any number; and for each with
/// the name of an id whose values are whole numbers, all of them different.
pub(super) fn warnings(data: &Dataset<'_>) -> Result<Vec<Warning>, DataError> {
    let d = data.columns.len();
    if d < 2 {
        return Ok(Vec::new());
    }
    // without a name among columns with names, as an index is written
    let has_names = has_names(&data.columns);
    let named = |name: &String| is_name(name) || is_numbered_name(name) && has_names;
    let mut columns: Vec<Numbers> =
        data.columns.iter().map(|name| Numbers { named: named(name), ..Numbers::default() }).collect();
    first_rows(data, &mut |row, values| {
        let place = data.reading.dropped.index(row) as f64;
        columns.iter_mut().zip(values).for_each(|(numbers, &x)| numbers.add(place, x));
    })?;
    let of = |(j, numbers): (usize, Numbers)| Some(warning(data, j, numbers.why(j == 0)?));
    Ok(columns.into_iter().enumerate().filter_map(of).collect())
}

/// The values of a column, as far as they may number the rows.
#[derive(Debug, Clone, Default)]
struct Numbers {
    /// Whether its name is that of an id.
    named: bool,
    n: usize,
    /// The first value less its row's index.
    first: f64,
    not_whole: bool,
    not_counting: bool,
    /// The values, if it is named and they are whole.
    values: Vec<f64>,
}

impl Numbers {
    fn add(&mut self, place: f64, x: f64) {
        if self.n == 0 {
            self.first = x - place;
        }
        self.n += 1;
        self.not_counting |= x - place != self.first;
        self.not_whole |= x.fract() != 0.0;
        if self.named && !self.not_whole {
            self.values.push(x);
        }
    }

    /// Why the column seems to number the rows, if it does.
    fn why(mut self, is_first: bool) -> Option<&'static str> {
        let (n, named) = (self.n, self.named);
        let enough = n >= if named { LEAST_NAMED } else { LEAST_ROWS };
        if self.not_whole || !enough {
            return None;
        }
        if !self.not_counting && (named || is_first || [0.0, 1.0].contains(&self.first)) {
            return Some("counts the rows, as an id does");
        }
        self.values.sort_unstable_by(f64::total_cmp);
        let distinct = self.values.windows(2).all(|pair| pair[0] < pair[1]);
        (named && n >= LEAST_ROWS && distinct)
            .then_some("is an id, by its name and its values, which are all different")
    }
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    let lower = name.to_lowercase();
    let is_word = lower.strip_suffix("id").is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
    let before = name.strip_suffix("ID").or_else(|| name.strip_suffix("Id"));
    let is_joined = before.is_some_and(|rest| rest.ends_with(char::is_lowercase));
    NAMES.contains(&lower.as_str()) || is_word || is_joined
}

fn warning(data: &Dataset<'_>, j: usize, why: &str) -> Warning {
    let text =
        format!("{} {why}, but is used as a feature, so the clusters depend on it", column_in_text(data, j));
    Warning::new(WarningCode::RowNumber, text).in_column(column_name(data, j))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, and the value of a row.
    type Column = (&'static str, fn(usize) -> f64);

    /// The columns that are warned of, of a table of `n` rows.
    fn found(n: usize, columns: &[Column]) -> Vec<String> {
        let points = ndarray::Array2::from_shape_fn((n, columns.len()), |(i, j)| columns[j].1(i));
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let data = Dataset { columns: names, ..Dataset::new("a table", points) };
        let warnings = warnings(&data).expect("memory can be read");
        warnings.into_iter().filter_map(|warning| warning.column).collect()
    }

    const X: Column = ("x", |i| (i * i % 7) as f64);

    #[test]
    fn counts_of_the_rows_are_found_in_any_column() {
        assert_eq!(found(20, &[X, ("n", |i| i as f64)]), ["n"]);
        assert_eq!(found(20, &[X, ("n", |i| i as f64 + 1.0)]), ["n"]);
        assert_eq!(found(20, &[("n", |i| i as f64 + 500.0), X]), ["n"]);
        assert_eq!(found(3, &[("CustomerID", |i| i as f64 + 1.0), X]), ["CustomerID"]);
        assert_eq!(found(20, &[("user_id", |i| (i * 7919 % 1009) as f64), X]), ["user_id"]);
    }

    #[test]
    fn an_index_without_a_name_is_found_beside_columns_with_names() {
        assert_eq!(found(3, &[("column 1", |i| i as f64), X]), ["column 1"]);
        let none: [String; 0] = [];
        assert_eq!(found(3, &[("column 1", |i| i as f64), ("column 2", |i| (i * i) as f64)]), none);
    }

    #[test]
    fn other_columns_are_not() {
        let none: [String; 0] = [];
        assert_eq!(found(20, &[X, ("year", |i| i as f64 + 1990.0)]), none);
        assert_eq!(found(9, &[X, ("n", |i| i as f64)]), none);
        assert_eq!(found(20, &[X, ("n", |i| i as f64 * 2.0)]), none);
        assert_eq!(found(20, &[X, ("n", |i| i as f64 + 0.5)]), none);
        assert_eq!(found(20, &[X, ("region_id", |i| (i % 5) as f64)]), none);
        assert_eq!(found(20, &[X, ("acid", |i| (i * 7919 % 1009) as f64)]), none);
        assert_eq!(found(20, &[("n", |i| i as f64)]), none);
    }
}
