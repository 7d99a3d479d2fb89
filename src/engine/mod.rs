//! Three engines with bitwise equal results, and the choice among them.
//!
//! [`open`] opens the engine of a [`Device`]. [`OpenOptions::fallback`] makes the CPU take over from a GPU that is missing,
//! can't be opened ([`Opened::fallback`]) or fails while it works ([`DeviceInfo::fallback`]). Nothing else falls back.
//! An [`Engine`] is coarse: it takes a batch of restarts and returns their outcomes. [`parts`] runs restarts of a table whose
//! rows lie in a file, or with several ranks, on any of them.

#[cfg(feature = "gpu")]
mod assisted;
pub mod certify;
pub mod cost;
pub mod cpu;
mod device;
mod distance;
pub mod draws;
mod error;
#[cfg(feature = "gpu")]
mod fallback;
#[cfg(feature = "gpu")]
mod fault;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod inertia;
mod job;
pub mod nearest_two;
mod open;
mod options;
mod outcome;
pub mod parts;
mod passes;
pub mod peak;
pub mod reference;
pub mod rows;
mod times;
pub mod variables;
mod watch;

use std::ops::Range;
use std::time::Duration;

use crate::lattice::Table;
use nearest_two::{Centroids, NearestSession};

pub use device::{Device, DeviceInfo};
pub use error::EngineError;
pub use job::{Job, Metric, Seeding, Sizes};
pub use open::{Estimates, Opened, open};
pub use options::{Backend, OpenOptions};
#[doc(hidden)]
pub use options::{Race, Testing};
use outcome::FinishedRestart;
pub use outcome::{Batch, Keep, NO_LABEL, Outcome, State, Stop, Work, digest};
pub use passes::{Passed, Passes};
pub use peak::Peak;
pub use times::Times;
pub use watch::{Unfinished, Watch};

/// A device that can run jobs.
pub trait Engine: Send + Sync {
    /// Describes the device.
    fn info(&self) -> DeviceInfo;

    /// Notes on files in the cache folder that were ignored or could not be written, so far.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Loads a job: the work done once for all its restarts, such as upload and kernel builds.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError>;

    /// Loads centroids: the work done once for all rows that are assigned to them.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError>;

    /// Prepares the rows of a table for passes of restarts in so many clusters, of which more is kept from one to the next than
    /// [`Engine::nearest`] does. `None` of an engine that keeps nothing.
    fn passes<'a>(&'a self, _table: &'a Table, _n_clusters: usize) -> Option<Box<dyn Passes + 'a>> {
        None
    }

    /// Measures the peak rates of the device, in less than a second. `None` for the reference.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn peak(&self) -> Result<Option<Peak>, EngineError> {
        Ok(None)
    }
}

/// A job loaded on a device.
pub trait Session {
    /// What it runs on now: after a fault, the device that took over.
    fn info(&self) -> DeviceInfo;

    /// Most restarts that are worth passing to [`Session::run`] in one batch.
    fn max_batch(&self) -> u64;

    /// The time in [`Engine::load`] spent on building kernels.
    fn build_time(&self) -> Duration {
        Duration::ZERO
    }

    /// Runs these restarts. A restart's outcome depends only on the job and the restart's number.
    ///
    /// Where the watch ends the run, the batch has those of the restarts that had finished, perhaps none.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails. [`Session::salvage`] then returns what was done.
    fn run(&mut self, restarts: Range<u64>, keep: Keep, watch: &Watch<'_>) -> Result<Batch, EngineError>;

    /// Runs these restarts, each a child of `members`: centroids, (n_clusters, n_dims) each, of at least two clusters. The
    /// outcome of a child depends only on the job, the members and the restart's number (docs/DEFINITION.md, section 3.15).
    ///
    /// # Errors
    /// As [`Session::run`]; [`EngineError::DeviceFailed`] of a device that runs plain restarts only. It ignores
    /// [`Job::refine`] too, and refuses to load [`Job::sizes`]: [`open`] lets the CPU assist it.
    fn evolve(
        &mut self,
        _members: &[Vec<i32>],
        _restarts: Range<u64>,
        _keep: Keep,
        _watch: &Watch<'_>,
    ) -> Result<Batch, EngineError> {
        Err(EngineError::DeviceFailed {
            adapter: self.info().adapter,
            reason: "it runs plain restarts only".into(),
        })
    }

    /// Runs the rest of a restart, from what [`Watch::keep`] was told of it. `None` from a session that keeps no states
    /// between iterations: the restart begins again then, and ends the same.
    ///
    /// # Errors
    /// As [`Session::run`].
    fn go_on(
        &mut self,
        _from: &Unfinished,
        _keep: Keep,
        _watch: &Watch<'_>,
    ) -> Result<Option<Batch>, EngineError> {
        Ok(None)
    }

    /// The largest of the numbers that the ranks of a run give: the number itself, if there is one rank.
    ///
    /// # Errors
    /// [`EngineError::Comm`] if a rank is lost.
    fn most_of_all(&mut self, number: u64) -> Result<u64, EngineError> {
        Ok(number)
    }

    /// The finished part of a run that failed: outcomes in order, and the states that are known. Under [`Keep::Best`]
    /// the best outcome has its state.
    fn salvage(&mut self, _keep: Keep) -> Batch {
        Batch::new()
    }

    /// Whether a run starts new restarts as others finish, so that large batches pay.
    fn is_steady(&self) -> bool;
}
