//! How to open a device.

use std::path::PathBuf;
#[cfg(feature = "gpu")]
use std::time::Duration;

use super::cost::{Costs, JobSize};

/// How to open a device.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Whether a device that fails while it works hands over to the CPU. Not set: only under [`Device::Auto`](super::Device::Auto).
    pub fallback: Option<bool>,
    /// Bytes of a GPU's memory to use. Not set: a safe share. What does not fit is streamed.
    pub gpu_memory: Option<u64>,
    /// Takes a GPU for one that can bind no larger buffers, for tests of what happens then. In bytes.
    #[doc(hidden)]
    pub max_binding: Option<u64>,
    /// Folder for compiled kernels, instead of one in the user's cache folder.
    pub cache: Option<PathBuf>,
    /// The job that [`Device::Auto`](super::Device::Auto) chooses for.
    pub size: Option<JobSize>,
    /// Threads that the CPU would use; not set: all.
    pub threads: Option<usize>,
    /// What the devices of this machine cost, if that was measured.
    pub costs: Costs,
    /// Makes the certificate unsound on purpose, for tests that must catch it.
    #[doc(hidden)]
    pub bound: super::certify::Bound,
    /// Names the assign kernel of the GPU, as `CAIRN_GPU` does, for tests of each.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub kernel: Option<String>,
    /// Begins the name of the kernel that every trial of `kernel: trial` finds the fastest, for tests of each shape.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub choice: Option<String>,
    /// How long a dispatch may take, instead of what a desktop's watchdog allows, for tests of what is cut.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub slice: Option<Duration>,
    /// Takes the GPU's matrix units for ones that err, for tests of what happens then.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub bad_units: bool,
    /// Makes the GPU fail on purpose, for tests of what happens then.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub fault: Option<super::fault::Fault>,
}
