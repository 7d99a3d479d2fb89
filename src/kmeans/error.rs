//! Why a fit failed.

use super::{ParamsError, SavedRunError, StreamError};
use crate::comm::CommError;
use crate::data::DataError;
use crate::engine::{DeviceInfo, EngineError};
use crate::lattice::LatticeError;
use crate::memory::OutOfMemory;
use crate::packed::PackedError;

/// Why a fit failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The rows could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The values or weights are invalid.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The parameters are invalid, by themselves or for these data.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A stream can't be started, or can't take a batch.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The observer cancelled the fit.
    #[error("cancelled after {done} of {of} restarts")]
    Cancelled {
        /// Restarts done.
        done: u64,
        /// Restarts requested.
        of: u64,
    },
    /// The file of the run can't be used.
    #[error(transparent)]
    Saved(Box<SavedRunError>),
    /// The observer cancelled a fit of [`Algorithm::Minibatch`](super::Algorithm::Minibatch).
    #[error("cancelled after {done} of {of} batches")]
    CancelledBatches {
        /// Batches done; 0 while the sample was fitted.
        done: u32,
        /// Batches requested.
        of: u32,
    },
    /// Not enough memory for the table and what a restart needs of it.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
    /// Not even a table that stays in a file can be fitted in so much memory.
    #[error(
        "a fit of this table needs {} MiB of memory, with its rows in a file, and {} MiB are allowed; allow {0} MiB",
        needed.div_ceil(1 << 20), most >> 20
    )]
    TooLittleMemory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        most: u64,
    },
    /// Parameters of a fit that needs its table in memory.
    #[error(
        "{what} needs the table in memory, which is larger than the memory allowed; allow more, or leave it out"
    )]
    InMemoryOnly {
        /// What needs it.
        what: &'static str,
    },
    /// Parameters of a fit that one process makes alone.
    #[error("{what} is not shared by several processes; start one process, or leave it out")]
    OneProcessOnly {
        /// What is not shared.
        what: &'static str,
    },
    /// The processes of a fit can't go on together.
    #[error(transparent)]
    Comm(#[from] CommError),
    /// The file of a packed table can't be written or read.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// The threads could not be started.
    #[error("could not start {threads} threads: {reason}")]
    Threads {
        /// Threads requested.
        threads: usize,
        /// The message of the operating system.
        reason: String,
    },
}

impl From<SavedRunError> for FitError {
    fn from(error: SavedRunError) -> Self {
        Self::Saved(Box::new(error))
    }
}

/// The error of a device that should have returned a restart.
pub(super) fn no_restart(device: &DeviceInfo) -> EngineError {
    EngineError::DeviceFailed { adapter: device.adapter.clone(), reason: "no restart was returned".into() }
}
