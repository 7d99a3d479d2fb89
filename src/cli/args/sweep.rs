//! The flags of `cairn sweep`.

use clap::ValueHint;

use super::algorithm::AlgorithmArgs;
use super::columns::{ColumnArgs, MissingArgs, ScaleArgs};
use super::device::{DeviceArgs, ThreadsArgs};
use super::metric::MetricArgs;
use super::number::whole;
use super::search::SearchArgs;
use super::table::TableArgs;
use crate::cli::output::Out;

/// Largest range of clusters of which every number is used; larger ranges use preferred numbers.
const ALL: usize = 20;
/// The R10 series of preferred numbers (ISO 3): ten steps per decade, nearly geometric.
const PREFERRED: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];

/// Reference sets of the gap statistic.
pub(in crate::cli) const REFERENCE_SETS: usize = 10;

const EXAMPLES: &str = "\
Examples:
  cairn sweep
    The digits, k from 2 to 20
  cairn sweep data.csv --clusters 2..100 --seeds 1
    A table of your own
  cairn sweep data/digits-writers30.csv --truth digit --test digits --clusters 10,20,40,128,400
    Accuracy on held-out rows
  cairn sweep x.npy --clusters 10..1000 --table sweep.csv --json > sweep.json
    Results as files

Ranges of more than 20 numbers are thinned to preferred numbers: 2..400 becomes 2 3 4 5 6 8 10 13 16 20 25 \
    32 40 50 63 80 100 125 160 200 250 315 400.

Exit codes: 0 success, 1 failure, 2 usage error, 130 stopped by Ctrl-C.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SweepArgs {
    /// `digits` (built in), a file of a table: CSV, .npy, .npz, Parquet, Arrow, IDX or .fvecs,
    /// compressed by gzip or zstd or not (./digits for a file of that name), or - for standard input
    #[arg(default_value = "digits", hide_default_value = true, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) data: String,

    /// More files of the same columns, whose rows follow; DATA may also be a pattern in quotes, such as 'part-*.csv'
    #[arg(value_name = "MORE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) more: Vec<String>,

    /// Numbers of clusters: a list such as 10,20,40 or a range such as 2..400, or both: 2..9,20,40 [default: 2..20, or
    /// up to the number of rows]
    #[arg(short = 'k', long, value_name = "LIST", allow_negative_numbers = true, value_parser = clusters)]
    pub(in crate::cli) clusters: Option<Numbers>,

    /// Seeds, each used with every number of clusters: a list or a range
    #[arg(long, value_name = "LIST", default_value = "1..5", allow_negative_numbers = true, value_parser = seeds)]
    pub(in crate::cli) seeds: Seeds,

    /// Restarts of each fit, of which the best is returned
    #[arg(short, long, value_name = "N", default_value_t = 10, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(in crate::cli) restarts: u64,

    #[command(flatten)]
    pub(in crate::cli) metric: MetricArgs,

    #[command(flatten)]
    pub(in crate::cli) search: SearchArgs,

    /// Maximum number of iterations of a restart
    #[arg(long, value_name = "N", default_value_t = 300, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub(in crate::cli) max_iter: u32,

    #[command(flatten)]
    pub(in crate::cli) algorithm: AlgorithmArgs,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    #[command(flatten)]
    pub(in crate::cli) threads: ThreadsArgs,

    /// Skip the slower measures: silhouette, Calinski-Harabasz, Davies-Bouldin, gap and BIC, and the choice by them
    #[arg(long)]
    pub(in crate::cli) no_measures: bool,

    /// Reference sets of the gap statistic, rows without clusters that are fitted with every number of clusters; 0 skips it
    #[arg(long, value_name = "N", default_value_t = REFERENCE_SETS, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub(in crate::cli) reference_sets: usize,

    /// Held-out rows, in a table of the same columns: a row counts as correct if its class is the most frequent
    /// among the fitted rows of its nearest cluster
    #[arg(long, value_name = "DATA", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(in crate::cli) test: Option<String>,

    /// Column of known classes, by name or number from 1, in both tables; it is not used as a feature
    /// [default: digit, for the digits]
    #[arg(long, value_name = "COLUMN", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) truth: Option<String>,

    /// File of the known classes, instead of --truth: one column with a row for each row of DATA, such as the labels of
    /// MNIST (IDX), a .npy vector, or a CSV file with or without a header; - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "truth", help_heading = "Input")]
    pub(in crate::cli) truth_file: Option<String>,

    /// File of the known classes of the --test rows, if theirs are in no column
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(in crate::cli) test_truth_file: Option<String>,

    /// Column of weights, by name or number from 1; it is not used as a feature. Measures count each row once
    #[arg(long, value_name = "COLUMN", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) weights: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArgs,

    #[command(flatten)]
    pub(in crate::cli) missing: MissingArgs,

    #[command(flatten)]
    pub(in crate::cli) scale: ScaleArgs,

    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,

    /// Write the table, with median, min and max of all measures (.csv, .npy, .jsonl or .parquet,
    /// by file name), or - for CSV on standard output; the summary then goes to standard error
    #[arg(long = "table", value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) table_out: Option<Out>,

    /// Print the table and every fit as JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Print errors only: no table (except with --json), progress or notes
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}

