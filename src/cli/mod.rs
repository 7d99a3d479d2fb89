//! The command line. Only this module prints.
//!
//! | file | what it is about |
//! |---|---|
//! | `args` | the flags, as typed |
//! | `fit`, `merge`, `predict` (and transform), `score`, `name`, `sweep`, `compare`, `report`, `draw`, `read`, `quantize`,
//! `devices` | the subcommands |
//! | `shell` | completions and manual pages |
//! | `rows`, `results`, `drawings` | streams of rows in and out; drawings as rows |
//! | `request` | flags -> parameters, with defaults that depend on other flags |
//! | `starts` | start centroids from a file |
//! | `done` | a finished fit, from which files, notes and the summary are written |
//! | `checkpoint` | the file of a run that may be stopped |
//! | `ready`, `dry_run` | all that is known before a fit; what it would do |
//! | `streaming` | `--memory`: a table that lies in a file |
//! | `paths` | every file that a subcommand reads or writes; no output is another one of them |
//! | `files` | output files: checked first, written last |
//! | `output`, `rows_out` | a file or standard output; the rows of a table, with their labels |
//! | `summary`, `clusters`, `pictures` | the text on standard output |
//! | `measures` | the measures as text |
//! | `json` | the summary as JSON |
//! | `notes` | notes and warnings on standard error |
//! | `input` | what was found in a text table or in pictures: notes, JSON |
//! | `image_file` | the bytes of a picture |
//! | `prepared` | what was made of a table: columns and rows that were left out |
//! | `device` | opens the device, from flags and the environment |
//! | `cache` | the cache folder, with the cost model of this machine |
//! | `threads` | starts the threads on the CPU |
//! | `progress` | progress: a bar, plain lines, JSON |
//! | `out_of_memory` | an error in words where the system refuses memory |
//! | `runtime_folder` | keeps graphics drivers quiet |
//! | `table` | tables that fit into the terminal |
//! | `stop` | Ctrl-C: ends a fit or a comparison early |
//! | `log` | `-v`: a log on standard error |
//! | `terminal` | colour, width, closed pipes |
//! | `failure`, `hints` | error output and exit codes; hints on flags |

mod args;
mod cache;
mod checkpoint;
mod clusters;
mod compare;
mod device;
mod devices;
mod done;
mod draw;
mod drawings;
mod dry_run;
mod failure;
mod files;
mod fit;
mod follower;
mod hints;
mod image_file;
mod input;
mod json;
mod log;
mod measures;
mod merge;
mod name;
mod notes;
mod out_of_memory;
mod output;
mod paths;
mod pictures;
mod predict;
mod prepared;
mod progress;
mod quantize;
mod ranks;
mod read;
mod ready;
mod report;
mod request;
mod results;
mod rows;
mod rows_out;
mod runtime_folder;
mod score;
mod shell;
mod signals;
mod starts;
mod stop;
mod streaming;
mod summary;
mod sweep;
mod table;
mod terminal;
mod threads;

pub(crate) use args::Args;
pub(crate) use failure::fail;
pub(crate) use out_of_memory::{Allocator, explain_out_of_memory};
pub(crate) use runtime_folder::runtime_folder;
pub(crate) use signals::clean_up_on_signals;

use args::Command;
use ranks::Ranks;

/// Runs the subcommand.
pub(crate) fn run(args: &mut Args) -> anyhow::Result<()> {
    terminal::set_color(args.color.choice());
    log::begin(args.verbose);
    progress::set(args.progress, args.command.is_quiet());
    let ranks = Ranks::begin(&mut args.command)?;
    let checked = paths::check(&args.command).map_err(anyhow::Error::from);
    ranks.agree(checked.and_then(|()| Ok(threads::start(&args.command)?)))?;
    match &args.command {
        Command::Fit(args) => fit::run(args, &ranks),
        Command::Merge(args) => merge::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Transform(args) => predict::transform(args),
        Command::Score(args) => score::run(args),
        Command::Name(args) => name::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Report(args) => report::run(args),
        Command::Draw(args) => draw::run(args),
        Command::Read(args) => read::run(args),
        Command::Quantize(args) => quantize::run(args),
        Command::Devices(args) => devices::run(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}
