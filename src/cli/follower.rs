//! Whether this process follows another one, which says and writes all that is to be said and written: see `ranks`.

use std::sync::atomic::{AtomicBool, Ordering};

static FOLLOWS: AtomicBool = AtomicBool::new(false);

/// It does, from now on.
pub(super) fn set() {
    FOLLOWS.store(true, Ordering::Relaxed);
}

/// Whether it does.
pub(super) fn follows() -> bool {
    FOLLOWS.load(Ordering::Relaxed)
}
