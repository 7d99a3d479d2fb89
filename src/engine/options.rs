//! Options for opening a device.

use std::path::PathBuf;
use std::time::Duration;

use super::cost::{Costs, JobSize};

/// A graphics API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Vulkan.
    Vulkan,
    /// Metal, on Apple's systems.
    Metal,
    /// Direct3D 12, on Windows.
    Dx12,
    /// OpenGL and OpenGL ES.
    Gl,
}

impl OpenOptions {
    /// Whether adapters are asked for matrix units: not if no kernel for them is wanted (`f32`). Some drivers crash when
    /// they are asked.
    #[must_use]
    pub fn query_units(&self) -> bool {
        self.gpu_kernel.as_deref() != Some("f32")
    }
}

impl Backend {
    /// Reads `vulkan`, `metal`, `dx12`, `gl` or a usual alias, ignoring case.
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

/// Options for opening a device. The environment is not read: an option that is not set has the default stated at its
/// field.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Whether the CPU takes over when a GPU is missing, can't be opened or fails. The result is the same, and
    /// [`DeviceInfo::fallback`](super::DeviceInfo::fallback) of a fit says why. Default: only under
    /// [`Device::Auto`](super::Device::Auto).
    pub fallback: Option<bool>,
    /// Limit on a GPU's memory, in bytes. Default: a safe share. Points that do not fit are streamed.
    pub gpu_memory: Option<u64>,
    /// CPU kernel: `amx`, `avx512`, `avx2`, `neon` or `portable`, or `bf16` (`amx` in plain arithmetic). Default: the
    /// fastest that this processor can run.
    pub cpu_kernel: Option<String>,
    /// GPU assign kernel: `plain`, `small`, `tiled`, `low` or `matrix`, used where it suits the sizes; `trial` to time
    /// the candidates even for small jobs; `f32` for the fastest without matrix units. Default: the fastest.
    pub gpu_kernel: Option<String>,
    /// Graphics APIs to search for GPUs. Default (empty): all that this system has.
    pub backends: Vec<Backend>,
    /// Folder for compiled kernels and results of kernel trials, for a faster start. Default: nothing is kept.
    pub cache: Option<PathBuf>,
    /// The job that [`Device::Auto`](super::Device::Auto) chooses for.
    pub size: Option<JobSize>,
    /// Threads on the CPU, for the estimate. Default: all.
    pub threads: Option<usize>,
    /// Cost model of this machine. Default: the built-in model.
    pub costs: Costs,
    /// Options for tests.
    #[doc(hidden)]
    pub testing: Testing,
}

/// Options for tests. The checks of `compare::check` also set `choice` and `slice`.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Testing {
    /// Makes the certificate unsound on purpose.
    pub bound: super::certify::Bound,
    /// Limit on a GPU's buffer bindings, in bytes.
    pub max_binding: Option<u64>,
    /// Prefix of the kernel name that every trial finds fastest.
    pub choice: Option<String>,
    /// Time limit of a dispatch, instead of the default.
    pub slice: Option<Duration>,
    /// Seeds every table with the general kernels, also those that suit `seed_small`.
    pub general_seeding: bool,
    /// Makes the self-test of the GPU's matrix units fail.
    pub bad_units: bool,
    /// Loses the GPU in the self-test of its matrix units.
    pub lost_units: bool,
    /// Prefix of the names of assign kernels, with their constants, that the GPU's driver refuses.
    pub refused: Option<String>,
    /// Most bytes of points that are written to a GPU before they are waited for.
    pub piece: Option<usize>,
    /// Plants a race in a GPU's kernels.
    pub race: Option<Race>,
    /// Injects a fault into the GPU.
    #[cfg(feature = "gpu")]
    pub fault: Option<super::fault::Fault>,
}

/// A race for a race detector to find.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Race {
    /// In every kernel with workgroup memory all invocations write one word of it, which nothing reads.
    EveryKernel,
    /// The kernel of this name lacks its barriers.
    NoBarriers(&'static str),
}
