//! From a wish to an engine: the only place that chooses, and that says why.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::cost::{Costs, JobSize};
use super::cpu::Cpu;
use super::reference::Reference;
use super::{Engine, EngineError, certify};

/// Where to run, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Device {
    /// The faster of the CPU and the best real GPU (discrete before integrated), as estimated; the GPU, if there is
    /// one, where the size of the job is not known.
    #[default]
    Auto,
    /// The best adapter, software ones included.
    Gpu,
    /// The processor.
    Cpu,
    /// The definition: plain integer loops.
    Reference,
    /// The adapter whose name contains this, in any case of letters.
    Named(String),
}

impl Device {
    /// Reads `auto`, `gpu`, `cpu`, `reference`, or part of an adapter's name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            "reference" => Self::Reference,
            name => Self::Named(name.to_owned()),
        }
    }

    /// What [`Device::parse`] reads back.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
            Self::Reference => "reference",
            Self::Named(name) => name,
        }
    }
}

/// An interface through which GPUs are reached.
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
    /// Reads `vulkan`, `metal`, `dx12` or `gl`, or another usual name of one of them, in any case of letters.
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

/// How to open a device. Nothing is taken from the environment: what is not set here has the default that its field
/// names.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Whether a device that fails while it works hands over to the CPU. Not set: only under [`Device::Auto`].
    pub fallback: Option<bool>,
    /// Bytes of a GPU's memory to use. Not set: a safe share. What does not fit is streamed.
    pub gpu_memory: Option<u64>,
    /// Kernel of the CPU: `amx`, `avx512`, `avx2`, `neon` or `portable`, or `bf16` (`amx` in plain arithmetic). Not
    /// set: the fastest that this processor can run.
    pub cpu_kernel: Option<String>,
    /// Assign kernel of a GPU: `plain`, `small`, `tiled`, `low` or `matrix`, where it suits the sizes; `trial` for the
    /// fastest of them however small the work, `f32` for the best without matrix units. Not set: the fastest.
    pub gpu_kernel: Option<String>,
    /// Interfaces through which GPUs are looked for. Empty: all that this system has.
    pub backends: Vec<Backend>,
    /// Folder for compiled kernels and for the choices among them, so that the next start is quicker. Not set:
    /// nothing is kept.
    pub cache: Option<PathBuf>,
    /// The job that [`Device::Auto`] chooses for.
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
    pub bound: certify::Bound,
    /// Takes a GPU for one that can bind no larger buffers. In bytes.
    pub max_binding: Option<u64>,
    /// Begins the name of the kernel that every trial of `gpu_kernel: trial` finds the fastest.
    pub choice: Option<String>,
    /// How long a dispatch may take, instead of what a desktop's watchdog allows.
    pub slice: Option<Duration>,
    /// Takes the GPU's matrix units for ones that err.
    pub bad_units: bool,
    /// Makes the GPU fail on purpose.
    #[cfg(feature = "gpu")]
    pub fault: Option<super::gpu::Fault>,
}

/// An engine and why it was taken.
pub struct Opened {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Why this one, in a few words.
    pub why: String,
    /// The GPU that there is, and why it could not be opened.
    pub fallback: Option<String>,
    /// What [`Device::Auto`] went by.
    pub estimates: Option<Estimates>,
    /// How long opening it took.
    pub took: Duration,
}

/// Estimated times of a job, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// On the CPU.
    pub cpu: f64,
    /// On the best GPU, or on any where none had to be looked for; opening it included.
    pub gpu: Option<f64>,
    /// Whether that of the CPU was measured on this machine, and not taken from the built-in model.
    pub cpu_measured: bool,
    /// Whether that of the GPU was.
    pub gpu_measured: bool,
}

/// Opens a device.
///
/// # Errors
/// [`EngineError::NoAdapter`] if what was asked for by name is not there; [`EngineError::CpuKernel`] and
/// [`EngineError::GpuKernel`] if there is no kernel of the name that was given.
pub fn open(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    let start = Instant::now();
    let cpu = Cpu::open(options)?;
    let asked = |engine| Choice { engine, why: "asked for".to_owned(), fallback: None, estimates: None };
    let choice = match device {
        Device::Cpu => asked(Box::new(cpu) as Box<dyn Engine>),
        Device::Reference => asked(Box::new(Reference)),
        Device::Auto => open_auto(cpu, options)?,
        Device::Gpu | Device::Named(_) => asked(open_gpu(device, cpu, options)?),
    };
    let Choice { engine, why, fallback, estimates } = choice;
    Ok(Opened { engine, why, fallback, estimates, took: start.elapsed() })
}

