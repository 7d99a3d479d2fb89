//! Mutual information of clusters and truth, and its normalisation.

use super::Contingency;

/// Mutual information divided by the arithmetic mean of the entropies: 1 if each labeling determines the other, 0 if
/// they are independent. Symmetric, and independent of the names of clusters. It is not adjusted for chance, so it
/// grows with the number of clusters.
///
/// Strehl and Ghosh, "Cluster ensembles - a knowledge reuse framework for combining multiple
/// partitions", Journal of Machine Learning Research 3 (2002), 583-617, there with the geometric mean;
/// the arithmetic one: Vinh, Epps, Bailey, "Information theoretic measures for clusterings comparison",
/// Journal of Machine Learning Research 11 (2010), 2837-2854. Equals scikit-learn's `normalized_mutual_info_score`,
/// also in degenerate cases: two labelings with one value each score 1, as do two of no points; one value against
/// several scores 0.
pub fn normalized_mutual_information(table: &Contingency) -> f64 {
    if occupied(table.cluster_sizes()) <= 1 && occupied(table.truth_sizes()) <= 1 {
        return 1.0; // both entropies are 0
    }
    let mean = (entropy(table.cluster_sizes()) + entropy(table.truth_sizes())) / 2.0;
    // rounding may put the quotient an ulp out of range
    (mutual_information(table) / mean).clamp(0.0, 1.0)
}

/// Mutual information `sum n_ij / n * ln(n n_ij / (a_i b_j))`, in nats. The products are exact (at most 2^64, in
/// `u128`), so independent labelings have ratios of exactly 1 and mutual information 0.
pub(super) fn mutual_information(table: &Contingency) -> f64 {
    let n = table.n_points();
    table
        .cells()
        .iter()
        .map(|cell| {
            let a = table.cluster_sizes()[cell.cluster as usize];
            let b = table.truth_sizes()[cell.truth as usize];
            share(cell.count, n) * ln_ratio(product(n, cell.count), product(a, b))
        })
        .sum()
}

/// Entropy of a labeling with groups of these sizes, in nats.
pub(super) fn entropy(sizes: &[u64]) -> f64 {
    let n = sizes.iter().sum();
    sizes.iter().filter(|&&size| size > 0).map(|&size| share(size, n) * ln_ratio(n.into(), size.into())).sum()
}

fn occupied(sizes: &[u64]) -> usize {
    sizes.iter().filter(|&&size| size > 0).count()
}

pub(super) fn product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// `ln(a / b)` by `libm`: the standard library's logarithm may differ between platforms in its last bit.
pub(super) fn ln_ratio(a: u128, b: u128) -> f64 {
    libm::log(a as f64 / b as f64)
}
