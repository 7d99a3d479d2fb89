//! Sweeps over one size of a job, and the value at which the faster device changes.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The parameter varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Parameter {
    /// Number of restarts.
    Restarts,
    /// Number of points: evenly spaced rows.
    Points,
    /// Number of clusters.
    Clusters,
}

impl Parameter {
    /// Its name in `--sweep`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Restarts => "restarts",
            Self::Points => "points",
            Self::Clusters => "clusters",
        }
    }
}

/// A parameter and its values: `restarts=1..100000`, `clusters=2,4,8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The parameter varied.
    pub parameter: Parameter,
    /// Its values: at least one, distinct, each at least 1.
    pub values: Vec<u64>,
}

/// What is wrong with a sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseSweepError {
    /// It has no `=`.
    #[error(
        "{0:?} is not a sweep; give restarts=1..1000, points=.., clusters=.., or a list such as clusters=2,4,8"
    )]
    Form(String),
    /// An unknown parameter.
    #[error("{0:?} can't be varied; give restarts, points or clusters")]
    Parameter(String),
    /// A value that is not an integer of at least 1.
    #[error("{0:?} is not a whole number of at least 1")]
    Value(String),
    /// A range that decreases.
    #[error("{0}..{1} is empty; give the smaller end first")]
    Empty(u64, u64),
    /// A value given twice.
    #[error("{0} is listed twice; give each value once")]
    Twice(u64),
}

impl FromStr for Sweep {
    type Err = ParseSweepError;

    fn from_str(text: &str) -> Result<Self, ParseSweepError> {
        let (name, values) = text.split_once('=').ok_or_else(|| ParseSweepError::Form(text.to_owned()))?;
        let parameters = [Parameter::Restarts, Parameter::Points, Parameter::Clusters];
        let parameter = parameters.into_iter().find(|parameter| parameter.name() == name.trim());
        let parameter = parameter.ok_or_else(|| ParseSweepError::Parameter(name.trim().to_owned()))?;
        let values = match values.split_once("..") {
            Some((from, to)) => between(value(from)?, value(to.trim_start_matches('='))?)?,
            None => list(values)?,
        };
        Ok(Self { parameter, values })
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(u64::to_string).collect();
        write!(f, "{}={}", self.parameter.name(), values.join(","))
    }
}

fn value(text: &str) -> Result<u64, ParseSweepError> {
    let number = text.trim().parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| ParseSweepError::Value(text.trim().to_owned()))
}

/// Both ends, and the numbers 1, 2, 5, 10, 20, 50, .. between them.
fn between(from: u64, to: u64) -> Result<Vec<u64>, ParseSweepError> {
    if from > to {
        return Err(ParseSweepError::Empty(from, to));
    }
    let tens = (0..20).map(|exponent| 10u64.pow(exponent));
    let steps = tens.flat_map(|ten| [1, 2, 5].map(|digit| ten.checked_mul(digit))).flatten();
    let mut values = vec![from];
    values.extend(steps.filter(|step| (from + 1..to).contains(step)));
    if to > from {
        values.push(to);
    }
    Ok(values)
}

fn list(text: &str) -> Result<Vec<u64>, ParseSweepError> {
    let values: Vec<u64> = text.split(',').map(value).collect::<Result<_, _>>()?;
    let twice = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value));
    match twice {
        Some((_, &value)) => Err(ParseSweepError::Twice(value)),
        None => Ok(values),
    }
}

/// Where a device overtakes the base. Only values at which one is clearly faster count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crossover {
    /// Neither is clearly faster at any value.
    Unclear,
    /// The same one is faster at every value.
    Throughout {
        /// Whether that is the base.
        base_wins: bool,
    },
    /// The faster one changes once.
    Once {
        /// Whether the base is faster at large values.
        base_wins: bool,
        /// Largest value at which the other one is faster.
        after: u64,
        /// Least value from which on this one is faster.
        from: u64,
    },
    /// The faster one changes several times.
    Often {
        /// Values at which the faster one differs from the one at the previous value.
        at: Vec<u64>,
    },
}

/// Which device is faster at a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The value.
    pub value: u64,
    /// Whether it is the base; `None` if there is no clear difference.
    pub base_wins: Option<bool>,
}

/// Where the faster one changes; `None` with fewer than two values. `at` may be in any order.
#[must_use]
pub fn crossover(at: &[At]) -> Option<Crossover> {
    if at.len() < 2 {
        return None;
    }
    let mut clear: Vec<(u64, bool)> = at.iter().filter_map(|at| Some((at.value, at.base_wins?))).collect();
    clear.sort_unstable();
    let Some(&(_, base_wins)) = clear.last() else { return Some(Crossover::Unclear) };
    let changes: Vec<&[(u64, bool)]> = clear.windows(2).filter(|pair| pair[0].1 != pair[1].1).collect();
    Some(match changes[..] {
        [] => Crossover::Throughout { base_wins },
        [pair] => Crossover::Once { base_wins, after: pair[0].0, from: pair[1].0 },
        _ => Crossover::Often { at: changes.iter().map(|pair| pair[1].0).collect() },
    })
}

