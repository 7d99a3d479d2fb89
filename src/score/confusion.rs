//! Which truths are taken for which.

use super::Contingency;

/// How many points of one truth are in clusters that stand for another, or the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Confused {
    /// What the points are.
    pub truth: u32,
    /// What their clusters stand for; `None` for clusters without a name.
    pub named: Option<u32>,
    /// How many points; at least 1.
    pub count: u64,
}

/// The confusion matrix, its entries that are not zero, in order of (truth, named), those without a name
/// first.
///
/// `names` is (n_clusters), as of [`accuracy`](super::accuracy()). The same as scikit-learn's `confusion_matrix` of the truth
/// and the points' names.
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
