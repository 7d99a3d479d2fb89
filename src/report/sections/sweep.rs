//! Measures for other numbers of clusters.

use super::super::SweepLine;
use super::super::chart::{Chart, Series, around};
use super::super::format::list;
use super::section::{Figure, Figures};
use super::{Facts, ReportError, Section};
use crate::numbers::{short_percent, tick};

/// A measure of a line.
type Value = fn(&SweepLine) -> Option<f64>;

const CALINSKI_HARABASZ: &str =
    "The dispersion between clusters over that within them; it chooses the k of its maximum.";
const GAP: &str = "By how much less the logarithm of the inertia is than for rows without clusters, uniform over the same \
    range. It chooses the least k whose gap is not below that of the next by more than its standard error.";
const BIC: &str = "The likelihood of spherical clusters, less a penalty for their number; it chooses the k of its maximum. \
    Where clusters are no spheres it goes on growing.";

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let lines = &facts.report.sweep;
    if lines.len() < 2 {
        return Ok(None);
    }
    let k = facts.model.n_clusters();
    let mut figures =
        vec![figure("Inertia", lines, k, &|line| Some(line.inertia), &|y| tick(*y), inertia_words())?];
    figures.push(figure(
        "Silhouette",
        lines,
        k,
        &|line| line.silhouette,
        &|y| tick(*y),
        silhouette_words(facts),
    )?);
    let others: [(&'static str, Value, &str); 3] = [
        ("Calinski-Harabasz index", |line| line.calinski_harabasz, CALINSKI_HARABASZ),
        ("Gap statistic", |line| line.gap, GAP),
        ("Bayesian information criterion", |line| line.bic, BIC),
    ];
    for (title, of, text) in others {
        figures.push(figure(title, lines, k, &of, &|y| tick(*y), text.into())?);
    }
    if lines.iter().any(|line| line.accuracy.is_some()) {
        let text =
            "It grows with k for any data, since smaller clusters are purer, so it does not choose k either.";
        figures.push(figure(
            "Accuracy",
            lines,
            k,
            &|line| line.accuracy,
            &|y| short_percent(*y),
            text.into(),
        )?);
    }
    figures.retain(|figure| !figure.svg.is_empty());
    let mut words = vec![
        "Curves like these are often used to choose the number of clusters, k. They are hints, not proofs. The dashed line \
        is the number of clusters on this page."
            .to_owned(),
    ];
    words.extend(facts.report.choice.iter().map(|choice| format!("The choice of the measures: {choice}.")));
    words.extend(beyond(lines));
    super::section::section("sweep", "Other numbers of clusters", &Figures { words, figures })
}

/// A sentence on inertias that are not drawn, if there are any.
fn beyond(lines: &[SweepLine]) -> Option<String> {
    let ks: Vec<String> = lines
        .iter()
        .filter(|line| !line.inertia.is_finite())
        .map(|line| line.n_clusters.to_string())
        .collect();
    (!ks.is_empty()).then(|| {
        format!(
            "The inertia is beyond the range of 64-bit floats for k = {}, and not drawn there.",
            list(&ks)
        )
    })
}

fn inertia_words() -> String {
    "It falls with every additional cluster, to 0 when each row is a cluster, so its minimum does not choose k. A sharp bend \
     would suggest a k; a smooth curve has none."
        .into()
}

fn silhouette_words(facts: &Facts<'_>) -> String {
    let lines = facts.report.sweep.iter().filter_map(|line| Some((line.n_clusters, line.silhouette?)));
    let Some((peak, _)) = lines.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { return String::new() };
    let Some(truth) = facts.truth() else { return format!("It is highest at k = {peak}.") };
    let classes = truth.names.len();
    if peak == classes {
        return format!("It is highest at k = {peak}, and there are as many classes.");
    }
    format!(
        "It is highest at k = {peak}, but there are {classes} classes: it measures how the rows are distributed, which need not \
         follow the classes."
    )
}

fn figure(
    title: &'static str,
    lines: &[SweepLine],
    k: usize,
    of: &dyn Fn(&SweepLine) -> Option<f64>,
    y_text: &dyn Fn(&f64) -> String,
    text: String,
) -> Result<Figure, ReportError> {
    let points: Vec<(f64, f64)> = lines
        .iter()
        .filter_map(|line| Some((line.n_clusters as f64, of(line).filter(|value| value.is_finite())?)))
        .collect();
    if points.len() < 2 {
        return Ok(Figure { title, svg: String::new(), text });
    }
    let ys = around(points.iter().map(|point| point.1));
    let mark = Series::Mark((k as f64, ys.start), (k as f64, ys.end));
    let inside = points[0].0 <= k as f64 && k as f64 <= points[points.len() - 1].0;
    let mut series = vec![Series::Line(0, points.clone()), Series::Dots(0, points.clone())];
    series.extend(inside.then_some(mark));
    let chart = Chart {
        alt: format!("{title} for {} to {} clusters", points[0].0, points[points.len() - 1].0),
        x: ("clusters, k", points[0].0..points[points.len() - 1].0),
        y: ("", ys),
        x_text: &|x| if x.fract() == 0.0 { tick(*x) } else { String::new() },
        y_text,
        series,
    };
    Ok(Figure { title, svg: chart.svg_valued()?, text })
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::super::super::chart::check_drawn;
    use super::*;

    proptest! {
        #[test]
        fn any_measures_are_drawn_or_left_out(
            lines in prop::collection::vec((1..400usize, ANY, prop::option::of(ANY)), 0..9),
            k in 1..400usize,
        ) {
            let line = |(n_clusters, inertia, measure)| SweepLine {
                n_clusters,
                inertia,
                silhouette: measure,
                calinski_harabasz: measure,
                gap: measure,
                bic: measure,
                accuracy: measure,
            };
            let lines: Vec<SweepLine> = lines.into_iter().map(line).collect();
            beyond(&lines);
            let of: [fn(&SweepLine) -> Option<f64>; 2] = [|line| Some(line.inertia), |line| line.silhouette];
            for of in of {
                let figure = figure("Inertia", &lines, k, &of, &|y| tick(*y), String::new()).unwrap();
                if !figure.svg.is_empty() {
                    check_drawn(&figure.svg);
                }
            }
        }
    }
}
