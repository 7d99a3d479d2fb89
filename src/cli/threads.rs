//! The threads on the CPU: started once, before any work of a subcommand.

use std::env;
use std::num::NonZero;
use std::thread::available_parallelism;

use cairn::numbers::plural;
use cairn::threads::{self, MOST, Started};

use super::args::Command;
use super::failure::Usage;
use super::notes;

/// Without `--threads`, the number of threads: the variable of the library that schedules them.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Starts the threads of a subcommand, if it needs any. A note says when they are fewer than asked for.
pub(super) fn start(command: &Command) -> Result<(), Usage> {
    let Some((flag, quiet)) = wanted(command) else { return Ok(()) };
    let (asked, too_many) = match flag {
        Some(n @ 1..=MOST) => (n, None),
        Some(n) => return Err(Usage(format!("{n} threads asked for; 1 to {MOST} are possible"))),
        None => by_environment(env::var(VARIABLE).ok().as_deref()),
    };
    let refused = threads::start(asked).and_then(|started| of_refusal(&started));
    for note in too_many.into_iter().chain(refused).filter(|_| !quiet) {
        notes::write_note(&note);
    }
    Ok(())
}

/// `--threads` and `--quiet` of a subcommand that computes.
fn wanted(command: &Command) -> Option<(Option<usize>, bool)> {
    match command {
        Command::Fit(args) => Some((args.job.threads.threads, args.quiet)),
        Command::Compare(args) => Some((args.job.threads.threads, args.quiet)),
        Command::Report(args) => Some((args.job.threads.threads, args.quiet)),
        Command::Sweep(args) => Some((args.threads.threads, args.quiet)),
        Command::Predict(args) => Some((args.rows.threads.threads, false)),
        Command::Transform(args) => Some((args.rows.threads.threads, false)),
        Command::Score(args) => Some((args.rows.threads.threads, false)),
        Command::Read(args) => Some((None, args.quiet)),
        Command::Quantize(args) => Some((args.threads.threads, args.quiet)),
        Command::Devices(_) => Some((None, false)),
        Command::Merge(_)
        | Command::Name(_)
        | Command::Draw(_)
        | Command::Completions(_)
        | Command::Man(_) => None,
    }
}

/// The variable's number, if it is one above zero, or one for each logical processor. A note if it is too many.
fn by_environment(value: Option<&str>) -> (usize, Option<String>) {
    match value.and_then(|value| value.trim().parse().ok()) {
        Some(n @ 1..=MOST) => (n, None),
        Some(n) if n > MOST => {
            (MOST, Some(format!("{VARIABLE}={n}: {MOST} threads are started, the most that are possible")))
        }
        _ => (available_parallelism().map_or(1, NonZero::get).min(MOST), None),
    }
}

fn of_refusal(started: &Started) -> Option<String> {
    let why = started.refused.as_ref()?;
    let (working, asked) = (plural(started.working as u64, "thread"), started.asked);
    Some(format!("{working} instead of {asked}: the system started no more ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_asks_for_threads_within_reason() {
        assert_eq!(by_environment(Some("3")), (3, None));
        let (n, note) = by_environment(Some("10000"));
        assert!(n == MOST && note.is_some_and(|note| note.contains("RAYON_NUM_THREADS=10000")));
        let all = by_environment(None);
        assert!(all.0 >= 1 && all.1.is_none());
        for other in ["", "0", "-1", "many", "99999999999999999999999"] {
            assert_eq!(by_environment(Some(other)), all, "{other}");
        }
    }

    #[test]
    fn a_refusal_is_said() {
        let started =
            |working, refused: Option<&str>| Started { asked: 8, working, refused: refused.map(Into::into) };
        assert_eq!(of_refusal(&started(8, None)), None);
        let said = of_refusal(&started(1, Some("no room"))).expect("a note");
        assert_eq!(said, "1 thread instead of 8: the system started no more (no room)");
    }
}
