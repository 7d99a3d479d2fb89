//! Where the work runs: three engines that agree in every bit, and the choice among them.
//!
//! [`open`] turns a wish ([`Device`]) into an engine; it is the only place that falls back, and
//! [`Opened::why`] says so. An [`Engine`] is coarse: a batch of restarts in, their outcomes out.

pub mod certify;
pub mod cost;
pub mod cpu;
pub mod draws;
#[cfg(feature = "gpu")]
mod fallback;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod inertia;
pub mod nearest_two;
mod open;
pub mod peak;
pub mod reference;
pub mod rows;
mod times;

use std::ops::Range;
use std::time::Duration;

use crate::lattice::Table;
use nearest_two::{Centroids, NearestSession};

#[doc(hidden)]
pub use open::Testing;
pub use open::{Backend, Device, Estimates, OpenOptions, Opened, open};
pub use peak::Peak;
pub use times::Times;

/// How the first centroids are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seeding {
    /// Greedy k-means++ (Arthur and Vassilvitskii 2007, section 2.2; greedy as in their closing remark).
    KMeansPlusPlus,
    /// Distinct rows, drawn in proportion to their weights.
    Random,
    /// These lattice coordinates. (n_clusters, n_dims)
    Given(Vec<i32>),
}

/// What to compute: checked parameters and the data they were checked against.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The points.
    pub table: &'a Table,
    /// Number of clusters, 1 ..= rows of positive weight.
    pub n_clusters: usize,
    /// How the first centroids are found.
    pub seeding: Seeding,
    /// Key of the random numbers.
    pub seed: u64,
    /// Most updates, at least 1.
    pub max_iter: u32,
    /// Stop when the sum of squared shifts, in lattice units, is at most this; none for the fixed point.
    pub shift_limit: Option<f64>,
}

/// Why a restart stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stop {
    /// An update changed no centroid.
    FixedPoint = 0,
    /// The centroids moved by no more than the tolerance.
    Tol = 1,
    /// The most updates were made.
    MaxIter = 2,
}

impl Stop {
    /// The name used in tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FixedPoint => "fixed_point",
            Self::Tol => "tol",
            Self::MaxIter => "max_iter",
        }
    }
}

/// What is kept of every restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Which restart.
    pub restart: u64,
    /// Weighted sum of squared distances, in lattice units.
    pub inertia: u128,
    /// Updates made, the confirming one included.
    pub iterations: u32,
    /// Why it stopped.
    pub stop: Stop,
    /// Digest of the centroids: see [`digest`].
    pub digest: u64,
}

/// The state at the end of a restart. All parts belong to the same centroids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
    /// Nearest centroid of each row. (n_points)
    pub labels: Vec<u32>,
    /// Weight of each cluster. (n_clusters)
    pub counts: Vec<u64>,
}

/// How much was decided where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Nearest centroids found, of every row in every pass.
    pub assigned_points: u64,
    /// Those that the certificate left open, decided in integers.
    pub repaired_points: u64,
    /// `assigned_points` without the first pass of each restart.
    pub later_assigned_points: u64,
    /// `repaired_points` without the first pass of each restart.
    pub later_repaired_points: u64,
}

impl Work {
    /// Adds a pass over `assigned` rows.
    pub fn pass(&mut self, first: bool, assigned: u64, repaired: u64) {
        self.assigned_points += assigned;
        self.repaired_points += repaired;
        if !first {
            self.later_assigned_points += assigned;
            self.later_repaired_points += repaired;
        }
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.assigned_points += other.assigned_points;
        self.repaired_points += other.repaired_points;
        self.later_assigned_points += other.later_assigned_points;
        self.later_repaired_points += other.later_repaired_points;
    }
}

/// Which states a batch returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// That of the best restart: least inertia, then least number.
    Best,
    /// Those of all restarts.
    All,
}

/// What a batch of restarts returns.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// One for each restart, in order.
    pub outcomes: Vec<Outcome>,
    /// States with the restart they belong to: one or all, as [`Keep`] says, in order.
    pub states: Vec<(u64, State)>,
    /// How much was decided where.
    pub work: Work,
    /// Where the time went.
    pub times: Times,
}

impl Batch {
    /// A batch of no restarts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next restart.
    pub fn push(&mut self, outcome: Outcome, state: State, keep: Keep) {
        self.outcomes.push(outcome);
        let better = || Self::best(&self.outcomes).is_some_and(|best| best.restart == outcome.restart);
        if keep == Keep::Best && better() {
            self.states.clear();
        }
        if keep == Keep::All || self.states.is_empty() {
            self.states.push((outcome.restart, state));
        }
    }

    /// Takes in other restarts of the same run.
    pub fn merge(&mut self, other: Self, keep: Keep) {
        self.outcomes.extend(other.outcomes);
        self.outcomes.sort_unstable_by_key(|outcome| outcome.restart);
        self.states.extend(other.states);
        self.states.sort_unstable_by_key(|(restart, _)| *restart);
        if keep == Keep::Best {
            let best = Self::best(&self.outcomes).map(|best| best.restart);
            self.states.retain(|(restart, _)| Some(*restart) == best);
        }
        self.work.merge(other.work);
        self.times.merge(other.times);
    }

