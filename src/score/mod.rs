//! Measures of a clustering: external, against a truth, and internal, of the clusters alone.
//!
//! | file | what it is about |
//! |---|---|
//! | `contingency` | the contingency table, from which measures against a truth are computed |
//! | `accuracy`, `one_to_one` | names for clusters, by majority and one to one; accuracy, purity |
//! | `confusion` | the confusion matrix |
//! | `rand_index`, `mutual_info`, `adjusted_mutual_info`, `v_measure` | agreement without names |
//! | `partition` | points and their clusters, and when an internal measure is undefined |
//! | `silhouette`, `calinski_harabasz`, `davies_bouldin`, `bic` | internal measures |
//!
//! Counts are exact integers. Measures convert to `f64` at the last step or for logarithms, which come from `libm`.
//! Sums of floats have a fixed order, whatever the number of threads. So equal labels give equal bits on every
//! machine.

mod accuracy;
mod adjusted_mutual_info;
mod bic;
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
pub(crate) use silhouette::choose;
pub use v_measure::{completeness, homogeneity, v_measure};

/// Measures of a clustering against a truth.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Score {
    /// Share of the points whose cluster is named by their truth; see [`accuracy`](accuracy()).
    pub accuracy: f64,
    /// The same with the points' own [`one_to_one_names`]; `None` if these would take too long.
    pub accuracy_one_to_one: Option<f64>,
    /// Share of the points that have their cluster's most frequent truth; see [`purity`].
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
    /// The truth that names each cluster: [`majority_names`], or those given. (n_clusters)
    pub cluster_names: Vec<Option<u32>>,
    /// See [`one_to_one_names`].
    pub one_to_one_names: Option<Vec<Option<u32>>>,
    /// See [`cluster_purities`].
    pub cluster_purities: Vec<Option<f64>>,
    /// The confusion matrix by `cluster_names`; see [`confusion`](confusion()).
    pub confusion: Vec<Confused>,
}

/// Scores `labels` (each below `n_clusters`) against `truth` (each below `n_truth`), point by point.
///
/// # Errors
///
/// As [`Contingency::new`].
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

/// [`score`] with given names of the clusters (n_clusters), such as those of a model. Clusters beyond the end of
/// `names` have no name.
///
/// # Errors
///
/// As [`Contingency::new`].
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
