//! Mutual information, adjusted for chance.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Contingency;
use super::mutual_info::{entropy, ln_ratio, mutual_information, product};

/// Terms below this share of the largest term don't change the sum.
const NEGLIGIBLE: f64 = 1e-22;

/// Mutual information adjusted for chance, normalised by the arithmetic mean of the entropies: 1 for equal
/// partitions, about 0 for unrelated ones whatever their numbers of clusters; it may be negative. Symmetric, and
/// independent of the names of clusters.
///
/// Vinh, Epps, Bailey, "Information theoretic measures for clusterings comparison: variants, properties,
/// normalization and correction for chance", Journal of Machine Learning Research 11 (2010), 2837-2854,
/// section 4. Equals scikit-learn's `adjusted_mutual_info_score`, also in degenerate cases: two labelings with one
/// value each score 1, as do two of no points; one value against several scores 0.
pub fn adjusted_mutual_information(table: &Contingency) -> f64 {
    let clusters = groups(table.cluster_sizes());
    let truths = groups(table.truth_sizes());
    let (n_clusters, n_truths): (u64, u64) = (clusters.values().sum(), truths.values().sum());
    if n_clusters == n_truths && table.cells().len() as u64 == n_clusters {
        return 1.0; // equal partitions, for which the formula may give 0/0
    }
    if n_clusters == 1 || n_truths == 1 {
        return 0.0;
    }
    let expected = expected_information(&clusters, &truths, table.n_points());
    let mean = (entropy(table.cluster_sizes()) + entropy(table.truth_sizes())) / 2.0;
    // rounding may give either difference the wrong sign, or make it 0
    let above = mutual_information(table) - expected;
    above / (mean - expected).max(f64::EPSILON)
}

/// Number of groups of each size.
fn groups(sizes: &[u64]) -> BTreeMap<u64, u64> {
    let mut groups = BTreeMap::new();
    sizes.iter().filter(|&&size| size > 0).for_each(|&size| *groups.entry(size).or_insert(0) += 1);
    groups
}

/// Expected mutual information, in nats, over all partitions of `n` points into clusters and truths of these sizes
/// (equation 24a of Vinh, Epps, Bailey). Groups of equal size share a term.
fn expected_information(clusters: &BTreeMap<u64, u64>, truths: &BTreeMap<u64, u64>, n: u64) -> f64 {
    let pairs: Vec<_> = clusters.iter().flat_map(|a| truths.iter().map(move |b| (a, b))).collect();
    let term = |&((&a, &times_a), (&b, &times_b)): &((&u64, &u64), (&u64, &u64))| {
        times_a as f64 * times_b as f64 * expected_term(a, b, n)
    };
    let terms: Vec<f64> = pairs.par_iter().map(term).collect();
    terms.iter().sum() // in a fixed order, so that the result does not depend on threads
}

/// Expectation of `m / n * ln(n m / (a b))`, where m, the number of points in both a cluster of `a` and a truth of
/// `b` points, is hypergeometric.
///
/// Probabilities are computed relative to that of the most likely m, each from its neighbour's, and then normalised.
/// This avoids factorials, whose logarithms lose precision for large `n`.
fn expected_term(a: u64, b: u64, n: u64) -> f64 {
    let (least, most) = ((a + b).saturating_sub(n), a.min(b));
    let middle = (product(a + 1, b + 1) / (u128::from(n) + 2)) as u64;
    let middle = middle.clamp(least, most);
    let information =
        |m: u64| if m == 0 { 0.0 } else { m as f64 / n as f64 * ln_ratio(product(n, m), product(a, b)) };
    let (mut weights, mut sum) = (1.0, information(middle));
    let mut add = |m: u64, weight: f64| {
        weights += weight;
        sum += weight * information(m);
        weight > NEGLIGIBLE
    };
    let mut weight = 1.0;
    for m in middle + 1..=most {
        weight *= step_up(m - 1, a, b, n);
        if !add(m, weight) {
            break;
        }
    }
    weight = 1.0;
    for m in (least..middle).rev() {
        weight /= step_up(m, a, b, n);
        if !add(m, weight) {
            break;
        }
    }
    sum / weights
}

/// Probability of `m + 1` over that of `m`.
fn step_up(m: u64, a: u64, b: u64, n: u64) -> f64 {
    let chances = (a - m) as f64 * (b - m) as f64;
    // n + m + 1 - a - b, in an order that stays above 0
    let others = (m + 1) as f64 * (n + m + 1 - a - b) as f64;
    chances / others
}