/// What was taken.
struct Choice {
    engine: Box<dyn Engine>,
    why: String,
    fallback: Option<String>,
    estimates: Option<Estimates>,
}

impl Choice {
    fn cpu(cpu: Cpu, why: impl Into<String>, estimates: Option<Estimates>) -> Self {
        Self { engine: Box::new(cpu), why: why.into(), fallback: None, estimates }
    }
}

/// The best real GPU or the CPU, whichever is estimated to be faster; and why.
#[cfg(feature = "gpu")]
fn open_auto(on_cpu: Cpu, options: &OpenOptions) -> Result<Choice, EngineError> {
    use super::gpu::{self, Gpu};
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads);
    let cpu = |size: &JobSize| options.costs.cpu(threads).seconds(size);
    let cpu_measured = options.costs.cpu.is_some() && options.costs.threads == threads;
    if let Some(size) = &options.size {
        let (cpu, (gpu, gpu_measured)) = (cpu(size), options.costs.least_gpu(size));
        if cpu <= gpu {
            let estimates = Estimates { cpu, gpu: Some(gpu), cpu_measured, gpu_measured };
            return Ok(Choice::cpu(on_cpu, "a small job, done before a GPU were ready", Some(estimates)));
        }
    }
    let found = gpu::adapters(&options.backends);
    let Some(adapter) = found.iter().find(|adapter| !adapter.software) else {
        let estimates = options.size.as_ref().map(cpu);
        let estimates = estimates.map(|cpu| Estimates { cpu, gpu: None, cpu_measured, gpu_measured: false });
        return Ok(Choice::cpu(on_cpu, gpu::why_none(&found), estimates));
    };
    let name = format!("{}, {}", adapter.name, adapter.backend);
    let estimates = options.size.as_ref().map(|size| Estimates {
        cpu: cpu(size),
        gpu: Some(options.costs.gpu(&name).seconds(size)),
        cpu_measured,
        gpu_measured: options.costs.gpus.iter().any(|gpu| gpu.adapter == name),
    });
    let small = estimates.as_ref().is_some_and(|estimates| Some(estimates.cpu) <= estimates.gpu);
    if small {
        return Ok(Choice::cpu(
            on_cpu,
            format!("a small job, faster here than on {}", adapter.name),
            estimates,
        ));
    }
    let why = if estimates.is_some() { "a large job, for the best GPU found" } else { "the best GPU found" };
    match Gpu::open(adapter, options) {
        Ok(gpu) => {
            let engine = guarded(gpu, (options.fallback != Some(false)).then_some(on_cpu));
            Ok(Choice { engine, why: why.into(), fallback: None, estimates })
        }
        Err(error @ EngineError::GpuKernel { .. }) => Err(error),
        Err(error) => {
            let cpu = Choice::cpu(on_cpu, "the GPU found can't be used", estimates);
            Ok(Choice { fallback: Some(error.to_string()), ..cpu })
        }
    }
}

#[cfg(feature = "gpu")]
fn open_gpu(device: &Device, cpu: Cpu, options: &OpenOptions) -> Result<Box<dyn Engine>, EngineError> {
    use super::gpu::{self, Gpu};
    let found = gpu::adapters(&options.backends);
    let wanted = |name: &str| match device {
        Device::Named(part) => name.to_lowercase().contains(&part.to_lowercase()),
        _ => true,
    };
    let adapter = found.iter().find(|adapter| wanted(&adapter.name));
    let adapter = adapter.ok_or_else(|| EngineError::NoAdapter(gpu::why_not(device, &found)))?;
    Ok(guarded(Gpu::open(adapter, options)?, (options.fallback == Some(true)).then_some(cpu)))
}

#[cfg(feature = "gpu")]
fn guarded(gpu: super::gpu::Gpu, fallback: Option<Cpu>) -> Box<dyn Engine> {
    match fallback {
        Some(cpu) => Box::new(super::fallback::Fallback { first: Box::new(gpu), cpu }),
        None => Box::new(gpu),
    }
}

#[cfg(not(feature = "gpu"))]
fn open_auto(cpu: Cpu, _options: &OpenOptions) -> Result<Choice, EngineError> {
    Ok(Choice::cpu(cpu, "built without the feature `gpu`", None))
}

#[cfg(not(feature = "gpu"))]
fn open_gpu(device: &Device, _cpu: Cpu, _options: &OpenOptions) -> Result<Box<dyn Engine>, EngineError> {
    let asked = device.name();
    Err(EngineError::NoAdapter(format!("device \"{asked}\": this cairn was built without the feature `gpu`")))
}
