//! The flags, as typed: the subcommands and `--color`. Each group of subcommands or of shared flags has a file.

mod algorithm;
mod columns;
mod compare;
pub(super) mod device;
mod devices;
pub(super) mod draw;
mod fit;
mod groups;
mod job;
mod merge;
mod metric;
mod model;
mod number;
mod quantize;
mod ranks;
mod read;
mod report;
mod run;
mod search;
mod shell;
mod suggestion;
pub(super) mod sweep;
mod table;

use std::env;

use anstream::ColorChoice;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::terminal;

pub(super) use algorithm::AlgorithmArg;
pub(super) use columns::{ColumnArgs, MissingArg, MissingArgs, ScaleArg, ScaleArgs};
pub(super) use compare::CompareArgs;
pub(super) use device::{DeviceArgs, HostMemoryArgs, MemoryArgs};
pub(super) use devices::DevicesArgs;
pub(super) use fit::FitArgs;
pub(super) use job::{InitArg, JobArgs};
pub(super) use merge::MergeArgs;
pub(super) use metric::{MetricArg, MetricArgs};
pub(super) use model::{FormatArg, NameArgs, OutArgs, PredictArgs, RowsArgs, ScoreArgs, TransformArgs};
pub(super) use quantize::QuantizeArgs;
pub(super) use ranks::{RanksArgs, ShareArg};
pub(super) use read::ReadArgs;
pub(super) use report::ReportArgs;
pub(super) use run::RunArgs;
pub(super) use search::{SearchArg, SearchArgs};
pub(super) use shell::{CompletionsArgs, ManArgs};
pub(super) use table::TableArgs;

/// k-means that gives the same answer, to the last bit, on every GPU and CPU.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, max_term_width = groups::WIDTH)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,

    /// When to use colour; auto: in a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    #[arg(help_heading = "Output")]
    pub(super) color: Color,

    /// How to show the progress of steps longer than a second; auto: a bar in a terminal, elsewhere a line every ten
    /// seconds, nothing with --quiet; json: an object on a line, for programs
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t = ProgressArg::Auto)]
    #[arg(help_heading = "Output")]
    pub(super) progress: ProgressArg,

    /// Say more on standard error: why the device was chosen, how many labels were decided in integers, limits of GPUs, and
    /// a log of the steps; -vv logs their parts too
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(super) verbose: u8,
}

/// How to show progress.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ProgressArg {
    Auto,
    Plain,
    Json,
    None,
}

impl Args {
    /// The program's arguments. Ends the program with a usage error, or a text that was asked for.
    pub(crate) fn read() -> Self {
        let bad = env::args_os().skip(1).find(|arg| arg.to_str().is_none());
        if let Some(bad) = bad {
            let said =
                format!("the argument {bad:?} is not UTF-8; rename the file, or give another path to it\n");
            command().error(ErrorKind::InvalidUtf8, said).exit();
        }
        let parsed = command().try_get_matches().and_then(|matches| Self::from_arg_matches(&matches));
        parsed.unwrap_or_else(|error| end(&explained(error)))
    }
}

/// The command line, with its subcommands in groups.
pub(super) fn command() -> clap::Command {
    groups::grouped(Args::command())
}

/// The same with one list of them.
pub(super) fn command_without_groups() -> clap::Command {
    Args::command()
}

/// Prints an error, wrapped, or the text that was asked for, and ends the program.
fn end(error: &clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    error.render().ansi().to_string().lines().for_each(terminal::write_stderr);
    std::process::exit(error.exit_code())
}

/// An error with the subcommand that was meant, if that is clear. The suggestions of `clap` miss short names.
fn explained(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) {
        let command = Args::command();
        let names = command.get_subcommands().map(clap::Command::get_name);
        if let Some(name) = suggestion::meant(typed, names) {
            let name = ContextValue::Strings(vec![name.to_owned()]);
            error.insert(ContextKind::SuggestedSubcommand, name);
        }
    }
    error
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The choice of this name.
    pub(super) fn choice(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Cluster a table: the handwritten digits, a table in a file, or standard input
    Fit(Box<FitArgs>),
    /// Join parts of one run, which several processes have computed
    Merge(MergeArgs),
    /// Time devices on the same work, after checking that their results are identical
    Compare(Box<CompareArgs>),
    /// Assign each row of a table to its nearest cluster in a model
    Predict(Box<PredictArgs>),
    /// Write the distance of each row to every centroid of a model
    Transform(Box<TransformArgs>),
    /// Measure how well the clusters of a model match the known classes of a table
    Score(Box<ScoreArgs>),
    /// List or change the names of a model's clusters
    Name(NameArgs),
    /// Cluster a table with several numbers of clusters, and measure each
    Sweep(Box<sweep::SweepArgs>),
    /// Write an HTML page about a model, or about data to cluster
    Report(Box<ReportArgs>),
    /// Write an HTML page on which you draw digits that a model classifies
    Draw(draw::DrawArgs),
    /// Read handwritten digits in a scan or a photograph, with a model
    Read(ReadArgs),
    /// Write a picture with fewer colours, chosen by k-means
    Quantize(Box<QuantizeArgs>),
    /// List the GPUs that can be used, and the device that `auto` chooses
    Devices(DevicesArgs),
    /// Print a script by which a shell completes subcommands and flags
    Completions(CompletionsArgs),
    /// Write the manual pages
    Man(ManArgs),
}

impl Command {
    /// Whether only errors are to be printed.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Self::Fit(args) => args.quiet,
            Self::Compare(args) => args.quiet,
            Self::Report(args) => args.quiet,
            Self::Sweep(args) => args.quiet,
            Self::Draw(args) => args.quiet,
            Self::Read(args) => args.quiet,
            Self::Quantize(args) => args.quiet,
            Self::Merge(args) => args.quiet,
            Self::Predict(_) | Self::Transform(_) | Self::Score(_) | Self::Name(_) => false,
            Self::Devices(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn::engine::Device;

    use super::*;

    #[test]
    fn flags_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_subcommand_is_in_one_group() {
        let mut grouped: Vec<&str> =
            groups::GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let command = Args::command();
        let mut all: Vec<&str> =
            command.get_subcommands().map(clap::Command::get_name).chain(["help"]).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    /// Text wrapped by hand would be wrapped twice in a narrow terminal.
    #[test]
    fn only_clap_wraps_the_text_below_the_help() {
        let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
        for command in Args::command().get_subcommands() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let broken = lines.windows(2).find(|pair| is_prose(pair[0]) && is_prose(pair[1]));
            assert_eq!(broken, None, "{}", command.get_name());
        }
    }

    #[test]
    fn device_words_in_any_case() {
        let device = |text: &str| match Args::parse_from(["cairn", "fit", "--device", text]).command {
            Command::Fit(args) => args.device.device(),
            _ => unreachable!("fit was asked for"),
        };
        assert_eq!(device("CPU"), Device::Cpu);
        assert_eq!(device("GeForce"), Device::Named("GeForce".into()));
    }
}
