//! Warnings about doubtful timings, with advice.

use serde::Serialize;

use super::statistics::{LEAST_PAIRS, TimeSpread, outliers};
use crate::kmeans::median;
use crate::numbers::time;

/// A reason to doubt a timing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Its name, for programs.
    pub kind: &'static str,
    /// Description and advice, for people.
    pub text: String,
}

/// Median, in seconds, below which noise of the clock and the system matters.
const SHORT: f64 = 0.001;
/// Interquartile range, relative to the median, above which the median is doubtful.
const WIDE: f64 = 0.10;
/// Ratio of the last third of the runs to the first that suggests throttling.
const DRIFT: f64 = 1.10;

/// Warnings about these times, in seconds, in the order of the runs.
#[must_use]
pub fn warnings(times: &[f64]) -> Vec<Warning> {
    let Some(spread) = TimeSpread::of(times) else { return Vec::new() };
    if times.len() < LEAST_PAIRS {
        return [short(&spread), few(times)].into_iter().flatten().collect();
    }
    let far = outliers(times);
    let found = [
        short(&spread),
        first_slow(times, &spread, &far),
        others_far(times, &far),
        drift(times),
        wide(&spread),
    ];
    found.into_iter().flatten().collect()
}

fn warn_if(doubtful: bool, kind: &'static str, text: String) -> Option<Warning> {
    doubtful.then_some(Warning { kind, text })
}

fn short(spread: &TimeSpread) -> Option<Warning> {
    let median = time(spread.median);
    let text = format!("a run takes only {median}, where noise shows; try more restarts, or more points");
    warn_if(spread.median < SHORT, "short_runs", text)
}

fn first_slow(times: &[f64], spread: &TimeSpread, far: &[usize]) -> Option<Warning> {
    let first = *times.first()?;
    let slow = far.first() == Some(&0) && first > spread.median;
    let (first, median) = (time(first), time(spread.median));
    let text = format!(
        "the first run was slow ({first}; the median is {median}): caches were cold, or the device had \
         not raised its clock yet; try more runs to warm up"
    );
    warn_if(slow, "first_run_slow", text)
}

fn others_far(times: &[f64], far: &[usize]) -> Option<Warning> {
    let far: Vec<usize> = far.iter().copied().filter(|&at| at > 0).collect();
    let (n, of) = (far.len(), times.len());
    let lie = if n == 1 { "lies" } else { "lie" };
    let text = format!(
        "{n} of {of} runs {lie} far from the others: something else was at work; close other programs, or try \
         more runs"
    );
    warn_if(n > 0, "outliers", text)
}

fn drift(times: &[f64]) -> Option<Warning> {
    let third = times.len() / 3;
    if third < 2 {
        return None;
    }
    let (first, last) = (median(&times[..third])?, median(&times[times.len() - third..])?);
    let percent = (last / first - 1.0) * 100.0;
    let text = format!(
        "the last runs were {percent:.0}% slower than the first: the machine may be heating up, or another \
         program has started; let it cool down, then run again"
    );
    warn_if(last > DRIFT * first, "drift", text)
}

fn wide(spread: &TimeSpread) -> Option<Warning> {
    let share = spread.iqr / spread.median;
    let percent = share * 100.0;
    let text = format!(
        "the interquartile range of the runs is {percent:.0}% of the median; close other programs, fix the \
         clock rate, or try more runs"
    );
    warn_if(share > WIDE, "wide_spread", text)
}

fn few(times: &[f64]) -> Option<Warning> {
    let runs = match times.len() {
        1 => "1 run says".to_owned(),
        n => format!("{n} runs say"),
    };
    let text = format!("{runs} little about the spread, and nothing about who is faster; try 10 runs");
    Some(Warning { kind: "few_runs", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(times: &[f64]) -> Vec<&'static str> {
        warnings(times).into_iter().map(|warning| warning.kind).collect()
    }

    #[test]
    fn quiet_times_need_no_word() {
        assert_eq!(kinds(&[1.0, 1.01, 0.99, 1.0, 1.02, 0.98]), [""; 0]);
        assert!(warnings(&[]).is_empty());
    }

    #[test]
    fn each_has_its_cause() {
        assert_eq!(kinds(&[2.0, 1.0, 1.01, 0.99, 1.0, 1.02, 0.98]), ["first_run_slow"]);
        assert_eq!(kinds(&[1.0, 1.01, 0.99, 3.0, 1.02, 0.98, 1.0]), ["outliers"]);
        assert_eq!(kinds(&[1.0, 1.0, 1.05, 1.05, 1.2, 1.2]), ["drift", "wide_spread"]);
        assert_eq!(kinds(&[1.0, 1.3, 0.8, 1.0, 0.7, 1.1]), ["wide_spread"]);
        assert_eq!(kinds(&[1.0, 1.0, 1.0]), ["few_runs"]);
        assert_eq!(kinds(&[1e-5; 8]), ["short_runs"]);
    }

    #[test]
    fn they_say_both_values_and_what_to_try() {
        let text = &warnings(&[0.02, 0.01, 0.0101, 0.0099, 0.01, 0.0102])[0].text;
        assert!(
            text.contains("20.0 ms")
                && text.contains("the median is 10.1 ms")
                && text.contains("more runs to warm up"),
            "{text}"
        );
    }
}
