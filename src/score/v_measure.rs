//! Homogeneity, completeness, and their harmonic mean.

use super::Contingency;
use super::mutual_info::{entropy, mutual_information};

/// 1 when each cluster holds points of one truth only, 0 when clusters tell nothing of the truth.
///
/// This and the two below: Rosenberg and Hirschberg, "V-Measure: a conditional entropy-based external cluster
/// evaluation measure", EMNLP-CoNLL 2007, 410-420, sections 2.1 and 2.2. In every case, degenerate ones
/// included, as scikit-learn's `homogeneity_score`: a truth of one value, or no points, score 1.
pub fn homogeneity(table: &Contingency) -> f64 {
    explained(mutual_information(table), entropy(table.truth_sizes()))
}

/// 1 when all points of a truth are in one cluster, 0 when the truth tells nothing of the clusters.
/// [`homogeneity`] with the sides turned.
pub fn completeness(table: &Contingency) -> f64 {
    explained(mutual_information(table), entropy(table.cluster_sizes()))
}

/// The harmonic mean of [`homogeneity`] and [`completeness`], 0 if both are.
pub fn v_measure(table: &Contingency) -> f64 {
    let (h, c) = (homogeneity(table), completeness(table));
    if h + c == 0.0 { 0.0 } else { 2.0 * h * c / (h + c) }
}

fn explained(information: f64, entropy: f64) -> f64 {
    // Rounding may leave the quotient an ulp outside its range.
    if entropy == 0.0 { 1.0 } else { (information / entropy).clamp(0.0, 1.0) }
}
