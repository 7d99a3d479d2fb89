//! The Bayesian information criterion: [`Partition::bic`].

use std::f64::consts::PI;

use super::partition::{finite, squared_distance};
use super::{Partition, Undefined};

impl Partition<'_> {
    /// The Bayesian information criterion of spherical Gaussian clusters with one variance for all, each point in one of
    /// them. Larger is better.
    ///
    /// `sum over c of n_c ln(n_c / n) - n d / 2 ln(2 pi s) - d (n - k) / 2 - k (d + 1) / 2 ln(n)`, with n points of d
    /// features, of which `n_c` are in cluster c of k, and the variance `s = W / (d (n - k))`, where W is the sum of the
    /// squared distances of the points from the means of their clusters. There are `k (d + 1)` parameters: `k - 1` shares,
    /// `k d` coordinates, a variance.
    ///
    /// Pelleg and Moore, "X-means: extending k-means with efficient estimation of the number of clusters", ICML 2000,
    /// 727-734; but for the variance, which is there that of one feature, `W / (n - k)`.
    ///
    /// # Errors
    ///
    /// [`Undefined`] if it has no value. One cluster has one.
    pub fn bic(&self) -> Result<f64, Undefined> {
        match self.check() {
            Err(Undefined::OneCluster) if self.labels.len() > 1 => {}
            checked => checked?,
        }
        let within = within(self);
        if within == 0.0 {
            return Err(Undefined::NoDispersion);
        }
        finite(bic(self, within))
    }
}

/// Squared distances of the points from the means of their clusters, summed.
fn within(partition: &Partition<'_>) -> f64 {
    let (d, means) = (partition.n_dims, partition.means());
    let own = |i: usize| &means[partition.labels[i] as usize * d..][..d];
    (0..partition.labels.len()).map(|i| squared_distance(partition.point(i), own(i))).sum()
}

fn bic(partition: &Partition<'_>, within: f64) -> f64 {
    let (n, d) = (partition.labels.len() as f64, partition.n_dims as f64);
    let k = partition.occupied() as f64;
    let shares = partition.sizes.iter().filter(|&&size| size > 0).map(|&size| {
        let size = size as f64;
        size * libm::log(size / n)
    });
    let variance = within / (d * (n - k));
    let likelihood = shares.sum::<f64>() - n * d / 2.0 * libm::log(2.0 * PI * variance) - d * (n - k) / 2.0;
    likelihood - k * (d + 1.0) / 2.0 * libm::log(n)
}
