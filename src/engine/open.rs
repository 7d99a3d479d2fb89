//! From a wish to an engine: the only place that chooses, and that says why.

use super::cpu::Cpu;
use super::reference::Reference;
use super::{DeviceInfo, Engine, EngineError};

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
    /// Makes the GPU fail on purpose, for tests of what happens then.
    #[cfg(feature = "gpu")]
    #[doc(hidden)]
    pub fault: Option<super::gpu::Fault>,
}

/// An engine and why it was taken.
pub struct Opened {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Which one and why, in one line.
    pub reason: String,
}

/// Opens a device.
///
/// # Errors
/// [`EngineError::NoAdapter`] if what was asked for by name is not there.
pub fn open(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    match device {
        Device::Cpu => Ok(opened(Box::new(Cpu), "asked for")),
        Device::Reference => Ok(opened(Box::new(Reference), "asked for")),
        Device::Auto => Ok(open_auto(options)),
        Device::Gpu | Device::Named(_) => open_gpu(device, options),
    }
}

fn opened(engine: Box<dyn Engine>, why: &str) -> Opened {
    let DeviceInfo { used, adapter, .. } = engine.info();
    Opened { engine, reason: format!("{used} ({adapter}): {why}") }
}

#[cfg(feature = "gpu")]
fn open_auto(options: &OpenOptions) -> Opened {
    use super::fallback::Fallback;
    use super::gpu::{self, Gpu};
    let found = gpu::adapters();
    let Some(adapter) = found.iter().find(|adapter| !adapter.software) else {
        return opened(Box::new(Cpu), &gpu::why_none(&found));
    };
    match Gpu::open(adapter, options) {
        Ok(gpu) if options.fallback == Some(false) => opened(Box::new(gpu), "the best GPU found"),
        Ok(gpu) => opened(Box::new(Fallback { first: Box::new(gpu) }), "the best GPU found"),
        Err(error) => opened(Box::new(Cpu), &format!("{error}")),
    }
}

#[cfg(feature = "gpu")]
fn open_gpu(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    use super::fallback::Fallback;
    use super::gpu::{self, Gpu};
    let found = gpu::adapters();
    let wanted = |name: &str| match device {
        Device::Named(part) => name.to_lowercase().contains(&part.to_lowercase()),
        _ => true,
    };
    let adapter = found.iter().find(|adapter| wanted(&adapter.name));
    let adapter = adapter.ok_or_else(|| EngineError::NoAdapter(gpu::why_not(device, &found)))?;
    let gpu: Box<dyn Engine> = Box::new(Gpu::open(adapter, options)?);
    let engine = if options.fallback == Some(true) { Box::new(Fallback { first: gpu }) } else { gpu };
    Ok(opened(engine, "asked for"))
}

#[cfg(not(feature = "gpu"))]
fn open_auto(_options: &OpenOptions) -> Opened {
    opened(Box::new(Cpu), "built without the feature `gpu`")
}

#[cfg(not(feature = "gpu"))]
fn open_gpu(device: &Device, _options: &OpenOptions) -> Result<Opened, EngineError> {
    let asked = device.name();
    Err(EngineError::NoAdapter(format!("device \"{asked}\": this cairn was built without the feature `gpu`")))
}
