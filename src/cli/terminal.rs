//! Colour, width, and pipes that close.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;

use super::args::Color;

/// Columns if standard output is no terminal, or its width is unknown.
const WIDTH: usize = 80;

/// Sets when colour is used, for all that is written from now on.
///
/// `auto` leaves it to `anstream`, which heeds NO_COLOR and asks whether there is a terminal.
pub(super) fn set_color(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether standard output shows colour.
pub(super) fn color() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Columns of standard output.
pub(super) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(WIDTH, |(width, _)| usize::from(width.0))
}

/// Whether standard error is a terminal.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes to standard output, styles left out where it shows none.
///
/// A closed pipe comes back as an error too: see [`is_closed_pipe`].
pub(super) fn write_stdout(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a line to standard error. Where that fails, nobody is left to be told.
pub(super) fn write_stderr(line: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{line}");
}

/// Whether the error says that the reader of standard output went away.
///
/// No other error that the command makes holds an [`io::Error`] of that kind as a source.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(closed))
}

/// Text of the user's (a file name, a header) without what would steer a terminal or break the line.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// A line of a summary: a label and its text.
pub(super) fn labelled(label: &str, value: &str) -> String {
    let bold = Style::new().bold();
    format!("{bold}{label:<11}{bold:#} {value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        assert_eq!(plain("a\u{1b}[31m\nü"), "a\\u{1b}[31m\\nü");
    }
}
