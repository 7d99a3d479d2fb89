//! What scikit-learn means by `tol`.
//!
//! Both compare the squared shift of all centroids with `tol` times the mean variance of the features. Cairn's variance
//! is that of the weighted rows, and scikit-learn's that of the rows.

use cairn::data::{DataError, Dataset, Rows};
use cairn::kmeans::KMeans;

/// The parameters with which fits of `data` stop as scikit-learn's do with this `tol`.
pub(crate) fn set(kmeans: KMeans, tol: f64, data: &Dataset<'_>) -> Result<KMeans, DataError> {
    let kmeans = kmeans.tol(tol);
    // the parameters' check refuses others, and should show them as they were given
    let Some(weights) = data.weights.as_ref().filter(|_| tol > 0.0) else { return Ok(kmeans) };
    let (plain, weighted) = (variance(data, |_| 1.0)?, variance(data, |row| weights[row])?);
    let scale = plain / weighted;
    Ok(if scale.is_finite() { kmeans.tol(tol * scale) } else { kmeans })
}

/// The sum of the features' variances.
fn variance(data: &Dataset<'_>, weight: impl Fn(usize) -> f64) -> Result<f64, DataError> {
    let d = data.points.n_dims();
    let mut sums = vec![Moments::default(); d];
    data.points.visit::<DataError>(&mut |first, rows| {
        let add = |sums: &mut [Moments], at: usize, x: f64| sums[at % d].add(x, weight(first + at / d));
        match rows {
            Rows::F32(rows) => rows.iter().enumerate().for_each(|(at, &x)| add(&mut sums, at, x.into())),
            Rows::F64(rows) => rows.iter().enumerate().for_each(|(at, &x)| add(&mut sums, at, x)),
        }
        Ok(())
    })?;
    Ok(sums.iter().map(Moments::variance).sum())
}

/// Mean and sum of squared deviations, updated by each value (West 1979).
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64, weight: f64) {
        if weight > 0.0 {
            self.weight += weight;
            let from_mean = x - self.mean;
            self.mean += from_mean * weight / self.weight;
            self.squares += weight * from_mean * (x - self.mean);
        }
    }

    fn variance(&self) -> f64 {
        self.squares / self.weight
    }
}
