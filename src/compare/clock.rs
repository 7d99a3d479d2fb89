//! A clock as a trait, so that tests can control the time.

use std::time::{Duration, Instant};

/// A monotonic clock.
pub trait Clock: Sync {
    /// Time since a fixed moment. It never decreases.
    fn now(&self) -> Duration;
}

/// The host's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct HostClock(Instant);

impl HostClock {
    /// A clock that starts now.
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
