//! The size of each cluster.

use askama::Template;

use super::super::facts::MOST_BARS;
use super::{Facts, ReportError, Section};
use crate::numbers::{count, short_percent};

#[derive(Template)]
#[template(path = "report/counts.html")]
struct Counts {
    words: Vec<String>,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    count: String,
    /// Percent of the longest bar: all rows, and those of the class that names the cluster.
    length: String,
    right: String,
    named: bool,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let most = facts.sizes.iter().copied().fold(0.0, f64::max);
    let length = |size: f64| format!("{:.1}", if most > 0.0 { 100.0 * (size / most) } else { 0.0 });
    let bar = |&c: &usize| Bar {
        name: facts.label(c),
        count: count(facts.sizes[c]),
        length: length(facts.sizes[c]),
        right: length(facts.sizes[c] * facts.purities[c].unwrap_or(0.0)),
        named: facts.purities[c].is_some(),
    };
    let bars = facts.chosen(MOST_BARS).iter().map(bar).collect();
    super::section::section("counts", "Cluster sizes", &Counts { words: words(facts), bars })
}

fn words(facts: &Facts<'_>) -> Vec<String> {
    let k = facts.sizes.len();
    let all: f64 = facts.sizes.iter().sum();
    let by_size = |&a: &usize, &b: &usize| facts.sizes[a].total_cmp(&facts.sizes[b]).then(b.cmp(&a));
    let (Some(largest), Some(smallest)) = ((0..k).max_by(by_size), (0..k).min_by(by_size)) else {
        return Vec::new();
    };
    let share = |c: usize| short_percent(if all > 0.0 { facts.sizes[c] / all } else { 0.0 });
    let mut words = vec![format!(
        "The largest is {}, with {} ({}); the smallest is {}, with {} ({}).",
        facts.label(largest),
        count(facts.sizes[largest]),
        share(largest),
        facts.label(smallest),
        count(facts.sizes[smallest]),
        share(smallest),
    )];
    words.extend(highest(facts));
    if facts.purities.iter().any(Option::is_some) {
        words.push("The dark part of a bar shows the rows whose class is the cluster's name.".into());
    }
    let empty = facts.sizes.iter().filter(|&&size| size == 0.0).count();
    if empty > 0 {
        words.push(format!(
            "{} no row.",
            if empty == 1 { "1 cluster has".into() } else { format!("{empty} clusters have") }
        ));
    }
    words.extend(facts.choice_words(MOST_BARS));
    words
}

/// The name with the most rows, over all clusters of that name.
fn highest(facts: &Facts<'_>) -> Option<String> {
    let truth = facts.truth()?;
    let (mut found, mut real) = (vec![0.0; truth.names.len()], vec![0u64; truth.names.len()]);
    for (c, class) in facts.classes.iter().enumerate() {
        if let Some(class) = class {
            found[*class as usize] += facts.sizes[c];
        }
    }
    truth.labels.iter().for_each(|&class| real[class as usize] += 1);
    let most = (0..found.len()).max_by(|&a, &b| found[a].total_cmp(&found[b]).then(b.cmp(&a)))?;
    let name = &truth.names[most];
    let mut text = format!(
        "The most frequent name is {} “{name}”: {} rows are in clusters of that name, and {} rows are of \
         that class.",
        truth.column,
        count(found[most]),
        count(real[most] as f64),
    );
    let none: Vec<String> = (0..found.len())
        .filter(|&class| !facts.classes.contains(&Some(class as u32)))
        .map(|class| format!("“{}”", truth.names[class]))
        .collect();
    if !none.is_empty() && none.len() <= 10 {
        text += &format!(" No cluster has the name {}.", super::super::format::list(&none));
    }
    Some(text)
}
