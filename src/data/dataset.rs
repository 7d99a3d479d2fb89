//! A table, ready to be clustered.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use super::error::DataError;
use super::points::Points;
use super::reading::Reading;
use super::rows::Rows;
use super::truth::Truth;
use crate::memory;

/// A table, ready to be clustered.
#[derive(Debug, Clone)]
pub struct Dataset<'a> {
    /// The source as it was given; `standard input` for `-`.
    pub name: String,
    /// The features, shape (n_points, n_dims), at least one of each.
    pub points: Points<'a>,
    /// The features' names, or `column 3` and so on without a header. (n_dims)
    pub columns: Vec<String>,
    /// The classes of the rows, if a truth column was named.
    pub truth: Option<Truth>,
    /// The weights of the rows, finite and not negative, if a column was named. (n_points)
    pub weights: Option<Vec<f64>>,
    /// How the table was read.
    pub reading: Reading,
}

impl<'a> Dataset<'a> {
    /// A table from an array or a view of `f32` or `f64`, shape (n_points, n_dims). A view may have any strides, and is
    /// borrowed: no value is copied until the fit places it on its lattice. [`Dataset::from`] does the same with the name
    /// `array`.
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
    pub fn new(name: impl Into<String>, points: impl Into<Points<'a>>) -> Self {
        let points = points.into();
        let columns = (1..=points.n_dims()).map(|column| format!("column {column}")).collect();
        Self { name: name.into(), points, columns, truth: None, weights: None, reading: Reading::default() }
    }

