//! The flags of `cairn read`.

use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cairn fit data/digits-writers30.csv --truth digit -k 400 -r 5 --model digits.safetensors
  cairn read digits.safetensors envelope.jpg              80123 456, and how sure each digit is
  cairn read digits.safetensors receipt.png --plain       the text alone, for a script
  cairn read digits.safetensors scan.png --json           with a box for each digit, in pixels
  cairn read digits.safetensors scan.png --debug seen.png what was taken for a digit, and for which

Light may be uneven, lines may be turned by up to 20 degrees, writing may be dark on light or light on dark. What is
smaller than half a digit, a dot or a comma too, is left out and counted; what is far from all digits stands as ?.
Confidence is 100% on a centroid and 0%
halfway to one of another name; it is no probability.

Exit codes: 0 done, 1 failed or nothing found, 2 used wrongly.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReadArgs {
    /// A model of 8 x 8 pictures that `cairn fit --model` wrote, best with named clusters (--truth)
    pub(in crate::cli) model: PathBuf,

    /// A picture of handwritten digits, PNG, JPEG, BMP or PNM, or - for standard input
    pub(in crate::cli) image: String,

    /// Print the text alone, a line a line
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(in crate::cli) plain: bool,

    /// All of it as JSON: text, confidence and box of each digit
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Write the picture with a box around each digit, and below what the model saw and took it for (a PNG)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) debug: Option<PathBuf>,

    /// Errors only: no notes
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
