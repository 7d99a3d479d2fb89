//! `--checkpoint` and `--resume`: opens the file of a run, and says how it went.

use cairn::kmeans::{Checkpoint, Params, Progress, SavedRunError};

use super::args::RunArgs;
use super::failure::Terminated;
use super::{notes, stop, terminal};

/// The checkpoint that is asked for, checked as far as it can be before the table is read.
pub(super) fn open(
    args: &RunArgs,
    params: &Params,
    quiet: bool,
) -> Result<Option<Checkpoint>, SavedRunError> {
    let Some(path) = &args.checkpoint else { return Ok(None) };
    let checkpoint = match args.resume && path.exists() {
        true => Checkpoint::resume(path)?,
        false => Checkpoint::create(path)?,
    };
    checkpoint.check(params)?;
    if args.resume && checkpoint.from().is_none() && !quiet {
        notes::write_note(&format!("--checkpoint {} is not there yet: the run begins", path.display()));
    }
    Ok(Some(checkpoint.every(args.checkpoint_every)))
}

/// Says that the file could not be written, once for each reason.
pub(super) fn warn(progress: &Progress<'_>, said: &mut Option<String>) {
    let Some(error) = progress.not_written.filter(|error| said.as_deref() != Some(error)) else { return };
    terminal::over_bar(&format!(
        "warning: {}; the run goes on, and it is tried again",
        terminal::plain(error)
    ));
    *said = Some(error.to_owned());
}

/// What the file holds, for the last words of a stopped run.
pub(super) fn words(args: &RunArgs, checkpoint: Option<&Checkpoint>, done: u64) -> Option<String> {
    let path = args.checkpoint.as_ref()?.display();
    Some(match checkpoint?.error() {
        None if done == 1 => format!("{path} has the run so far, 1 restart, and --resume goes on with it"),
        None => format!("{path} has the run so far, {done} restarts, and --resume goes on with it"),
        Some(error) => format!("the run so far was not kept: {error}"),
    })
}

/// The error of a run that a signal other than Ctrl-C has ended.
pub(super) fn terminated(words: Option<String>) -> Option<Terminated> {
    let (code, name) = stop::ended_by()?;
    Some(Terminated { code, text: format!("stopped by {name}; {}", words.unwrap_or_default()) })
}
