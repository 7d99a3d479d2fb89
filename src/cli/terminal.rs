//! Colour, width and closed pipes.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;

use super::args::Color;

/// Width if standard output is not a terminal, or its width is unknown.
const WIDTH: usize = 80;

/// Sets when to use colour, for all later output.
///
/// `auto` leaves the choice to `anstream`, which respects NO_COLOR and checks for a terminal.
pub(super) fn set_color(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether to use colour on standard output.
pub(super) fn color() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Width of standard output, in columns.
pub(super) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(WIDTH, |(width, _)| usize::from(width.0))
}

/// Whether standard error is a terminal.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes to standard output, without styles if it has no colour.
///
/// A closed pipe is also an error: see [`is_closed_pipe`].
pub(super) fn write_stdout(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a line to standard error and ignores failures.
pub(super) fn write_stderr(line: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{line}");
}

/// Whether the error is that the reader of standard output has closed the pipe.
///
/// No other error of the command has an [`io::Error`] of that kind as a source.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(closed))
}

/// A user's text, such as a file name or a header, with what a terminal would obey shown as an escape: control
/// characters, marks that change the direction of the text, line separators.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

fn is_obeyed(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
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
        assert_eq!(
            plain("ab\u{202e}cd\u{2066}\u{200f}\u{2028}é"),
            "ab\\u{202e}cd\\u{2066}\\u{200f}\\u{2028}é"
        );
    }
}
