//! The number of clusters that each measure chooses.

use super::{MeasureSpread, SweepRun};

/// Numbers of clusters by the measures that choose one, from their medians over the seeds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Choice {
    /// The number that most measures choose; `None` if as many choose another.
    pub n_clusters: Option<usize>,
    /// Whether all measures that choose a number choose the same.
    pub agree: bool,
    /// That of the largest mean silhouette.
    pub silhouette: Option<usize>,
    /// That of the largest Calinski-Harabasz index.
    pub calinski_harabasz: Option<usize>,
    /// The least whose gap is at least that of the next number, less its standard error; `None` if there is none.
    pub gap: Option<usize>,
    /// That of the largest Bayesian information criterion.
    pub bic: Option<usize>,
    /// All of this in a line.
    pub text: String,
}

/// The measures of one number of clusters, over its seeds.
struct Line<'a> {
    n_clusters: usize,
    runs: &'a [SweepRun],
}

impl Line<'_> {
    fn median(&self, measure: impl Fn(&SweepRun) -> Option<f64>) -> Option<f64> {
        MeasureSpread::of(self.runs, measure).map(|spread| spread.median)
    }
}

impl Choice {
    /// The choices from all runs of a sweep, in order. `None` if there are fewer than two numbers of clusters, or no
    /// measure chooses one.
    #[must_use]
    pub fn of(runs: &[SweepRun]) -> Option<Self> {
        let lines: Vec<Line<'_>> = runs
            .chunk_by(|a, b| a.n_clusters == b.n_clusters)
            .map(|runs| Line { n_clusters: runs[0].n_clusters, runs })
            .collect();
        let [_, .., last] = &lines[..] else { return None };
        let silhouette = largest(&lines, |run| run.silhouette);
        let calinski_harabasz = largest(&lines, |run| run.calinski_harabasz);
        let (gap, bic) = (by_gap(&lines), largest(&lines, |run| run.bic));
        let has_gaps = lines.iter().any(|line| line.median(|run| run.gap).is_some());
        let said = [
            ("silhouette", silhouette),
            ("Calinski-Harabasz", calinski_harabasz),
            ("gap", gap),
            ("BIC", bic),
        ];
        let groups = groups(&said);
        let most = groups.iter().map(|group| group.1.len()).max()?;
        let mut first = groups.iter().filter(|group| group.1.len() == most);
        let winner = first.next().filter(|_| first.next().is_none());
        let agree = groups.len() == 1 && !(has_gaps && gap.is_none());
        let text = text(&groups, winner.map(|group| group.0), last.n_clusters, has_gaps && gap.is_none());
        let n_clusters = winner.map(|group| group.0);
        Some(Self { n_clusters, agree, silhouette, calinski_harabasz, gap, bic, text })
    }
}

/// The number of clusters of the largest median, and of several the least.
fn largest(lines: &[Line<'_>], measure: impl Fn(&SweepRun) -> Option<f64>) -> Option<usize> {
    let medians = lines.iter().filter_map(|line| Some((line.n_clusters, line.median(&measure)?)));
    medians.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|best| best.0)
}

