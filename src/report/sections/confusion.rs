//! The confusion matrix, and comments on the hardest classes.

use askama::Template;

use super::super::format::list;
use super::{Facts, ReportError, Section};
use crate::data::Truth;
use crate::numbers::{count, short_percent};
use crate::score::Score;

/// Most classes for which the matrix is shown.
const MOST_CLASSES: usize = 30;
/// Number of classes commented on.
const HARD: usize = 3;
/// Least share of a class in wrong clusters for a comment.
const NOTABLE: f64 = 0.05;

#[derive(Template)]
#[template(path = "report/confusion.html")]
struct Confusion {
    words: Vec<String>,
    column: String,
    names: Vec<String>,
    lines: Vec<ConfusionLine>,
}

struct ConfusionLine {
    class: String,
    cells: Vec<ConfusionCell>,
    right: String,
}

struct ConfusionCell {
    count: String,
    /// Percent of the class.
    share: u32,
    right: bool,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let (Some(truth), Some(score)) = (facts.truth(), &facts.score) else { return Ok(None) };
    let table = ConfusionTable::new(truth, score);
    let drawn = truth.names.len() <= MOST_CLASSES;
    let mut words = vec![opening(drawn)];
    words.extend(hardest(&table, truth, facts));
    let mut names = truth.names.clone();
    names.extend(table.nameless().then(|| "no name".to_owned()));
    let lines = if drawn {
        (0..truth.names.len()).map(|class| line(&table, truth, class)).collect()
    } else {
        Vec::new()
    };
    let template = Confusion { words, column: truth.column.clone(), names, lines };
    super::section::section("confusion", "Confusion of classes", &template)
}

/// Number of rows by class and by name of their cluster; the last column is clusters without a name. (n_classes,
/// n_classes + 1)
struct ConfusionTable {
    counts: Vec<Vec<u64>>,
    sizes: Vec<u64>,
}

impl ConfusionTable {
    fn new(truth: &Truth, score: &Score) -> Self {
        let n = truth.names.len();
        // with very many classes only the mistakes are counted, not the matrix
        let mut counts = vec![vec![0; n + 1]; if n <= 1000 { n } else { 0 }];
        let mut sizes = vec![0; n];
        for entry in &score.confusion {
            sizes[entry.truth as usize] += entry.count;
            if let Some(line) = counts.get_mut(entry.truth as usize) {
                line[entry.named.map_or(n, |named| named as usize)] += entry.count;
            }
        }
        Self { counts, sizes }
    }

    fn nameless(&self) -> bool {
        self.counts.iter().any(|line| line.last().is_some_and(|&count| count > 0))
    }

    fn share(&self, class: usize, named: usize) -> f64 {
        self.counts[class][named] as f64 / (self.sizes[class] as f64).max(1.0)
    }
}

fn opening(drawn: bool) -> String {
    let text = "Each row of the table is a class, each column a name of clusters. Correct rows are on the framed \
                diagonal. The colour is the share of the class.";
    if drawn {
        text.into()
    } else {
        format!("There are more than {MOST_CLASSES} classes, too many for a table.")
    }
}

fn line(table: &ConfusionTable, truth: &Truth, class: usize) -> ConfusionLine {
    let shown = truth.names.len() + usize::from(table.nameless());
    let cell = |named: usize| ConfusionCell {
        count: match table.counts[class][named] {
            0 => "·".into(),
            n => count(n as f64),
        },
        share: (100.0 * table.share(class, named)).round() as u32,
        right: class == named,
    };
    ConfusionLine {
        class: truth.names[class].clone(),
        cells: (0..shown).map(cell).collect(),
        right: short_percent(table.share(class, class)),
    }
}

/// Comments on the classes with the smallest share of correct rows.
fn hardest(table: &ConfusionTable, truth: &Truth, facts: &Facts<'_>) -> Vec<String> {
    let n = table.counts.len();
    let mut classes: Vec<usize> = (0..n).filter(|&class| table.sizes[class] > 0).collect();
    classes.sort_by(|&a, &b| table.share(a, a).total_cmp(&table.share(b, b)).then(a.cmp(&b)));
    classes.retain(|&class| table.share(class, class) < 1.0 - NOTABLE);
    classes.truncate(HARD);
    if classes.is_empty() {
        return Vec::new();
    }
    let mut words: Vec<String> = classes.iter().map(|&class| fate(table, truth, facts, class)).collect();
    words.push(
        "Why some are hard: k-means uses only distances. It divides the rows into groups of similar extent with \
         straight borders. A class written in two ways may become two clusters, two classes that overlap may share one, and \
        the rows of a class without a cluster go to the nearest clusters."
            .into(),
    );
    words
}

/// Where the rows of a class are, and how many clusters are named by it.
fn fate(table: &ConfusionTable, truth: &Truth, facts: &Facts<'_>, class: usize) -> String {
    let mut others: Vec<usize> = (0..table.counts[class].len())
        .filter(|&named| named != class && table.share(class, named) >= NOTABLE)
        .collect();
    others.sort_by(|&a, &b| table.share(class, b).total_cmp(&table.share(class, a)));
    let other = |&named: &usize| {
        let name = truth.names.get(named).map_or("no name".to_owned(), |name| format!("“{name}”"));
        format!("{} are in clusters of {name}", short_percent(table.share(class, named)))
    };
    let others: Vec<String> = others.iter().take(3).map(other).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", list(&others)) };
    let own = facts.classes.iter().filter(|&&named| named == Some(class as u32)).count();
    let own = match own {
        0 => "no cluster has its name".into(),
        1 => "one cluster has its name".into(),
        n => format!("{n} clusters have its name"),
    };
    format!("“{}”: {} right, {own}{others}.", truth.names[class], short_percent(table.share(class, class)))
}
