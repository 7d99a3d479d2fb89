//! From a wish to an engine: the only place that chooses, and that says why.

use std::time::{Duration, Instant};

use super::cpu::Cpu;
use super::reference::Reference;
use super::{Engine, EngineError};

/// Where to run, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Device {
    /// A real GPU if there is one (discrete before integrated), else the CPU.
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
    /// Makes the certificate unsound on purpose, for tests that must catch it.
    #[doc(hidden)]
    pub bound: super::certify::Bound,
    /// Names the assign kernel of the GPU, as `CAIRN_GPU` does, for tests of each.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub kernel: Option<String>,
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
    /// How long opening it took.
    pub took: Duration,
}

/// Opens a device.
///
/// # Errors
/// [`EngineError::NoAdapter`] if what was asked for by name is not there.
pub fn open(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    let start = Instant::now();
    let asked = |engine| (engine, "asked for".to_owned(), None);
    let (engine, why, fallback) = match device {
        Device::Cpu => asked(Box::new(Cpu::new(options.bound)) as Box<dyn Engine>),
        Device::Reference => asked(Box::new(Reference)),
        Device::Auto => open_auto(options),
        Device::Gpu | Device::Named(_) => asked(open_gpu(device, options)?),
    };
    Ok(Opened { engine, why, fallback, took: start.elapsed() })
}

/// The best real GPU, else the CPU; and why.
#[cfg(feature = "gpu")]
fn open_auto(options: &OpenOptions) -> (Box<dyn Engine>, String, Option<String>) {
    use super::gpu::{self, Gpu};
    let found = gpu::adapters();
    let Some(adapter) = found.iter().find(|adapter| !adapter.software) else {
        return (Box::new(Cpu::new(options.bound)), gpu::why_none(&found), None);
    };
    match Gpu::open(adapter, options) {
        Ok(gpu) => (guarded(gpu, options.fallback != Some(false)), "the best GPU found".into(), None),
        Err(error) => {
            (Box::new(Cpu::new(options.bound)), "the GPU found can't be used".into(), Some(error.to_string()))
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
fn open_auto(options: &OpenOptions) -> (Box<dyn Engine>, String, Option<String>) {
    (Box::new(Cpu::new(options.bound)), "built without the feature `gpu`".into(), None)
}

#[cfg(not(feature = "gpu"))]
fn open_gpu(device: &Device, _options: &OpenOptions) -> Result<Box<dyn Engine>, EngineError> {
    let asked = device.name();
    Err(EngineError::NoAdapter(format!("device \"{asked}\": this cairn was built without the feature `gpu`")))
}
