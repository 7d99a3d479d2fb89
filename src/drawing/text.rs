//! Arrays of 64 numbers, as pages and programs print them.

use super::{DrawingError, SIDE, SIZE, check_ink};

/// Longest text shown in an error.
const SHOWN: usize = 40;

/// A drawing as it was written: no scale is known, 0 is paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The line of the text where it begins, from 1.
    pub line: usize,
    /// 8 rows of 8, from the top left: finite numbers, none negative.
    pub values: Vec<f64>,
}

/// What is wrong with a text of drawings, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("drawing {number} (line {line}): {error}")]
pub struct ReadError {
    /// The drawing, from 1.
    pub number: usize,
    /// Its line, from 1; that of the text or bracket where it is one of these.
    pub line: usize,
    /// What it is.
    pub error: DrawingError,
}

/// Reads all drawings of a text, in their order.
///
/// With brackets, `[` and `]` or `{` and `}`, each innermost pair holds the 64 numbers of a drawing, on as many
/// lines as it likes; or 8 of them, inside one more pair, hold its 8 rows. Without, a line of 64 numbers is a
/// drawing, or 8 lines of 8 are. Commas, semicolons and white space separate numbers.
///
/// # Errors
///
/// All that is no drawing: text, another number of numbers, NaN, infinite or negative ones, brackets without a
/// partner, nothing at all. That there is ink is left to [`normalise`](super::normalise()).
pub fn read(text: &str) -> Result<Vec<Drawing>, ReadError> {
    let groups = if text.contains(is_bracket) { bracketed(text)? } else { lines(text)? };
    let rows = joined(groups);
    if rows.is_empty() {
        return Err(ReadError { number: 1, line: 1, error: DrawingError::Empty });
    }
    (1..).zip(rows).map(|(number, group)| group.drawing(number)).collect()
}

/// A bracket that waits for its partner.
struct Open {
    bracket: char,
    line: usize,
    number: usize,
    groups: usize, // read before it
}

/// The numbers of a line, or between two brackets.
struct Group {
    line: usize,
    values: Vec<f64>,
    outer: usize, // which pair of brackets it is in, 0 for none: those of one picture's rows agree
}

impl Group {
    fn drawing(self, number: usize) -> Result<Drawing, ReadError> {
        let Self { line, values, .. } = self;
        let error = match values.len() {
            SIZE => check_ink(&values, SIDE).err(),
            found => Some(DrawingError::Count { found }),
        };
        match error {
            Some(error) => Err(ReadError { number, line, error }),
            None => Ok(Drawing { line, values }),
        }
    }
}

/// Eight groups of eight, one after the other in the same brackets, are a drawing.
fn joined(groups: Vec<Group>) -> Vec<Group> {
    let mut joined: Vec<Group> = Vec::new();
    let mut left = 0; // rows that the last of them still waits for
    for group in groups {
        let row = group.values.len() == SIDE;
        match joined.last_mut() {
            Some(last) if left > 0 && row && group.outer == last.outer => {
                last.values.extend(group.values);
                left -= 1;
            }
            _ => {
                left = if row { SIDE - 1 } else { 0 };
                joined.push(group);
            }
        }
    }
    joined
}

fn lines(text: &str) -> Result<Vec<Group>, ReadError> {
    let mut groups = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut group = Group { line, values: Vec::new(), outer: 0 };
        for word in words(text) {
            group.values.push(number(word, groups.len() + 1, line)?);
        }
        if !group.values.is_empty() {
            groups.push(group);
        }
    }
    Ok(groups)
}

fn bracketed(text: &str) -> Result<Vec<Group>, ReadError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut values = Vec::new();
    let mut n_brackets = 0;
    for (line, text) in (1..).zip(text.lines()) {
        let mut rest = text;
        while !rest.is_empty() {
            let (inside, bracket, after) = match rest.find(is_bracket) {
                Some(at) => (&rest[..at], rest[at..].chars().next(), &rest[at + 1..]),
                None => (rest, None, ""),
            };
            rest = after;
            let here = groups.len() + 1;
            for word in words(inside) {
                values.push(number(word, here, line)?);
            }
            let outside = DrawingError::Count { found: values.len() };
            let failed = |error| Err(ReadError { number: here, line, error });
            match bracket {
                Some(bracket @ ('[' | '{')) if values.is_empty() => {
                    n_brackets += 1;
                    open.push(Open { bracket, line, number: n_brackets, groups: groups.len() });
                }
                Some('[' | '{') => return failed(outside),
                Some(bracket) => {
                    let Some(opened) = open.pop() else {
                        return failed(DrawingError::Bracket { bracket });
                    };
                    if (opened.bracket == '[') != (bracket == ']') {
                        return failed(DrawingError::Bracket { bracket: opened.bracket });
                    }
                    // around others there is nothing to take
                    if !values.is_empty() || groups.len() == opened.groups {
                        let outer = open.last().map_or(0, |outer| outer.number);
                        let values = std::mem::take(&mut values);
                        groups.push(Group { line: opened.line, values, outer });
                    }
                }
                None if open.is_empty() && !values.is_empty() => return failed(outside),
                None => {}
            }
        }
    }
    match open.pop() {
        Some(Open { bracket, line, .. }) => {
            Err(ReadError { number: groups.len() + 1, line, error: DrawingError::Bracket { bracket } })
        }
        None => Ok(groups),
    }
}

fn is_bracket(c: char) -> bool {
    matches!(c, '[' | ']' | '{' | '}')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|word| !word.is_empty())
}

fn number(word: &str, drawing: usize, line: usize) -> Result<f64, ReadError> {
    let text = || word.chars().take(SHOWN).collect();
    let error = || DrawingError::Text { text: text() };
    word.parse().map_err(|_| ReadError { number: drawing, line, error: error() })
}
