//! How good a clustering is: measures against a truth that it never saw, and measures of the clusters alone.
//!
//! | file | what it is about |
//! |---|---|
//! | `contingency` | the table that every measure against a truth reads, and nothing else |
//! | `accuracy`, `one_to_one` | names for clusters, by majority and one to one; accuracy, purity |
//! | `confusion` | which truths are taken for which |
//! | `rand_index`, `mutual_info`, `adjusted_mutual_info`, `v_measure` | agreement without names |
//! | `partition` | points and their clusters, and when a measure of them has no value |
//! | `silhouette`, `calinski_harabasz`, `davies_bouldin` | measures of them |
//!
//! Counts are exact integers; a measure turns into `f64` at its last step, or where a logarithm demands it, and
//! takes its logarithms from `libm`; sums of floats have one order, whatever the number of threads. So the same
//! labels give the same bits on every machine.

mod accuracy;
mod adjusted_mutual_info;
mod calinski_harabasz;
mod confusion;
mod contingency;
mod davies_bouldin;
mod mutual_info;
mod one_to_one;
mod partition;
mod rand_index;
mod silhouette;
#[cfg(test)]
mod tests;
mod v_measure;

pub use accuracy::{accuracy, cluster_purities, majority_names, purity};
pub use adjusted_mutual_info::adjusted_mutual_information;
pub use confusion::{Confused, confusion};
pub use contingency::{Cell, Contingency, ScoreError};
pub use mutual_info::normalized_mutual_information;
pub use one_to_one::one_to_one_names;
pub use partition::{Partition, Undefined};
pub use rand_index::adjusted_rand_index;
pub use silhouette::Silhouette;
#[cfg(feature = "cli")]
pub(crate) use silhouette::choose;
pub use v_measure::{completeness, homogeneity, v_measure};

/// What a truth says of a clustering.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Score {
    /// Share of the points whose cluster has the name of their truth; see [`accuracy`](accuracy()).
    pub accuracy: f64,
    /// The same with the points' own [`one_to_one_names`]; `None` where these take too long.
    pub accuracy_one_to_one: Option<f64>,
    /// Share of the points that are of their cluster's most frequent truth; see [`purity`].
    pub purity: f64,
    /// See [`homogeneity`].
    pub homogeneity: f64,
    /// See [`completeness`].
    pub completeness: f64,
    /// See [`v_measure`].
    pub v_measure: f64,
    /// Adjusted Rand index; see [`adjusted_rand_index`].
    pub ari: f64,
    /// Adjusted mutual information; see [`adjusted_mutual_information`].
    pub ami: f64,
    /// Normalised mutual information; see [`normalized_mutual_information`].
    pub nmi: f64,
    /// The truth that each cluster stands for, by index of the cluster: [`majority_names`], or those given.
    pub cluster_names: Vec<Option<u32>>,
    /// See [`one_to_one_names`].
    pub one_to_one_names: Option<Vec<Option<u32>>>,
    /// See [`cluster_purities`].
    pub cluster_purities: Vec<Option<f64>>,
    /// Which truths are taken for which, by `cluster_names`; see [`confusion`](confusion()).
    pub confusion: Vec<Confused>,
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
    Ok(of_table(&table, majority_names(&table)))
}

/// [`score`], with names that the clusters had before: as of a model that meets new points. (n_clusters)
///
/// # Errors
///
/// As [`Contingency::new`]. Never panics: clusters beyond the end of `names` have no name.
pub fn score_named(
    truth: &[u32],
    n_truth: usize,
    labels: &[u32],
    n_clusters: usize,
    names: &[Option<u32>],
) -> Result<Score, ScoreError> {
    let table = Contingency::new(truth, n_truth, labels, n_clusters)?;
    let mut names = names.to_vec();
    names.resize(n_clusters, None);
    Ok(of_table(&table, names))
}

fn of_table(table: &Contingency, names: Vec<Option<u32>>) -> Score {
    let one_to_one = one_to_one_names(table);
    Score {
        accuracy: accuracy(table, &names),
        accuracy_one_to_one: one_to_one.as_ref().map(|names| accuracy(table, names)),
        purity: purity(table),
        homogeneity: homogeneity(table),
        completeness: completeness(table),
        v_measure: v_measure(table),
        ari: adjusted_rand_index(table),
        ami: adjusted_mutual_information(table),
        nmi: normalized_mutual_information(table),
        confusion: confusion(table, &names),
        cluster_names: names,
        one_to_one_names: one_to_one,
        cluster_purities: cluster_purities(table),
    }
}