    /// The best of `outcomes`: least inertia, then least number. None of none.
    #[must_use]
    pub fn best(outcomes: &[Outcome]) -> Option<&Outcome> {
        outcomes.iter().min_by_key(|outcome| (outcome.inertia, outcome.restart))
    }
}

/// What a run is computed on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceInfo {
    /// `gpu`, `cpu` or `reference`.
    pub used: &'static str,
    /// Name of the GPU adapter, or of the processor's instructions.
    pub adapter: String,
    /// Driver of the GPU adapter; empty on the CPU.
    pub driver: String,
    /// Whether the adapter is a program on the CPU (llvmpipe, for one).
    pub software: bool,
    /// Why this device was taken, or given up, in one line, when it is not the one asked for.
    pub fallback: Option<String>,
}

/// What can go wrong while an engine works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No adapter fits what was asked for.
    #[error("{0}")]
    NoAdapter(String),
    /// The CPU has no kernel of this name, or this processor lacks its instructions.
    #[error("unknown CPU kernel \"{name}\": this processor runs {}", known.join(", "))]
    CpuKernel {
        /// The name that was given.
        name: String,
        /// Those that this processor can run, the fastest first.
        known: Vec<&'static str>,
    },
    /// GPUs have no assign kernel of this name.
    #[error("unknown GPU kernel \"{name}\": the kernels are {}, trial (the fastest of them) and f32", known.join(", "))]
    GpuKernel {
        /// The name that was given.
        name: String,
        /// All kernels.
        known: Vec<&'static str>,
    },
    /// The device went away: a reset, a driver update, an unplugged GPU.
    #[error("the device {adapter} was lost ({reason})")]
    DeviceLost {
        /// The adapter's name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// The device has too little memory.
    #[error("the device {adapter} is out of memory ({reason})")]
    OutOfMemory {
        /// The adapter's name.
        adapter: String,
        /// What was asked for.
        reason: String,
    },
    /// The device or its driver did not do what its specification promises.
    #[error("the device {adapter} failed: {reason}")]
    DeviceFailed {
        /// The adapter's name.
        adapter: String,
        /// What was seen.
        reason: String,
    },
}

/// A device that can run jobs.
pub trait Engine: Send + Sync {
    /// What it is.
    fn info(&self) -> DeviceInfo;

    /// Does what is done once for all restarts of a job: packing, uploading, building kernels.
    ///
    /// # Errors
    /// What the device says.
    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError>;

    /// Does what is done once for all rows that these centroids are to be found for.
    ///
    /// # Errors
    /// What the device says.
    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError>;

    /// Measures what it can do at most, in less than a second. None where nobody would ask.
    ///
    /// # Errors
    /// What the device says.
    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        Ok(None)
    }
}

/// A job on a device.
pub trait Session {
    /// What it runs on now: after a fault, the device that took over.
    fn info(&self) -> DeviceInfo;

    /// Most restarts worth giving to [`Session::run`] at a time.
    fn max_batch(&self) -> u64;

    /// The part of [`Engine::load`] that was spent on building kernels.
    fn build_time(&self) -> Duration {
        Duration::ZERO
    }

    /// Runs these restarts. The outcome of one depends on nothing but the job and its number.
    ///
    /// # Errors
    /// What the device says. Nothing of the batch is returned then.
    fn run(&mut self, restarts: Range<u64>, keep: Keep) -> Result<Batch, EngineError>;

    /// What was finished of a run that failed, if anything: outcomes in order, and such states as are known.
    /// Of [`Keep::Best`], the best outcome has its state.
    fn salvage(&mut self, _keep: Keep) -> Batch {
        Batch::new()
    }

    /// Whether restarts follow one another within a run, so that it pays to give it many.
    fn is_steady(&self) -> bool;
}

/// Order-free digest of centroids, section 3 of the design: a wrapping sum of mixed (place, value) pairs.
///
/// `centroids` is (n_clusters, n_dims).
#[must_use]
pub fn digest(centroids: &[i32]) -> u64 {
    let term = |(at, &q): (usize, &i32)| {
        let place = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mix64(place.wrapping_add(i64::from(q) as u64))
    };
    centroids.iter().enumerate().map(term).fold(0, u64::wrapping_add)
}

/// SplitMix64's finaliser (Steele, Lea and Flood 2014).
fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix64_is_splitmix64() {
        // SplitMix64 seeded with 0 returns mix64 of the first multiple of the golden gamma
        assert_eq!(mix64(0x9E37_79B9_7F4A_7C15), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn digest_tells_values_and_places_apart() {
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
        assert_ne!(digest(&[-1]), digest(&[1]));
        assert_eq!(digest(&[0]), mix64(0x9E37_79B9_7F4A_7C15));
    }

    #[test]
    fn best_is_least_inertia_then_first() {
        let outcome =
            |restart, inertia| Outcome { restart, inertia, iterations: 1, stop: Stop::Tol, digest: 0 };
        let outcomes = [outcome(0, 5), outcome(1, 3), outcome(2, 3)];
        assert_eq!(Batch::best(&outcomes).unwrap().restart, 1);
        assert_eq!(Batch::best(&[]), None);
    }
}
