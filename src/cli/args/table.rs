//! The flags for reading a table.

use cairn::data::{Header, Ink, LONGEST_ROW, ReadOptions};
use cairn::picture::Channels;
use clap::ValueEnum;

/// `--header`, `--delimiter`, `--max-row`, `--na`, `--sheet`, `--pixels`, `--channels` and `--as-drawings`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TableArgs {
    /// Whether row 1 of a CSV file names the columns; auto: compare it with the rows below, and ask if that leaves a
    /// doubt
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = HeaderArg::Auto, help_heading = "Input")]
    pub(in crate::cli) header: HeaderArg,

    /// Delimiter of a CSV file: one character, tab, or space for any white space [default: comma, tab, semicolon, | or
    /// white space, whichever splits the first rows best]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Input")]
    pub(in crate::cli) delimiter: Option<u8>,

    /// Longest row of a CSV file, such as 1GiB [default: 64 MiB, and 16 MiB for the first row]
    #[arg(long, value_name = "SIZE", help_heading = "Input")]
    pub(in crate::cli) max_row: Option<bytesize::ByteSize>,

    /// A text that stands for a missing value in a CSV file, beside the usual marks such as NA; may be repeated
    #[arg(long, value_name = "TEXT", value_hint = clap::ValueHint::Other, allow_hyphen_values = true, help_heading = "Input")]
    pub(in crate::cli) na: Vec<String>,

    /// Sheet of an Excel or OpenDocument workbook [default: the first one that is not hidden]
    #[arg(long, value_name = "NAME", value_hint = clap::ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) sheet: Option<String>,

    /// Read each pixel of a picture (PNG, JPEG, BMP or PNM) as a row of its values; without it each picture of a folder is
    /// a row of its pixels
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) pixels: bool,

    /// The values of a pixel: grey, grey-alpha, rgb or rgba [default: grey if all pictures are, else rgb; with alpha if
    /// a pixel is not opaque]
    #[arg(long, value_name = "WHICH", value_enum, hide_possible_values = true, help_heading = "Input")]
    pub(in crate::cli) channels: Option<ChannelsArg>,

    /// Count each row, a picture of ink on paper, to 8 x 8 numbers from 0 to 16 like the digits, as `read` and `draw` do:
    /// cropped to the ink, scaled to full height, centred. Its pixels are columns named pixel_0_0, pixel_0_1 and so on, as
    /// those of IDX files and of folders of pictures are, or a square number of columns. =bright or =dark says what ink is
    /// beside paper; without it the borders of the first 100 pictures do, and a note says what they are
    #[arg(
        long, value_name = "INK", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "auto",
        conflicts_with_all = ["pixels", "channels"], help_heading = "Input"
    )]
    pub(in crate::cli) as_drawings: Option<InkArg>,
}

impl TableArgs {
    /// How to open the table.
    pub(in crate::cli) fn read_options(&self) -> ReadOptions {
        let longest_row =
            self.max_row.map_or(LONGEST_ROW, |size| size.as_u64().try_into().unwrap_or(usize::MAX));
        ReadOptions {
            header: self.header.into(),
            delimiter: self.delimiter,
            longest_row,
            na: self.na.clone(),
            sheet: self.sheet.clone(),
            pixels: self.pixels,
            channels: self.channels.map(Channels::from),
            as_drawings: self.as_drawings.map(Ink::from),
            ..ReadOptions::default()
        }
    }
}

/// `--header`, as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum HeaderArg {
    Auto,
    Yes,
    No,
}

impl From<HeaderArg> for Header {
    fn from(header: HeaderArg) -> Self {
        match header {
            HeaderArg::Auto => Self::Auto,
            HeaderArg::Yes => Self::Yes,
            HeaderArg::No => Self::No,
        }
    }
}

/// `--as-drawings`, as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum InkArg {
    Auto,
    Bright,
    Dark,
}

impl From<InkArg> for Ink {
    fn from(ink: InkArg) -> Self {
        match ink {
            InkArg::Auto => Self::Auto,
            InkArg::Bright => Self::Bright,
            InkArg::Dark => Self::Dark,
        }
    }
}

/// `--channels`, as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum ChannelsArg {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl From<ChannelsArg> for Channels {
    fn from(channels: ChannelsArg) -> Self {
        match channels {
            ChannelsArg::Grey => Self::Grey,
            ChannelsArg::GreyAlpha => Self::GreyAlpha,
            ChannelsArg::Rgb => Self::Rgb,
            ChannelsArg::Rgba => Self::Rgba,
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"space" => Ok(b' '),
        [byte] => Ok(*byte),
        _ => Err("give one ASCII character, tab, or space".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        assert_eq!((delimiter("tab"), delimiter("\\t"), delimiter(";")), (Ok(9), Ok(9), Ok(b';')));
        assert_eq!((delimiter("space"), delimiter(" ")), (Ok(b' '), Ok(b' ')));
        assert!(delimiter("").is_err() && delimiter("ab").is_err() && delimiter("é").is_err());
    }
}