/// The value to measure next in order to narrow down a single change. `None` if it is narrow enough: the ends are
/// adjacent, within a twentieth of each other, or only unclear values lie between them.
#[must_use]
pub fn narrower(crossover: &Crossover, unclear: &[u64]) -> Option<u64> {
    let Crossover::Once { after, from, .. } = crossover else { return None };
    let gap = from - after;
    if gap <= 1 || gap <= from / 20 || unclear.iter().any(|value| (after..from).contains(&value)) {
        return None;
    }
    let middle = (*after as f64 * *from as f64).sqrt() as u64; // the middle of a logarithmic axis
    Some(middle.clamp(after + 1, from - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<u64> {
        text.parse::<Sweep>().unwrap().values
    }

    #[test]
    fn ranges_have_both_ends_and_1_2_5_between() {
        assert_eq!(values("restarts=1..100"), [1, 2, 5, 10, 20, 50, 100]);
        assert_eq!(values("restarts=3..256"), [3, 5, 10, 20, 50, 100, 200, 256]);
        assert_eq!((values("points=7..7"), values("points=7..8")), (vec![7], vec![7, 8]));
        assert_eq!(values("restarts=1..=5"), [1, 2, 5]);
        assert_eq!(values(&format!("restarts=1..{}", u64::MAX)).len(), 59);
        assert_eq!(values("clusters=8, 2,4"), [8, 2, 4]);
    }

    #[test]
    fn bad_sweeps_name_the_trouble() {
        let error = |text: &str| text.parse::<Sweep>().unwrap_err();
        assert_eq!(error("restarts"), ParseSweepError::Form("restarts".into()));
        assert_eq!(error("seeds=1..2"), ParseSweepError::Parameter("seeds".into()));
        assert_eq!(error("points=9..3"), ParseSweepError::Empty(9, 3));
        assert_eq!(error("clusters=2,3,2"), ParseSweepError::Twice(2));
        for text in
            ["restarts=0..9", "restarts=..9", "restarts=1..", "restarts=", "restarts=1,,2", "restarts=-1"]
        {
            assert!(matches!(error(text), ParseSweepError::Value(_)), "{text}");
        }
    }

    /// One letter per value: B if the base is faster, O if the other is, else unclear.
    fn who(letters: &str, values: &[u64]) -> Vec<At> {
        let wins = |letter| match letter {
            'b' => Some(true),
            'o' => Some(false),
            _ => None,
        };
        let at = |(letter, &value)| At { value, base_wins: wins(letter) };
        letters.chars().zip(values).map(at).collect()
    }

    #[test]
    fn the_faster_one_may_change_once_never_or_often() {
        let of = |letters: &str, values: &[u64]| crossover(&who(letters, values));
        assert_eq!(of("bb", &[1, 9]), Some(Crossover::Throughout { base_wins: true }));
        assert_eq!(of("obb", &[50, 1, 20]), Some(Crossover::Once { base_wins: false, after: 20, from: 50 }));
        assert_eq!(of("bob", &[1, 2, 5]), Some(Crossover::Often { at: vec![2, 5] }));
        assert_eq!(of("b", &[1]), None);
    }

    #[test]
    fn what_is_not_clear_decides_nothing() {
        let of = |letters: &str| crossover(&who(letters, &[1, 2, 5, 10]));
        assert_eq!(of("????"), Some(Crossover::Unclear));
        assert_eq!(of("?bb?"), Some(Crossover::Throughout { base_wins: true }));
        let once = Crossover::Once { base_wins: false, after: 1, from: 10 };
        assert_eq!(of("b??o"), Some(once.clone()));
        assert_eq!((narrower(&once, &[2, 5]), narrower(&once, &[20])), (None, Some(3)));
    }

    #[test]
    fn narrowing_finds_the_value() {
        // the device takes 37 ms, the base a millisecond per unit: the device is faster from 38 on
        let measure = |value: u64| At { value, base_wins: Some(value <= 37) };
        let mut at = vec![measure(20), measure(50)];
        while let Some(next) = narrower(&crossover(&at).unwrap(), &[]) {
            at.push(measure(next));
        }
        let found = Crossover::Once { base_wins: false, after: 37, from: 38 };
        assert_eq!(crossover(&at), Some(found));
        assert!(at.len() < 9, "{at:?}");
        let near = Crossover::Once { base_wins: true, after: 970_000, from: 1_000_000 };
        assert_eq!(narrower(&near, &[]), None);
    }
}
