//! Homogeneity, completeness, and their harmonic mean.

use super::Contingency;
use super::mutual_info::{entropy, mutual_information};

/// Homogeneity: 1 if each cluster has points of one truth only, 0 if clusters are independent of the truth.
///
/// Homogeneity, completeness and V-measure are those of Rosenberg and Hirschberg, "V-Measure: a conditional
/// entropy-based external cluster evaluation measure", EMNLP-CoNLL 2007, 410-420, sections 2.1 and 2.2. Equals
/// scikit-learn's `homogeneity_score`, also in degenerate cases: a truth with one value, or no points, scores 1.
pub fn homogeneity(table: &Contingency) -> f64 {
    explained(mutual_information(table), entropy(table.truth_sizes()))
}

/// Completeness: 1 if all points of each truth are in one cluster, 0 if the truth is independent of the clusters. It
/// is [`homogeneity`] with clusters and truth exchanged.
pub fn completeness(table: &Contingency) -> f64 {
    explained(mutual_information(table), entropy(table.cluster_sizes()))
}

/// The harmonic mean of [`homogeneity`] and [`completeness`], 0 if both are.
pub fn v_measure(table: &Contingency) -> f64 {
    let (h, c) = (homogeneity(table), completeness(table));
    if h + c == 0.0 { 0.0 } else { 2.0 * h * c / (h + c) }
}

fn explained(information: f64, entropy: f64) -> f64 {
    // rounding may put the quotient an ulp out of range
    if entropy == 0.0 { 1.0 } else { (information / entropy).clamp(0.0, 1.0) }
}
