//! Which columns of a table are the model's features: by name where both have names, else by position.

use crate::data::{Columns, DataError, Pick};

use super::Model;

/// Names of columns that a message lists.
const LISTED: usize = 5;
/// Most rows that are predicted at a time: what is known of each takes more room than a few values.
const MOST_ROWS: usize = 1 << 16;

/// What of a table is asked for beside its features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnOptions {
    /// The column of classes, by name, or by number from 1.
    pub truth: Option<String>,
    /// Columns to leave out, likewise.
    pub ignore: Vec<String>,
    /// Take the features in the table's order, whatever their names.
    pub by_position: bool,
}

/// Why a table's columns can't be the model's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A column that was named isn't there.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Columns of the model are not in the header.
    #[error(
        "{name}: {} of the model's {n_dims} columns are not in its header: {}; rename them, or take its columns \
         in their order",
        missing.len(), listed(missing)
    )]
    Missing {
        /// The source.
        name: String,
        /// The columns that are missing.
        missing: Vec<String>,
        /// Features of the model.
        n_dims: usize,
    },
    /// Two columns of one name.
    #[error(
        "{name}: {column:?} is the name of columns {first} and {second}; rename one of them, or take the columns in \
         their order"
    )]
    Ambiguous {
        /// The source.
        name: String,
        /// The name.
        column: String,
        /// The first column of that name, from 1.
        first: usize,
        /// The next one.
        second: usize,
    },
    /// More or fewer columns than the model has.
    #[error(
        "{name}: has {found} columns for the features where the model has {n_dims}; {}",
        if found > n_dims { "leave others out" } else { "give the columns that were fitted" }
    )]
    Width {
        /// The source.
        name: String,
        /// Columns that are neither truth nor ignored.
        found: usize,
        /// Features of the model.
        n_dims: usize,
    },
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > LISTED { ", .." } else { "" };
    shown.join(", ") + more
}

impl Model {
    /// Finds the model's features among the columns of a table.
    ///
    /// Where both have names, the features are found by name, in any order, and other columns are left out.
    /// Else the columns that are neither truth nor ignored are the features, in their order.
    ///
    /// # Errors
    /// [`ColumnError`].
    pub fn pick(&self, columns: &Columns, options: &ColumnOptions) -> Result<Pick, ColumnError> {
        let find = |role, asked: &String| columns.find(role, asked);
        let truth = options.truth.as_ref().map(|asked| find("truth", asked)).transpose()?;
        let mut left_out: Vec<usize> = truth.into_iter().collect();
        for asked in &options.ignore {
            left_out.push(find("ignored", asked)?);
        }
        let features = match columns.header() {
            Some(header) if self.has_names() && !options.by_position => {
                self.by_name(columns.source(), header, &left_out)?
            }
            _ => (0..columns.count()).filter(|column| !left_out.contains(column)).collect(),
        };
        if features.len() != self.n_dims() {
            let (name, n_dims) = (columns.source().to_owned(), self.n_dims());
            return Err(ColumnError::Width { name, found: features.len(), n_dims });
        }
        Ok(Pick { features, truth, weights: None, most_rows: Some(MOST_ROWS) })
    }

    /// Whether the columns have names of their own, and not the numbers that nameless ones get.
    fn has_names(&self) -> bool {
        let number = |name: &String| name.strip_prefix("column ").is_some_and(|n| n.parse::<usize>().is_ok());
        !self.columns.iter().all(number)
    }

    fn by_name(&self, name: &str, header: &[String], left_out: &[usize]) -> Result<Vec<usize>, ColumnError> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for wanted in &self.columns {
            let here = |&column: &usize| header[column] == *wanted && !left_out.contains(&column);
            let mut places = (0..header.len()).filter(here);
            match (places.next(), places.next()) {
                (Some(first), Some(second)) => {
                    let (first, second) = (first + 1, second + 1);
                    let (name, column) = (name.to_owned(), wanted.clone());
                    return Err(ColumnError::Ambiguous { name, column, first, second });
                }
                (Some(place), None) => found.push(place),
                (None, _) => missing.push(wanted.clone()),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        Err(ColumnError::Missing { name: name.to_owned(), missing, n_dims: self.n_dims() })
    }
}
