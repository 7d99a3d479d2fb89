//! From a wish to an engine: the only place that chooses, and that says why.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::cost::{Costs, JobSize};
use super::cpu::Cpu;
use super::reference::Reference;
use super::{Engine, EngineError};

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

/// How to open a device.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Whether a device that fails while it works hands over to the CPU. Not set: only under [`Device::Auto`].
    pub fallback: Option<bool>,
    /// Bytes of a GPU's memory to use. Not set: a safe share. What does not fit is streamed.
    pub gpu_memory: Option<u64>,
    /// Takes a GPU for one that can bind no larger buffers, for tests of what happens then. In bytes.
    #[doc(hidden)]
    pub max_binding: Option<u64>,
    /// Folder for compiled kernels, instead of one in the user's cache folder.
    pub cache: Option<PathBuf>,
    /// The job that [`Device::Auto`] chooses for.
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
    /// Seeds small tables by the GPU's kernels for any table, for tests that both do the same.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub general_seeding: bool,
    /// Makes the GPU fail on purpose, for tests of what happens then.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
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
/// [`EngineError::NoAdapter`] if what was asked for by name is not there.
pub fn open(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    let start = Instant::now();
    let asked = |engine| Choice { engine, why: "asked for".to_owned(), fallback: None, estimates: None };
    let choice = match device {
        Device::Cpu => asked(Box::new(Cpu::new(options.bound)) as Box<dyn Engine>),
        Device::Reference => asked(Box::new(Reference)),
        Device::Auto => open_auto(options),
        Device::Gpu | Device::Named(_) => asked(open_gpu(device, options)?),
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
    fn cpu(options: &OpenOptions, why: impl Into<String>, estimates: Option<Estimates>) -> Self {
        Self { engine: Box::new(Cpu::new(options.bound)), why: why.into(), fallback: None, estimates }
    }
}

/// The best real GPU or the CPU, whichever is estimated to be faster; and why.
#[cfg(feature = "gpu")]
fn open_auto(options: &OpenOptions) -> Choice {
    use super::gpu::{self, Gpu};
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads);
    let cpu = |size: &JobSize| options.costs.cpu(threads).seconds(size);
    let cpu_measured = options.costs.cpu.is_some() && options.costs.threads == threads;
    if let Some(size) = &options.size {
        let (cpu, (gpu, gpu_measured)) = (cpu(size), options.costs.least_gpu(size));
        if cpu <= gpu {
            let estimates = Estimates { cpu, gpu: Some(gpu), cpu_measured, gpu_measured };
            return Choice::cpu(options, "a small job, done before a GPU were ready", Some(estimates));
        }
    }
    let found = gpu::adapters();
    let Some(adapter) = found.iter().find(|adapter| !adapter.software) else {
        let estimates = options.size.as_ref().map(cpu);
        let estimates = estimates.map(|cpu| Estimates { cpu, gpu: None, cpu_measured, gpu_measured: false });
        return Choice::cpu(options, gpu::why_none(&found), estimates);
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
        return Choice::cpu(options, format!("a small job, faster here than on {}", adapter.name), estimates);
    }
    let why = if estimates.is_some() { "a large job, for the best GPU found" } else { "the best GPU found" };
    match Gpu::open(adapter, options) {
        Ok(gpu) => {
            let engine = guarded(gpu, options.fallback != Some(false));
            Choice { engine, why: why.into(), fallback: None, estimates }
        }
        Err(error) => {
            let cpu = Choice::cpu(options, "the GPU found can't be used", estimates);
            Choice { fallback: Some(error.to_string()), ..cpu }
        }
    }
}

#[cfg(feature = "gpu")]
fn open_gpu(device: &Device, options: &OpenOptions) -> Result<Box<dyn Engine>, EngineError> {
    use super::gpu::{self, Gpu};
    let found = gpu::adapters();
    let wanted = |name: &str| match device {
        Device::Named(part) => name.to_lowercase().contains(&part.to_lowercase()),
        _ => true,
    };
    let adapter = found.iter().find(|adapter| wanted(&adapter.name));
    let adapter = adapter.ok_or_else(|| EngineError::NoAdapter(gpu::why_not(device, &found)))?;
    Ok(guarded(Gpu::open(adapter, options)?, options.fallback == Some(true)))
}

#[cfg(feature = "gpu")]
fn guarded(gpu: super::gpu::Gpu, falls_back: bool) -> Box<dyn Engine> {
    if falls_back { Box::new(super::fallback::Fallback { first: Box::new(gpu) }) } else { Box::new(gpu) }
}

#[cfg(not(feature = "gpu"))]
fn open_auto(options: &OpenOptions) -> Choice {
    Choice::cpu(options, "built without the feature `gpu`", None)
}

#[cfg(not(feature = "gpu"))]
fn open_gpu(device: &Device, _options: &OpenOptions) -> Result<Box<dyn Engine>, EngineError> {
    let asked = device.name();
    Err(EngineError::NoAdapter(format!("device \"{asked}\": this cairn was built without the feature `gpu`")))
}