/// Distinct numbers of clusters, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Numbers(pub(in crate::cli) Vec<usize>);

/// Distinct seeds, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Seeds(pub(in crate::cli) Vec<u64>);

pub(super) fn clusters(text: &str) -> Result<Numbers, String> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        match range::<usize>(part)? {
            (0, _) => return Err("0 clusters can't be made; begin at 1 or more".into()),
            (from, to) if to - from < ALL => numbers.extend(from..=to),
            (from, to) => numbers.extend(preferred(from, to)),
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(Numbers(numbers))
}

/// The preferred numbers between `from` and `to`, rounded, and both ends.
fn preferred(from: usize, to: usize) -> impl Iterator<Item = usize> {
    let rounded = (0..20).flat_map(|power| PREFERRED.map(|x| (x * 10f64.powi(power)).round() as usize));
    rounded.filter(move |&k| from < k && k < to).chain([from, to])
}

fn seeds(text: &str) -> Result<Seeds, String> {
    const MOST: u64 = 1000;
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let (from, to) = range::<u64>(part)?;
        if to - from >= MOST {
            return Err(format!("{from}..{to} are more than {MOST} seeds"));
        }
        seeds.extend((from..=to).filter(|seed| !seeds.contains(seed)).collect::<Vec<_>>());
    }
    Ok(Seeds(seeds))
}

/// Parses `7` or `2..9`, inclusive.
fn range<T: std::str::FromStr + PartialOrd + Copy>(text: &str) -> Result<(T, T), String> {
    let number = |text: &str| {
        let text = text.trim();
        text.parse::<T>().map_err(|_| {
            format!("{text:?} is not a whole number; give a list such as 10,20,40 or a range such as 2..9")
        })
    };
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(text)?, number(text)?),
    };
    if from > to {
        Err(format!("{} goes down; put the lesser number first", text.trim()))
    } else {
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        let numbers = |text: &str| clusters(text).unwrap().0;
        assert_eq!(numbers("10,20,40"), [10, 20, 40]);
        assert_eq!(numbers("40, 10,10 ,2..4"), [2, 3, 4, 10, 40]);
        assert_eq!(numbers("7"), [7]);
        assert_eq!(numbers("2..20"), (2..=20).collect::<Vec<_>>());
        assert_eq!(numbers("1..20").len(), 20);
        assert_eq!(numbers("1..21"), [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 21]);
        let wide =
            [2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400];
        assert_eq!(numbers("2..400"), wide);
        assert_eq!(numbers(&format!("1..{}", usize::MAX)).last(), Some(&usize::MAX));
        assert_eq!(seeds("1..5,3,9").unwrap().0, [1, 2, 3, 4, 5, 9]);
        assert_eq!(seeds(&u64::MAX.to_string()).unwrap().0, [u64::MAX]);
    }

    #[test]
    fn what_is_no_list() {
        for text in ["", "a", "1,,2", "0", "0..4", "9..2", "2..", "..4", "2...4", "-1", "1.5"] {
            assert!(clusters(text).is_err(), "{text}");
        }
        assert!(seeds("0..1000").is_err() && seeds("1..").is_err() && seeds("0..999").is_ok());
    }
}
