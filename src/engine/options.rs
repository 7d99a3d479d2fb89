//! Options for opening a device.

use std::path::PathBuf;
use std::time::Duration;

use super::cost::{Costs, JobSize};

/// A graphics API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Vulkan.
    Vulkan,
    /// Metal, of Apple's systems.
    Metal,
    /// Direct3D 12, of Windows.
    Dx12,
    /// OpenGL and OpenGL ES.
    Gl,
}

impl Backend {
    /// Reads `vulkan`, `metal`, `dx12` or `gl`, or another usual name of one of them, in upper or lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match &text.to_ascii_lowercase()[..] {
            "vulkan" | "vk" => Some(Self::Vulkan),
            "metal" | "mtl" => Some(Self::Metal),
            "dx12" | "d3d12" => Some(Self::Dx12),
            "gl" | "gles" | "opengl" => Some(Self::Gl),
            _ => None,
        }
    }
}

/// Options for opening a device. Nothing is taken from the environment: what is not set here has the default that its field
/// names.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Whether a device that fails while it works hands over to the CPU. Not set: only under [`Device::Auto`](super::Device::Auto).
    pub fallback: Option<bool>,
    /// Bytes of a GPU's memory to use. Not set: a safe share. What does not fit is streamed.
    pub gpu_memory: Option<u64>,
    /// Kernel of the CPU: `amx`, `avx512`, `avx2`, `neon` or `portable`, or `bf16` (`amx` in plain arithmetic). Not
    /// set: the fastest that this processor can run.
    pub cpu_kernel: Option<String>,
    /// Assign kernel of a GPU: `plain`, `small`, `tiled`, `low` or `matrix`, where it suits the sizes; `trial` for the
    /// fastest of them however small the work, `f32` for the best without matrix units. Not set: the fastest.
    pub gpu_kernel: Option<String>,
    /// Graphics APIs to search for GPUs. Empty: all that this system has.
    pub backends: Vec<Backend>,
    /// Folder for compiled kernels and for the choices among them, so that the next start is quicker. Not set:
    /// nothing is kept.
    pub cache: Option<PathBuf>,
    /// The job that [`Device::Auto`](super::Device::Auto) chooses for.
    pub size: Option<JobSize>,
    /// Threads that the CPU would use; not set: all.
    pub threads: Option<usize>,
    /// What the devices of this machine cost, if that was measured.
    pub costs: Costs,
    /// What only tests ask for.
    #[doc(hidden)]
    pub testing: Testing,
}

/// What only tests ask of a device.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Testing {
    /// Makes the certificate unsound on purpose.
    pub bound: super::certify::Bound,
    /// Limits the size of a buffer binding on a GPU. In bytes.
    pub max_binding: Option<u64>,
    /// Begins the name of the kernel that every trial of `gpu_kernel: trial` finds the fastest.
    pub choice: Option<String>,
    /// How long a dispatch may take, instead of what a desktop's watchdog allows.
    pub slice: Option<Duration>,
    /// Seeds every table by the general kernels, also those that one workgroup could.
    pub general_seeding: bool,
    /// Makes the self-test of the GPU's matrix units fail.
    pub bad_units: bool,
    /// Makes the GPU fail on purpose.
    #[cfg(feature = "gpu")]
    pub fault: Option<super::fault::Fault>,
}
