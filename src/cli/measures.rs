//! The measures of a clustering as text: external, against the truth, and internal.

use cairn::data::{Dataset, Truth};
use cairn::score::{Confused, Partition, Score, Silhouette, Undefined};

use super::terminal::labelled;
use super::terminal::plain;
use cairn::numbers::{percent, plural, short};

/// Most classes for a full confusion matrix.
const MOST_CLASSES: usize = 20;
/// Most mistakes listed instead of the matrix.
const MOST_MISTAKES: usize = 10;
/// Longest name of a class in the matrix.
const NAME: usize = 12;

/// Internal measures, or why they are undefined.
pub(super) struct InternalMeasures {
    pub(super) silhouette: Result<Silhouette, Undefined>,
    pub(super) calinski_harabasz: Result<f64, Undefined>,
    pub(super) davies_bouldin: Result<f64, Undefined>,
}

impl InternalMeasures {
    /// No measure is defined, for the same reason.
    pub(super) fn undefined(why: Undefined) -> Self {
        Self { silhouette: Err(why), calinski_harabasz: Err(why), davies_bouldin: Err(why) }
    }
}

/// Computes the internal measures. It takes time and a copy of the points.
pub(super) fn measure(
    data: &Dataset<'_>,
    labels: &[u32],
    n_clusters: usize,
    seed: u64,
) -> anyhow::Result<InternalMeasures> {
    of_rows(&data.points.to_f64()?, data.points.n_dims(), labels, n_clusters, seed)
}

/// [`measure`] for `rows` (n_points, n_dims), row-major.
pub(super) fn of_rows(
    rows: &[f64],
    n_dims: usize,
    labels: &[u32],
    n_clusters: usize,
    seed: u64,
) -> anyhow::Result<InternalMeasures> {
    let partition = Partition::new(rows, n_dims, labels, n_clusters)?;
    Ok(InternalMeasures {
        silhouette: partition.silhouette(seed),
        calinski_harabasz: partition.calinski_harabasz(),
        davies_bouldin: partition.davies_bouldin(),
    })
}

/// The line of the summary with the measures against the truth.
pub(super) fn truth(truth: &Truth, score: &Score) -> String {
    let accuracy = percent(score.accuracy);
    let one_to_one = score.accuracy_one_to_one.map_or("not computed: too large".into(), percent);
    let Score { ari, ami, v_measure, .. } = score;
    let column = plain(&truth.column);
    format!(
        "{column}: accuracy {accuracy}, one-to-one {one_to_one}, ARI {ari:.4}, AMI {ami:.4}, V {v_measure:.4}"
    )
}

/// The lines of `--measures`.
pub(super) fn text(measures: &InternalMeasures, truth: Option<(&Truth, &Score)>) -> String {
    let mut text = String::new();
    for (at, line) in lines(measures, truth.map(|(_, score)| score)).iter().enumerate() {
        text.push_str(&labelled(if at == 0 { "measures" } else { "" }, line));
    }
    if let Some((truth, score)) = truth {
        text.push_str(&confusion(truth, &score.confusion));
    }
    text
}

/// The measures against the truth that are not in [`truth`].
pub(super) fn more(score: &Score) -> String {
    let Score { homogeneity, completeness, nmi, .. } = score;
    let purity = percent(score.purity);
    format!("purity {purity}, homogeneity {homogeneity:.4}, completeness {completeness:.4}, NMI {nmi:.4}")
}

fn lines(measures: &InternalMeasures, score: Option<&Score>) -> Vec<String> {
    let mut lines: Vec<String> = score.map(more).into_iter().collect();
    match (&measures.silhouette, &measures.calinski_harabasz, &measures.davies_bouldin) {
        (Ok(silhouette), Ok(calinski_harabasz), Ok(davies_bouldin)) => {
            let (ch, db) = (short(*calinski_harabasz), short(*davies_bouldin));
            lines.push(format!(
                "{}, Calinski-Harabasz {ch}, Davies-Bouldin {db}",
                silhouette_text(silhouette)
            ));
        }
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => {
            lines.push(format!("silhouette, Calinski-Harabasz and Davies-Bouldin have no value: {why}"))
        }
    }
    lines
}

fn silhouette_text(silhouette: &Silhouette) -> String {
    let Silhouette { mean, sample, standard_error } = silhouette;
    match *standard_error {
        0.0 => format!("silhouette {mean:.4}"),
        error => format!("silhouette {mean:.4} (of {sample} rows, standard error {error:.4})"),
    }
}

/// The confusion matrix, or for many classes the most frequent mistakes.
pub(super) fn confusion(truth: &Truth, entries: &[Confused]) -> String {
    let column = plain(&truth.column);
    if truth.names.len() > MOST_CLASSES {
        return mistakes(truth, entries, &column);
    }
    let unnamed = entries.iter().any(|entry| entry.named.is_none());
    let mut header: Vec<String> = truth.names.iter().map(|name| cut(name)).collect();
    let n_classes = header.len();
    if unnamed {
        header.push("?".into());
    }
    let mut counts = vec![vec![0; header.len()]; n_classes];
    for entry in entries {
        let named = entry.named.map_or(n_classes, |named| named as usize);
        counts[entry.truth as usize][named] = entry.count;
    }
    let heading = format!("rows: {column}, columns: {column} that names the cluster");
    labelled("confusion", &heading) + &matrix(&header, &counts)
}

fn matrix(header: &[String], counts: &[Vec<u64>]) -> String {
    let cells = counts.iter().flatten().map(|count| count.to_string().len());
    let widths = header.iter().map(|name| name.chars().count());
    let width = widths.chain(cells).max().unwrap_or(1);
    let line = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>width$}")).collect();
        format!("  {name:>width$}{cells}\n")
    };
    let mut text = line("", header.to_vec());
    for (name, counts) in header.iter().zip(counts) {
        let cell = |count: &u64| if *count == 0 { ".".to_owned() } else { count.to_string() };
        text.push_str(&line(name, counts.iter().map(cell).collect()));
    }
    text
}

fn mistakes(truth: &Truth, entries: &[Confused], column: &str) -> String {
    let mut wrong: Vec<&Confused> = entries.iter().filter(|entry| entry.named != Some(entry.truth)).collect();
    wrong.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    let pairs = plural(wrong.len() as u64, "pair");
    let heading = format!("{column}: {pairs} of classes were confused; the most frequent:");
    let name = |class: u32| truth.names.get(class as usize).map_or("?".into(), |name| cut(name));
    let line = |entry: &&Confused| {
        let (count, is) = (entry.count, name(entry.truth));
        format!("  {count}: {is} in clusters of {}\n", entry.named.map_or("no name".into(), name))
    };
    let lines: String = wrong.iter().take(MOST_MISTAKES).map(line).collect();
    labelled("confusion", &heading) + &lines
}

fn cut(name: &str) -> String {
    plain(name).chars().take(NAME).collect()
}
