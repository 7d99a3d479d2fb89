//! How well a clustering agrees with a truth that it never saw: accuracy by majority, adjusted Rand
//! index, normalised mutual information.
//!
//! All measures read one [`Contingency`] table and nothing else, one file a measure. Counts are exact
//! integers; a measure turns into `f64` at its last step, or where a logarithm demands it, and takes
//! its logarithms from `libm`, so that the same labels give the same bits on every machine.

mod accuracy;
mod contingency;
mod mutual_info;
mod rand_index;
#[cfg(test)]
mod tests;

pub use accuracy::{accuracy, majority_names};
pub use contingency::{Cell, Contingency, ScoreError};
pub use mutual_info::normalized_mutual_information;
pub use rand_index::adjusted_rand_index;

/// What a truth says of a clustering.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Share of the points whose cluster stands for their truth; see [`accuracy`].
    pub accuracy: f64,
    /// Adjusted Rand index; see [`adjusted_rand_index`].
    pub ari: f64,
    /// Normalised mutual information; see [`normalized_mutual_information`].
    pub nmi: f64,
    /// The truth that each cluster stands for, by index of the cluster; see [`majority_names`].
    pub cluster_names: Vec<Option<u32>>,
}

/// Scores `labels` (each below `n_clusters`) against `truth` (each below `n_truth`), point by point.
///
/// # Errors
///
/// As [`Contingency::new`]. Never panics.
///
/// # Example
///
/// ```
/// let truth = [0, 0, 0, 1, 1, 1];
/// let labels = [2, 2, 2, 0, 0, 2]; // cluster 1 is empty, point 5 is on the wrong side
/// let score = cairn::score::score(&truth, 2, &labels, 3)?;
/// assert_eq!(score.cluster_names, [Some(1), None, Some(0)]);
/// assert_eq!(score.accuracy, 5.0 / 6.0);
/// # Ok::<(), cairn::score::ScoreError>(())
/// ```
pub fn score(truth: &[u32], n_truth: usize, labels: &[u32], n_clusters: usize) -> Result<Score, ScoreError> {
    let table = Contingency::new(truth, n_truth, labels, n_clusters)?;
    Ok(Score {
        accuracy: accuracy(&table),
        ari: adjusted_rand_index(&table),
        nmi: normalized_mutual_information(&table),
        cluster_names: majority_names(&table),
    })
}
