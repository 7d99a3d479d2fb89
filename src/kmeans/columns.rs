//! Matching of the columns of two tables: by name if both have names, else by position.

use crate::data::{has_names, listed};

/// Where to find the columns of one table in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnOrder {
    /// In the same order, since one of them has no names.
    ByPosition,
    /// At these indices.
    ByName(Vec<usize>),
}

/// The names of the columns differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnNamesError {
    /// A name is only in one of the tables.
    #[error("{}; rename them, or remove the row of names to match columns by position", differ(.missing, .extra))]
    Differ {
        /// Names that were not found.
        missing: Vec<String>,
        /// Names that are not wanted.
        extra: Vec<String>,
    },
    /// A name occurs twice, and the order differs.
    #[error(
        "can't be matched by name, since {name:?} occurs more than once; rename one, or leave out the header"
    )]
    Ambiguous {
        /// The name.
        name: String,
    },
}

fn differ(missing: &[String], extra: &[String]) -> String {
    let parts = [(missing, "missing: "), (extra, "unknown: ")];
    let parts = parts.iter().filter(|(names, _)| !names.is_empty());
    parts.map(|(names, what)| format!("{what}{}", listed(names))).collect::<Vec<_>>().join("; ")
}

/// Where the columns `wanted` are among `found`: by name if both have names.
///
/// # Errors
/// [`ColumnNamesError`] if both have names, and these differ by more than their order.
pub fn column_order(found: &[String], wanted: &[String]) -> Result<ColumnOrder, ColumnNamesError> {
    if !(has_names(found) && has_names(wanted)) {
        return Ok(ColumnOrder::ByPosition);
    }
    if found == wanted {
        return Ok(ColumnOrder::ByName((0..found.len()).collect()));
    }
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let (missing, extra) = (only(wanted, found), only(found, wanted));
    if !(missing.is_empty() && extra.is_empty()) {
        return Err(ColumnNamesError::Differ { missing, extra });
    }
    let twice = |names: &[String]| {
        names.iter().find(|name| names.iter().filter(|other| other == name).count() > 1).cloned()
    };
    if let Some(name) = twice(found).or_else(|| twice(wanted)) {
        return Err(ColumnNamesError::Ambiguous { name });
    }
    let place = |name: &String| found.iter().position(|other| other == name);
    Ok(ColumnOrder::ByName(wanted.iter().filter_map(place).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(found: &[&str], wanted: &[&str]) -> Result<ColumnOrder, ColumnNamesError> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        column_order(&owned(found), &owned(wanted))
    }

    #[test]
    fn names_come_before_places() {
        assert_eq!(order(&["v", "u"], &["u", "v"]), Ok(ColumnOrder::ByName(vec![1, 0])));
        assert_eq!(order(&["column 1", "column 2"], &["u", "v"]), Ok(ColumnOrder::ByPosition));
        assert_eq!(order(&["u", "u"], &["u", "u"]), Ok(ColumnOrder::ByName(vec![0, 1])));
        let error = order(&["u", "w"], &["u", "v"]).unwrap_err().to_string();
        assert!(error.contains("\"v\"") && error.contains("\"w\""), "{error}");
        let error = order(&["u", "v", "u"], &["u", "u", "v"]).unwrap_err().to_string();
        assert!(error.contains("\"u\" occurs more than once"), "{error}");
    }
}
