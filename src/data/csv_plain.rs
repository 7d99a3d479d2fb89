//! Plain rows of a text -> values, on all threads.
//!
//! Most rows are plain: numbers between delimiters, up to a line feed. They are read here, without a copy of their cells.
//! The text is cut into pieces at line ends, which are read at the same time and taken in order. At the first row that is
//! not plain this ends, and `csv` goes on from its start: it knows all rules, and says what is wrong. So a cut inside
//! quotes does no harm, as the row before it does not end there.

use std::io::{self, Read};
use std::ops::ControlFlow;

use memchr::{memchr, memchr3, memrchr};
use rayon::prelude::*;

use super::csv_block::RowBlock;
use super::csv_rows::WHITE_SPACE;
use super::csv_values::{CsvValues, Decimals};
use super::failed::Failed;
use super::pick::Pick;

/// How much text is read at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Bytes of a piece, which one thread reads.
    pub(super) piece: usize,
    /// Pieces read at the same time.
    pub(super) pieces: usize,
    /// Most bytes of a row.
    pub(super) longest: usize,
}

impl Sizes {
    /// Those for the threads of the program.
    pub(super) fn new(longest: usize) -> Sizes {
        Sizes { piece: 1 << 18, pieces: (2 * rayon::current_num_threads()).min(64), longest }
    }
}

/// A text from which rows are read in order.
pub(super) struct PlainText {
    text: Box<dyn Read + Send>,
    /// What was read of it, and not used.
    pub(super) rest: Vec<u8>,
    /// Line on which the rest begins, from 1.
    pub(super) line: u64,
    /// Whether the rest is all that is left, and the error that ended the text.
    ended: bool,
    error: Option<io::Error>,
}

/// Why no more rows are read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There are none, or no more are wanted.
    Done,
    /// The next row is not plain.
    Other,
}

/// What is done with the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    None,
    /// The index of the feature, whether it may be read as a number at once.
    Feature(usize, bool),
    Weight,
    Truth,
}

impl PlainText {
    /// A text that begins on this line, with a row.
    pub(super) fn new(text: Box<dyn Read + Send>, line: u64) -> PlainText {
        PlainText { text, rest: Vec::new(), line, ended: false, error: None }
    }

    /// Reads until the rest has so many bytes, if there are so many.
    fn fill(&mut self, bytes: usize) {
        let more = bytes.saturating_sub(self.rest.len());
        if more == 0 || self.ended {
            return;
        }
        let read = self.text.by_ref().take(more as u64).read_to_end(&mut self.rest);
        self.ended = !read.as_ref().is_ok_and(|&n| n == more);
        self.error = read.err();
    }

    /// All that was not used: the rest, and the text after it.
    pub(super) fn into_text(self) -> Box<dyn Read + Send> {
        let rest = io::Cursor::new(self.rest);
        match self.error {
            Some(error) => Box::new(rest.chain(Failed(Some(error)))),
            None if self.ended => Box::new(rest),
            None => Box::new(rest.chain(self.text)),
        }
    }
}

/// Reads plain rows.
pub(super) struct PlainRows<'a> {
    values: &'a CsvValues,
    pick: &'a Pick,
    roles: Vec<Role>, // (n_columns)
    sizes: Sizes,
}

/// Plain rows of a piece of text.
#[derive(Debug, Default)]
struct Piece {
    block: RowBlock, // rows are numbered from 1
    decimals: Decimals,
    /// Bytes and line ends that were read.
    bytes: usize,
    lines: u64,
    /// Whether these are all rows of the piece.
    whole: bool,
}

/// A cell in a text: where it begins and ends, and where what ends it does.
struct Cell {
    start: usize,
    end: usize,
    next: usize,
    is_last: bool,
    /// Line feeds in quotes.
    feeds: u64,
}

