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

/// The share of points whose cluster has the name of their own truth; 1 for no points, as the other
/// measures say of two empty labelings.
///
/// `names` is (n_clusters): names found on these very points ([`majority_names`],
/// [`one_to_one_names`](super::one_to_one_names)), or on others before. A cluster without a name, or beyond
/// the end of `names`, is right about no point.
pub fn accuracy(table: &Contingency, names: &[Option<u32>]) -> f64 {
    if table.n_points() == 0 {
        return 1.0;
    }
    let right: u64 =
        (0u32..).zip(names).filter_map(|(cluster, name)| name.map(|name| table.count(cluster, name))).sum();
    right as f64 / table.n_points() as f64
}

/// [`accuracy`] by the points' own [`majority_names`]: the most that any names can reach. It grows with the
/// number of clusters: compare it at one k.
///
/// Manning, Raghavan, Schuetze, "Introduction to Information Retrieval", Cambridge University Press, 2008,
/// section 16.3.
pub fn purity(table: &Contingency) -> f64 {
    accuracy(table, &majority_names(table))
}

/// The share of each cluster's points that are of its most frequent truth; `None` for a cluster without
/// points. `(n_clusters)`.
pub fn cluster_purities(table: &Contingency) -> Vec<Option<f64>> {
    let named = (0u32..).zip(majority_names(table)).zip(table.cluster_sizes());
    named
        .map(|((cluster, name), &size)| name.map(|name| table.count(cluster, name) as f64 / size as f64))
        .collect()
}
