//! The confusion matrix.

use super::Contingency;

/// An entry of the confusion matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Confused {
    /// Truth of the points.
    pub truth: u32,
    /// Name of their clusters; `None` for clusters without a name.
    pub named: Option<u32>,
    /// Number of points; at least 1.
    pub count: u64,
}

/// The non-zero entries of the confusion matrix, in order of (truth, named), with `None` first.
///
/// `names` is (n_clusters), as for [`accuracy`](super::accuracy()). Equals scikit-learn's `confusion_matrix` of the
/// truth and the points' names.
pub fn confusion(table: &Contingency, names: &[Option<u32>]) -> Vec<Confused> {
    let name = |cluster: u32| names.get(cluster as usize).copied().flatten();
    let mut entries: Vec<Confused> = table
        .cells()
        .iter()
        .map(|cell| Confused { truth: cell.truth, named: name(cell.cluster), count: cell.count })
        .collect();
    entries.sort_unstable();
    entries
        .chunk_by(|a, b| (a.truth, a.named) == (b.truth, b.named))
        .map(|same| Confused { count: same.iter().map(|entry| entry.count).sum(), ..same[0] })
        .collect()
}
