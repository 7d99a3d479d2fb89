//! One size of a job from small to large, and where the faster device changes.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What is varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Parameter {
    /// Number of restarts.
    Restarts,
    /// Number of points: rows at even distances.
    Points,
    /// Number of clusters.
    Clusters,
}

impl Parameter {
    /// The word of the flag.
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
    /// What is varied.
    pub parameter: Parameter,
    /// Its values, at least one, each at least 1, none twice.
    pub values: Vec<u64>,
}

/// What is wrong with a sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// No `=` in it.
    #[error(
        "{0:?} is no sweep; give restarts=1..1000, points=.., clusters=.., or a list such as clusters=2,4,8"
    )]
    Form(String),
    /// Another parameter.
    #[error("{0:?} can't be varied; give restarts, points or clusters")]
    Parameter(String),
    /// Not a whole number.
    #[error("{0:?} is no whole number of at least 1")]
    Value(String),
    /// The first end is larger than the second.
    #[error("{0}..{1} is empty; give the smaller end first")]
    Empty(u64, u64),
    /// A value given twice.
    #[error("{0} is there twice; give each value once")]
    Twice(u64),
}

impl FromStr for Sweep {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (name, values) = text.split_once('=').ok_or_else(|| SweepError::Form(text.to_owned()))?;
        let parameters = [Parameter::Restarts, Parameter::Points, Parameter::Clusters];
        let parameter = parameters.into_iter().find(|parameter| parameter.name() == name.trim());
        let parameter = parameter.ok_or_else(|| SweepError::Parameter(name.trim().to_owned()))?;
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

fn value(text: &str) -> Result<u64, SweepError> {
    let number = text.trim().parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| SweepError::Value(text.trim().to_owned()))
}

/// Both ends, and what lies between of 1, 2, 5, 10, 20, 50, ..
fn between(from: u64, to: u64) -> Result<Vec<u64>, SweepError> {
    if from > to {
        return Err(SweepError::Empty(from, to));
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

fn list(text: &str) -> Result<Vec<u64>, SweepError> {
    let values: Vec<u64> = text.split(',').map(value).collect::<Result<_, _>>()?;
    let twice = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value));
    match twice {
        Some((_, &value)) => Err(SweepError::Twice(value)),
        None => Ok(values),
    }
}

/// Where a device overtakes the one that it is held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crossover {
    /// The same one is faster at every value.
    Throughout {
        /// Whether it is the base.
        base_wins: bool,
    },
    /// The faster one changes once.
    Once {
        /// Whether the base is faster at large values.
        base_wins: bool,
        /// Largest value at which the other one still was faster.
        after: u64,
        /// Least value from which on it is faster.
        from: u64,
    },
    /// The faster one changes again and again.
    Often {
        /// Values at which another one is faster than at the value before.
        at: Vec<u64>,
    },
}

/// Times of the base and of a device at a value, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct At {
    /// The value.
    pub value: u64,
    /// The time of the base.
    pub base: f64,
    /// The time of the device.
    pub other: f64,
}

impl At {
    fn base_wins(&self) -> bool {
        self.base <= self.other
    }
}

/// Where the faster one changes; none of fewer than two values. The order of `times` is of no matter.
#[must_use]
pub fn crossover(times: &[At]) -> Option<Crossover> {
    let mut times = times.to_vec();
    times.sort_by_key(|at| at.value);
    let last = times.last().filter(|_| times.len() > 1)?;
    let changes: Vec<&[At]> =
        times.windows(2).filter(|pair| pair[0].base_wins() != pair[1].base_wins()).collect();
    let base_wins = last.base_wins();
    Some(match changes[..] {
        [] => Crossover::Throughout { base_wins },
        [pair] => Crossover::Once { base_wins, after: pair[0].value, from: pair[1].value },
        _ => Crossover::Often { at: changes.iter().map(|pair| pair[1].value).collect() },
    })
}

/// The value to measure next to narrow a single change down; none when it is narrow enough: one apart, or within
/// a twentieth.
#[must_use]
pub fn narrower(crossover: &Crossover) -> Option<u64> {
    let Crossover::Once { after, from, .. } = crossover else { return None };
    let gap = from - after;
    if gap <= 1 || gap <= from / 20 {
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
        assert_eq!(error("restarts"), SweepError::Form("restarts".into()));
        assert_eq!(error("seeds=1..2"), SweepError::Parameter("seeds".into()));
        assert_eq!(error("points=9..3"), SweepError::Empty(9, 3));
        assert_eq!(error("clusters=2,3,2"), SweepError::Twice(2));
        for text in
            ["restarts=0..9", "restarts=..9", "restarts=1..", "restarts=", "restarts=1,,2", "restarts=-1"]
        {
            assert!(matches!(error(text), SweepError::Value(_)), "{text}");
        }
    }

    fn at(value: u64, base: f64, other: f64) -> At {
        At { value, base, other }
    }

    #[test]
    fn the_faster_one_may_change_once_never_or_often() {
        let never = [at(1, 1.0, 2.0), at(9, 3.0, 4.0)];
        assert_eq!(crossover(&never), Some(Crossover::Throughout { base_wins: true }));
        let once = [at(50, 5.0, 4.0), at(1, 1.0, 2.0), at(20, 2.0, 3.0)];
        assert_eq!(crossover(&once), Some(Crossover::Once { base_wins: false, after: 20, from: 50 }));
        let often = [at(1, 1.0, 2.0), at(2, 2.0, 1.0), at(5, 1.0, 2.0)];
        assert_eq!(crossover(&often), Some(Crossover::Often { at: vec![2, 5] }));
        assert_eq!(crossover(&never[..1]), None);
    }

    #[test]
    fn narrowing_finds_the_value() {
        // the device takes 37 ms, the base a millisecond a unit: it is faster from 38 on
        let measure = |value: u64| at(value, value as f64, 37.0);
        let mut times = vec![measure(20), measure(50)];
        while let Some(next) = narrower(&crossover(&times).unwrap()) {
            times.push(measure(next));
        }
        let found = Crossover::Once { base_wins: false, after: 37, from: 38 };
        assert_eq!(crossover(&times), Some(found));
        assert!(times.len() < 9, "{times:?}");
        let near = Crossover::Once { base_wins: true, after: 970_000, from: 1_000_000 };
        assert_eq!(narrower(&near), None);
    }
}
