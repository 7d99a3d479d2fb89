//! The time that a rank spends in calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::calls::{Comm, CommError};

/// A comm that takes the time of its calls, in which a rank waits for the others too.
pub(crate) struct Timed<'a> {
    comm: &'a dyn Comm,
    nanoseconds: AtomicU64,
}

impl<'a> Timed<'a> {
    pub(crate) fn new(comm: &'a dyn Comm) -> Self {
        Self { comm, nanoseconds: AtomicU64::new(0) }
    }

    /// The time so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    fn time<T>(&self, call: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = call();
        self.nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        done
    }
}

impl Comm for Timed<'_> {
    fn rank(&self) -> usize {
        self.comm.rank()
    }

    fn size(&self) -> usize {
        self.comm.size()
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), CommError> {
        self.time(|| self.comm.sum(words))
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        self.time(|| self.comm.gather(bytes))
    }

    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError> {
        self.time(|| self.comm.broadcast(bytes, root))
    }
}
