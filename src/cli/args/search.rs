//! The flags of how restarts are chosen.

use std::time::Duration;

use super::number::positive;

/// Restarts of a generation.
const POPULATION: u64 = 16;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SearchArgs {
    /// How restarts are chosen: independent ones, or `evolve`, where all but the first are children of the best so far,
    /// which finds lower inertias from some 20 clusters on
    #[arg(long, value_name = "HOW", value_enum, default_value_t = SearchArg::Restarts, help_heading = "Search")]
    pub(in crate::cli) search: SearchArg,

    /// Restarts of a generation, with --search evolve
    #[arg(long, value_name = "N", default_value_t = POPULATION, allow_negative_numbers = true)]
    #[arg(value_parser = positive::<u64>, help_heading = "Search")]
    pub(in crate::cli) population: u64,

    /// End a search after so many generations without a lower inertia, with --search evolve
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive::<u64>)]
    #[arg(help_heading = "Search")]
    pub(in crate::cli) patience: Option<u64>,

    /// Refine each restart: after its last iteration rows move on to where they cost least, and iterations follow;
    /// never worse, often better
    #[arg(long, help_heading = "Search")]
    pub(in crate::cli) refine: bool,

    /// End after this time, such as 10s or 5min, with the restarts done until then, at most --restarts if that is given
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time, help_heading = "Search")]
    pub(in crate::cli) time: Option<Duration>,
}

/// `--search`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum SearchArg {
    /// Independent restarts
    Restarts,
    /// Children of a population
    Evolve,
}

/// A time with its unit, or a number of seconds.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let seconds = text.strip_suffix('s').unwrap_or(text).trim_end();
    let seconds = seconds.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let refused = |_| "give a time with its unit, such as 500ms, 10s or 5min".to_owned();
    seconds.map_or_else(|| humantime::parse_duration(text).map_err(refused), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_seconds() {
        assert_eq!(time("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(time(" 1min 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(
            (time("500ms"), time("0.5s")),
            (Ok(Duration::from_millis(500)), Ok(Duration::from_millis(500)))
        );
        assert_eq!((time("0.25"), time("0")), (Ok(Duration::from_millis(250)), Ok(Duration::ZERO)));
        for text in ["", "ten", "-3", "-3s", "NaN", "inf", "1e300", "5 parsecs"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
