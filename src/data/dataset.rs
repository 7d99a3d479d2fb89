//! A table, ready to be clustered.

use ndarray::Array2;

use super::error::DataError;
use super::points::Points;
use super::reading::Reading;
use super::rows::Rows;
use super::truth::Truth;

/// A table, ready to be clustered.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The source as it was given; `standard input` for `-`.
    pub name: String,
    /// The features, shape (n_points, n_dims), at least one of each.
    pub points: Points,
    /// The features' names, or `column 3` and so on without a header. (n_dims)
    pub columns: Vec<String>,
    /// The classes of the rows, if a truth column was named.
    pub truth: Option<Truth>,
    /// The weights of the rows, finite and not negative, if a column was named. (n_points)
    pub weights: Option<Vec<f64>>,
    /// How the table was read.
    pub reading: Reading,
}

impl Dataset {
    /// A table from an array or a view of `f32` or `f64`, shape (n_points, n_dims). A view is copied.
    ///
    /// `name` is what models and reports call the table. Its columns are called `column 1`, `column 2` and so on; it
    /// has neither truth nor weights.
    ///
    /// ```
    /// use cairn::data::Dataset;
    ///
    /// let table = ndarray::arr2(&[[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]);
    /// let data = Dataset::new("two of three columns", table.slice(ndarray::s![.., ..2]));
    /// assert_eq!(data.columns, ["column 1", "column 2"]);
    /// ```
    pub fn new(name: impl Into<String>, points: impl Into<Points>) -> Self {
        let points = points.into();
        let columns = (1..=points.n_dims()).map(|column| format!("column {column}")).collect();
        Self { name: name.into(), points, columns, truth: None, weights: None, reading: Reading::default() }
    }

    /// The same table with a weight for each row, finite and not negative. (n_points)
    ///
    /// A row of weight 3 counts as three copies of it. Invalid weights are an error of the fit.
    #[must_use]
    pub fn with_weights(self, weights: Vec<f64>) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// These rows, given by index in ascending order, with their classes and weights.
    ///
    /// # Errors
    /// [`DataError`] if the source can't be read again.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DataError> {
        let d = self.points.n_dims();
        let mut values = Vec::with_capacity(rows.len() * d);
        let mut left = rows.iter().peekable();
        self.points.visit::<DataError>(&mut |first, chunk| {
            let n = match chunk {
                Rows::F32(values) => values.len() / d,
                Rows::F64(values) => values.len() / d,
            };
            while let Some(row) = left.next_if(|&&row| row < first + n) {
                let at = (row - first) * d;
                match chunk {
                    Rows::F32(from) => values.extend(from[at..at + d].iter().copied().map(f64::from)),
                    Rows::F64(from) => values.extend_from_slice(&from[at..at + d]),
                }
            }
            Ok(())
        })?;
        let classes = |truth: &Truth| rows.iter().map(|&row| truth.labels[row]).collect();
        Ok(Self {
            name: self.name.clone(),
            points: Points::F64(Array2::from_shape_fn((rows.len(), d), |(i, j)| values[i * d + j])),
            columns: self.columns.clone(),
            truth: self.truth.as_ref().map(|truth| Truth { labels: classes(truth), ..truth.clone() }),
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            reading: Reading::default(),
        })
    }
}
