//! Points and their clusters, from which internal measures are computed.

use super::ScoreError;
use super::contingency::first_outside;

/// Why a measure is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undefined {
    /// No points.
    #[error("there are no points")]
    NoPoints,
    /// Only one cluster has points.
    #[error("all points are in one cluster")]
    OneCluster,
    /// Each point is a cluster of its own.
    #[error("every point is a cluster of its own")]
    AllApart,
    /// There are fewer distinct points than clusters, so that each cluster holds copies of one point. [`Partition`] does
    /// not look for this: a caller who knows it has no use for measures.
    #[error("every cluster is copies of one row, since there are fewer distinct rows than clusters")]
    OnlyCopies,
    /// All points are equal to the mean of their cluster.
    #[error("every cluster is copies of one row")]
    NoDispersion,
    /// A squared distance overflows.
    #[error("a squared distance between points overflows a 64-bit float; scale the columns down")]
    Overflow,
}

/// Points in the user's units, and their labels. Weights are ignored, and so are clusters without points.
#[derive(Debug, Clone)]
pub struct Partition<'a> {
    pub(super) points: &'a [f64], // (n_points, n_dims)
    pub(super) n_dims: usize,
    pub(super) labels: &'a [u32], // (n_points)
    pub(super) sizes: Vec<u64>,   // (n_clusters)
}

impl<'a> Partition<'a> {
    /// `points` is (n_points, n_dims), row-major; `labels` is (n_points), each below `n_clusters`.
    ///
    /// # Errors
    ///
    /// [`ScoreError`]: lengths that differ, a label out of range, more than 2^32 clusters.
    pub fn new(
        points: &'a [f64],
        n_dims: usize,
        labels: &'a [u32],
        n_clusters: usize,
    ) -> Result<Self, ScoreError> {
        if labels.len().checked_mul(n_dims) != Some(points.len()) {
            return Err(ScoreError::Values { values: points.len(), n_dims, labels: labels.len() });
        }
        if n_clusters as u64 > super::contingency::MOST {
            return Err(ScoreError::TooMany { what: "clusters", count: n_clusters });
        }
        if let Some((point, value)) = first_outside(labels, n_clusters) {
            return Err(ScoreError::Label { point, value, n_clusters });
        }
        let mut sizes = vec![0; n_clusters];
        labels.iter().for_each(|&label| sizes[label as usize] += 1);
        Ok(Self { points, n_dims, labels, sizes })
    }

    /// Number of clusters with points.
    pub(super) fn occupied(&self) -> usize {
        self.sizes.iter().filter(|&&size| size > 0).count()
    }

    pub(super) fn point(&self, i: usize) -> &[f64] {
        &self.points[i * self.n_dims..][..self.n_dims]
    }

    /// The mean of each cluster; zeros if it has no points. (n_clusters, n_dims)
    pub(super) fn means(&self) -> Vec<f64> {
        let d = self.n_dims;
        let mut means = vec![0.0; self.sizes.len() * d];
        for (i, &label) in self.labels.iter().enumerate() {
            let mean = &mut means[label as usize * d..][..d];
            mean.iter_mut().zip(self.point(i)).for_each(|(sum, x)| *sum += x);
        }
        for (c, &size) in self.sizes.iter().enumerate().filter(|&(_, &size)| size > 0) {
            means[c * d..][..d].iter_mut().for_each(|sum| *sum /= size as f64);
        }
        means
    }

    /// Checks that internal measures are defined.
    pub(super) fn check(&self) -> Result<(), Undefined> {
        match self.occupied() {
            0 => Err(Undefined::NoPoints),
            1 => Err(Undefined::OneCluster),
            n if n == self.labels.len() => Err(Undefined::AllApart),
            _ => Ok(()),
        }
    }
}

/// Squared Euclidean distance, summed in eight lanes in a fixed order.
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (chunks_a, chunks_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = chunks_a.remainder().iter().zip(chunks_b.remainder());
    let rest: f64 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in chunks_a.zip(chunks_b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += (a - b) * (a - b);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

pub(super) fn finite(value: f64) -> Result<f64, Undefined> {
    if value.is_finite() { Ok(value) } else { Err(Undefined::Overflow) }
}
