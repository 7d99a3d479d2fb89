//! The flags of `cairn quantize`.

use std::path::PathBuf;

use clap::ValueHint;

use super::device::{DeviceArgs, MemoryArgs, ThreadsArgs};
use super::number::whole;

const EXAMPLES: &str = "\
Examples:
  cairn quantize photo.jpg -k 16 -o small.png
    Write a photograph with its 16 colours
  cairn quantize photo.jpg -k 8 -o small.png --palette colours.csv
    Write the colours too, and how many pixels have each
  cairn quantize logo.png -o logo8.png --json
    Up to 256 colours, transparency kept; print JSON

Pixels of equal colour are one row, whose weight is their number, so that the result is that of all pixels. Up to 256 \
    colours are written as a palette, in 1, 2, 4 or 8 bits for each pixel; there is no dithering. Transparent parts stay \
    so: where a pixel is not opaque, its colour counts as much as it is seen. Colours are taken as they are in the file, \
    without its profile; 16 bits are rounded to 8.

Exit codes: 0 success, 1 failure, 2 usage error, 130 stopped by Ctrl-C.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct QuantizeArgs {
    /// A picture (PNG, JPEG, BMP or PNM), or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) image: String,

    /// Picture to write (PNG)
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,

    /// Number of colours, at most; more than 256 are written without a palette
    #[arg(short = 'k', long, value_name = "N", default_value_t = 256, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub(in crate::cli) colours: usize,

    /// Seed of the random numbers: the same seed gives the same picture on every device
    #[arg(long, value_name = "N", default_value_t = 42, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(in crate::cli) seed: u64,

    /// Number of restarts, of which the best is returned
    #[arg(short, long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(in crate::cli) restarts: u64,

    /// Maximum number of iterations of a restart
    #[arg(long, value_name = "N", default_value_t = 300, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub(in crate::cli) max_iter: u32,

    #[command(flatten)]
    pub(in crate::cli) device: DeviceArgs,

    #[command(flatten)]
    pub(in crate::cli) memory: MemoryArgs,

    #[command(flatten)]
    pub(in crate::cli) threads: ThreadsArgs,

    /// Write the colours and their numbers of pixels (.csv or .json, by file name)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) palette: Option<PathBuf>,

    /// Print the summary as JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Print errors only: no summary (except with --json), progress, notes or warnings
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
