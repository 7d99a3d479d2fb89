//! The flags for the columns and the rows of a table.

use cairn::data::{Missing, Scale};
use clap::{ValueEnum, ValueHint};

/// `--columns`, `--ignore` and `--numeric`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ColumnArgs {
    /// The only columns to use as features, by name or number from 1: one, or several between commas, with ranges such
    /// as 3..7; may be repeated
    #[arg(long, value_name = "COLUMN,..", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) columns: Vec<String>,

    /// Columns to leave out, written like those of --columns; may be repeated. A model knows which were left out: it
    /// finds its columns by name, or by place in a table as wide as the fitted one
    #[arg(long, value_name = "COLUMN,..", value_hint = ValueHint::Other, help_heading = "Input")]
    pub(in crate::cli) ignore: Vec<String>,

    /// Leave out columns of text, which a note lists: those with a cell in the first 100 rows that is neither a number
    /// nor missing
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) numeric: bool,
}

/// `--missing` and `--clean`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MissingArgs {
    /// What becomes of a row that lacks a value in a column that is used: an error, or left out and counted. Missing are
    /// empty cells, NaN in an array, and in any case of letters ?, -, --, ., NA, N/A, n.a., NaN, -NaN, null, None, nil,
    /// <NA>, #N/A and NaT; see --na
    #[arg(long, value_name = "HOW", value_enum, default_value_t = MissingArg::Refuse, help_heading = "Input")]
    missing: MissingArg,

    /// Leave out columns of text, and rows that lack a value: --numeric --missing drop
    #[arg(long, conflicts_with = "missing", help_heading = "Input")]
    pub(in crate::cli) clean: bool,
}

impl MissingArgs {
    /// What becomes of a row that lacks a value.
    pub(in crate::cli) fn how(&self) -> MissingArg {
        if self.clean { MissingArg::Drop } else { self.missing }
    }
}

/// `--scale`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ScaleArgs {
    /// How to scale the rows before they are clustered: standard (mean 0, deviation 1), minmax (0 to 1) or robust (by
    /// median and quartiles) for each column, unit for rows of length 1. The model keeps it; centroids are written in
    /// the units of the data, except those of unit
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ScaleArg::None, help_heading = "Input")]
    pub(in crate::cli) scale: ScaleArg,
}

/// `--scale`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScaleArg {
    None,
    Standard,
    #[value(name = "minmax")]
    MinMax,
    Robust,
    Unit,
}

impl ScaleArg {
    /// The scale, if there is one.
    pub(in crate::cli) fn scale(self) -> Option<Scale> {
        match self {
            Self::None => None,
            Self::Standard => Some(Scale::Standard),
            Self::MinMax => Some(Scale::MinMax),
            Self::Robust => Some(Scale::Robust),
            Self::Unit => Some(Scale::Unit),
        }
    }
}

/// `--missing`, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MissingArg {
    Refuse,
    Drop,
}

impl MissingArg {
    /// The word for it.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
        }
    }
}

impl From<MissingArg> for Missing {
    fn from(missing: MissingArg) -> Self {
        match missing {
            MissingArg::Refuse => Self::Refuse,
            MissingArg::Drop => Self::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn::data::MARKS_OF_MISSING;
    use clap::Args;

    use super::*;

    #[test]
    fn the_help_lists_every_mark_of_a_missing_value() {
        let command = MissingArgs::augment_args(clap::Command::new("any"));
        let arg = command.get_arguments().find(|arg| arg.get_id() == "missing").expect("it is there");
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().to_lowercase();
        let words: Vec<&str> = help.split([',', ' ', ';']).collect();
        for mark in MARKS_OF_MISSING {
            assert!(words.contains(&mark), "{mark} is missing from {help}");
        }
    }
}
