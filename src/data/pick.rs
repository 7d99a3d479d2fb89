//! The columns to read from a source, and their roles.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::error::DataError;
use super::options::{LoadOptions, Missing};
use super::rows::rows_per_chunk;

/// The columns to read, by index from 0. Sources may skip the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// Columns of the features, in order.
    pub features: Vec<usize>,
    /// Column of the truth.
    pub truth: Option<usize>,
    /// Column of the weights.
    pub weights: Option<usize>,
    /// Index of the first row that is wanted: a source may pass over those before it.
    pub from: usize,
    /// Most rows per chunk, if fewer than fit are wanted.
    pub most_rows: Option<usize>,
    /// Whether a feature's cell of a text that holds no finite number is read as NaN; else it is an error.
    pub lenient: bool,
    /// What becomes of a missing value. To drop its row, it is read as NaN, and a missing class as an empty text.
    pub missing: Missing,
    /// Whether the cells of all columns are wanted as text too: see [`Texts`](super::Texts).
    pub texts: bool,
    /// Columns of text that are no features by request.
    pub not_numeric: Vec<usize>,
}

impl Pick {
    /// The requested truth and weights, found by [`Columns::find`]; all other columns are features, or those chosen among
    /// them, that are neither ignored nor, by request, text.
    pub(super) fn new(columns: &Columns, options: &LoadOptions) -> Result<Pick, DataError> {
        let find =
            |role, asked: &Option<String>| asked.as_ref().map(|asked| columns.find(role, asked)).transpose();
        let in_column = options.truth.as_ref().filter(|_| options.truth_file.is_none()).cloned();
        let truth = find("truth", &in_column)?;
        let weights = find("weights", &options.weights)?;
        let name = columns.source().to_owned();
        if let (Some(column), true) = (truth, truth == weights) {
            return Err(DataError::SameColumn { name, number: column + 1, column: columns.name(column) });
        }
        let (chosen, ignored) =
            (all_of(columns, "chosen", &options.columns)?, all_of(columns, "ignored", &options.ignore)?);
        let has_role = |column: &usize| [truth, weights].contains(&Some(*column));
        let role = |column| if truth == Some(column) { "truth" } else { "weights" };
        if let Some(column) = ignored.iter().copied().find(has_role) {
            let (role, number, column) = (role(column), column + 1, columns.name(column));
            return Err(DataError::IgnoredColumn { name, role, number, column });
        }
        if let Some(column) = chosen.iter().copied().find(has_role) {
            let (role, number, column) = (role(column), column + 1, columns.name(column));
            return Err(DataError::ChosenColumn { name, role, number, column });
        }
        let is_wanted = |column: &usize| {
            !has_role(column)
                && !ignored.contains(column)
                && (options.columns.is_empty() || chosen.contains(column))
        };
        let is_text = |column: &usize| options.numeric && columns.text().binary_search(column).is_ok();
        let (not_numeric, features): (Vec<usize>, Vec<usize>) =
            (0..columns.count()).filter(is_wanted).partition(is_text);
        if features.is_empty() {
            let text = not_numeric.len();
            return Err(DataError::NoFeatures { name, columns: columns.count(), text });
        }
        Ok(Pick { features, truth, weights, missing: options.missing, not_numeric, ..Pick::default() })
    }

    /// Whether rows that lack a value are left out.
    pub(super) fn drops(&self) -> bool {
        self.missing == Missing::Drop
    }

    /// Whether a weight is valid, or belongs to a row that is left out.
    pub(super) fn takes_weight(&self, weight: f64) -> bool {
        self.drops() && weight.is_nan() || weight.is_finite() && weight >= 0.0
    }

    /// Rows per chunk, for values of `value_bytes` bytes.
    pub(super) fn chunk_rows(&self, value_bytes: usize) -> usize {
        let fit = rows_per_chunk(self.n_columns(), value_bytes);
        self.most_rows.map_or(fit, |most| most.clamp(1, fit))
    }

    /// Number of columns to read.
    pub(super) fn n_columns(&self) -> usize {
        self.features.len() + usize::from(self.truth.is_some()) + usize::from(self.weights.is_some())
    }
}

