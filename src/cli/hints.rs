//! Hints on flags, added to the library's errors, which do not name flags.

use std::error::Error;

use cairn::compare::{CompareError, RunError};
use cairn::data::{DataError, Hint};
use cairn::model::{ColumnError, ModelError};

use super::args::Command;

/// A hint for an error, if there is one.
pub(super) fn hint(command: &Command, error: &anyhow::Error) -> Option<String> {
    let rows_of_model = matches!(command, Command::Predict(_) | Command::Transform(_) | Command::Score(_));
    error.chain().find_map(|error| of(error, rows_of_model))
}

/// `rows_of_model`: whether the subcommand reads rows for a model, and has the flags for their columns.
fn of(error: &(dyn Error + 'static), rows_of_model: bool) -> Option<String> {
    if let Some(error) = error.downcast_ref() {
        return of_data(error, rows_of_model);
    }
    if let Some(error) = error.downcast_ref() {
        return of_columns(error, rows_of_model);
    }
    if let Some(ModelError::NotFound { .. } | ModelError::NotAModel { .. }) = error.downcast_ref() {
        return Some("give a model that `cairn fit --model` wrote".into());
    }
    if let Some(CompareError::Run(RunError::Differs(_))) = error.downcast_ref() {
        return Some("with the output of `cairn devices --json`".into());
    }
    None
}

fn of_columns(error: &ColumnError, rows_of_model: bool) -> Option<String> {
    match error {
        ColumnError::Data(error) => of_data(error, rows_of_model),
        ColumnError::Missing { .. } | ColumnError::Ambiguous { .. } if rows_of_model => {
            Some("--by-position matches the columns by position".into())
        }
        ColumnError::Width { found, n_dims, .. } if found > n_dims => Some(leave_out(rows_of_model).into()),
        _ => None,
    }
}

/// How to exclude a column from the features.
fn leave_out(rows_of_model: bool) -> &'static str {
    if rows_of_model {
        "--ignore ignores a column"
    } else {
        "--truth and --weights exclude a column from the features"
    }
}

fn of_data(error: &DataError, rows_of_model: bool) -> Option<String> {
    let hint = match error {
        DataError::NoRows { .. } => "--header no reads the first row as data".to_owned(),
        DataError::Ragged { .. } => "see --delimiter".to_owned(),
        DataError::EmptyCell { hint, .. } => of_doubt(*hint)?.to_owned(),
        DataError::NotANumber { hint, .. } => match of_doubt(*hint) {
            Some(other) => format!("{}, {other}", leave_out(rows_of_model)),
            None => leave_out(rows_of_model).to_owned(),
        },
        DataError::UnknownColumn { role, .. } | DataError::AmbiguousColumn { role, .. } => {
            format!("see --{}", if *role == "ignored" { "ignore" } else { role })
        }
        _ => return None,
    };
    Some(hint)
}

fn of_doubt(hint: Hint) -> Option<&'static str> {
    match hint {
        Hint::None => None,
        Hint::OneColumn { .. } => Some("--delimiter sets another delimiter"),
        Hint::TakenForHeader => Some("--header no reads row 1 as data"),
        Hint::TakenForData => Some("--header yes reads row 1 as column names"),
    }
}
