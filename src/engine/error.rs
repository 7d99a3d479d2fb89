//! Errors of engines.

use crate::comm::CommError;

/// Errors of engines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No adapter matches the request.
    #[error("{0}")]
    NoAdapter(String),
    /// There is no CPU kernel of this name, or this processor lacks its instructions.
    #[error("unknown CPU kernel \"{name}\": this processor runs {}", known.join(", "))]
    CpuKernel {
        /// The name that was given.
        name: String,
        /// Those that this processor can run, the fastest first.
        known: Vec<&'static str>,
    },
    /// There is no GPU assign kernel of this name.
    #[error("unknown GPU kernel \"{name}\": the kernels are {}, trial (the fastest of them) and f32", known.join(", "))]
    GpuKernel {
        /// The name that was given.
        name: String,
        /// All kernels.
        known: Vec<&'static str>,
    },
    /// The device was lost: a reset, a driver update, an unplugged GPU.
    #[error("the device {adapter} was lost ({reason})")]
    DeviceLost {
        /// The adapter's name.
        adapter: String,
        /// The message of the driver.
        reason: String,
    },
    /// The device has not enough memory.
    #[error("the device {adapter} is out of memory ({reason})")]
    OutOfMemory {
        /// The adapter's name.
        adapter: String,
        /// What was requested.
        reason: String,
    },
    /// The file of a packed table can't be read, or is damaged: see [`PackedError`](crate::packed::PackedError).
    #[error("{0}")]
    Packed(String),
    /// The processes of a fit can't go on together.
    #[error(transparent)]
    Comm(CommError),
    /// The device or its driver violated its specification, or lacks a required feature.
    #[error("the device {adapter} failed: {reason}")]
    DeviceFailed {
        /// The adapter's name.
        adapter: String,
        /// What was observed.
        reason: String,
    },
}
