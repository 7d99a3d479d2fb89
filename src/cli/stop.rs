//! Ctrl-C: ends a fit or a comparison early, with what is done until then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::terminal;

/// Set by the first Ctrl-C while the work can stop by itself.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);
/// Whether it can.
static CAN_STOP: AtomicBool = AtomicBool::new(false);
/// What is said if Ctrl-C ends the program at once.
static LAST_WORDS: Mutex<Option<&'static str>> = Mutex::new(None);

/// From now on the first Ctrl-C sets [`STOP`], and the work ends by itself; the second one ends the program, with these
/// last words.
pub(super) fn allow(last_words: &'static str) {
    forbid(Some(last_words));
    CAN_STOP.store(!is_asked(), Ordering::Relaxed);
}

/// From now on Ctrl-C ends the program at once, with these last words.
pub(super) fn forbid(last_words: Option<&'static str>) {
    CAN_STOP.store(false, Ordering::Relaxed);
    if let Ok(mut words) = LAST_WORDS.lock() {
        *words = last_words;
    }
}

/// Whether the work was asked to stop.
pub(super) fn is_asked() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Called on Ctrl-C: whether the work ends by itself. If not, the program is about to end.
pub(super) fn on_ctrl_c() -> bool {
    if CAN_STOP.swap(false, Ordering::Relaxed) {
        STOP.store(true, Ordering::Relaxed);
        if terminal::stderr_is_terminal() {
            terminal::over_bar(
                "stopping, as soon as the work in progress ends; Ctrl-C again ends it at once",
            );
        }
        return true;
    }
    if let Some(words) = LAST_WORDS.lock().ok().and_then(|words| *words) {
        terminal::over_bar(&format!("stopped by Ctrl-C; {words}"));
    }
    false
}
