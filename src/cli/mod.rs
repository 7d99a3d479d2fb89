//! All that a person types or sees in a terminal; nothing else prints.
//!
//! | file | what it is about |
//! |---|---|
//! | `args` | the flags, as typed |
//! | `fit`, `compare`, `devices` | the subcommands: what happens in which order |
//! | `request` | flags -> parameters, with the defaults that depend on one another |
//! | `files` | output files: checked first, written last |
//! | `summary`, `clusters`, `pictures`, `numbers` | the text on standard output |
//! | `json` | the same for programs |
//! | `notes` | the lines on standard error: notes and warnings |
//! | `progress` | the bar |
//! | `terminal` | colour, width, closed pipes |
//! | `failure` | what an error looks like, and its exit code |

mod args;
mod clusters;
mod compare;
mod devices;
mod failure;
mod files;
mod fit;
mod json;
mod notes;
mod numbers;
mod pictures;
mod progress;
mod request;
mod summary;
mod terminal;

pub(crate) use args::Args;
pub(crate) use failure::fail;

use args::Command;

/// Does what was asked.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    terminal::set_color(args.color);
    match &args.command {
        Command::Fit(args) => fit::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Devices(args) => devices::run(args),
    }
}
