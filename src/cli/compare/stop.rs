//! Ctrl-C: ends measurements early.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use crate::cli::signals::clean_up;

/// Set by the first Ctrl-C.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);

/// Installs the handler. The first Ctrl-C ends the measurements, and those made are shown; the second ends the
/// program.
pub(super) fn stop_on_ctrl_c() -> anyhow::Result<()> {
    let stop = || {
        if STOP.swap(true, Ordering::Relaxed) {
            clean_up(None);
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(stop).context("Ctrl-C can't be handled")
}