impl<'a> PlainRows<'a> {
    /// `None` if a column is picked twice.
    pub(super) fn new(values: &'a CsvValues, pick: &'a Pick, sizes: Sizes) -> Option<PlainRows<'a>> {
        let mut roles = vec![Role::None; values.columns.count()];
        let features = pick.features.iter().enumerate().map(|(at, &column)| {
            let at_once = values.na.is_empty() && !values.form.booleans[column];
            (column, Role::Feature(at, at_once))
        });
        let others = [(pick.weights, Role::Weight), (pick.truth, Role::Truth)];
        let others = others.into_iter().filter_map(|(column, role)| Some((column?, role)));
        for (column, role) in features.chain(others) {
            if std::mem::replace(&mut roles[column], role) != Role::None {
                return None;
            }
        }
        Some(PlainRows { values, pick, roles, sizes })
    }

    /// Adds rows to the block and calls `each` when it has `most`, or there are no more, and clears it.
    pub(super) fn read(
        &self,
        text: &mut PlainText,
        (block, decimals): (&mut RowBlock, &mut Decimals),
        most: usize,
        each: &mut dyn FnMut(&RowBlock) -> ControlFlow<()>,
    ) -> End {
        let mut bytes = self.sizes.piece * self.sizes.pieces;
        let mut pieces: Vec<Piece> = Vec::new(); // their buffers are used again
        loop {
            text.fill(bytes);
            if text.rest.is_empty() && text.error.is_none() {
                return End::Done;
            }
            let last = if text.ended && text.error.is_none() { Some(text.rest.len()) } else { None };
            let Some(end) = last.or_else(|| memrchr(b'\n', &text.rest).map(|at| at + 1)) else {
                if text.ended || bytes > self.sizes.longest || text.rest.contains(&b'\r') {
                    return End::Other;
                }
                bytes *= 2; // a long row
                continue;
            };
            let texts = cut(&text.rest[..end], self.sizes.piece);
            pieces.resize_with(texts.len().max(pieces.len()), Piece::default);
            let with_texts = pieces.par_iter_mut().zip(&texts);
            with_texts.for_each(|(piece, text)| self.read_piece(text, piece));
            let (mut used, mut lines) = (0, 0);
            for piece in &mut pieces[..texts.len()] {
                let Some(met) = decimals.followed_by(piece.decimals, text.line + lines - 1) else {
                    break;
                };
                *decimals = met;
                piece.block.numbers.iter_mut().for_each(|number| *number += text.line + lines - 1);
                let mut from = 0;
                while from < piece.block.n_rows() {
                    from += block.take_from(&mut piece.block, from, most);
                    if block.n_rows() == most {
                        if each(block).is_break() {
                            return End::Done;
                        }
                        block.clear();
                    }
                }
                (used, lines) = (used + piece.bytes, lines + piece.lines);
                if !piece.whole {
                    break;
                }
            }
            text.rest.drain(..used);
            text.line += lines;
            if used == 0 {
                return End::Other;
            }
        }
    }

    /// Reads the plain rows at the start of a piece of text, which begins with a row and ends with one.
    fn read_piece(&self, text: &[u8], piece: &mut Piece) {
        piece.block.truncate(0, 0);
        piece.decimals = Decimals::default();
        // without the line of the first byte that is no UTF-8
        let whole = text.len();
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let end = if valid == whole { valid } else { memrchr(b'\n', &text[..valid]).map_or(0, |at| at + 1) };
        let text = &text[..end];
        let (mut at, mut lines) = (0, 0);
        while at < end {
            if let Some(next) = self.blank_line(text, at) {
                (at, lines) = (next, lines + 1);
                continue;
            }
            let (n_rows, decimals) = (piece.block.n_rows(), piece.decimals);
            let row = self.row(text, at, lines + 1, piece);
            let Some((next, feeds)) = row.filter(|row| row.0 - at <= self.sizes.longest) else {
                piece.block.truncate(n_rows, self.pick.features.len());
                piece.decimals = decimals;
                break;
            };
            piece.block.numbers.push(lines + 1);
            (at, lines) = (next, lines + feeds + 1);
        }
        (piece.bytes, piece.lines) = (at, lines);
        piece.whole = valid == whole && at == end;
    }

    /// The end of a line without cells, if it is one.
    fn blank_line(&self, text: &[u8], at: usize) -> Option<usize> {
        match text[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            [b'\x21'..=b'\x7f', ..] => return None, // most by far
            _ => {}
        }
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
        let line = &text[at..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let delimiter = self.values.form.delimiter;
        let has_cells = delimiter != WHITE_SPACE && line.contains(&delimiter) || line.contains(&b'\r');
        let is_blank = !has_cells && str(line).trim().is_empty();
        is_blank.then(|| text.len().min(end + 1))
    }

    /// Reads a row. Returns its end and the line feeds in its quotes; `None` if it is not plain.
    #[inline]
    fn row(&self, text: &[u8], start: usize, number: u64, piece: &mut Piece) -> Option<(usize, u64)> {
        let first = piece.block.features.len();
        piece.block.features.resize(first + self.pick.features.len(), f64::NAN);
        let delimiter = self.values.form.delimiter;
        let is_marked = delimiter != WHITE_SPACE;
        let (mut at, mut column, mut feeds) = (start, 0, 0);
        loop {
            let role = self.roles.get(column).copied();
            // most cells by far: a number of few digits, and what ends it
            if let Some(Role::Feature(index, true)) = role
                && let Some((value, end)) = short_number(text, at)
                && !self.notes(&text[at..end], piece.decimals)
                && let Some(&byte) = text.get(end)
            {
                if byte == delimiter && is_marked {
                    piece.block.features[first + index] = value;
                    (at, column) = (end + 1, column + 1);
                    continue;
                }
                if byte == b'\n' && column + 1 == self.roles.len() {
                    piece.block.features[first + index] = value;
                    return Some((end + 1, feeds));
                }
            }
            let cell = self.take_cell(text, at, (number, column), (first, role), piece)?;
            column += 1;
            feeds += cell.feeds;
            if cell.is_last {
                let last = str(&text[cell.start..cell.end]);
                // a line of one quoted blank is no row
                let is_blank = column == 1 && !last.is_empty() && last.trim().is_empty();
                return (self.values.fits(column, last) && !is_blank).then_some((cell.next, feeds));
            }
            at = cell.next;
        }
    }

    /// Takes the value of any cell to its place, by its role, in the row whose features begin at `first`. Returns the cell;
    /// `None` if it is not plain.
    #[inline(never)] // so that the reading of most cells stays small
    fn take_cell(
        &self,
        text: &[u8],
        at: usize,
        place: (u64, usize),
        (first, role): (usize, Option<Role>),
        Piece { block, decimals, .. }: &mut Piece,
    ) -> Option<Cell> {
        if let Some(Role::Feature(index, true)) = role
            && let Some((value, cell)) = self.number(text, at, place.0, decimals)
        {
            block.features[first + index] = value;
            return Some(cell);
        }
        let cell = self.cell(text, at)?;
        match role {
            Some(Role::Feature(index, _)) => {
                let value =
                    self.values.picked_feature(self.pick, place, trimmed(text, &cell)?, decimals).ok()?;
                block.features[first + index] = value;
            }
            Some(Role::Weight) => {
                let weight =
                    self.values.picked_weight(self.pick, place, trimmed(text, &cell)?, decimals).ok()?;
                block.weights.push(weight);
            }
            Some(Role::Truth) => {
                let class = self.values.picked_class(self.pick, place, trimmed(text, &cell)?).ok()?;
                block.truth.push(class);
            }
            Some(Role::None) | None => {}
        }
        Some(cell)
    }

    /// Whether the row of this number is to be noted, as the first with a decimal point where others may have a comma.
    #[inline]
    fn notes(&self, number: &[u8], decimals: Decimals) -> bool {
        self.values.form.commas() && decimals.point == 0 && number.contains(&b'.')
    }

    /// A finite number, and its cell, if that is the whole cell.
    fn number(&self, text: &[u8], at: usize, row: u64, decimals: &mut Decimals) -> Option<(f64, Cell)> {
        let start = self.after_blanks(text, at);
        let (value, n) = fast_float2::parse_partial::<f64, _>(&text[start..]).ok()?;
        let end = start + n;
        let (next, is_last) = self.end_of_cell(text, self.after_blanks(text, end))?;
        if !value.is_finite() {
            return None;
        }
        if self.notes(&text[start..end], *decimals) {
            decimals.note(row, false).ok()?;
        }
        Some((value, Cell { start, end, next, is_last, feeds: 0 }))
    }

    /// The first byte that is no blank.
    #[inline]
    fn after_blanks(&self, text: &[u8], mut at: usize) -> usize {
        let tabs = self.values.form.delimiter == WHITE_SPACE;
        while let Some(b' ' | b'\t') = text.get(at).filter(|&&byte| tabs || byte == b' ') {
            at += 1;
        }
        at
    }

    /// Where the next cell begins, if the cell ends here, and whether it was the last of its row.
    #[inline]
    fn end_of_cell(&self, text: &[u8], at: usize) -> Option<(usize, bool)> {
        let delimiter = self.values.form.delimiter;
        match text.get(at) {
            Some(&byte) if byte == delimiter => Some((at + 1, false)),
            Some(b'\n') => Some((at + 1, true)),
            Some(b'\r') if text.get(at + 1) == Some(&b'\n') => Some((at + 2, true)),
            None => Some((at, true)),
            Some(b'\r') => None,
            // blanks were skipped
            Some(_) if delimiter == WHITE_SPACE && matches!(text[at - 1], b' ' | b'\t') => Some((at, false)),
            Some(_) => None,
        }
    }

    /// Any cell.
    fn cell(&self, text: &[u8], at: usize) -> Option<Cell> {
        let delimiter = self.values.form.delimiter;
        if delimiter == WHITE_SPACE {
            return self.cell_between_blanks(text, at);
        }
        if text.get(at) == Some(&b'"') {
            return self.cell_in_quotes(text, at);
        }
        let end = memchr3(delimiter, b'\n', b'\r', &text[at..]).map_or(text.len(), |n| at + n);
        let (next, is_last) = self.end_of_cell(text, end)?;
        Some(Cell { start: at, end, next, is_last, feeds: 0 })
    }

    fn cell_between_blanks(&self, text: &[u8], at: usize) -> Option<Cell> {
        let start = self.after_blanks(text, at);
        let n = text[start..].iter().position(|byte| b" \t\r\n\"".contains(byte));
        let end = n.map_or(text.len(), |n| start + n);
        if text.get(end) == Some(&b'"') {
            return None;
        }
        let (next, is_last) = self.end_of_cell(text, self.after_blanks(text, end))?;
        Some(Cell { start, end, next, is_last, feeds: 0 })
    }

    /// A cell in quotes, with a quote in it only where it is not read.
    fn cell_in_quotes(&self, text: &[u8], at: usize) -> Option<Cell> {
        let (start, mut end) = (at + 1, at + 1);
        loop {
            end += memchr(b'"', &text[end..])?;
            if text.get(end + 1) != Some(&b'"') {
                break;
            }
            end += 2;
        }
        let (next, is_last) = self.end_of_cell(text, end + 1)?;
        let within = &text[start..end];
        if within.contains(&b'\r') {
            return None;
        }
        let feeds = memchr::memchr_iter(b'\n', within).count() as u64;
        Some(Cell { start, end, next, is_last, feeds })
    }
}

