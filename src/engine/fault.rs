//! Failures of a GPU on purpose, for tests of what happens then.

/// What a test makes the device do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The device goes away.
    Lost,
    /// An allocation fails.
    OutOfMemory,
}

/// A failure on purpose, at the `at`-th allocation or submission (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// When.
    pub at: u64,
    /// Whether it happens again at every multiple of `at`.
    pub again: bool,
}

impl Fault {
    /// Whether it happens at this call, counted from 1.
    pub(super) fn strikes(&self, call: u64) -> bool {
        if self.again { call.is_multiple_of(self.at) } else { call == self.at }
    }
}
