//! Arrays of 64 numbers, as pages and programs print them.

use super::{DrawingError, SIDE, SIZE, check_ink};

/// Longest text shown in an error.
const SHOWN: usize = 40;

/// A drawing as read, of unknown scale; 0 is paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Line of the text where it begins, from 1.
    pub line: usize,
    /// Finite, non-negative numbers, row-major from the top left. (8, 8)
    pub values: Vec<f64>,
}

/// What is wrong with a text of drawings, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("drawing {number} (line {line}): {error}")]
pub struct ReadError {
    /// The drawing, from 1.
    pub number: usize,
    /// Line of the drawing, or of the wrong text or bracket, from 1.
    pub line: usize,
    /// What is wrong.
    pub error: DrawingError,
}

/// Reads all drawings of a text, in order.
///
/// With brackets, `[` and `]` or `{` and `}`, an innermost pair holds the 64 numbers of a drawing, on any number of
/// lines; or 8 innermost pairs, inside one more pair, hold its 8 rows. Words of a program around the brackets, as in
/// `x = np.array([..])`, are ignored. Without brackets, a drawing is a line of 64 numbers or 8 lines of 8. Commas,
/// semicolons and white space separate numbers.
///
/// # Errors
///
/// [`ReadError`]: text that is not a number, a wrong count of numbers, numbers that are negative or not finite,
/// brackets without a partner, no drawing. [`normalise`](super::normalise()) checks that there is ink.
pub fn read(text: &str) -> Result<Vec<Drawing>, ReadError> {
    let groups = if text.contains(is_bracket) { bracketed(text)? } else { lines(text)? };
    let rows = joined(groups);
    if rows.is_empty() {
        return Err(ReadError { number: 1, line: 1, error: DrawingError::Empty });
    }
    (1..).zip(rows).map(|(number, group)| group.drawing(number)).collect()
}

/// An open bracket.
struct OpenBracket {
    bracket: char,
    line: usize,
    number: usize,
    groups: usize, // number of groups read before it
}

/// The numbers of a line or of an innermost pair of brackets.
struct NumberGroup {
    line: usize,
    values: Vec<f64>,
    outer: usize, // number of the enclosing pair of brackets, 0 for none; equal for the rows of one drawing
}

impl NumberGroup {
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

/// Joins eight consecutive groups of eight in the same brackets to a drawing.
fn joined(groups: Vec<NumberGroup>) -> Vec<NumberGroup> {
    let mut joined: Vec<NumberGroup> = Vec::new();
    let mut left = 0; // rows that the last drawing still lacks
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

fn lines(text: &str) -> Result<Vec<NumberGroup>, ReadError> {
    let mut groups = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut group = NumberGroup { line, values: Vec::new(), outer: 0 };
        for word in words(text) {
            group.values.push(number(word, groups.len() + 1, line)?);
        }
        if !group.values.is_empty() {
            groups.push(group);
        }
    }
    Ok(groups)
}

fn bracketed(text: &str) -> Result<Vec<NumberGroup>, ReadError> {
    let mut groups: Vec<NumberGroup> = Vec::new();
    let mut open: Vec<OpenBracket> = Vec::new();
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
            for word in words(inside).filter_map(|word| without_code(word, !open.is_empty())) {
                values.push(number(word, here, line)?);
            }
            let outside = DrawingError::Count { found: values.len() };
            let failed = |error| Err(ReadError { number: here, line, error });
            match bracket {
                Some(bracket @ ('[' | '{')) if values.is_empty() => {
                    n_brackets += 1;
                    open.push(OpenBracket { bracket, line, number: n_brackets, groups: groups.len() });
                }
                Some('[' | '{') => return failed(outside),
                Some(bracket) => {
                    let Some(opened) = open.pop() else {
                        return failed(DrawingError::Bracket { bracket });
                    };
                    if (opened.bracket == '[') != (bracket == ']') {
                        return failed(DrawingError::Bracket { bracket: opened.bracket });
                    }
                    // brackets around other brackets hold no numbers of their own
                    if !values.is_empty() || groups.len() == opened.groups {
                        let outer = open.last().map_or(0, |outer| outer.number);
                        let values = std::mem::take(&mut values);
                        groups.push(NumberGroup { line: opened.line, values, outer });
                    }
                }
                None if open.is_empty() && !values.is_empty() => return failed(outside),
                None => {}
            }
        }
    }
    match open.pop() {
        Some(OpenBracket { bracket, line, .. }) => {
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

/// A word without the code of a program: of `np.float64(0.5)` the number, of `array(` and `dtype=float32` nothing. Outside
/// all brackets every word of code is nothing. A comment is no code: it may hold numbers that are not meant.
fn without_code(word: &str, inside: bool) -> Option<&str> {
    let is_name = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let is_comment = word.contains('#') || word.contains("//");
    let is_code = word.contains(char::is_alphabetic) || word.chars().all(|c| "()=:'\"".contains(c));
    if !inside {
        return Some(word).filter(|word| word.parse::<f64>().is_ok() || is_comment || !is_code);
    }
    let argument = match word.rsplit_once('(') {
        Some((function, argument)) if is_name(function) => argument,
        _ => word,
    };
    let argument = argument.trim_end_matches(')');
    let is_keyword = argument.split_once('=').is_some_and(|(name, _)| is_name(name));
    let is_key = argument.ends_with(':') && argument.contains(char::is_alphabetic);
    Some(argument).filter(|argument| !argument.is_empty() && !is_keyword && !is_key)
}

fn number(word: &str, drawing: usize, line: usize) -> Result<f64, ReadError> {
    let text = || word.chars().take(SHOWN).collect();
    let error = || DrawingError::Text { text: text() };
    word.parse().map_err(|_| ReadError { number: drawing, line, error: error() })
}
