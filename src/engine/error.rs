//! What can go wrong while an engine works.

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
        /// The message of the driver.
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
