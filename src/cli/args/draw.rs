//! The flags of `cairn draw`.

use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cairn draw -o draw.html
    Write the page; open draw.html in a browser
  cairn fit data/digits-writers30.csv --truth digit -k 40 --model digits.safetensors
  cairn draw digits.safetensors -o draw.html
    With a model of your own

The page classifies drawings as `cairn predict --drawings` does, and copies them in and out as numbers. It \
    makes no network requests. `cairn report` includes it as a section.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DrawArgs {
    /// A model of 8 x 8 pictures that `cairn fit --model` wrote [default: built in, 400 clusters of 30 writers' digits]
    pub(in crate::cli) model: Option<PathBuf>,

    /// File to write (one HTML file)
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,

    /// Print errors only
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
