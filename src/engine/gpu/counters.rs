//! Counters of the work done on a device.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Work done on a device since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Dispatches.
    pub dispatches: u64,
    /// Dispatches of rounds: assign, sums, means, stop.
    pub round_dispatches: u64,
    /// Dispatches of seeding.
    pub seed_dispatches: u64,
    /// Rounds submitted. A round is an iteration of all running slots.
    pub rounds: u64,
    /// Slices of all rounds: for each chunk of points, the most slices of a kernel of the round.
    pub round_slices: u64,
    /// Times that new restarts entered free slots.
    pub entries: u64,
    /// Trials of assign kernels.
    pub trials: u64,
    /// Submissions.
    pub submissions: u64,
    /// Waits of the host for the device.
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

/// [`Counters`] as atomics.
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
    pub(super) kernels: Mutex<BTreeSet<String>>, // names of those built
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Tally {
    /// The current values.
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
