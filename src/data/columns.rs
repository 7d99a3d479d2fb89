//! Which columns are features, and which one is the truth or the weights.

use super::error::{quoted, shortened};
use super::{DataError, LoadOptions};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A coordinate of the points.
    Feature,
    /// The class each row is known to have.
    Truth,
    /// The weight of each row.
    Weights,
}

/// The columns of a table, its header if it has one, and what each column is for.
#[derive(Debug)]
pub(super) struct Columns {
    header: Option<Vec<String>>,
    roles: Vec<Role>,
}

impl Columns {
    /// Finds the truth and the weights by name, or by number where no column has that name.
    pub(super) fn new(
        source: &str,
        header: Option<Vec<String>>,
        n_columns: usize,
        options: &LoadOptions,
    ) -> Result<Columns, DataError> {
        let mut columns = Columns { header, roles: vec![Role::Feature; n_columns] };
        if let Some(asked) = &options.truth {
            let column = columns.find(source, "truth", asked)?;
            columns.roles[column] = Role::Truth;
        }
        if let Some(asked) = &options.weights {
            let column = columns.find(source, "weights", asked)?;
            if columns.roles[column] == Role::Truth {
                return Err(DataError::SameColumn {
                    name: source.to_owned(),
                    number: column + 1,
                    column: columns.name(column),
                });
            }
            columns.roles[column] = Role::Weights;
        }
        if columns.features().next().is_none() {
            return Err(DataError::NoFeatures { name: source.to_owned(), columns: n_columns });
        }
        Ok(columns)
    }

    /// What each column is for.
    pub(super) fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Indices of the features.
    pub(super) fn features(&self) -> impl Iterator<Item = usize> {
        (0..self.roles.len()).filter(|&column| self.roles[column] == Role::Feature)
    }

    /// Names of the features.
    pub(super) fn feature_names(&self) -> Vec<String> {
        self.features().map(|column| self.name(column)).collect()
    }

    /// Index of the column with that role.
    pub(super) fn position(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|&r| r == role)
    }

    /// The header's name of a column, or `column 3`.
    pub(super) fn name(&self, column: usize) -> String {
        self.header_name(column).unwrap_or_else(|| format!("column {}", column + 1))
    }

    /// The header's name of a column, if there is one.
    pub(super) fn header_name(&self, column: usize) -> Option<String> {
        let name = self.header.as_ref()?.get(column)?;
        (!name.is_empty()).then(|| name.clone())
    }

    /// Index of the column of that name, else of that number from 1.
    pub(super) fn find(&self, source: &str, role: &'static str, asked: &str) -> Result<usize, DataError> {
        let asked = asked.trim();
        let header = self.header.as_deref().unwrap_or_default();
        let mut named = (0..header.len()).filter(|&column| !asked.is_empty() && header[column] == asked);
        if let Some(first) = named.next() {
            return match named.next() {
                None => Ok(first),
                Some(second) => Err(DataError::AmbiguousColumn {
                    name: source.to_owned(),
                    role,
                    column: asked.to_owned(),
                    first: first + 1,
                    second: second + 1,
                }),
            };
        }
        match asked.parse() {
            Ok(number) if (1..=self.roles.len()).contains(&number) => Ok(number - 1),
            _ => Err(DataError::UnknownColumn {
                name: source.to_owned(),
                role,
                column: asked.to_owned(),
                available: self.available(),
            }),
        }
    }

    /// The columns in words, at most a dozen by name.
    fn available(&self) -> String {
        let n_columns = self.roles.len();
        let Some(header) = &self.header else {
            return format!("columns 1 to {n_columns} and no header");
        };
        let names: Vec<String> = match n_columns {
            0..=12 => header.iter().map(|name| quoted(name)).collect(),
            _ => {
                let first = header[..9].iter().map(|name| quoted(name));
                let last = quoted(&header[n_columns - 1]);
                first.chain(["…".to_owned(), last]).collect()
            }
        };
        shortened(&format!("{n_columns} columns, {}", names.join(", ")), 400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &[&str], truth: &str, weights: &str) -> Result<Columns, DataError> {
        let text = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        let options = LoadOptions { truth: text(truth), weights: text(weights), ..LoadOptions::default() };
        let names = header.iter().map(|&name| name.to_owned()).collect();
        Columns::new("t.csv", Some(names), header.len(), &options)
    }

    #[test]
    fn a_name_wins_over_a_number() {
        let found = columns(&["3", "b", "c"], "3", "2").expect("both exist");
        assert_eq!(found.roles(), [Role::Truth, Role::Weights, Role::Feature]);
        let found = columns(&["a", "b", "c"], "3", "").expect("a number does");
        assert_eq!(found.position(Role::Truth), Some(2));
        assert_eq!(found.feature_names(), ["a", "b"]);
    }

    #[test]
    fn unknown_columns_list_what_there_is() {
        for asked in ["z", "0", "4", "-1", "A", "99999999999999999999999"] {
            let error = columns(&["a", "b", "c"], asked, "").expect_err("no such column").to_string();
            assert!(error.contains(&format!("truth {asked:?}")), "{error}");
            assert!(error.contains(r#"3 columns, "a", "b", "c""#), "{error}");
        }
        let many: Vec<String> = (0..500).map(|i| format!("name_{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let error = columns(&many, "", "z").expect_err("no such column").to_string();
        assert!(error.contains("500 columns") && error.contains("name_499"), "{error}");
        assert!(error.len() < 400, "{error}");
    }

    #[test]
    fn one_column_has_one_role_and_features_remain() {
        let error = columns(&["a", "b"], "a", "1").expect_err("the same column");
        assert!(matches!(error, DataError::SameColumn { number: 1, .. }), "{error}");
        let error = columns(&["a", "b"], "a", "b").expect_err("nothing left");
        assert!(matches!(error, DataError::NoFeatures { columns: 2, .. }), "{error}");
        let error = columns(&["a", "b", "a"], "a", "").expect_err("two of that name");
        assert!(matches!(error, DataError::AmbiguousColumn { first: 1, second: 3, .. }), "{error}");
    }
}
