//! Accuracy, with each cluster named by the most frequent truth of its points.

use super::Contingency;

/// Names each cluster by the most frequent truth of its points; ties go to the lowest. `None` for a cluster without
/// points. Several clusters may have one name. (n_clusters)
pub fn majority_names(table: &Contingency) -> Vec<Option<u32>> {
    let mut names = vec![None; table.cluster_sizes().len()];
    let mut most = vec![0; names.len()];
    for cell in table.cells() {
        let cluster = cell.cluster as usize;
        // cells are in order of truth, so strictly more keeps the lowest of ties
        if cell.count > most[cluster] {
            most[cluster] = cell.count;
            names[cluster] = Some(cell.truth);
        }
    }
    names
}

/// The share of points whose cluster is named by their truth; 1 for no points, as for the other measures.
///
/// `names` is (n_clusters), from these points ([`majority_names`], [`one_to_one_names`](super::one_to_one_names)) or
/// from others. Points of a cluster without a name, or beyond the end of `names`, count as wrong.
pub fn accuracy(table: &Contingency, names: &[Option<u32>]) -> f64 {
    if table.n_points() == 0 {
        return 1.0;
    }
    let right: u64 =
        (0u32..).zip(names).filter_map(|(cluster, name)| name.map(|name| table.count(cluster, name))).sum();
    right as f64 / table.n_points() as f64
}

/// [`accuracy`] with the points' own [`majority_names`], which is the maximum over all names. It grows with the
/// number of clusters, so compare it only at equal n_clusters.
///
/// Manning, Raghavan, Schuetze, "Introduction to Information Retrieval", Cambridge University Press, 2008,
/// section 16.3.
pub fn purity(table: &Contingency) -> f64 {
    accuracy(table, &majority_names(table))
}

/// The share of each cluster's points that have its most frequent truth; `None` for a cluster without points.
/// (n_clusters)
pub fn cluster_purities(table: &Contingency) -> Vec<Option<f64>> {
    let named = (0u32..).zip(majority_names(table)).zip(table.cluster_sizes());
    named
        .map(|((cluster, name), &size)| name.map(|name| table.count(cluster, name) as f64 / size as f64))
        .collect()
}