    /// Some of the rows, without their classes: what a rank of [`fit_on_ranks`](crate::kmeans::fit_on_ranks()) has of a table. Values
    /// are borrowed.
    ///
    /// ```
    /// use cairn::data;
    ///
    /// let digits = data::digits();
    /// assert_eq!(digits.part(1000..1797).points.n_points(), 797);
    /// ```
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Dataset<'_> {
        Dataset {
            name: self.name.clone(),
            points: self.points.part(rows.clone()),
            columns: self.columns.clone(),
            truth: None,
            weights: self.weights.as_ref().map(|weights| weights[rows].to_vec()),
            reading: self.reading.clone(),
        }
    }

    /// A table from values in row-major order, shape (n_points, n_dims), which are borrowed. `values` are `f32` or `f64`.
    ///
    /// ```
    /// use cairn::data::Dataset;
    ///
    /// let values = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let data = Dataset::from_slice(&values, (3, 2))?;
    /// assert_eq!((data.points.n_points(), data.points.n_dims()), (3, 2));
    /// # Ok::<(), cairn::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::Shape`] if the number of values is not n_points * n_dims.
    pub fn from_slice<T>(values: &'a [T], (n_points, n_dims): (usize, usize)) -> Result<Self, DataError>
    where
        ArrayView2<'a, T>: Into<Points<'a>>,
    {
        let view = ArrayView2::from_shape((n_points, n_dims), values).ok();
        let view = view.filter(|view| view.len() == values.len());
        let view = view.ok_or(DataError::Shape { values: values.len(), n_points, n_dims })?;
        Ok(Self::new("slice", view))
    }

    /// A table from rows of equally many `f32` or `f64`, such as vectors, slices or arrays. The values are copied.
    ///
    /// ```
    /// use cairn::data::Dataset;
    ///
    /// let data = Dataset::from_rows((0..5).map(|i| [f64::from(i), 0.5]))?;
    /// assert_eq!((data.points.n_points(), data.points.n_dims()), (5, 2));
    /// # Ok::<(), cairn::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::RowLength`] for the first row of another length than row 1; [`DataError::OutOfMemory`].
    pub fn from_rows<T: Copy>(rows: impl IntoIterator<Item: AsRef<[T]>>) -> Result<Self, DataError>
    where
        Array2<T>: Into<Points<'a>>,
    {
        let (mut values, mut n_points, mut n_dims) = (Vec::new(), 0, 0);
        for row in rows {
            let row = row.as_ref();
            if n_points == 0 {
                n_dims = row.len();
            }
            n_points += 1;
            if row.len() != n_dims {
                return Err(DataError::RowLength { row: n_points, expected: n_dims, found: row.len() });
            }
            let room = memory::reserve(&mut values, n_dims);
            room.map_err(|memory| DataError::OutOfMemory { name: "rows".into(), memory })?;
            values.extend_from_slice(row);
        }
        let shape = DataError::Shape { values: values.len(), n_points, n_dims };
        Ok(Self::new("rows", Array2::from_shape_vec((n_points, n_dims), values).map_err(|_| shape)?))
    }

    /// The same table with a weight for each row, finite and not negative. (n_points)
    ///
    /// A row of weight 3 counts as three copies of it. Invalid weights are an error of the fit.
    ///
    /// ```
    /// use cairn::data::Dataset;
    /// use cairn::kmeans::{KMeans, fit};
    ///
    /// let data = Dataset::from(&[[0.0], [1.0], [9.0]][..]).with_weights(vec![3.0, 1.0, 1.0]);
    /// let fit = fit(&data, &KMeans::new(2).check()?)?;
    /// let of_the_first_two = fit.labels()[0] as usize;
    /// assert_eq!(fit.centroids()[(of_the_first_two, 0)], 0.25);
    /// # Ok::<(), cairn::kmeans::FitError>(())
    /// ```
    #[must_use]
    pub fn with_weights(self, weights: Vec<f64>) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// These rows, given by index in ascending order, with their classes, weights and scaling.
    ///
    /// # Errors
    /// [`DataError`] if the source can't be read again.
    pub fn select(&self, rows: &[usize]) -> Result<Dataset<'static>, DataError> {
        let d = self.points.n_dims();
        let mut values = Vec::with_capacity(rows.len() * d);
        let mut left = rows.iter().peekable();
        self.points.raw().visit::<DataError>(&mut |first, chunk| {
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
        let raw = Points::from(Array2::from_shape_fn((rows.len(), d), |(i, j)| values[i * d + j]));
        Ok(Dataset {
            name: self.name.clone(),
            points: match self.points.scaling() {
                Some(scaling) => Points::scaled(raw, scaling.clone()),
                None => raw,
            },
            columns: self.columns.clone(),
            truth: self.truth.as_ref().map(|truth| Truth { labels: classes(truth), ..truth.clone() }),
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            reading: Reading::default(),
        })
    }
}

/// As [`Dataset::new`], with the name `array`.
///
/// ```
/// use cairn::data::Dataset;
/// use cairn::ndarray::{Array2, s};
///
/// let table = Array2::<f32>::zeros((10, 3));
/// let data = Dataset::from(table.slice(s![..;2, 1..]));
/// assert_eq!((data.points.n_points(), data.points.n_dims()), (5, 2));
///
/// let places: Vec<[f64; 2]> = vec![[0.0, 1.0], [2.0, 3.0]];
/// let data = Dataset::from(&places[..]);
/// assert_eq!(data.points.n_points(), 2);
/// ```
impl<'a, P: Into<Points<'a>>> From<P> for Dataset<'a> {
    fn from(points: P) -> Self {
        Self::new("array", points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_and_rows_have_the_shape_they_say() {
        let values = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let data = Dataset::from_slice(&values, (2, 3)).unwrap();
        let Points::F32(rows) = &data.points else { panic!("single precision stays so") };
        assert_eq!((rows.as_ptr(), rows.dim()), (values.as_ptr(), (2, 3))); // borrowed
        assert_eq!(rows.row(1).to_vec(), [4.0, 5.0, 6.0]);
        for (shape, says) in [((2, 2), "6 values for a shape of 2 rows x 2"), ((7, 1), "shape of 7 rows x 1")]
        {
            let error = Dataset::from_slice(&values, shape).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let rows = Dataset::from_rows(values.chunks(3)).unwrap();
        assert_eq!(rows.points.to_f64().unwrap(), data.points.to_f64().unwrap());
        assert!(matches!(rows.points, Points::F32(_)));
        let error = Dataset::from_rows(values.chunks(4)).unwrap_err().to_string();
        assert!(error.contains("row 2: has 2 values where the first row has 4"), "{error}");
        assert_eq!(Dataset::from_rows::<f64>([[0.0; 0]; 0]).unwrap().points.n_points(), 0);
    }
}
