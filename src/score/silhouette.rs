//! The silhouette: exact up to 10,000 points, of a sample above that.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::partition::squared_distance;
use super::{Partition, Undefined};

/// Most points for an exact silhouette.
const MOST_EXACT: usize = 10_000;
/// Size of the sample above that.
const SAMPLE: usize = 2_000;

/// The mean silhouette of the points: near 1 if points are much closer to their own cluster than to the next, near 0
/// if they lie between clusters, negative if they are in the wrong cluster.
///
/// Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis",
/// Journal of Computational and Applied Mathematics 20 (1987), 53-65. Equals scikit-learn's `silhouette_score` with
/// Euclidean distances: 0 for a point alone in its cluster, and for a point at distance 0 from all others.
///
/// Up to 10,000 points it is exact. Above that it is the mean over 2,000 points, drawn without replacement, each
/// compared with all points; `standard_error` is the error from sampling.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Silhouette {
    /// The mean, -1 to 1.
    pub mean: f64,
    /// Points in the sample; all points if it is exact.
    pub sample: usize,
    /// Standard error of the mean; 0 if it is exact.
    pub standard_error: f64,
}

impl Partition<'_> {
    /// See [`Silhouette`]. `seed` chooses the sample if there are more than 10,000 points.
    ///
    /// # Errors
    ///
    /// [`Undefined`] if it has no value.
    pub fn silhouette(&self, seed: u64) -> Result<Silhouette, Undefined> {
        self.check()?;
        silhouette(self, seed).ok_or(Undefined::Overflow)
    }

    /// The silhouette of each point. It takes time quadratic in n_points. (n_points)
    ///
    /// # Errors
    ///
    /// [`Undefined`] if they have no value.
    pub fn silhouettes(&self) -> Result<Vec<f64>, Undefined> {
        self.check()?;
        let values = each(self);
        if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(Undefined::Overflow) }
    }
}

/// `None` where a distance overflows.
fn silhouette(partition: &Partition<'_>, seed: u64) -> Option<Silhouette> {
    let n_points = partition.labels.len();
    let size = if n_points <= MOST_EXACT { n_points } else { SAMPLE };
    let sample = choose(n_points, size, seed);
    let values: Vec<f64> = sample.par_iter().map(|&i| of_point(partition, i)).collect();
    let mean = values.iter().sum::<f64>() / size as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let left = 1.0 - size as f64 / n_points as f64; // finite population correction
    let variance = squares / (size as f64 - 1.0) / size as f64 * left;
    mean.is_finite().then(|| Silhouette { mean, sample: size, standard_error: variance.sqrt() })
}

/// Of each point. (n_points)
fn each(partition: &Partition<'_>) -> Vec<f64> {
    (0..partition.labels.len()).into_par_iter().map(|i| of_point(partition, i)).collect()
}

/// `size` of the numbers below `n`, in ascending order: Knuth, "The Art of Computer Programming" volume 2,
/// section 3.4.2, algorithm S.
pub(crate) fn choose(n: usize, size: usize, seed: u64) -> Vec<usize> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(key);
    let mut chosen = Vec::with_capacity(size);
    for i in 0..n {
        let (left, needed) = ((n - i) as u128, (size - chosen.len()) as u128);
        if (u128::from(random.next_u64()) * left) >> 64 < needed {
            chosen.push(i);
        }
    }
    chosen
}

fn of_point(partition: &Partition<'_>, i: usize) -> f64 {
    let own = partition.labels[i] as usize;
    if partition.sizes[own] == 1 {
        return 0.0;
    }
    let mut sums = vec![0.0; partition.sizes.len()];
    for (j, &label) in partition.labels.iter().enumerate() {
        sums[label as usize] += squared_distance(partition.point(i), partition.point(j)).sqrt();
    }
    let within = sums[own] / (partition.sizes[own] - 1) as f64;
    let others = sums.iter().zip(&partition.sizes).enumerate();
    let next = others
        .filter(|&(c, (_, &size))| c != own && size > 0)
        .map(|(_, (sum, &size))| sum / size as f64)
        .fold(f64::INFINITY, f64::min);
    let larger = within.max(next);
    if larger == 0.0 { 0.0 } else { (next - within) / larger }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_of_the_size_asked_for_and_even() {
        let mut hits = [0u32; 20];
        for seed in 0..2000 {
            let sample = choose(20, 7, seed);
            assert!(sample.len() == 7 && sample.is_sorted_by(|a, b| a < b));
            sample.iter().for_each(|&i| hits[i] += 1);
        }
        // 700 expected, standard deviation 21
        assert!(hits.iter().all(|&hits| (600..800).contains(&hits)), "{hits:?}");
        assert_eq!(choose(5, 5, 1), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_sample_comes_within_its_standard_error() {
        let n = MOST_EXACT + 2_000;
        let points: Vec<f64> = (0..n).map(|i| (i * 7919 % 1009) as f64 + (i % 3 * 1500) as f64).collect();
        let labels: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
        let partition = Partition::new(&points, 1, &labels, 3).unwrap();
        let all: Vec<f64> = (0..n).into_par_iter().map(|i| of_point(&partition, i)).collect();
        let exact = all.iter().sum::<f64>() / n as f64;
        let sampled = silhouette(&partition, 1).unwrap();
        assert_eq!(sampled.sample, SAMPLE);
        assert!(sampled.standard_error > 0.0 && sampled.mean != exact);
        assert!((sampled.mean - exact).abs() < 4.0 * sampled.standard_error, "{sampled:?}, {exact}");
        assert_eq!(silhouette(&partition, 1), Some(sampled));
        assert_ne!(silhouette(&partition, 2), Some(sampled));
    }
}
