//! What was found in a text table or in pictures: notes, and the same as JSON.

use cairn::data::{DIGITS, Dataset, DrawingReading, PictureReading, TextReading};
use cairn::numbers::{grouped_plural, plural};
use serde::Serialize;

/// Most names that are listed.
const LISTED: usize = 8;

/// What was found in a text, as JSON.
#[derive(Serialize)]
pub(super) struct InputJson<'a> {
    delimiter: String,
    first_row: u64,
    header: bool,
    trailing_delimiter: bool,
    decimal_comma: bool,
    booleans: &'a [String],
    row_count: Option<&'a str>,
}

/// What was found in the text of a table, as JSON; `None` for other tables.
pub(super) fn json<'a>(data: &'a Dataset<'_>) -> Option<InputJson<'a>> {
    of_text(&data.name, data.reading.text.as_ref())
}

/// As [`json`], of a table of this name.
pub(super) fn of_text<'a>(name: &str, text: Option<&'a TextReading>) -> Option<InputJson<'a>> {
    let text = text.filter(|_| name != DIGITS)?;
    Some(InputJson {
        delimiter: if text.delimiter == ' ' { "white space".into() } else { text.delimiter.into() },
        first_row: text.first_row,
        header: text.header.is_some(),
        trailing_delimiter: text.trailing_delimiter,
        decimal_comma: text.decimal_comma,
        booleans: &text.booleans,
        row_count: text.row_count.as_ref().map(|(name, _)| name.as_str()),
    })
}

/// What was found in pictures, as JSON.
#[derive(Serialize)]
pub(super) struct PicturesJson<'a> {
    count: usize,
    width: Option<usize>, // null for pictures of several sizes
    height: Option<usize>,
    channels: &'static [&'static str],
    bits: u32,
    rows_are_pixels: bool,
    left_out: &'a [String],
}

/// What was found in the pictures of a table, as JSON; `None` for other tables.
pub(super) fn pictures_json(found: Option<&PictureReading>) -> Option<PicturesJson<'_>> {
    found.map(|found| PicturesJson {
        count: found.count,
        width: found.size.map(|(width, _)| width),
        height: found.size.map(|(_, height)| height),
        channels: found.channels.names(),
        bits: if found.deep { 16 } else { 8 },
        rows_are_pixels: found.pixels,
        left_out: &found.left_out,
    })
}

/// How pictures were counted to drawings, as JSON.
#[derive(Serialize)]
pub(super) struct DrawingsJson<'a> {
    height: usize,
    width: usize,
    ink: &'static str,
    votes: Option<usize>, // pictures that say so by their border, of `of`; null if it was given
    of: Option<usize>,
    left_out: &'a [String],
}

/// How the pictures of a table were counted to drawings, as JSON; `None` if they were not.
pub(super) fn drawings_json(found: Option<&DrawingReading>) -> Option<DrawingsJson<'_>> {
    found.map(|found| DrawingsJson {
        height: found.height,
        width: found.width,
        ink: if found.dark_ink { "dark" } else { "bright" },
        votes: found.votes.map(|(votes, _)| votes),
        of: found.votes.map(|(_, of)| of),
        left_out: &found.left_out,
    })
}

/// Notes on how a table was read.
pub(super) fn notes(data: &Dataset<'_>) -> Vec<String> {
    let reading = &data.reading;
    of_reading(&data.name, reading.text.as_ref(), reading.pictures.as_ref(), reading.drawings.as_ref())
}

/// Notes on what was found in a text or in pictures.
pub(super) fn of_reading(
    name: &str,
    text: Option<&TextReading>,
    pictures: Option<&PictureReading>,
    drawings: Option<&DrawingReading>,
) -> Vec<String> {
    let mut notes = text.map_or_else(Vec::new, |text| of_form(name, text));
    if let Some(found) = pictures {
        notes.push(format!("{name}: {}", of_pictures(found)));
        if !found.left_out.is_empty() {
            notes.push(format!("{name}: {} left out, which are no pictures", listed(&found.left_out)));
        }
    }
    if let Some(found) = drawings {
        notes.push(format!("{name}: {}", of_drawings(found)));
        if !found.left_out.is_empty() {
            notes.push(format!("{name}: {} left out, which are no pixels", listed(&found.left_out)));
        }
    }
    notes
}

