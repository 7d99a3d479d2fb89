//! Fault injection, for tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::engine::fault::{Fault, FaultKind};

/// Counts the allocations and submissions of a device, and fails those that a test names.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fault: Option<Fault>,
    calls: AtomicU64,
    spared: AtomicBool,
}

impl Faults {
    /// Counts calls from now on.
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    /// Runs `work` without counting its calls.
    pub(super) fn spare<T>(&self, work: impl FnOnce() -> T) -> T {
        self.spared.store(true, Ordering::Relaxed);
        let done = work();
        self.spared.store(false, Ordering::Relaxed);
        done
    }

    /// Counts a call. Returns the fault to inject there, if any.
    pub(super) fn call(&self) -> Option<FaultKind> {
        if self.spared.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.fault.filter(|fault| fault.strikes(number)).map(|fault| fault.kind)
    }
}
