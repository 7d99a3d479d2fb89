//! What the text of a cell is: a number, a truth value, a mark of a missing value, or other text.

/// The kind of a cell's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Number,
    Boolean,
    /// Empty, or a mark such as `?` and `NA`.
    Missing,
    Text,
}

/// Texts that stand for a missing value in any case, beside an empty cell.
pub const MARKS_OF_MISSING: [&str; 15] =
    ["?", "-", "--", ".", "na", "n/a", "n.a.", "nan", "-nan", "null", "none", "nil", "<na>", "#n/a", "nat"];

/// The kind of a trimmed cell. `commas`: whether a number may have a decimal comma.
pub(super) fn kind(cell: &str, commas: bool) -> CellKind {
    if is_missing(cell) {
        CellKind::Missing
    } else if cell.parse::<f64>().is_ok() || commas && decimal_comma(cell).is_some() {
        CellKind::Number
    } else if boolean(cell).is_some() {
        CellKind::Boolean
    } else {
        CellKind::Text
    }
}

/// Whether the text is empty or a common mark of a missing value.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || cell.len() <= 4 && MARKS_OF_MISSING.iter().any(|mark| cell.eq_ignore_ascii_case(mark))
}

/// A truth value. `yes` and `no` too: the caller knows whether the whole column has them.
pub(super) fn boolean(cell: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 2]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is_one_of(["true", "yes"]) {
        Some(true)
    } else if is_one_of(["false", "no"]) {
        Some(false)
    } else {
        None
    }
}

/// The value of a number with a decimal comma, such as `-3,5e2`: one comma, no point.
pub(super) fn decimal_comma(cell: &str) -> Option<f64> {
    let (before, after) = cell.split_once(',')?;
    if cell.contains('.') || after.contains(',') {
        return None;
    }
    let mut text = [0; 32];
    let Some(text) = text.get_mut(..cell.len()) else { return format!("{before}.{after}").parse().ok() };
    text.copy_from_slice(cell.as_bytes());
    text[before.len()] = b'.';
    fast_float2::parse(text).ok()
}

/// Whether a comma may be that of thousands: `1,234` has one to three digits before it and three after it.
pub(super) fn may_be_thousands(cell: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((before, after)) = cell.trim_start_matches(['+', '-']).split_once(',') else { return false };
    (1..=3).contains(&before.len())
        && !before.starts_with('0')
        && after.len() == 3
        && digits(before)
        && digits(after)
}

/// Whether a number is written with a fraction or an exponent.
pub(super) fn has_fraction(cell: &str) -> bool {
    cell.bytes().any(|byte| b".,eE".contains(&byte))
}

/// The value of a number written with digits only.
pub(super) fn whole(cell: &str) -> Option<i64> {
    cell.bytes().all(|byte| byte.is_ascii_digit()).then(|| cell.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_cells() {
        for (cells, expected) in [
            (["1", "-2.5e3", "+3", ".5", "inf", "007"], CellKind::Number),
            (["", "?", "NA", "n/a", "NaN", "None"], CellKind::Missing),
            (["True", "false", "TRUE", "yes", "No", "FALSE"], CellKind::Boolean),
            (["x", "3,5", "1.2.3", "2019-01-01", "t", "Nan!"], CellKind::Text),
        ] {
            for cell in cells {
                assert_eq!(kind(cell, false), expected, "{cell:?}");
            }
        }
        assert_eq!(kind("3,5", true), CellKind::Number);
    }

    #[test]
    fn decimal_commas() {
        assert_eq!(
            (decimal_comma("3,5"), decimal_comma("-,5"), decimal_comma("1,5e3")),
            (Some(3.5), Some(-0.5), Some(1500.0))
        );
        for text in ["1,234,567", "1.234,5", "3.5", "x,y", ","] {
            assert_eq!(decimal_comma(text), None, "{text}");
        }
        assert!(["1,234", "-12,500", "999,000"].into_iter().all(may_be_thousands));
        assert!(!["1,23", "0,123", "1234,567", "1,234e5", ",123", "123"].into_iter().any(may_be_thousands));
        assert_eq!((whole("007"), whole("-1"), whole("1.0"), whole("")), (Some(7), None, None, None));
    }
}
