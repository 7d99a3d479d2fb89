//! The numbers of a scaling, from the rows of a table.

use super::columns::is_numbered_name;
use super::dataset::Dataset;
use super::error::{DataError, FoundBy, Position};
use super::points::Points;
use super::scale::{Scale, Scaling};
use crate::memory;

impl Dataset<'_> {
    /// The same table, scaled: a fit sees scaled rows, and its centroids, and those of a model, are converted back to
    /// the units of this table (but for [`Scale::Unit`], which keeps no lengths). Distances and inertia are scaled.
    ///
    /// Rows of weight 0 have no part in the means, ranges and quartiles.
    ///
    /// ```
    /// use cairn::data::{Dataset, Scale};
    /// use cairn::kmeans::{KMeans, fit};
    ///
    /// // two groups by the second column, which is small beside the first
    /// let rows = [[0.0, 0.1], [2000.0, 0.2], [1000.0, 0.8], [3000.0, 0.9]];
    /// let data = Dataset::from(&rows[..]).scaled(Scale::MinMax)?;
    /// let fit = fit(&data, &KMeans::new(2).restarts(5).check()?)?;
    /// assert_eq!(fit.labels()[0], fit.labels()[1]);
    /// let of_the_first = fit.labels()[0] as usize;
    /// assert!((fit.centroids()[(of_the_first, 0)] - 1000.0).abs() < 1e-3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::NotFinite`] for a value that isn't; [`DataError::ScaleRange`] for a column whose numbers are beyond
    /// 64-bit floats; [`DataError::OutOfMemory`]; those of reading the rows. A table that is scaled already is scaled
    /// anew, from its own values.
    pub fn scaled(self, scale: Scale) -> Result<Self, DataError> {
        let raw = Self { points: self.points.into_raw(), ..self };
        let scaling = raw.scaling(scale)?;
        Ok(Self { points: Points::scaled(raw.points, scaling), ..raw })
    }

    /// The error of a row of zeros, by its index from 0, where rows need a direction.
    #[must_use]
    pub fn no_direction(&self, row: usize) -> DataError {
        DataError::NoDirection { name: self.name.clone(), row: self.reading.rows.number(row) }
    }

    /// The numbers of a scaling of this table's own values.
    fn scaling(&self, scale: Scale) -> Result<Scaling, DataError> {
        let (shift, factor) = match scale {
            // the fit says so
            _ if scale != Scale::Unit && self.has_no_weight() => {
                (vec![0.0; self.points.n_dims()], vec![1.0; self.points.n_dims()])
            }
            Scale::Standard => self.standard()?,
            Scale::MinMax => self.min_max()?,
            Scale::Robust => self.robust()?,
            Scale::Unit => {
                self.each_row(&mut |_, _| ())?; // all values are finite
                (Vec::new(), Vec::new())
            }
        };
        let good = |j: &usize| shift[*j].is_finite() && factor[*j].is_finite() && factor[*j] != 0.0;
        if let Some(j) = (0..shift.len()).find(|j| !good(j)) {
            let (name, column) = (self.name.clone(), self.columns.get(j).cloned().unwrap_or_default());
            return Err(DataError::ScaleRange { name, column, scale: scale.name() });
        }
        let n_dims = self.points.n_dims();
        let none =
            DataError::ScaleRange { name: self.name.clone(), column: String::new(), scale: scale.name() };
        Scaling::new(scale, n_dims, shift, factor).ok_or(none)
    }

    /// Whether no row has a positive weight.
    fn has_no_weight(&self) -> bool {
        self.weights.as_ref().is_some_and(|weights| !weights.iter().any(|&weight| weight > 0.0))
    }

    /// Position of a value, in the source as far as that is known.
    fn position(&self, row: usize, feature: usize) -> Position {
        let of_table = self.reading.features.as_ref().and_then(|(_, columns)| columns.get(feature));
        let name = self.columns.get(feature).filter(|name| !is_numbered_name(name)).cloned();
        Position {
            name: self.name.clone(),
            row: self.reading.rows.number(row),
            column: of_table.copied().unwrap_or(feature) + 1,
            sheet_column: None,
            found_by: if name.is_some() { FoundBy::Name } else { FoundBy::Number },
            column_name: name,
        }
    }

    /// Calls `each` with the weight and the values of every row of positive weight, in order.
    fn each_row(&self, each: &mut dyn FnMut(f64, &[f64])) -> Result<(), DataError> {
        let d = self.points.n_dims();
        self.points.visit::<DataError>(&mut |first, rows| {
            for (row, values) in (first..).zip(rows.to_f64().chunks_exact(d)) {
                if let Some(j) = values.iter().position(|x| !x.is_finite()) {
                    let position = self.position(row, j);
                    return Err(DataError::NotFinite { position, text: values[j].to_string() });
                }
                let weights = self.weights.as_ref();
                let weight = weights.and_then(|weights| weights.get(row)).copied().unwrap_or(1.0);
                if weight > 0.0 {
                    each(weight, values);
                }
            }
            Ok(())
        })
    }

    /// Means, and standard deviations by the corrected two-pass formula: Chan, Golub and LeVeque, "Algorithms for
    /// computing the sample variance", 1983.
    fn standard(&self) -> Result<(Vec<f64>, Vec<f64>), DataError> {
        let d = self.points.n_dims();
        let (mut n, mut sums) = (0.0, vec![0.0; d]);
        self.each_row(&mut |weight, row| {
            n += weight;
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
        })?;
        let means: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
        let (mut errors, mut squares) = (vec![0.0; d], vec![0.0; d]);
        self.each_row(&mut |weight, row| {
            for (j, x) in row.iter().enumerate() {
                let off = x - means[j];
                errors[j] += weight * off;
                squares[j] += weight * (off * off);
            }
        })?;
        let deviation = |j: usize| {
            let variance = (squares[j] - errors[j] * errors[j] / n) / n;
            // what rounding may leave of a column of equal values
            let nothing = n * f64::EPSILON * variance + (n * means[j] * f64::EPSILON).powi(2);
            if variance.is_finite() && variance <= nothing { 1.0 } else { variance.sqrt() }
        };
        let deviations = (0..d).map(deviation).collect();
        Ok((means, deviations))
    }

    /// What is added, and the factor.
    fn min_max(&self) -> Result<(Vec<f64>, Vec<f64>), DataError> {
        let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); self.points.n_dims()];
        self.each_row(&mut |_, row| {
            ranges.iter_mut().zip(row).for_each(|(range, &x)| *range = (range.0.min(x), range.1.max(x)));
        })?;
        let factor = |&(least, most): &(f64, f64)| if most > least { 1.0 / (most - least) } else { 1.0 };
        let factors: Vec<f64> = ranges.iter().map(factor).collect();
        Ok((ranges.iter().zip(&factors).map(|(range, factor)| 0.0 - range.0 * factor).collect(), factors))
    }

    /// Medians, and distances of the quartiles. Each row counts once, whatever its weight.
    fn robust(&self) -> Result<(Vec<f64>, Vec<f64>), DataError> {
        let (n, d) = (self.points.n_points(), self.points.n_dims());
        let mut values = Vec::new();
        memory::reserve(&mut values, n * d)
            .map_err(|memory| DataError::OutOfMemory { name: "all values, to sort them".into(), memory })?;
        self.each_row(&mut |_, row| values.extend_from_slice(row))?;
        let numbers = |j: usize| {
            let mut column: Vec<f64> = values.iter().skip(j).step_by(d).copied().collect();
            column.sort_unstable_by(f64::total_cmp);
            let width = quantile(&column, 0.75) - quantile(&column, 0.25);
            (median(&column), if width == 0.0 { 1.0 } else { width })
        };
        Ok((0..d).map(numbers).unzip())
    }
}

/// The median of sorted values; NaN of none.
fn median(sorted: &[f64]) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let (low, high) = (sorted[last / 2], sorted[last.div_ceil(2)]);
    if last % 2 == 0 { low } else { (low + high) / 2.0 }
}

/// A quantile of sorted values, between two of them in proportion, as numpy computes it; NaN of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = last as f64 * share;
    let at = place.floor() as usize;
    let (low, high, part) = (sorted[at], sorted[(at + 1).min(last)], place - place.floor());
    let width = high - low;
    if part >= 0.5 { high - width * (1.0 - part) } else { low + width * part }
}
