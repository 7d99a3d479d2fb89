//! Hints on flags, added to the library's errors, which do not name flags.

use std::error::Error;

use cairn::compare::{CompareError, RunError};
use cairn::data::{DataError, Hint, Position, TextColumns, is_numbered_name};
use cairn::drawing::{SIDE, SIZE};
use cairn::kmeans::{FitError, SavedRunError};
use cairn::model::{ColumnError, ModelError};
use cairn::packed::PackedError;
use cairn::warnings::{Warning, WarningCode};

use super::args::Command;
use super::input::flag;

/// Most columns of text that are left out by name.
const MOST_IGNORED: usize = 20;

/// A hint for an error, if there is one.
pub(super) fn hint(command: &Command, error: &anyhow::Error) -> Option<String> {
    let rows_of_model = matches!(command, Command::Predict(_) | Command::Transform(_) | Command::Score(_));
    let has_columns = error.to_string() != "--init";
    error
        .chain()
        .find_map(|error| of(error, rows_of_model))
        .filter(|hint| has_columns || hint.starts_with("--header"))
}

/// The text by which a column with this name is found.
fn asked(column: &str) -> &str {
    column.strip_prefix("column ").filter(|_| is_numbered_name(column)).unwrap_or(column)
}

/// Warnings with the flags that help, of which the library's texts know nothing.
pub(super) fn with_flags(warnings: Vec<Warning>) -> Vec<Warning> {
    let with_flags = |warning: Warning| match (warning.code, &warning.column) {
        (WarningCode::ClassColumn, Some(column)) => {
            let asked = asked(column);
            let (truth, ignore) = (flag("--truth", asked), flag("--ignore", asked));
            let text = format!(
                "{}; {truth} leaves it out and scores the clusters against it, {ignore} leaves it out",
                warning.text
            );
            Warning { text, ..warning }
        }
        (WarningCode::RowNumber, Some(column)) => {
            let text = format!("{}; {} leaves it out", warning.text, flag("--ignore", asked(column)));
            Warning { text, ..warning }
        }
        (WarningCode::DominantColumn, Some(column)) => {
            let ignore = flag("--ignore", asked(column));
            let text =
                format!("{}; --scale standard lets all count alike, {ignore} leaves it out", warning.text);
            Warning { text, ..warning }
        }
        _ => warning,
    };
    warnings.into_iter().map(with_flags).collect()
}

