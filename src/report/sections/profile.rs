//! The profile of each cluster by feature, if rows are not pictures.

use askama::Template;

use super::super::scale::unit_of_feature;
use super::{Facts, ReportError, Section};
use crate::numbers::{grouped, grouped_plural};

/// Most features shown: those that separate the clusters best.
const MOST_FEATURES: usize = 24;
/// Most clusters side by side.
const MOST_CLUSTERS: usize = 20;
/// Standard deviations at which the colour saturates.
const FULL: f64 = 2.0;

#[derive(Template)]
#[template(path = "report/profile.html")]
struct Profile {
    words: Vec<String>,
    clusters: Vec<String>,
    lines: Vec<ProfileLine>,
}

struct ProfileLine {
    feature: String,
    mean: String,
    cells: Vec<ProfileCell>,
}

struct ProfileCell {
    value: String,
    /// Saturation, in percent.
    strength: u32,
    above: bool,
    about: String,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    if facts.ink.is_some() {
        return Ok(None);
    }
    let scale = FeatureScale::of(facts);
    let clusters = &facts.chosen(MOST_CLUSTERS)[..];
    let features = scale.telling(facts);
    let template = Profile {
        words: words(facts, features.len()),
        clusters: clusters.iter().map(|&c| facts.label(c)).collect(),
        lines: features.into_iter().map(|j| line(facts, &scale, clusters, j)).collect(),
    };
    super::section::section("profile", "Feature profiles", &template)
}

/// Mean and standard deviation of each feature, over the rows or, without rows, over the centroids.
struct FeatureScale {
    means: Vec<f64>,
    deviations: Vec<f64>,
    between: Vec<f64>,
}

impl FeatureScale {
    fn of(facts: &Facts<'_>) -> Self {
        let weights: Vec<f64> = (0..facts.model.n_clusters()).map(|c| facts.model.weight(c)).collect();
        let total: f64 = weights.iter().sum();
        let over = |values: &dyn Fn(usize) -> f64| {
            weights.iter().enumerate().map(|(c, w)| w / total * values(c)).sum::<f64>()
        };
        let d = facts.model.n_dims();
        let means: Vec<f64> = (0..d).map(|j| over(&|c| facts.centroids[[c, j]])).collect();
        let spread = |j: usize| {
            let unit = unit_of_feature(&facts.model.lattice, j);
            over(&|c| ((facts.centroids[[c, j]] - means[j]) / unit).powi(2)).sqrt() * unit
        };
        let between: Vec<f64> = (0..d).map(spread).collect();
        let deviations =
            facts.gathered.as_ref().map_or(between.clone(), |gathered| gathered.deviations.clone());
        Self { means, deviations, between }
    }

    /// The z-score of a value.
    fn z(&self, j: usize, value: f64) -> f64 {
        let z = (value - self.means[j]) / self.deviations[j];
        if z.is_finite() { z } else { 0.0 }
    }

    /// The features with the largest ratio of between-cluster to total variance, in the table's order.
    fn telling(&self, facts: &Facts<'_>) -> Vec<usize> {
        let share = |j: usize| {
            // without rows all ratios would be 1, so the spread of the centroids decides
            let share =
                if facts.gathered.is_some() { self.between[j] / self.deviations[j] } else { self.between[j] };
            if share.is_finite() { share } else { 0.0 }
        };
        let mut features: Vec<usize> = (0..self.means.len()).collect();
        features.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
        features.truncate(MOST_FEATURES);
        features.sort_unstable();
        features
    }
}

fn words(facts: &Facts<'_>, n_features: usize) -> Vec<String> {
    let of = if facts.gathered.is_some() { "rows" } else { "centroids" };
    let mut words = vec![format!(
        "The mean of each cluster, by feature. Orange is above the overall mean, blue below; the colour saturates at \
         {FULL} standard deviations of the {of}. A row without colour is a feature that does not separate the clusters."
    )];
    let d = facts.model.n_dims();
    if n_features < d {
        words.push(format!(
            "Of {}, the {n_features} that separate the clusters best are shown.",
            grouped_plural(d, "feature")
        ));
    }
    words.extend(facts.choice_words(MOST_CLUSTERS));
    words
}

fn line(facts: &Facts<'_>, scale: &FeatureScale, clusters: &[usize], j: usize) -> ProfileLine {
    let cell = |&c: &usize| {
        let x = facts.centroids[[c, j]];
        let z = scale.z(j, x);
        ProfileCell {
            value: grouped(facts.in_users_units(j, x)),
            strength: (100.0 * (z.abs() / FULL).min(1.0)).round() as u32,
            above: z > 0.0,
            about: format!(
                "{:.1} standard deviations {} the mean",
                z.abs(),
                if z > 0.0 { "above" } else { "below" }
            ),
        }
    };
    ProfileLine {
        feature: facts.model.columns[j].clone(),
        mean: grouped(facts.in_users_units(j, scale.means[j])),
        cells: clusters.iter().map(cell).collect(),
    }
}
