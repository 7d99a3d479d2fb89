//! Faults that tests inject into a GPU.

/// Kind of an injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The device is lost.
    Lost,
    /// An allocation fails.
    OutOfMemory,
}

/// A fault at the `at`-th allocation or submission, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The call at which it is injected.
    pub at: u64,
    /// Whether it is injected again at every multiple of `at`.
    pub again: bool,
}

impl Fault {
    /// Whether it is injected at this call, counted from 1.
    pub(super) fn strikes(&self, call: u64) -> bool {
        if self.again { call.is_multiple_of(self.at) } else { call == self.at }
    }
}