/// The trimmed text of a cell; `None` if it has a quote.
fn trimmed<'a>(text: &'a [u8], cell: &Cell) -> Option<&'a str> {
    let cell = &text[cell.start..cell.end];
    (!cell.contains(&b'"')).then(|| str(cell).trim())
}

/// A part of a text that is UTF-8, cut at ASCII characters.
fn str(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or("\u{fffd}")
}

/// Most digits after a point, with which those before it, at most 8, are a number below 10^18: an `i64`.
const MOST_DECIMALS: usize = 10;

/// 10 to the powers 0, 1 ..
const TENS: [i64; MOST_DECIMALS + 1] = {
    let mut tens = [1; MOST_DECIMALS + 1];
    let mut n = 1;
    while n < tens.len() {
        tens[n] = 10 * tens[n - 1];
        n += 1;
    }
    tens
};

/// The number of few digits that begins here, and where it ends: perhaps a minus, digits, perhaps a point and digits. What
/// ends it is left to the caller.
///
/// Without the point its digits are an integer of at most 2^53, so it is an f64, as is the power of 10 that it is divided
/// by: the quotient is the number, correctly rounded (Clinger 1990, "How to read floating point numbers accurately").
#[inline]
fn short_number(text: &[u8], start: usize) -> Option<(f64, usize)> {
    let is_negative = text.get(start) == Some(&b'-');
    let start = start + usize::from(is_negative);
    let bytes = eight_bytes(text, start)?;
    let n = n_digits(bytes);
    if n == 0 {
        return None;
    }
    let whole = digits(bytes, n);
    let (mut size, mut end) = (whole as f64, start + n);
    if text.get(end) == Some(&b'.') {
        let first = eight_bytes(text, end + 1)?;
        let n = n_digits(first);
        let second = eight_bytes(text, end + 1 + n)?;
        let more = if n == 8 { n_digits(second) } else { 0 };
        if n == 0 || n + more > MOST_DECIMALS {
            return None;
        }
        let all = (whole * TENS[n] + digits(first, n)) * TENS[more] + digits(second, more);
        if all > 1 << 53 {
            return None;
        }
        size = all as f64 / TENS[n + more] as f64;
        end += 1 + n + more;
    }
    Some((if is_negative { -size } else { size }, end))
}

