//! Columns that look like classes, and are used as features all the same.

use super::first_rows::first_rows;
use super::place::{column_in_text, column_name};
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset};

/// Most values of a class.
const MOST_VALUES: usize = 20;
/// Fewest rows that a value of a class has, on average.
const LEAST_ROWS: usize = 3;
/// Names of classes, as parts of a column's name: `class`, `target_class`, `Class Label`.
const NAMES: [&str; 9] =
    ["class", "classes", "digit", "label", "labels", "outcome", "species", "target", "targets"];
/// A name of classes, and that of a coordinate beside which it is another one.
const Y: &str = "y";
const X: &str = "x";

/// A warning for each column that looks like a class: few whole numbers, under the name of a class, or at the end, after
/// columns unlike it.
pub(super) fn warnings(data: &Dataset<'_>) -> Result<Vec<Warning>, DataError> {
    let n_dims = data.columns.len();
    if n_dims < 2 {
        return Ok(Vec::new());
    }
    let has_x = data.columns.iter().any(|name| name.trim().eq_ignore_ascii_case(X));
    let named: Vec<usize> = (0..n_dims).filter(|&j| is_name(&data.columns[j], has_x)).collect();
    let last = n_dims - 1;
    // who has named the classes has no other class at the end
    let at_end = data.truth.is_none() && !named.contains(&last);
    if named.is_empty() && !at_end {
        return Ok(Vec::new());
    }
    let values = values(data, &named, at_end)?;
    let mut found: Vec<Warning> = Vec::new();
    for &j in &named {
        found.extend(values[j].class().map(|class| warning(data, j, class, "by its name and its values")));
    }
    // a table of counts, pixels or answers is all whole numbers, and has no class at its end for that
    let unlike = values[..last].iter().filter(|values| values.class().is_none()).count();
    if at_end && 2 * unlike > last {
        let codes = values[last].class().filter(|class| are_codes(class));
        found.extend(codes.map(|class| warning(data, last, class, "by its place and its values")));
    }
    Ok(found)
}

/// Distinct values of a column, as far as it may be a class.
#[derive(Debug, Clone, Default)]
struct Values {
    distinct: Vec<f64>, // in ascending order
    rows: usize,
    unlike: bool, // a value is not whole, or there are too many
}

impl Values {
    fn add(&mut self, x: f64) {
        self.rows += 1;
        if self.unlike {
            return;
        }
        if let Err(at) = self.distinct.binary_search_by(|other| other.total_cmp(&x)) {
            self.unlike = x.fract() != 0.0 || self.distinct.len() == MOST_VALUES;
            self.distinct.insert(at, x);
        }
    }

    /// The values, if they may be classes.
    fn class(&self) -> Option<&[f64]> {
        let n = self.distinct.len();
        (!self.unlike && n > 1 && n * LEAST_ROWS <= self.rows).then_some(&self.distinct)
    }
}

/// The values of the columns in the first rows: of all columns, or of the named ones.
fn values(data: &Dataset<'_>, named: &[usize], all: bool) -> Result<Vec<Values>, DataError> {
    let d = data.points.n_dims();
    let mut values = vec![Values::default(); d];
    let columns: Vec<usize> = if all { (0..d).collect() } else { named.to_vec() };
    first_rows(data, &mut |_, row| columns.iter().for_each(|&j| values[j].add(row[j])))?;
    Ok(values)
}

fn is_name(column: &str, has_x: bool) -> bool {
    let name = column.trim().to_lowercase();
    let mut parts = name.split(|c: char| !c.is_alphanumeric());
    name == Y && !has_x || parts.any(|part| NAMES.contains(&part))
}

/// Whether these values are codes of classes: 0, 1, 2, .. or 1, 2, .. or -1 and 1.
fn are_codes(values: &[f64]) -> bool {
    let counts = |from: f64| values.iter().zip(0..).all(|(&value, at)| value == from + f64::from(at));
    counts(0.0) || counts(1.0) || values == [-1.0, 1.0]
}

fn warning(data: &Dataset<'_>, j: usize, class: &[f64], why: &str) -> Warning {
    let (least, most) = (class[0], class[class.len() - 1]);
    let text = format!(
        "{} looks like a class, {why} ({} whole numbers, {least} to {most}), but is used as a feature, so the clusters \
         depend on it",
        column_in_text(data, j),
        class.len(),
    );
    Warning::new(WarningCode::ClassColumn, text).in_column(column_name(data, j))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a row.
    type Value = fn(usize) -> f64;

    /// Columns that a table of 60 rows has for these headers.
    fn found(columns: &[(&str, Value)]) -> Vec<String> {
        let points = ndarray::Array2::from_shape_fn((60, columns.len()), |(i, j)| columns[j].1(i));
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let data = Dataset { columns: names, ..Dataset::new("a table", points) };
        warnings(&data).unwrap().into_iter().filter_map(|warning| warning.column).collect()
    }

    const FRACTION: Value = |i| i as f64 / 7.0;
    const CODE: Value = |i| (i % 3) as f64;

    #[test]
    fn a_class_is_known_by_its_name() {
        for name in ["class", "Digit", "target_class", "Class Label", "y", " label "] {
            assert_eq!(found(&[(name, CODE), ("a", FRACTION), ("b", FRACTION)]), [name]);
        }
        for name in ["classical", "age", "labelled", "type", "year", "column 1"] {
            assert!(found(&[(name, CODE), ("a", FRACTION), ("b", FRACTION)]).is_empty(), "{name}");
        }
        assert!(found(&[("x", CODE), ("y", CODE), ("z", FRACTION)]).is_empty(), "coordinates");
        assert!(found(&[("class", FRACTION), ("a", FRACTION)]).is_empty(), "no whole numbers");
        assert!(found(&[("class", |i| i as f64), ("a", FRACTION)]).is_empty(), "too many values");
        assert!(found(&[("class", |_| 1.0), ("a", FRACTION)]).is_empty(), "one value");
        assert!(found(&[("class", CODE)]).is_empty(), "the only column");
    }

    #[test]
    fn a_class_without_its_name_is_at_the_end() {
        assert_eq!(found(&[("a", FRACTION), ("b", FRACTION), ("c", CODE)]), ["c"]);
        assert_eq!(found(&[("a", FRACTION), ("b", |i| (i % 2) as f64 * 2.0 - 1.0)]), ["b"]);
        assert!(found(&[("a", FRACTION), ("c", CODE), ("b", FRACTION)]).is_empty(), "in the middle");
        assert!(found(&[("a", CODE), ("b", CODE), ("c", CODE)]).is_empty(), "a table of codes");
        assert!(found(&[("a", FRACTION), ("c", |i| 2000.0 + (i % 9) as f64)]).is_empty(), "years");
    }

    #[test]
    fn who_has_named_the_classes_is_asked_no_more() {
        let columns: [(&str, Value); 2] = [("a", FRACTION), ("c", CODE)];
        let points = ndarray::Array2::from_shape_fn((60, 2), |(i, j)| columns[j].1(i));
        let truth = crate::data::Truth {
            column: "digit".into(),
            names: vec!["0".into(), "1".into()],
            labels: (0..60).map(|i| i % 2).collect(),
        };
        let data = Dataset { truth: Some(truth), ..Dataset::new("a table", points) };
        assert!(warnings(&data).unwrap().is_empty());
    }
}
