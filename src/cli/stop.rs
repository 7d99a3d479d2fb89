//! Ctrl-C: ends a fit or a comparison early, with what is done until then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::{follower, terminal};

/// Set by the first Ctrl-C while the work can stop by itself.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);
/// Whether it can.
static CAN_STOP: AtomicBool = AtomicBool::new(false);
/// Whether other signals stop the work too.
static KEEPS: AtomicBool = AtomicBool::new(false);
/// Which of them did; 0 for none.
static ENDED_BY: AtomicI32 = AtomicI32::new(0);
/// What is said if Ctrl-C ends the program at once.
static LAST_WORDS: Mutex<Option<&'static str>> = Mutex::new(None);

/// From now on the first Ctrl-C sets [`STOP`], and the work ends by itself; the second one ends the program, with these
/// last words.
pub(super) fn allow(last_words: &'static str) {
    say(Some(last_words)); // without a moment in which the work can't stop
    CAN_STOP.store(!is_asked(), Ordering::Relaxed);
}

/// From now on SIGTERM and SIGHUP do what Ctrl-C does, since the run is kept.
pub(super) fn keep() {
    KEEPS.store(true, Ordering::Relaxed);
}

/// From now on Ctrl-C ends the program at once, with these last words.
pub(super) fn forbid(last_words: Option<&'static str>) {
    CAN_STOP.store(false, Ordering::Relaxed);
    say(last_words);
}

fn say(last_words: Option<&'static str>) {
    if let Ok(mut words) = LAST_WORDS.lock() {
        *words = last_words;
    }
}

/// Whether the work was asked to stop.
pub(super) fn is_asked() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// The exit code and the name of the signal other than Ctrl-C that the work was stopped by.
pub(super) fn ended_by() -> Option<(u8, &'static str)> {
    match ENDED_BY.load(Ordering::Relaxed) {
        0 => None,
        1 => Some((129, "SIGHUP")),
        _ => Some((143, "SIGTERM")),
    }
}

/// Called on another signal: whether the work ends by itself.
#[cfg(unix)]
pub(super) fn on_other(signal: i32) -> bool {
    let stops = KEEPS.load(Ordering::Relaxed) && CAN_STOP.swap(false, Ordering::Relaxed);
    if stops {
        ENDED_BY.store(signal, Ordering::Relaxed);
        STOP.store(true, Ordering::Relaxed);
    }
    stops
}

/// Called on Ctrl-C: whether the work ends by itself. If not, the program is about to end.
pub(super) fn on_ctrl_c() -> bool {
    if CAN_STOP.swap(false, Ordering::Relaxed) {
        STOP.store(true, Ordering::Relaxed);
        if terminal::stderr_is_terminal() && !follower::follows() {
            terminal::over_bar(
                "stopping, as soon as the work in progress ends; Ctrl-C again ends it at once",
            );
        }
        return true;
    }
    if let Some(words) = LAST_WORDS.lock().ok().and_then(|words| *words).filter(|_| !follower::follows()) {
        terminal::over_bar(&format!("stopped by Ctrl-C; {words}"));
    }
    false
}