/// The bytes from here on, the first one lowest; zeros after the end.
#[inline]
fn eight_bytes(text: &[u8], start: usize) -> Option<u64> {
    let rest = text.get(start..)?;
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes
    });
    Some(u64::from_le_bytes(bytes))
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// How many of 8 bytes, from the lowest on, are digits.
#[inline]
fn n_digits(bytes: u64) -> usize {
    let values = bytes ^ (EACH * u64::from(b'0'));
    // the high bit of each byte above 9; below the first of them no carry goes on
    let others = (values.wrapping_add(EACH * 0x76) | values) & (EACH * 0x80);
    others.trailing_zeros() as usize / 8
}

/// The number whose `n` digits are the lowest of 8 bytes, the first one lowest.
///
/// All digits at once, without a branch on how many there are: they are moved to the end of 8 places, so that zeros stand
/// before them, and neighbours are joined to numbers of 2, of 4 and of 8 digits.
#[inline]
fn digits(bytes: u64, n: usize) -> i64 {
    let values = bytes ^ (EACH * u64::from(b'0'));
    let placed = values.checked_shl(64 - 8 * n as u32).unwrap_or(0); // none of 0
    let twos = (placed.wrapping_mul(10).wrapping_add(placed >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100).wrapping_add(twos >> 16)) & 0x0000_ffff_0000_ffff;
    i64::from(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32)
}

