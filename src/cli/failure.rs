//! Error output and exit codes.

use std::process::ExitCode;

use anyhow::anyhow;
use cairn::data::{DataError, Dataset, is_numbered_name};
use cairn::engine::EngineError;
use cairn::kmeans::{FitError, ParamsError, SavedRunError};
use cairn::lattice::LatticeError;

use super::args::Args;
use super::{follower, hints, terminal};

/// A usage error: exit code 2, as for errors found by `clap`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Stopped by Ctrl-C: exit code 130, as for a program ended by SIGINT.
#[derive(Debug, thiserror::Error)]
#[error("stopped by Ctrl-C; {0}")]
pub(super) struct Stopped(pub(super) String);

/// Stopped by another signal, after the run was kept: exit code 128 and the signal's number, as for a program that it ended.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(super) struct Terminated {
    pub(super) code: u8,
    pub(super) text: String,
}

/// Prints the error in one line, with a hint if there is one. A closed pipe is not a failure.
pub(crate) fn fail(args: &Args, error: &anyhow::Error) -> ExitCode {
    if terminal::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if follower::follows() {
        // the first process says it; a launcher ends all others when one of them fails, perhaps before it has
        return ExitCode::SUCCESS;
    }
    let bold = anstyle::AnsiColor::Red.on_default().bold();
    let flag = hints::hint(&args.command, error).map(|hint| format!("; {hint}")).unwrap_or_default();
    terminal::write_stderr(&format!("{bold}error:{bold:#} {}", terminal::plain(&format!("{error:#}{flag}"))));
    if let Some(hint) = hint(error) {
        terminal::write_stderr(&format!("hint: {hint}"));
    }
    ExitCode::from(exit_code(error))
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<Stopped>() {
        return 130;
    }
    if let Some(Terminated { code, .. }) = error.downcast_ref() {
        return *code;
    }
    let by_name = matches!(
        error.downcast_ref(),
        Some(DataError::OutputFormat { .. } | DataError::OutputOfRows { .. } | DataError::Delimiter { .. })
    );
    let not_kept =
        matches!(error.downcast_ref(), Some(SavedRunError::NotKept { .. } | SavedRunError::TooMany { .. }));
    // parameters that are only invalid for these data are a `FitError`, which is not a usage error
    if error.is::<Usage>() || error.is::<ParamsError>() || by_name || not_kept { 2 } else { 1 }
}

fn hint(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref()? {
        FitError::Engine(
            EngineError::DeviceLost { .. }
            | EngineError::OutOfMemory { .. }
            | EngineError::DeviceFailed { .. },
        ) => Some("run again, or with --device cpu"),
        _ => None,
    }
}

/// Converts a feature number to a column of the user's file, which may have other columns too.
pub(super) fn in_data(error: FitError, data: &Dataset<'_>) -> anyhow::Error {
    use LatticeError::{NotFinite, RangeOverflow, TooFarOutside};
    let name = &data.name;
    match error {
        FitError::Lattice(NotFinite { row, column, value }) => anyhow!(
            "{name}, row {}, {}: {value} is not a finite number; fill in a number, or remove the row (--missing drop leaves such rows out)",
            data.reading.rows.number(row - 1),
            column_name(data, column)
        ),
        FitError::Lattice(error @ (RangeOverflow { column, .. } | TooFarOutside { column, .. })) => {
            let place = format!("{name}, {}", column_name(data, column));
            anyhow::Error::new(FitError::Lattice(error)).context(place)
        }
        FitError::Params(error @ ParamsError::TooManyClusters { .. }) => too_many_clusters(error, data),
        // of a row, or of the table as a whole
        FitError::Lattice(_) | FitError::Memory(_) => anyhow::Error::new(error).context(name.clone()),
        other => other.into(),
    }
}

/// The error for more clusters than rows. A table of one row may lie on its side.
fn too_many_clusters(error: ParamsError, data: &Dataset<'_>) -> anyhow::Error {
    let (n_points, n_dims) = (data.points.n_points(), data.points.n_dims());
    let context = match n_points {
        1 if n_dims > 1 => format!(
            "{}, of 1 row and {n_dims} columns (did you mean the transpose, x.T in numpy, of {n_dims} rows?)",
            data.name
        ),
        _ => data.name.clone(),
    };
    anyhow::Error::new(FitError::Params(error)).context(context)
}

/// The column name of a feature (from 1), or its number in the file if there are no names.
fn column_name(data: &Dataset<'_>, feature: usize) -> String {
    match data.columns.get(feature - 1) {
        Some(name) if is_numbered_name(name) => name.clone(),
        Some(name) => format!("column {name:?}"),
        None => format!("feature {feature}"),
    }
}
