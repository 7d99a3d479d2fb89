//! The time, as a trait: tests drive a clock of their own.

use std::time::{Duration, Instant};

/// Something that tells how long it has been running.
pub trait Clock: Sync {
    /// Time since some fixed moment; never less than it said before.
    fn now(&self) -> Duration;
}

/// The host's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct HostClock(Instant);

impl HostClock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for HostClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
