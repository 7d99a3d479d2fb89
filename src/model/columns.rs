//! Matches the columns of a table with a model's features: by name if both have names, else by position.

use crate::data::{Columns, DataError, Pick, has_names, listed, place, shape_of_names};

use super::Model;

/// Most rows predicted at a time, since a prediction takes more memory than a few values.
const MOST_ROWS: usize = 1 << 16;

/// How to find the features and the truth among the columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnOptions {
    /// The truth column, by name or by number from 1.
    pub truth: Option<String>,
    /// The only columns to look at: each a name, or names, numbers and ranges such as `3..7` between commas. Empty: all.
    pub columns: Vec<String>,
    /// Columns to ignore, written likewise.
    pub ignore: Vec<String>,
    /// Whether columns of text are left out where features are found by position: see [`Columns::text`].
    pub numeric: bool,
    /// Take the features in the table's order, whatever their names.
    pub by_position: bool,
}

/// Why a table's columns don't match the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A requested column does not exist.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Features of the model are missing in the header.
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
    /// Pictures of another size, of which the model's columns would be a corner.
    #[error(
        "{name}: its rows are pictures of {} x {} pixels, and the model's are pictures of {} x {}; make them the same size",
        found.0, found.1, image.0, image.1
    )]
    Pictures {
        /// The source.
        name: String,
        /// Height and width of its pictures.
        found: (usize, usize),
        /// Height and width of the model's.
        image: (usize, usize),
    },
    /// The number of columns is not the number of features.
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

impl Model {
    /// Finds the model's features among the columns of a table.
    ///
    /// If both have names, features are found by name, in any order, and other columns are ignored. Otherwise the
    /// columns that are neither truth nor ignored are the features, in order; or if these are too many, the model has no
    /// names and the table has as many columns as the fitted one, those in the same places.
    ///
    /// # Errors
    /// [`ColumnError`].
    pub fn pick(&self, columns: &Columns, options: &ColumnOptions) -> Result<Pick, ColumnError> {
        let find = |role, asked: &String| columns.find(role, asked);
        let truth = options.truth.as_ref().map(|asked| find("truth", asked)).transpose()?;
        let mut left_out: Vec<usize> = truth.into_iter().collect();
        for asked in &options.ignore {
            left_out.extend(columns.find_all("ignored", asked)?);
        }
        let mut chosen = Vec::new();
        for asked in &options.columns {
            chosen.extend(columns.find_all("chosen", asked)?);
        }
        if !options.columns.is_empty() {
            left_out.extend((0..columns.count()).filter(|column| !chosen.contains(column)));
        }
        let features = match columns.header() {
            Some(header) if self.has_column_names() && !options.by_position => {
                self.check_size(columns.source(), header, &left_out)?;
                self.by_name(columns.source(), header, &left_out)?
            }
            _ => {
                left_out.extend(columns.text().iter().filter(|_| options.numeric));
                self.by_position(columns.count(), &left_out)
            }
        };
        if features.len() != self.n_dims() {
            let (name, n_dims) = (columns.source().to_owned(), self.n_dims());
            return Err(ColumnError::Width { name, found: features.len(), n_dims });
        }
        Ok(Pick { features, truth, most_rows: Some(MOST_ROWS), ..Pick::default() })
    }

    /// Checks that pixels are not those of larger pictures.
    fn check_size(&self, name: &str, header: &[String], left_out: &[usize]) -> Result<(), ColumnError> {
        let left = header.iter().enumerate().filter(|(column, _)| !left_out.contains(column));
        let found = shape_of_names(left.map(|(_, name)| name.as_str()).filter(|name| place(name).is_some()));
        match (shape_of_names(self.columns.iter().map(String::as_str)), found) {
            (Some(image), Some(found)) if image != found => {
                Err(ColumnError::Pictures { name: name.to_owned(), found, image })
            }
            _ => Ok(()),
        }
    }

    /// The features by their places in the table.
    fn by_position(&self, n_columns: usize, left_out: &[usize]) -> Vec<usize> {
        let left: Vec<usize> = (0..n_columns).filter(|column| !left_out.contains(column)).collect();
        match &self.table_columns {
            Some((fitted, features))
                if left.len() > self.n_dims() && *fitted == n_columns && !self.has_column_names() =>
            {
                features.iter().copied().filter(|column| !left_out.contains(column)).collect()
            }
            _ => left,
        }
    }

    /// Whether the columns have names, other than the generated `column 1` and so on.
    #[must_use]
    pub fn has_column_names(&self) -> bool {
        has_names(&self.columns)
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
