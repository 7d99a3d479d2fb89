//! Sentences and key figures at the top of the page.

use super::facts::Facts;
use crate::model::Model;
use crate::numbers::{count, decimals, grouped, grouped_plural, short_percent};

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(super) fn title(facts: &Facts<'_>) -> String {
    let (data, k) = (&facts.model.provenance.data, grouped_plural(facts.model.n_clusters(), "cluster"));
    match facts.report.rows {
        Some(rows) if !rows.fitted => format!("{}, seen by {k} of {data}", rows.data.name),
        _ => format!("{k} of {data}"),
    }
}

pub(super) fn subtitle(facts: &Facts<'_>) -> String {
    let (model, params) = (facts.model, &facts.model.params);
    let starts = match params.n_restarts {
        1 => "from one start".to_owned(),
        n => format!("the best of {} restarts", count(n as f64)),
    };
    let rows = grouped_plural(model.provenance.n_points, "row");
    format!(
        "k-means of {rows} x {}, {starts} ({}), seed {}",
        grouped_plural(model.n_dims(), "column"),
        params.init,
        params.seed
    )
}

/// The inertia of a model, also beyond the range of floats.
pub(super) fn inertia(model: &Model) -> String {
    let inertia = model.inertia();
    if model.inertia == 0 || inertia.is_normal() { grouped(inertia) } else { model.inertia_text(4) }
}

/// Key figures, with their descriptions.
pub(super) fn headline(facts: &Facts<'_>) -> Vec<(String, String)> {
    let mut numbers = Vec::new();
    if let Some(score) = &facts.score {
        numbers.push((short_percent(score.accuracy), "of rows are in a cluster of their own class".into()));
        numbers.push((decimals(score.ari, 3), ari_words(facts)));
    }
    numbers.push((inertia(facts.model), "inertia, the sum of squared distances".into()));
    if let Some(restarts) = facts.report.restarts.as_ref().filter(|restarts| restarts.inertias.len() > 1) {
        let all = count(restarts.inertias.len() as f64);
        numbers.push((
            format!("{} of {all}", count(restarts.found_best as f64)),
            "restarts reached this inertia".into(),
        ));
    }
    numbers
}

/// The index compares two partitions, so it is low for many small clusters, however pure they are.
fn ari_words(facts: &Facts<'_>) -> String {
    let (k, classes) = (facts.model.n_clusters(), facts.truth().map_or(0, |truth| truth.names.len()));
    let mut words = "adjusted Rand index: 1 is perfect, 0 is chance".to_owned();
    if k >= 2 * classes.max(1) {
        words += &format!(
            "; it is low where classes are divided, here {} into {}",
            count(classes as f64),
            grouped_plural(k, "cluster")
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
