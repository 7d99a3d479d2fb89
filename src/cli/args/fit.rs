//! The flags of `cairn fit`.

use std::path::PathBuf;

use clap::ValueHint;

use super::algorithm::AlgorithmArgs;
use super::{DeviceArgs, HostMemoryArgs, JobArgs, MemoryArgs, RanksArgs, RunArgs};
use crate::cli::output::Out;

const EXAMPLES: &str = "\
Examples:
  cairn fit
    Cluster the digits, with 1000 restarts
  cairn fit points.csv -k 8 --truth species
    Cluster a table of your own, and score the clusters
  cairn fit x.npy -k 100 --labels labels.npy --centroids c.npy
    Write the results as arrays
  cairn fit customers.csv -k 5 --numeric --rows-out labelled.csv
    Write the rows of the table with their clusters
  zcat x.csv.gz | cairn fit - -k 8 --labels - | sort | uniq -c
    Read a pipe, and write the labels to one
  cairn fit x.csv -k 20 --model x.safetensors
    Save a model for `cairn predict`
  cairn fit x.npy --init c.npy --max-iter 50
    Continue from the centroids of an earlier run
  cairn fit x.npy -k 1000 -r 100 --checkpoint x.run --resume --model x.safetensors
    Begin a long run, or go on with it after it was stopped
  cairn fit x.parquet -k 1000 -r 1 --memory 2GiB --labels labels.npy
    Cluster a table that is larger than memory

Ctrl-C ends a fit early, with the best of the restarts done until then in the summary and in all files.

Exit codes: 0 success, 1 failure, 2 usage error, 130 stopped by Ctrl-C; with --checkpoint 143 by SIGTERM, 129 by SIGHUP.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct FitArgs {
    #[command(flatten)]
    pub(in crate::cli) job: JobArgs,

    /// More files of the same columns, whose rows follow; DATA may also be a pattern in quotes, such as 'part-*.csv'
    #[arg(value_name = "MORE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) more: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) algorithm: AlgorithmArgs,

    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    #[command(flatten)]
    pub(in crate::cli) memory: MemoryArgs,

    #[command(flatten)]
    pub(in crate::cli) host: HostMemoryArgs,

    #[command(flatten)]
    pub(in crate::cli) ranks: RanksArgs,

    /// Write the cluster of each row (.csv, .npy, .jsonl or .parquet, by file name), or - for CSV on standard output;
    /// the summary then goes to standard error. So for the next three
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) labels: Option<Out>,

    /// Write the rows of the table (.csv, .jsonl or .parquet): all columns, also those that are no features, as they
    /// were read, then label, name (with --truth) and distance. A row that --missing drop left out has no label
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) rows_out: Option<Out>,

    /// Write the centroids, in the units of the data (.csv, .npy, .jsonl or .parquet)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) centroids: Option<Out>,

    /// Write restart, inertia, iterations and stop reason of all restarts (.csv, .npy, .jsonl
    /// or .parquet)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) restarts_out: Option<Out>,

    /// Write the model, for `cairn predict`, other subcommands and Python (a safetensors file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) model: Option<PathBuf>,

    /// Write a report of the clusters (one HTML file)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) report: Option<PathBuf>,

    /// Read the table, place it on the lattice and choose the device, then print what would be fitted, in how much
    /// memory, and what would be written; fit and write nothing
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) dry_run: bool,

    /// Compute slower measures too: silhouette, Calinski-Harabasz, Davies-Bouldin and, with --truth, the confusion
    /// matrix
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) measures: bool,

    /// Print the summary as JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Print errors only: no summary (except with --json), progress, notes or warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