/// `rows_of_model`: whether the subcommand reads rows for a model, and has the flags for their columns.
fn of(error: &(dyn Error + 'static), rows_of_model: bool) -> Option<String> {
    if let Some(error) = error.downcast_ref() {
        return of_data(error, rows_of_model);
    }
    if let Some(FitError::Data(error)) = error.downcast_ref() {
        return of_data(error, rows_of_model);
    }
    if let Some(error) = error.downcast_ref() {
        return of_columns(error, rows_of_model);
    }
    if let Some(ModelError::NotFound { .. } | ModelError::NotAModel { .. }) = error.downcast_ref() {
        return Some("give a model that `cairn fit --model` wrote".into());
    }
    match error.downcast_ref() {
        Some(FitError::Saved(error)) => return of_run(error),
        Some(FitError::TooLittleMemory { needed, .. }) => {
            return Some(format!("--memory {}MiB does that", needed.div_ceil(1 << 20)));
        }
        Some(FitError::InMemoryOnly { .. }) => return Some("--memory sets how much is allowed".into()),
        Some(FitError::Packed(PackedError::Write { .. } | PackedError::NoRoom { .. })) => {
            return Some("--scratch FOLDER names one".into());
        }
        _ => {}
    }
    if let Some(error) = error.downcast_ref() {
        return of_run(error);
    }
    if let Some(CompareError::Run(RunError::Differs(_))) = error.downcast_ref() {
        return Some("with the output of `cairn devices --json`".into());
    }
    None
}

fn of_run(error: &SavedRunError) -> Option<String> {
    match error {
        SavedRunError::Exists { .. } => Some("--resume goes on from it".into()),
        SavedRunError::NotARun { .. } => Some("give a file that `cairn fit --checkpoint` wrote".into()),
        SavedRunError::OtherRun { what, found, .. } => of_parameter(what, found),
        _ => None,
    }
}

/// The flag by which a parameter is that of the run in a file.
fn of_parameter(what: &str, found: &str) -> Option<String> {
    let named = match what {
        "number of clusters" => "-k",
        "metric" => "--metric",
        "seed" => "--seed",
        "first restart" => "--first-restart",
        "maximum number of iterations" => "--max-iter",
        "tolerance" => "--tol",
        "least size of a cluster" => "--min-size",
        "largest size of a cluster" => "--max-size",
        "refining" => "--refine",
        "search" => "--search",
        "population" => "--population",
        "patience" => "--patience",
        "start of restarts" if found != "centroids" => "--init",
        "start of restarts" => return Some("it had --init with a file".into()),
        _ => return None,
    };
    Some(match (named, found) {
        ("--refine", "yes") => "it had --refine".into(),
        (named, "none" | "no") => format!("it had no {named}"),
        (named, found) => format!("it had {named} {found}"),
    })
}

fn of_columns(error: &ColumnError, rows_of_model: bool) -> Option<String> {
    match error {
        ColumnError::Data(error) => of_data(error, rows_of_model),
        ColumnError::Missing { .. } | ColumnError::Ambiguous { .. } if rows_of_model => {
            Some("--by-position matches the columns by position".into())
        }
        ColumnError::Pictures { image: (SIDE, SIDE), .. } => {
            Some("--as-drawings counts them to 8 x 8".into())
        }
        ColumnError::Width { found, n_dims: SIZE, .. } if *found > SIZE && found.isqrt().pow(2) == *found => {
            let side = found.isqrt();
            Some(format!(
                "--as-drawings counts pictures of {side} x {side} to 8 x 8, --ignore COLUMN leaves a column out"
            ))
        }
        ColumnError::Width { found, n_dims, .. } if found > n_dims => {
            Some("--ignore COLUMN leaves a column out".into())
        }
        _ => None,
    }
}

/// How to leave out the column of a cell.
fn leave_out(position: &Position) -> String {
    format!("{} leaves the column out", flag("--ignore", &position.asked()))
}

/// How to leave out the column of a cell, and what else may help.
fn of_cell(leave_out: String, hint: Hint) -> String {
    of_doubt(hint).map_or(leave_out.clone(), |other| format!("{leave_out}, {other}"))
}

/// How to leave out all columns that hold no numbers: by flags that can be typed in a shell.
fn leave_out_all(columns: &TextColumns) -> String {
    let ignore: Vec<String> = columns.asked.iter().map(|asked| flag("--ignore", asked)).collect();
    let them = if columns.names.len() == 1 { "leaves the column out" } else { "leaves them out" };
    match columns.names.len() {
        0..=MOST_IGNORED => format!("{} {them}, and so does --numeric", ignore.join(" ")),
        _ => "--numeric leaves them out".to_owned(),
    }
}

fn of_data(error: &DataError, rows_of_model: bool) -> Option<String> {
    let hint = match error {
        DataError::NoRows { .. } => "--header no reads the first row as data".to_owned(),
        DataError::LongRow { bytes, .. } => {
            format!("{} allows longer ones", flag("--max-row", &format!("{}MiB", (bytes >> 20).max(1) * 16)))
        }
        DataError::Ragged { .. } => "see --delimiter".to_owned(),
        DataError::DoubtfulHeader { .. } => "--header yes or --header no says it".to_owned(),
        DataError::EmptyCell { hint, .. } | DataError::Missing { hint, .. } if rows_of_model => {
            of_cell("without --strict such a row gets no label".to_owned(), *hint)
        }
        DataError::EmptyCell { position, hint } | DataError::Missing { position, hint, .. } => {
            of_cell(leave_out(position) + ", --missing drop leaves such rows out", *hint)
        }
        DataError::NotANumber { position, hint, columns, .. } => {
            let left_out =
                if columns.names.is_empty() { leave_out(position) } else { leave_out_all(columns) };
            of_cell(left_out, *hint)
        }
        DataError::ColumnKind { columns, .. } if !columns.names.is_empty() => leave_out_all(columns),
        DataError::OnePicture { .. } => "--pixels makes each pixel a row".to_owned(),
        DataError::NotPictures { .. } => {
            "leave out --as-drawings, or name the columns that are no pixels with --truth, --weights or --ignore".to_owned()
        }
        DataError::DoubtfulInk { .. } => "--as-drawings=bright or --as-drawings=dark says it".to_owned(),
        DataError::NoInk { .. } if !rows_of_model => "--missing drop leaves such rows out".to_owned(),
        DataError::ListLength { column, .. } => format!("{} leaves it out", flag("--ignore", column)),
        DataError::NoSheets { .. } => "leave out --sheet".to_owned(),
        DataError::NotAPicture { .. } => "leave out --pixels and --channels".to_owned(),
        DataError::MarkOfNoText { .. } => "leave out --na".to_owned(),
        DataError::NotFinite { position, .. } => leave_out(position),
        DataError::UnknownColumn { role, .. }
        | DataError::AmbiguousColumn { role, .. }
        | DataError::ColumnRange { role, .. } => match *role {
            "ignored" => "see --ignore".to_owned(),
            "chosen" => "see --columns".to_owned(),
            role => format!("see --{role}"),
        },
        DataError::AllMissing { .. } => "--ignore COLUMN leaves a column out".to_owned(),
        _ => return None,
    };
    Some(hint)
}

fn of_doubt(hint: Hint) -> Option<&'static str> {
    match hint {
        Hint::None | Hint::DecimalComma | Hint::BooleanColumn | Hint::ManyLines => None,
        Hint::OneColumn { .. } => Some("--delimiter sets another delimiter"),
        Hint::TakenForData => Some("--header yes reads the row as column names"),
    }
}
