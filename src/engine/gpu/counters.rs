//! Counters: what was asked of a device.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was asked of a device since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Kernels started.
    pub dispatches: u64,
    /// Those of them that belong to iterations: assign, sums, means, stop.
    pub round_dispatches: u64,
    /// Those of them that seed restarts.
    pub seed_dispatches: u64,
    /// Iterations handed over, each for all slots of a batch at once.
    pub rounds: u64,
    /// Chunks of points of all iterations, those that took too long for one dispatch counted by slices of time.
    pub round_slices: u64,
    /// Times that new restarts entered a batch.
    pub entries: u64,
    /// Assign kernels that were timed, to find the fastest.
    pub trials: u64,
    /// Times that work was handed over.
    pub submissions: u64,
    /// Times that the host waited for the device.
    pub waits: u64,
    /// Bytes written to the device.
    pub bytes_up: u64,
    /// Bytes of `bytes_up` that are points, with their weights and errors.
    pub point_bytes_up: u64,
    /// Bytes read from the device.
    pub bytes_down: u64,
    /// Bytes that points, slots and workspaces should take by the plans of the jobs.
    pub planned_bytes: u64,
    /// Bytes that they were given.
    pub allocated_bytes: u64,
}

/// [`Counters`] that several may add to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) dispatches: AtomicU64,
    pub(super) round_dispatches: AtomicU64,
    pub(super) seed_dispatches: AtomicU64,
    pub(super) rounds: AtomicU64,
    pub(super) round_slices: AtomicU64,
    pub(super) entries: AtomicU64,
    pub(super) trials: AtomicU64,
    pub(super) submissions: AtomicU64,
    pub(super) waits: AtomicU64,
    pub(super) bytes_up: AtomicU64,
    pub(super) point_bytes_up: AtomicU64,
    pub(super) bytes_down: AtomicU64,
    pub(super) planned_bytes: AtomicU64,
    pub(super) allocated_bytes: AtomicU64,
    pub(super) kernels: Mutex<BTreeSet<String>>, // that were built
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Tally {
    /// What they stand at.
    pub(super) fn read(&self) -> Counters {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            dispatches: of(&self.dispatches),
            round_dispatches: of(&self.round_dispatches),
            seed_dispatches: of(&self.seed_dispatches),
            rounds: of(&self.rounds),
            round_slices: of(&self.round_slices),
            entries: of(&self.entries),
            trials: of(&self.trials),
            submissions: of(&self.submissions),
            waits: of(&self.waits),
            bytes_up: of(&self.bytes_up),
            point_bytes_up: of(&self.point_bytes_up),
            bytes_down: of(&self.bytes_down),
            planned_bytes: of(&self.planned_bytes),
            allocated_bytes: of(&self.allocated_bytes),
        }
    }
}
