//! Faults: failures on purpose, at a call that a test names.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::engine::fault::{Fault, FaultKind};

/// The allocations and submissions of a device, and the failure that strikes one of them.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fault: Option<Fault>,
    calls: AtomicU64,
    spared: AtomicBool,
}

impl Faults {
    /// Strikes at a call counted from now.
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    /// Does work whose calls are not counted.
    pub(super) fn spare<T>(&self, work: impl FnOnce() -> T) -> T {
        self.spared.store(true, Ordering::Relaxed);
        let done = work();
        self.spared.store(false, Ordering::Relaxed);
        done
    }

    /// Counts a call. What strikes it, if anything does.
    pub(super) fn call(&self) -> Option<FaultKind> {
        if self.spared.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.fault.filter(|fault| fault.strikes(number)).map(|fault| fault.kind)
    }
}
