//! Names in CSV files, which a spreadsheet might run.

use std::borrow::Cow;

/// What a formula begins with.
const BEGINS: [char; 5] = ['=', '+', '-', '@', '\t'];

/// A name that a spreadsheet takes for a text: an apostrophe stands before one that it would run as a formula.
pub(super) fn as_text(name: &str) -> Cow<'_, str> {
    if is_formula(name) { Cow::Owned(format!("'{name}")) } else { Cow::Borrowed(name) }
}

/// A name as a CSV cell, quoted if it contains a comma, a quote or a line end. A spreadsheet takes it for a text.
pub(crate) fn csv_cell(name: &str) -> String {
    let text = as_text(name);
    if text.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.into_owned()
}

/// The name without the apostrophe that CSV files carry before names that are like formulas.
#[must_use]
pub fn from_text(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|name| is_formula(name)).unwrap_or(cell)
}

fn is_formula(name: &str) -> bool {
    name.starts_with(BEGINS) && name.trim().parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_texts_in_a_spreadsheet_too() {
        for (name, cell) in
            [("a", "a"), ("=1+1", "'=1+1"), ("=A1,\"x\"", "\"'=A1,\"\"x\"\"\""), ("a,b", "\"a,b\"")]
        {
            assert_eq!(csv_cell(name), cell);
        }
    }

    #[test]
    fn formulas_become_texts_and_back() {
        for name in ["=1+1", "@SUM(A1)", "-a", "+", "\tx", "=\u{1f}"] {
            assert_eq!(as_text(name), format!("'{name}"));
            assert_eq!(from_text(&as_text(name)), name);
        }
        for name in ["a", "-1", "+2.5", "", "'", "'a", "a=b", "-inf"] {
            assert_eq!((as_text(name).as_ref(), from_text(name)), (name, name));
        }
    }
}
