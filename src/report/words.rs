//! Numbers as a person reads them, and what stands at the top of the page.

use super::facts::Facts;

/// A share, as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A whole number in groups of three digits.
pub(super) fn count(n: f64) -> String {
    if n.fract() != 0.0 || n.abs() >= 1e15 {
        return value(n);
    }
    let digits = format!("{:.0}", n.abs());
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = if head > 0 { vec![&digits[..head]] } else { Vec::new() };
    groups.extend((head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    format!("{}{}", if n < 0.0 { "−" } else { "" }, groups.join(","))
}

/// Six digits at most, grouped where they are whole.
pub(super) fn value(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x == 0.0 => "0".into(),
        _ if !(1e-3..1e12).contains(&size) => format!("{x:.2e}"),
        1e4.. => count(x.round()),
        1e3.. => trimmed(format!("{x:.1}")),
        10.0.. => trimmed(format!("{x:.2}")),
        1.0.. => trimmed(format!("{x:.3}")),
        _ => trimmed(format!("{x:.4}")),
    }
}

/// As short as an axis wants it.
pub(super) fn tick(x: f64) -> String {
    match x.abs() {
        size if size >= 1e12 => format!("{x:.1e}"),
        size if size >= 1e9 => trimmed(format!("{:.3}", x / 1e9)) + "G",
        size if size >= 1e6 => trimmed(format!("{:.3}", x / 1e6)) + "M",
        size if size >= 1e4 => trimmed(format!("{:.2}", x / 1e3)) + "k",
        size if size > 0.0 && size < 1e-3 => format!("{x:.1e}"),
        _ => trimmed(format!("{x:.3}")),
    }
}

fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// `1 row`, `2,000 rows`.
pub(super) fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n as f64)) }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(super) fn title(facts: &Facts<'_>) -> String {
    let (data, k) = (&facts.model.provenance.data, plural(facts.model.n_clusters(), "cluster"));
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
    let rows = plural(model.provenance.n_points, "row");
    format!(
        "k-means of {rows} x {}, {starts} ({}), seed {}",
        plural(model.n_dims(), "column"),
        params.init,
        params.seed
    )
}

/// Numbers to remember, with what they are.
pub(super) fn headline(facts: &Facts<'_>) -> Vec<(String, &'static str)> {
    let mut numbers = Vec::new();
    if let Some(score) = &facts.score {
        numbers.push((percent(score.accuracy), "of rows are in a cluster of their own class"));
        numbers.push((format!("{:.3}", score.ari), "adjusted Rand index: 1 is perfect, 0 is chance"));
    }
    numbers.push((value(facts.model.inertia()), "inertia, the sum of squared distances"));
    if let Some(restarts) = facts.report.restarts.as_ref().filter(|restarts| restarts.inertias.len() > 1) {
        let all = count(restarts.inertias.len() as f64);
        numbers.push((format!("{} of {all}", count(restarts.found_best as f64)), "restarts found this best"));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_short() {
        let counts = [0.0, 7.0, 999.0, 1000.0, 1_165_132.0, -25_000.0, 0.5].map(count);
        assert_eq!(counts, ["0", "7", "999", "1,000", "1,165,132", "−25,000", "0.5"]);
        let values = [0.25, 4.56789, 1_165_132.6, 2e-9, 12.5].map(value);
        assert_eq!(values, ["0.25", "4.568", "1,165,133", "2.00e-9", "12.5"]);
        assert_eq!([1_165_000.0, 0.5, 1000.0].map(tick), ["1.165M", "0.5", "1000"]);
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
