//! Where the work runs: three engines that agree in every bit, and the choice among them.
//!
//! [`open`] opens the engine of a [`Device`]; it is the only place that falls back, and
//! [`Opened::why`] says so. An [`Engine`] is coarse: a batch of restarts in, their outcomes out.

pub mod certify;
pub mod cost;
pub mod cpu;
mod device;
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
pub mod peak;
pub mod reference;
pub mod rows;
mod times;

use std::ops::Range;
use std::time::Duration;

use nearest_two::{Centroids, NearestSession};

pub use device::{Device, DeviceInfo};
pub use error::EngineError;
pub use job::{Job, Seeding};
pub use open::{Estimates, Opened, open};
#[doc(hidden)]
pub use options::Testing;
pub use options::{Backend, OpenOptions};
pub use outcome::{Batch, Keep, Outcome, State, Stop, Work, digest};
pub use peak::Peak;
pub use times::Times;

/// A device that can run jobs.
pub trait Engine: Send + Sync {
    /// What it is.
    fn info(&self) -> DeviceInfo;

    /// Does what is done once for all restarts of a job: packing, uploading, building kernels.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn load<'a>(&'a self, job: &'a Job<'a>) -> Result<Box<dyn Session + 'a>, EngineError>;

    /// Does what is done once for all rows that these centroids are to be found for.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    fn nearest<'a>(&'a self, centroids: Centroids<'a>) -> Result<Box<dyn NearestSession + 'a>, EngineError>;

    /// Measures the peak rates of the device, in less than a second. `None` for the reference.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
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
    /// [`EngineError`] if the device fails. Nothing of the batch is returned then.
    fn run(&mut self, restarts: Range<u64>, keep: Keep) -> Result<Batch, EngineError>;

    /// What was finished of a run that failed, if anything: outcomes in order, and such states as are known.
    /// Of [`Keep::Best`], the best outcome has its state.
    fn salvage(&mut self, _keep: Keep) -> Batch {
        Batch::new()
    }

    /// Whether restarts follow one another within a run, so that it pays to give it many.
    fn is_steady(&self) -> bool;
}
