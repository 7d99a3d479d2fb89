//! The Davies-Bouldin index: [`Partition::davies_bouldin`].

use rayon::prelude::*;

use super::partition::{finite, squared_distance};
use super::{Partition, Undefined};

impl Partition<'_> {
    /// The mean over clusters of the largest ratio `(s_i + s_j) / d_ij` to another cluster, where `s_i` is the mean
    /// distance of a cluster's points to their mean and `d_ij` the distance between two means. Smaller means better
    /// separated.
    ///
    /// Davies and Bouldin, "A cluster separation measure", IEEE Transactions on Pattern Analysis and Machine
    /// Intelligence 1 (1979), 224-227. Equals scikit-learn's `davies_bouldin_score`, except that distances below 1e-8
    /// are not taken for zero. Clusters with equal means are not compared.
    ///
    /// # Errors
    ///
    /// [`Undefined`] if it has no value.
    pub fn davies_bouldin(&self) -> Result<f64, Undefined> {
        self.check()?;
        finite(davies_bouldin(self))
    }
}

fn davies_bouldin(partition: &Partition<'_>) -> f64 {
    let d = partition.n_dims;
    let means = partition.means();
    let spreads = spreads(partition, &means);
    let occupied: Vec<usize> = (0..spreads.len()).filter(|&c| partition.sizes[c] > 0).collect();
    let mean = |c: usize| &means[c * d..][..d];
    let worst = |&a: &usize| {
        let ratio = |&b: &usize| match squared_distance(mean(a), mean(b)).sqrt() {
            0.0 => 0.0, // equal means, or the cluster itself
            distance => (spreads[a] + spreads[b]) / distance,
        };
        // unlike f64::max, this propagates NaN
        occupied.iter().map(ratio).fold(0.0, |a, b| if a >= b { a } else { b })
    };
    let worst: Vec<f64> = occupied.par_iter().map(worst).collect();
    worst.iter().sum::<f64>() / occupied.len() as f64
}

/// The mean distance of each cluster's points to their mean. (n_clusters)
fn spreads(partition: &Partition<'_>, means: &[f64]) -> Vec<f64> {
    let d = partition.n_dims;
    let mut sums = vec![0.0; partition.sizes.len()];
    for (i, &label) in partition.labels.iter().enumerate() {
        let mean = &means[label as usize * d..][..d];
        sums[label as usize] += squared_distance(partition.point(i), mean).sqrt();
    }
    sums.iter().zip(&partition.sizes).map(|(sum, &size)| sum / (size.max(1)) as f64).collect()
}