/// How pictures were counted, in one sentence.
fn of_drawings(found: &DrawingReading) -> String {
    let (height, width) = (found.height, found.width);
    let (ink, border) = if found.dark_ink { ("darker", "bright") } else { ("brighter", "dark") };
    let why = match found.votes {
        Some((votes, of)) => format!("{votes} of the first {of} have a {border} border"),
        None => "as asked for".to_owned(),
    };
    format!("each row, a picture of {height} x {width}, is counted to 8 x 8; ink is {ink} than paper: {why}")
}

/// What was found in pictures, in one sentence.
fn of_pictures(found: &PictureReading) -> String {
    let pictures = plural(found.count as u64, "picture");
    let size = match (found.size, found.count) {
        (Some((width, height)), 1) => format!("{width} x {height} pixels"),
        (Some((width, height)), _) => format!("{pictures} of {width} x {height} pixels"),
        (None, _) => format!("{pictures} of {}", grouped_plural(found.n_pixels as usize, "pixel")),
    };
    let most = if found.deep { "65535" } else { "255" };
    let values = format!("{} from 0 to {most}", found.channels.names().join(", "));
    match found.pixels {
        true => format!("{size}, each a row of {values}"),
        false => format!("{size}, each picture a row of {values}"),
    }
}

/// Notes on what was found in a text.
pub(super) fn of_form(name: &str, text: &TextReading) -> Vec<String> {
    if name == DIGITS {
        return Vec::new();
    }
    let mut notes = vec![format!("{name}: {}", form(text))];
    if !text.booleans.is_empty() {
        let columns = listed(&text.booleans);
        notes.push(format!("{name}: {columns}: true (or yes) is read as 1, and false (or no) as 0"));
    }
    notes
}

/// The form of a text, in one sentence.
pub(super) fn form(text: &TextReading) -> String {
    let row = text.first_row;
    let mut said = match &text.header {
        Some(names) => format!("row {row} names the columns: {}", listed(names)),
        None => format!("row {row} is data, no row names the columns"),
    };
    match text.delimiter {
        ',' => {}
        ' ' => said.push_str("; cells are separated by white space"),
        '\t' => said.push_str("; cells are separated by tabs"),
        other => said.push_str(&format!("; cells are separated by {other:?}")),
    }
    if text.trailing_delimiter {
        said.push_str("; the delimiter at the end of rows makes no column");
    }
    if text.decimal_comma {
        said.push_str("; numbers have a decimal comma");
    }
    said
}

/// Names, shortened if many.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > LISTED { format!(", .. ({} in all)", names.len()) } else { String::new() };
    shown.join(", ") + &more
}

/// A flag with a value, as it can be typed in a shell.
pub(super) fn flag(name: &str, value: &str) -> String {
    if is_plain(value) && !value.starts_with('-') {
        return format!("{name} {value}");
    }
    format!("{name}={}", in_quotes(value))
}

/// An argument, as it can be typed in a shell.
pub(super) fn typed(argument: &str) -> String {
    if is_plain(argument) { argument.to_owned() } else { in_quotes(argument) }
}

/// Whether a shell takes a text as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.,:/%+@".contains(c))
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_can_be_typed() {
        assert_eq!(flag("--ignore", "Age"), "--ignore Age");
        assert_eq!(flag("--ignore", "Annual Income (k$)"), "--ignore='Annual Income (k$)'");
        assert_eq!(flag("--ignore", "it's"), r"--ignore='it'\''s'");
        assert_eq!(flag("--ignore", "-x"), "--ignore='-x'");
    }

    #[test]
    fn the_form_is_said_in_one_sentence() {
        let mut text = TextReading {
            delimiter: ',',
            first_row: 2,
            header: Some(vec!["x".into(), "y z".into()]),
            trailing_delimiter: false,
            decimal_comma: false,
            booleans: vec!["x".into()],
            row_count: Some(("".into(), "1".into())),
        };
        assert_eq!(form(&text), r#"row 2 names the columns: "x", "y z""#);
        assert_eq!(of_form("t", &text).len(), 2);
        assert!(of_form("digits", &text).is_empty());
        (text.header, text.delimiter, text.decimal_comma) = (None, ';', true);
        let said = "row 2 is data, no row names the columns; cells are separated by ';'; numbers have a decimal comma";
        assert_eq!(form(&text), said);
    }
}
