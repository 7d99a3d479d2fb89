//! Silhouettes of the rows.

use std::borrow::Cow;

use super::super::chart::{Chart, Series};
use super::super::scale::unit_of;
use super::section::{Figure, Figures};
use super::{Facts, ReportError, Section};
use crate::numbers::{count, decimals, grouped_plural, short_percent};
use crate::score::{Partition, Undefined};

/// Most clusters drawn.
const MOST: usize = 20;
/// Most bars per cluster; of more rows, evenly spaced ones are drawn.
const MOST_BARS: usize = 60;

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let Some((gathered, rows)) = facts.gathered.as_ref().zip(facts.report.rows) else { return Ok(None) };
    let labels: Vec<u32> = gathered.sample.iter().map(|&row| rows.labels[row]).collect();
    // silhouettes do not depend on the scale
    let unit = unit_of(gathered.values.iter().copied());
    let scaled: Cow<'_, [f64]> = match unit {
        1.0 => Cow::Borrowed(&gathered.values),
        unit => gathered.values.iter().map(|x| x / unit).collect(),
    };
    let partition = Partition::new(&scaled, facts.model.n_dims(), &labels, facts.model.n_clusters())?;
    let values = match partition.silhouettes() {
        Ok(values) => values,
        Err(Undefined::Overflow) => return undrawn(),
        Err(_) => return Ok(None),
    };
    let mut groups = vec![Vec::new(); facts.model.n_clusters()];
    values.iter().zip(&labels).for_each(|(&value, &label)| groups[label as usize].push(value));
    groups.iter_mut().for_each(|group| group.sort_by(|a, b| b.total_cmp(a)));
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let figure =
        Figure { title: "Silhouette of each row", svg: chart(facts, &groups, mean)?, text: String::new() };
    let words = words(facts, &groups, &values, mean, rows.labels.len());
    super::section::section("silhouette", "Separation", &Figures { words, figures: vec![figure] })
}

fn undrawn() -> Result<Option<Section>, ReportError> {
    let words = vec![format!("The silhouettes are left out: {}.", Undefined::Overflow)];
    super::section::section("silhouette", "Separation", &Figures { words, figures: Vec::new() })
}

fn chart(facts: &Facts<'_>, groups: &[Vec<f64>], mean: f64) -> Result<String, ReportError> {
    let shown: Vec<usize> = facts.chosen(MOST).into_iter().filter(|&c| !groups[c].is_empty()).collect();
    let n = shown.len() as f64;
    let series = shown.iter().enumerate().map(|(at, &c)| {
        let top = n - at as f64 - 0.06;
        Series::Lying(facts.color(c), bars(&groups[c], top, 0.88))
    });
    let least = groups.iter().flatten().copied().fold(-0.05, f64::min);
    let most = groups.iter().flatten().copied().fold(0.1, f64::max);
    let chart = Chart {
        alt: format!("Silhouettes of the rows, cluster by cluster; their mean is {}", decimals(mean, 3)),
        x: ("silhouette; dashed: the mean", least - 0.02..most + 0.02),
        y: ("", 0.0..n),
        x_text: &|x| decimals(*x, 1),
        y_text: &|_| String::new(),
        series: series.chain([Series::Mark((mean, 0.0), (mean, n))]).collect(),
    };
    let places: Vec<(f64, String)> =
        shown.iter().enumerate().map(|(at, &c)| (n - at as f64 - 0.5, short(facts, c))).collect();
    chart.svg_named(&places)
}

/// The name, or name and number if others have the name too: `9 #31`.
fn short(facts: &Facts<'_>, c: usize) -> String {
    let name = &facts.names[c];
    let start = |n: usize| name.strip_prefix("cluster ").unwrap_or(name).chars().take(n).collect::<String>();
    let twice = facts.names.iter().filter(|other| *other == name).count() > 1;
    if twice { format!("{} #{c}", start(3)) } else { start(8) }
}

/// Bars from `top` downwards, `height` in total.
fn bars(values: &[f64], top: f64, height: f64) -> Vec<(f64, f64, f64)> {
    let n = values.len().min(MOST_BARS);
    let thick = height / n as f64;
    let bar = |at: usize| {
        let high = top - thick * at as f64; // bars overlap slightly, to avoid visible seams
        (high - 1.3 * thick, high, values[at * values.len() / n])
    };
    (0..n).map(bar).collect()
}

fn words(facts: &Facts<'_>, groups: &[Vec<f64>], values: &[f64], mean: f64, all: usize) -> Vec<String> {
    let negative = values.iter().filter(|&&value| value < 0.0).count() as f64 / values.len() as f64;
    let verdict = match mean {
        0.5.. => "the clusters are clearly separated",
        0.25.. => "there is structure, but borders are blurred",
        _ => "the clusters touch: most borders are not in gaps between rows",
    };
    let mut words = vec![
        "A silhouette near 1 is a row well inside its cluster, 0 is a row on the border to the next cluster, and a row below \
         0 is closer to another cluster."
            .to_owned(),
        format!("The mean is {}: {verdict}. {} of the rows lie below 0.", decimals(mean, 3), short_percent(negative)),
    ];
    let mean_of = |c: &usize| groups[*c].iter().sum::<f64>() / groups[*c].len() as f64;
    let mut filled: Vec<usize> = (0..groups.len()).filter(|&c| groups[c].len() > 1).collect();
    filled.sort_by(|a, b| mean_of(a).total_cmp(&mean_of(b)));
    if let [worst, .., best] = filled[..] {
        words.push(format!(
            "The best separated is {} ({}), the least separated {} ({}).",
            facts.label(best),
            decimals(mean_of(&best), 2),
            facts.label(worst),
            decimals(mean_of(&worst), 2)
        ));
    }
    words.extend(facts.choice_words(MOST));
    if values.len() < all {
        words.push(format!(
            "Of {}, a random sample of {} is used, compared only with each other.",
            grouped_plural(all, "row"),
            count(values.len() as f64)
        ));
    }
    words
}
