//! The flags of the subcommands that use a model.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::columns::ColumnArgs;
use super::device::{DeviceArgs, ThreadsArgs};
use super::table::TableArgs;
use crate::cli::output::Out;

/// The flags for input rows.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RowsArgs {
    /// A model that `cairn fit --model` wrote
    #[arg(index = 1)]
    pub(in crate::cli) model: PathBuf,

    /// `digits` (built in), a file of a table: CSV, .npy, .npz, Parquet, Arrow, IDX or .fvecs,
    /// compressed by gzip or zstd or not (./digits for a file of that name), or - for standard input
    #[arg(index = 2, required = true, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) data: Option<String>,

    /// More files of the same columns, whose rows follow; DATA may also be a pattern in quotes, such as 'part-*.csv'
    #[arg(index = 3, value_name = "MORE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) more: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArgs,

    /// Match columns by position, not by name
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) by_position: bool,

    /// Stop with an error at a row that can't be labelled; without it such rows get an empty label, and a warning
    /// counts them
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) strict: bool,

    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,

    #[command(flatten)]
    pub(in crate::cli) threads: ThreadsArgs,
}

impl RowsArgs {
    /// DATA, and more; empty if `--drawings` replaces it.
    pub(in crate::cli) fn sources(&self) -> Vec<String> {
        self.data.iter().chain(&self.more).cloned().collect()
    }

    /// The name of the table.
    pub(in crate::cli) fn name(&self) -> String {
        cairn::data::table_name(&self.sources())
    }
}

/// The flags for output.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OutArgs {
    /// File to write, or - for standard output [default: -]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) output: Option<Out>,

    /// Output format [default: by file name; csv on standard output]
    #[arg(long, value_enum, help_heading = "Output")]
    pub(in crate::cli) format: Option<FormatArg>,
}

impl OutArgs {
    /// Where to write.
    pub(in crate::cli) fn or_stdout(&self) -> Out {
        self.output.clone().unwrap_or(Out::Stdout)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FormatArg {
    Csv,
    Npy,
    Jsonl,
    #[cfg(feature = "parquet")]
    Parquet,
}

const PREDICT_EXAMPLES: &str = "\
Writes label, name, distance, runner_up and margin of each row: the nearest cluster and its name, the \
    distance to it, the second nearest cluster, and how much farther away that one is. Rows are streamed, \
    so memory use does not grow with their number.

Examples:
  cairn fit data/digits-writers30.csv --truth digit -k 40 --model digits.safetensors
    Fit a model
  cairn predict digits.safetensors digits
    Classify the built-in digits
  cairn predict digits.safetensors --drawings page.txt
    Classify digits that you drew
  cairn predict m.safetensors new.npy -o labels.npy
    Write a structured array
  cairn predict m.safetensors new.csv --rows-out labelled.csv
    Write the rows with their clusters
  zcat x.csv.gz | cairn predict m.safetensors - --format jsonl
    Read a pipe, and write JSON Lines";

#[derive(Debug, clap::Args)]
#[command(after_help = PREDICT_EXAMPLES)]
#[command(mut_arg("data", |data| data.required(false).required_unless_present("drawings")))]
#[command(mut_arg("more", |more| more))] // which puts it after `data` again
pub(in crate::cli) struct PredictArgs {
    #[command(flatten)]
    pub(in crate::cli) rows: RowsArgs,

    /// Drawn digits instead of DATA, - for standard input: arrays of 64 numbers of any scale, 0 for paper, each
    /// in brackets or on a line of its own. They are normalised like the digits of the data: cropped to the ink,
    /// scaled to full height, centred, counted to 0..16. Drawings that are such counts already, as `cairn draw`
    /// copies them, are not changed: whole numbers up to 16, at least one of them 12 or more, ink in the first and
    /// last row
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    #[arg(conflicts_with_all = [
        "data", "more", "columns", "ignore", "numeric", "by_position", "header", "delimiter", "na",
        "sheet", "pixels", "channels", "as_drawings",
    ])]
    pub(in crate::cli) drawings: Option<String>,

    /// Do not normalise the drawings
    #[arg(long, requires = "drawings", conflicts_with = "data", help_heading = "Input")]
    pub(in crate::cli) as_is: bool,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    #[command(flatten)]
    pub(in crate::cli) out: OutArgs,

    /// Write the rows of the table (.csv, .jsonl or .parquet), or - for CSV on standard output: all columns, also those
    /// that the model does not use, as they were read, then label, name (if the model has names) and distance, which
    /// are empty for a row that can't be labelled. Without --output nothing else is then written
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "drawings")]
    #[arg(help_heading = "Output")]
    pub(in crate::cli) rows_out: Option<Out>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Distances are in the units of the data. The distance of a centroid to itself is exactly 0."
)]
pub(in crate::cli) struct TransformArgs {
    #[command(flatten)]
    pub(in crate::cli) rows: RowsArgs,

    #[command(flatten)]
    pub(in crate::cli) out: OutArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ScoreArgs {
    #[command(flatten)]
    pub(in crate::cli) rows: RowsArgs,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    /// Column of known classes, by name or number from 1 [default: digit, for the digits]
    #[arg(long, value_name = "COLUMN", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) truth: Option<String>,

    /// File of the known classes, instead of --truth: one column with a row for each row of DATA, such as the labels of
    /// MNIST (IDX), a .npy vector, or a CSV file with or without a header; - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "truth", help_heading = "Input")]
    pub(in crate::cli) truth_file: Option<String>,

    /// Compute measures without classes too (silhouette, Calinski-Harabasz, Davies-Bouldin): they are slower, and
    /// load all rows into memory
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) measures: bool,

    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
}

const NAME_EXAMPLES: &str = "\
Examples:
  cairn name digits.safetensors
    List the clusters
  cairn name digits.safetensors 3=seven 5=nine
    Name two clusters
  cairn name digits.safetensors 3=
    Remove a name";

#[derive(Debug, clap::Args)]
#[command(after_help = NAME_EXAMPLES)]
pub(in crate::cli) struct NameArgs {
    /// A model that `cairn fit --model` wrote
    pub(in crate::cli) model: PathBuf,

    /// Names to set; without any, the clusters are listed
    #[arg(value_name = "CLUSTER=NAME", value_parser = assignment)]
    pub(in crate::cli) names: Vec<(usize, String)>,

    /// File to write [default: overwrite the model]
    #[arg(short, long, value_name = "FILE", requires = "names", help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Print the list as JSON
    #[arg(long, conflicts_with = "names", help_heading = "Output")]
    pub(in crate::cli) json: bool,
}

fn assignment(text: &str) -> Result<(usize, String), String> {
    let (cluster, name) = text.split_once('=').ok_or("give CLUSTER=NAME, as in 3=seven")?;
    let cluster =
        cluster.trim().parse().map_err(|_| "the cluster before = must be a number from 0".to_owned())?;
    Ok((cluster, name.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_equal_signs() {
        assert_eq!(assignment("3=a=b"), Ok((3, "a=b".into())));
        assert_eq!(assignment("3="), Ok((3, String::new())));
        assert!(assignment("seven").is_err() && assignment("-1=x").is_err() && assignment("=x").is_err());
    }
}