/// The columns that these texts ask for.
fn all_of(columns: &Columns, role: &'static str, asked: &[String]) -> Result<BTreeSet<usize>, DataError> {
    let mut all = BTreeSet::new();
    for asked in asked {
        all.extend(columns.find_all(role, asked)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(header: &[&str], truth: &str, weights: &str) -> Result<Pick, DataError> {
        pick_without(header, truth, weights, &[])
    }

    fn pick_without(header: &[&str], truth: &str, weights: &str, ignore: &[&str]) -> Result<Pick, DataError> {
        let text = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        let ignore = ignore.iter().map(|&asked| asked.to_owned()).collect();
        let options =
            LoadOptions { truth: text(truth), weights: text(weights), ignore, ..LoadOptions::default() };
        let names = header.iter().map(|&name| name.to_owned()).collect();
        Pick::new(&Columns::named("t.csv", names), &options)
    }

    #[test]
    fn a_name_wins_over_a_number() {
        let found = pick(&["3", "b", "c"], "3", "2").expect("both exist");
        assert_eq!((found.truth, found.weights, found.features), (Some(0), Some(1), vec![2]));
        let found = pick(&["a", "b", "c"], "3", "").expect("a number does");
        assert_eq!((found.truth, found.weights, found.features), (Some(2), None, vec![0, 1]));
    }

    #[test]
    fn ignored_columns_are_no_features() {
        let found = |ignore: &[&str]| pick_without(&["a", "b,c", "2", "a"], "", "", ignore);
        assert_eq!(found(&["b,c"]).expect("a name").features, [0, 2, 3]);
        assert_eq!(found(&["1,4"]).expect("two numbers").features, [1, 2]);
        assert_eq!(found(&["2, column 2"]).expect("a name and a number").features, [0, 3]);
        assert_eq!(found(&["b,c", "4"]).expect("two flags").features, [0, 2]);
        assert!(matches!(found(&["a"]), Err(DataError::AmbiguousColumn { .. })));
        let error = found(&["2,z"]).expect_err("no such column").to_string();
        assert!(error.contains("ignored \"z\" is not a column"), "{error}");
        let error = pick_without(&["a", "b"], "a", "", &["a"]).expect_err("both").to_string();
        assert!(error.contains("column 1 (\"a\") is both truth and ignored"), "{error}");
        let columns = Columns::named("t.csv", ["a", "b,c", "2", "a", ""].map(str::to_owned).into());
        let asked: Vec<String> = (0..5).map(|column| columns.asked(column)).collect();
        assert_eq!(asked, ["1", "b,c", "2", "4", "5"]);
        assert!(
            (0..5).all(|column| columns
                .find_all("ignored", &asked[column])
                .is_ok_and(|found| found == [column]))
        );
    }

    #[test]
    fn unknown_columns_list_what_there_is() {
        for asked in ["z", "0", "4", "-1", "A", "99999999999999999999999"] {
            let error = pick(&["a", "b", "c"], asked, "").expect_err("no such column").to_string();
            assert!(error.contains(&format!("truth {asked:?}")), "{error}");
            assert!(error.contains(r#"3 columns, "a", "b", "c""#), "{error}");
        }
        let many: Vec<String> = (0..500).map(|i| format!("name_{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let error = pick(&many, "", "z").expect_err("no such column").to_string();
        assert!(error.contains("500 columns") && error.contains("name_499"), "{error}");
        assert!(error.len() < 400, "{error}");
    }

    #[test]
    fn one_column_has_one_role_and_features_remain() {
        let error = pick(&["a", "b"], "a", "1").expect_err("the same column");
        assert!(matches!(error, DataError::SameColumn { number: 1, .. }), "{error}");
        let error = pick(&["a", "b"], "a", "b").expect_err("nothing left");
        assert!(matches!(error, DataError::NoFeatures { columns: 2, .. }), "{error}");
        let error = pick(&["a", "b", "a"], "a", "").expect_err("two of that name");
        assert!(matches!(error, DataError::AmbiguousColumn { first: 1, second: 3, .. }), "{error}");
    }
}
