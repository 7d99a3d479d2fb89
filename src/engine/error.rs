//! What can go wrong while an engine works.

/// What can go wrong while an engine works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No adapter fits what was asked for.
    #[error("{0}")]
    NoAdapter(String),
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
