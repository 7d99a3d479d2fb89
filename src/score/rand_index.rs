//! The adjusted Rand index, from exact counts of pairs.

use super::Contingency;

/// Agreement on pairs of points, adjusted for chance: 1 for equal partitions, about 0 for unrelated ones, never below
/// -0.5. Symmetric, and independent of the names of clusters.
///
/// Hubert and Arabie, "Comparing partitions", Journal of Classification 2 (1985), 193-218; the bound:
/// Chacon and Rastrojo, "Minimum adjusted Rand index for two clusterings of a given size", Advances in
/// Data Analysis and Classification 17 (2023), 125-133. Equals scikit-learn's `adjusted_rand_score`, also in
/// degenerate cases: two labelings that agree on every pair score 1, as do two of no points.
///
/// Computed in integers up to the last step. There are less than 2^63 pairs (a [`Contingency`] has at most 2^32
/// points), so no product exceeds 2^126 and no sum overflows `i128`.
pub fn adjusted_rand_index(table: &Contingency) -> f64 {
    let in_cells = pairs(table.cells().iter().map(|cell| cell.count));
    let in_clusters = pairs(table.cluster_sizes().iter().copied());
    let in_truths = pairs(table.truth_sizes().iter().copied());
    let all = pairs([table.n_points()]);

    // together in both, in the cluster only, in the truth only, in neither
    let both = in_cells;
    let cluster_only = in_clusters - in_cells;
    let truth_only = in_truths - in_cells;
    let neither = all - in_clusters - truth_only;

    if cluster_only == 0 && truth_only == 0 {
        return 1.0;
    }
    let numerator = 2 * (both * neither - cluster_only * truth_only);
    let denominator = in_truths * (all - in_clusters) + in_clusters * (all - in_truths);
    numerator as f64 / denominator as f64
}

/// Pairs of points within groups of these sizes.
fn pairs(sizes: impl IntoIterator<Item = u64>) -> i128 {
    sizes.into_iter().map(i128::from).map(|n| n * (n - 1) / 2).sum()
}
