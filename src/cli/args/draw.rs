//! The flags of `cairn draw`.

use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cairn fit data/digits-writers30.csv --truth digit -k 400 --model digits.safetensors
  cairn draw digits.safetensors -o draw.html     open draw.html in a browser

The page names what is drawn as `cairn predict --drawings` does, and copies its numbers in and out. It asks no
network for anything; `cairn report` has it as a section.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DrawArgs {
    /// A model that `cairn fit --model` wrote, of pictures of 8 x 8
    pub(in crate::cli) model: PathBuf,

    /// File to write: one page with all in it
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,

    /// Errors only
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
