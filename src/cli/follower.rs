//! Whether this process follows another one, which says and writes all that is to be said and written: see `ranks`.

use std::sync::atomic::{AtomicBool, Ordering};

static FOLLOWS: AtomicBool = AtomicBool::new(false);
static KEEPS: AtomicBool = AtomicBool::new(false);

/// It does, from now on. `keeps`: whether the first process writes the run to a checkpoint.
pub(super) fn set(keeps: bool) {
    FOLLOWS.store(true, Ordering::Relaxed);
    KEEPS.store(keeps, Ordering::Relaxed);
}

/// Whether the process that it follows writes the run to a checkpoint: then all end together, when a signal asks for it.
pub(super) fn keeps() -> bool {
    KEEPS.load(Ordering::Relaxed)
}

/// Whether it does.
pub(super) fn follows() -> bool {
    FOLLOWS.load(Ordering::Relaxed)
}