/// The least number of clusters k with `gap(k) >= gap(next) - error(next)`.
fn by_gap(lines: &[Line<'_>]) -> Option<usize> {
    let gaps = lines
        .iter()
        .map(|line| Some((line.n_clusters, line.median(|run| run.gap)?, line.median(|run| run.gap_error)?)));
    let gaps: Vec<Option<(usize, f64, f64)>> = gaps.collect();
    gaps.windows(2).find_map(|pair| match pair {
        [Some((k, gap, _)), Some((_, next, error))] => (*gap >= next - error).then_some(*k),
        _ => None,
    })
}

/// The numbers, with the measures that choose them: those of most measures first, and of as many the least number.
fn groups(said: &[(&'static str, Option<usize>)]) -> Vec<(usize, Vec<&'static str>)> {
    let mut groups: Vec<(usize, Vec<&'static str>)> = Vec::new();
    for &(name, k) in said {
        let Some(k) = k else { continue };
        match groups.iter_mut().find(|group| group.0 == k) {
            Some(group) => group.1.push(name),
            None => groups.push((k, vec![name])),
        }
    }
    groups.sort_by_key(|group| (usize::MAX - group.1.len(), group.0));
    groups
}

fn text(groups: &[(usize, Vec<&str>)], winner: Option<usize>, last: usize, no_gap: bool) -> String {
    let number = |k: usize| if k == last { format!("{k} (the largest tried)") } else { k.to_string() };
    let mut parts = Vec::new();
    let others = match (winner, groups) {
        (Some(k), [first, others @ ..]) => {
            parts.push(format!("k = {} by {}", number(k), listed(&first.1)));
            others
        }
        _ => {
            parts.push("the measures disagree".to_owned());
            groups
        }
    };
    let said = others.iter().map(|(k, names)| {
        let say = if names.len() == 1 { "says" } else { "say" };
        format!("{} {say} {}", listed(names), number(*k))
    });
    let said: Vec<String> = said.chain(no_gap.then(|| format!("gap chooses none up to {last}"))).collect();
    if !said.is_empty() {
        parts.push(said.join(", "));
    }
    parts.join("; ")
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::spread::run;
    use super::*;

    /// Number of clusters, silhouette, Calinski-Harabasz, gap, its error, BIC.
    type Row = (usize, f64, f64, f64, f64, f64);

    fn choice(rows: &[Row]) -> Option<Choice> {
        let some = |value: f64| (!value.is_nan()).then_some(value);
        let runs =
            rows.iter().map(|&(n_clusters, silhouette, calinski_harabasz, gap, error, bic)| SweepRun {
                n_clusters,
                calinski_harabasz: some(calinski_harabasz),
                gap: some(gap),
                gap_error: some(error),
                bic: some(bic),
                ..run(some(silhouette))
            });
        Choice::of(&runs.collect::<Vec<_>>())
    }

    #[test]
    fn one_line_says_who_chooses_what() {
        let nan = f64::NAN;
        let all = [
            (2, 0.5, 10.0, 0.1, 0.01, -9.0),
            (3, 0.9, 20.0, 0.5, 0.01, -5.0),
            (4, 0.7, 15.0, 0.4, 0.01, -6.0),
        ];
        let found = choice(&all).expect("measures");
        assert_eq!(found.text, "k = 3 by silhouette, Calinski-Harabasz, gap and BIC");
        assert!(found.agree && found.n_clusters == Some(3));

        let mut some = all;
        (some[2].5, some[0].3) = (-4.0, 0.6);
        let found = choice(&some).expect("measures");
        assert_eq!(
            found.text,
            "k = 3 by silhouette and Calinski-Harabasz; gap says 2, BIC says 4 (the largest tried)"
        );
        assert!(!found.agree && found.n_clusters == Some(3) && found.gap == Some(2));

        let tied = [
            (2, 0.9, 20.0, 0.1, 0.01, -9.0),
            (3, 0.5, 10.0, 0.5, 0.01, -5.0),
            (4, 0.1, 5.0, 0.4, 0.01, -6.0),
        ];
        let found = choice(&tied).expect("measures");
        assert_eq!(
            found.text,
            "the measures disagree; silhouette and Calinski-Harabasz say 2, gap and BIC say 3"
        );
        assert_eq!((found.n_clusters, found.agree), (None, false));

        let growing = [(2, 0.9, 20.0, 0.1, 0.01, nan), (3, 0.5, 10.0, 0.5, 0.01, nan)];
        let found = choice(&growing).expect("measures");
        assert_eq!(found.text, "k = 2 by silhouette and Calinski-Harabasz; gap chooses none up to 3");
        assert!(!found.agree && found.bic.is_none());
    }

    #[test]
    fn an_error_of_the_next_gap_is_forgiven() {
        let by_gap = |error| {
            choice(&[
                (2, 0.5, 1.0, 0.30, 0.0, 0.0),
                (3, 0.4, 0.5, 0.32, error, -1.0),
                (4, 0.3, 0.2, 0.0, 0.0, -2.0),
            ])
            .expect("measures")
            .gap
        };
        assert_eq!((by_gap(0.01), by_gap(0.03)), (Some(3), Some(2)));
    }

    #[test]
    fn without_numbers_or_measures_nothing_is_chosen() {
        let nan = f64::NAN;
        assert_eq!(choice(&[]), None);
        assert_eq!(choice(&[(2, 0.5, 10.0, 0.1, 0.01, -9.0)]), None);
        assert_eq!(choice(&[(2, nan, nan, nan, nan, nan), (3, nan, nan, nan, nan, nan)]), None);
    }
}