/// Cuts a text after line feeds into pieces of about so many bytes.
fn cut(mut text: &[u8], bytes: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while text.len() > bytes
        && let Some(n) = memchr(b'\n', &text[bytes..])
    {
        let (piece, rest) = text.split_at(bytes + n + 1);
        pieces.push(piece);
        text = rest;
    }
    pieces.extend((!text.is_empty()).then_some(text));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_those_that_any_parser_reads() {
        let others = [",", "\n", "", " ", "\r\n", "x", "e5", "E", "-", "/", ":", "\u{ff}", "\0", ".", "9"];
        let integers =
            ["0", "00", "7", "12", "12034567", "99999999", "00000001", "123456789", "", "-", "+1", "x"];
        let decimals = [
            "",
            ".",
            ".0",
            ".5",
            ".25",
            ".1234567",
            ".12345678",
            ".123456789",
            ".00000000001",
            ".99999999999",
            ".999999999999",
            ".1234567890123456",
            ".x",
            "..",
            ".-1",
        ];
        let mut n_read = 0;
        for sign in ["", "-", "--"] {
            for integer in integers {
                for decimal in decimals {
                    for other in others {
                        let text = format!("a{sign}{integer}{decimal}{other}");
                        let Some((value, end)) = short_number(text.as_bytes(), 1) else { continue };
                        n_read += 1;
                        let number: f64 = text[1..end].parse().unwrap();
                        assert_eq!(value.to_bits(), number.to_bits(), "{text:?}");
                        // all digits of it, or 8
                        let n_digits = text[1..end].trim_start_matches('-').len();
                        let goes_on = text.as_bytes().get(end).is_some_and(u8::is_ascii_digit);
                        assert!(!goes_on || n_digits == 8, "{text:?}");
                    }
                }
            }
        }
        assert!(n_read > 1000, "{n_read}");
        assert_eq!(short_number(b"-0", 0).map(|(value, _)| value.to_bits()), Some((-0.0f64).to_bits()));
        for too_long in ["1.12345678901", "90071992.54740993", "1.", ".5", "", "-", "-x"] {
            assert_eq!(short_number(too_long.as_bytes(), 0), None, "{too_long}");
        }
        assert_eq!(short_number(b"90071992.54740992", 0), Some((90_071_992.547_409_92, 17)));
    }

    proptest::proptest! {
        #[test]
        fn short_numbers_are_rounded_correctly(whole in 0..100_000_000u32, decimals in 0..10_000_000_000u64, n in 0..11usize) {
            let decimals = format!("{decimals:010}");
            let text = format!("{whole}.{}", &decimals[..n]);
            let text = text.trim_end_matches('.');
            if let Some((value, end)) = short_number(text.as_bytes(), 0) {
                assert_eq!((value, end), (text.parse().unwrap(), text.len()));
            } else {
                assert!(text.len() > 16, "{text}");
            }
        }
    }
}
