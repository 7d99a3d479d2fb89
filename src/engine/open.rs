//! From a wish to an engine: the only place that chooses, and that says why.

use std::time::{Duration, Instant};

#[cfg(feature = "gpu")]
use super::cost::JobSize;
use super::cpu::Cpu;
use super::reference::Reference;
use super::{Device, Engine, EngineError, OpenOptions};

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
