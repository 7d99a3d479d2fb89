//! The Calinski-Harabasz index: [`Partition::calinski_harabasz`].

use super::partition::{finite, squared_distance};
use super::{Partition, Undefined};

impl Partition<'_> {
    /// The ratio of between-cluster to within-cluster dispersion, each divided by its degrees of freedom. Larger
    /// means better separated; 1 if there is no dispersion within clusters.
    ///
    /// Calinski and Harabasz, "A dendrite method for cluster analysis", Communications in Statistics 3
    /// (1974), 1-27. Equals scikit-learn's `calinski_harabasz_score`.
    ///
    /// # Errors
    ///
    /// [`Undefined`] if it has no value.
    pub fn calinski_harabasz(&self) -> Result<f64, Undefined> {
        self.check()?;
        finite(calinski_harabasz(self))
    }
}

fn calinski_harabasz(partition: &Partition<'_>) -> f64 {
    let d = partition.n_dims;
    let (n, k) = (partition.labels.len() as f64, partition.occupied() as f64);
    let means = partition.means();
    let centre = centre(partition);
    let between: f64 = means
        .chunks_exact(d)
        .zip(&partition.sizes)
        .map(|(mean, &size)| if size > 0 { size as f64 * squared_distance(mean, &centre) } else { 0.0 })
        .sum();
    let own = |i: usize| &means[partition.labels[i] as usize * d..][..d];
    let within: f64 = (0..partition.labels.len()).map(|i| squared_distance(partition.point(i), own(i))).sum();
    if within == 0.0 { 1.0 } else { between * (n - k) / (within * (k - 1.0)) }
}

/// The mean of all points. (n_dims)
fn centre(partition: &Partition<'_>) -> Vec<f64> {
    let mut centre = vec![0.0; partition.n_dims];
    for i in 0..partition.labels.len() {
        centre.iter_mut().zip(partition.point(i)).for_each(|(sum, x)| *sum += x);
    }
    centre.iter().map(|sum| sum / partition.labels.len() as f64).collect()
}
