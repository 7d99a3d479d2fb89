//! Colour, width and closed pipes. Text is wrapped to the width of a terminal, and left alone elsewhere.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use cairn::data::{DataError, Left};

/// Width of tables and pictures if that of standard output is unknown.
const WIDTH: usize = 80;
/// Least width that text is wrapped to.
const LEAST: usize = 20;
/// The width where there is no terminal to ask, as shells set it.
const COLUMNS: &str = "COLUMNS";
/// Width of the labels of a summary, with the space after them.
const LABEL: usize = 12;

/// Whether a table goes to standard output, and so the summary to standard error.
static TABLE_ON_STDOUT: AtomicBool = AtomicBool::new(false);

/// From now on the summary goes to standard error: standard output is for a table.
pub(super) fn leave_stdout_to_a_table() {
    TABLE_ON_STDOUT.store(true, Ordering::Relaxed);
}

fn is_table_on_stdout() -> bool {
    TABLE_ON_STDOUT.load(Ordering::Relaxed)
}

/// Sets when to use colour, for all later output.
///
/// `auto` leaves the choice to `anstream`, which respects NO_COLOR and checks for a terminal.
pub(super) fn set_color(choice: ColorChoice) {
    choice.write_global();
}

/// Whether to use colour for the summary.
pub(super) fn color() -> bool {
    if is_table_on_stdout() {
        return AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    }
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Width of the summary, in columns, for tables and pictures.
pub(super) fn width() -> usize {
    room().unwrap_or(WIDTH)
}

/// Width of the summary, in columns; `None` if it is unknown, so that nothing should be wrapped.
pub(super) fn room() -> Option<usize> {
    if is_table_on_stdout() { stderr_width() } else { room_of(io::stdout()) }
}

#[cfg(unix)]
fn room_of(stream: impl std::os::fd::AsFd) -> Option<usize> {
    room_or_columns(terminal_size::terminal_size_of(stream))
}

#[cfg(windows)]
fn room_of(stream: impl std::os::windows::io::AsHandle) -> Option<usize> {
    room_or_columns(terminal_size::terminal_size_of(stream))
}

fn room_or_columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    let columns = || env::var(COLUMNS).ok()?.parse().ok();
    let width = size.map(|(width, _)| usize::from(width.0)).or_else(columns);
    width.filter(|&width| width > 0).map(|width| width.max(LEAST))
}

/// Width of standard error, in columns, if it is known.
pub(super) fn stderr_width() -> Option<usize> {
    room_of(io::stderr())
}

/// Whether standard error is a terminal.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes the summary, or what else a subcommand prints, to standard output, without styles if it has no colour.
///
/// A closed pipe is also an error: see [`is_closed_pipe`].
pub(super) fn write_stdout(text: &str) -> io::Result<()> {
    if is_table_on_stdout() {
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
        return Ok(());
    }
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a line to standard error, wrapped, and ignores failures.
pub(super) fn write_stderr(line: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{}", wrapped(line, stderr_width(), 2));
}

/// Writes a line to standard error where a progress bar may stand.
pub(super) fn over_bar(line: &str) {
    let clear = if stderr_is_terminal() { "\r\x1b[K" } else { "" };
    let _ = write!(io::stderr().lock(), "{clear}");
    write_stderr(line);
}

/// Whether the error is that the reader of standard output has closed the pipe.
///
/// No other error of the command has an [`io::Error`] of that kind as a source.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| match cause.downcast_ref() {
        Some(DataError::Write { reason, left: Left::Stream, .. }) => closed(reason),
        _ => cause.downcast_ref::<io::Error>().is_some_and(closed),
    })
}

/// Standard output, for a table. A terminal is shown control characters instead of obeying them.
pub(super) fn stdout() -> Box<dyn Write + Send> {
    if io::stdout().is_terminal() { Box::new(Shown(io::stdout())) } else { Box::new(io::stdout()) }
}

/// A terminal that is shown `?` for a control character, but for line ends and tabs.
struct Shown<W>(W);

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_obeyed = |byte: u8| byte.is_ascii_control() && !b"\n\r\t".contains(&byte);
        let shown: Vec<u8> = bytes.iter().map(|&byte| if is_obeyed(byte) { b'?' } else { byte }).collect();
        self.0.write_all(&shown).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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

/// A line of a summary: a label and its text, wrapped.
pub(super) fn labelled(label: &str, value: &str) -> String {
    let bold = Style::new().bold();
    let line = format!("{bold}{label:<width$}{bold:#} {value}", width = LABEL - 1);
    wrapped(&line, room(), LABEL) + "\n"
}

/// The same in one line, cut off at the width.
pub(super) fn labelled_in_one_line(label: &str, value: &str) -> String {
    let value = room().map_or_else(|| value.to_owned(), |room| shortened(value, room.saturating_sub(LABEL)));
    labelled(label, &value)
}

/// A line, broken at spaces so that it fits into `room` columns; the lines after the first are indented by `hang`.
///
/// A word that is longer than a line begins a line of its own, for the terminal to break: it can be copied in one piece.
pub(super) fn wrapped(line: &str, room: Option<usize>, hang: usize) -> String {
    let Some(room) = room.filter(|&room| columns(line) > room) else { return line.to_owned() };
    let mut text = String::new();
    let mut used = 0; // columns of the last line
    let mut begun = false; // whether it has a word
    for word in line.split_inclusive(' ') {
        let length = columns(word.trim_end_matches(' '));
        if begun && length > 0 && used + length > room {
            text.truncate(text.trim_end_matches(' ').len());
            used = if hang + length > room { 0 } else { hang };
            text.push('\n');
            text.push_str(&" ".repeat(used));
        }
        text.push_str(word);
        used += columns(word);
        begun |= length > 0;
    }
    text.truncate(text.trim_end_matches(' ').len());
    text
}

/// A text of one line, cut off with dots if it is wider than `room` columns.
pub(super) fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    kept.trim_end().to_owned() + "…"
}

/// Columns that a text takes, without its styles.
pub(super) fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|part| part.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_indented() {
        let within = |line: &str, room, hang| wrapped(line, Some(room), hang);
        assert_eq!(within("one two three", 13, 2), "one two three");
        assert_eq!(within("one two three", 12, 2), "one two\n  three");
        assert_eq!(within("label   one two", 11, 8), "label   one\n        two");
        assert_eq!(within("\u{1b}[1mlabel\u{1b}[0m one", 9, 2), "\u{1b}[1mlabel\u{1b}[0m one"); // styles take no room
        assert_eq!(wrapped("one two three", None, 2), "one two three");
        for room in 8..40 {
            let text = within("warning: a column has values, some of them are far away", room, 2);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{text}");
            assert_eq!(text.split_whitespace().count(), 11);
        }
    }

    #[test]
    fn words_that_do_not_fit_stay_in_one_piece() {
        assert_eq!(wrapped("name  abcdefghij kl", Some(10), 6), "name\nabcdefghij\n      kl");
        assert_eq!(wrapped("abcdefghij kl", Some(6), 2), "abcdefghij\n  kl");
    }

    #[test]
    fn what_is_cut_off_ends_in_dots() {
        assert_eq!((shortened("abc def", 7), shortened("abc def", 5)), ("abc def".into(), "abc…".into()));
    }

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        assert_eq!(plain("a\u{1b}[31m\nü"), "a\\u{1b}[31m\\nü");
        assert_eq!(
            plain("ab\u{202e}cd\u{2066}\u{200f}\u{2028}é"),
            "ab\\u{202e}cd\\u{2066}\\u{200f}\\u{2028}é"
        );
    }
}
