//! The flags of `cairn read`.

use std::path::PathBuf;

use clap::ValueHint;

const EXAMPLES: &str = "\
Examples:
  cairn fit data/digits-writers30.csv --truth digit -k 400 -r 5 --model digits.safetensors
    Fit a model of handwritten digits
  cairn read digits.safetensors envelope.jpg
    Print the digits, such as 80123 456, and the confidence of each
  cairn read digits.safetensors receipt.png --plain
    Print the text only, for a script
  cairn read digits.safetensors receipt.png --amounts
    List the amounts, such as 1,234.50, with a guess which is the total
  cairn read digits.safetensors scan.png --json
    Print a bounding box for each digit, in pixels
  cairn read digits.safetensors scan.png --debug seen.png
    Show what was taken for a digit, and for which

Lighting may be uneven, lines may be rotated by up to 20 degrees, and writing may be dark on light or light \
    on dark. Marks smaller than half a digit, such as dots and commas, are left out and counted; --amounts \
    reads them. Marks far \
    from every digit are shown as ?. Touching digits are cut apart, up to 30 times as wide as high; of more \
    than 4,000 marks, those with the most ink are read. A picture of which a part is missing is refused. \
    Confidence is 100% on a centroid and 0% halfway to a centroid of another name; it is not a probability.

Exit codes: 0 success, 1 failure or no digits found, 2 usage error.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReadArgs {
    /// A model of 8 x 8 pictures that `cairn fit --model` wrote, best with named clusters (--truth)
    pub(in crate::cli) model: PathBuf,

    /// A picture of handwritten digits (PNG, JPEG, BMP or PNM), or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) image: String,

    /// Print the text only, line by line
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(in crate::cli) plain: bool,

    /// List the numbers with a decimal point, commas, a minus or a dollar sign, each with its box (left, top, width and
    /// height, in pixels); the largest at the right edge is marked as the likely total, which is a guess
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) amounts: bool,

    /// Print JSON: text, confidence and bounding box of each digit
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Write the picture with a frame around each digit and its name, a legend, and what the model saw and
    /// chose (PNG)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) debug: Option<PathBuf>,

    /// Print errors only, no notes
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
