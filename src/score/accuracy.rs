//! Accuracy, by letting each cluster stand for the truth that most of its points are of.

use super::Contingency;

/// The truth that each cluster stands for: the one of most of its points, ties to the lowest, `None`
/// for a cluster without points. Several clusters may stand for one truth. `(n_clusters)`.
pub fn majority_names(table: &Contingency) -> Vec<Option<u32>> {
    let mut names = vec![None; table.cluster_sizes().len()];
    let mut most = vec![0; names.len()];
    for cell in table.cells() {
        let cluster = cell.cluster as usize;
        // Cells come in order of truth, so "more than before" leaves ties with the lowest.
        if cell.count > most[cluster] {
            most[cluster] = cell.count;
            names[cluster] = Some(cell.truth);
        }
    }
    names
}

/// The share of points whose cluster stands for their own truth, by [`majority_names`]; 1 for no points,
/// as the other measures say of two empty labelings.
///
/// Known as *purity* (Manning, Raghavan, Schuetze, "Introduction to Information Retrieval", Cambridge
/// University Press, 2008, section 16.3). It grows with the number of clusters: compare it at one k.
pub fn accuracy(table: &Contingency) -> f64 {
    if table.n_points() == 0 {
        return 1.0;
    }
    let named: u64 = (0u32..)
        .zip(majority_names(table))
        .filter_map(|(cluster, name)| Some(table.count(cluster, name?)))
        .sum();
    named as f64 / table.n_points() as f64
}
