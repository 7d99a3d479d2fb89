//! Opens an engine for a [`Device`]. No other module chooses one.

use std::time::{Duration, Instant};

#[cfg(feature = "gpu")]
use super::cost::JobSize;
use super::cpu::Cpu;
use super::reference::Reference;
use super::{Device, Engine, EngineError, OpenOptions};
use crate::log::info;

/// An open engine, and why it was chosen.
pub struct Opened {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Why this engine was chosen, in a few words.
    pub why: String,
    /// Why the GPU that was asked for or found could not be opened, if the CPU was taken instead.
    pub fallback: Option<String>,
    /// The estimates from which [`Device::Auto`] chose, if it did.
    pub estimates: Option<Estimates>,
    /// Time that opening took.
    pub took: Duration,
}

/// Estimated times of a job, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// On the CPU.
    pub cpu: f64,
    /// On the best GPU, including opening it. If the adapters were not listed, the least estimate for any GPU.
    pub gpu: Option<f64>,
    /// Whether the CPU's estimate is from a measurement on this machine, not from the built-in model.
    pub cpu_measured: bool,
    /// The same for the GPU's.
    pub gpu_measured: bool,
}

/// Opens a device.
///
/// # Errors
/// [`EngineError::NoAdapter`] if no adapter matches; [`EngineError::CpuKernel`] and [`EngineError::GpuKernel`] if there
/// is no kernel of the name given; other [`EngineError`]s if a GPU can't be opened and there is no fallback.
pub fn open(device: &Device, options: &OpenOptions) -> Result<Opened, EngineError> {
    let start = Instant::now();
    let cpu = Cpu::open(options)?;
    let asked = |engine| Choice { engine, why: "asked for".to_owned(), fallback: None, estimates: None };
    let choice = match device {
        Device::Cpu => asked(Box::new(cpu) as Box<dyn Engine>),
        Device::Reference => asked(Box::new(Reference)),
        Device::Auto => open_auto(cpu, options)?,
        Device::Gpu | Device::Named(_) => match open_gpu(device, cpu, options) {
            Err(error)
                if options.fallback == Some(true) && !matches!(error, EngineError::GpuKernel { .. }) =>
            {
                let cpu = Choice::cpu(cpu, "the GPU asked for can't be used", None);
                Choice { fallback: Some(error.to_string()), ..cpu }
            }
            engine => asked(engine?),
        },
    };
    let Choice { engine, why, fallback, estimates } = choice;
    let info = engine.info();
    info!("opened {} ({}) in {:?}: {why}", info.used, info.adapter, start.elapsed());
    Ok(Opened { engine, why, fallback, estimates, took: start.elapsed() })
}

/// The engine chosen.
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

/// Chooses the best real GPU or the CPU, whichever is estimated to be faster.
#[cfg(feature = "gpu")]
fn open_auto(on_cpu: Cpu, options: &OpenOptions) -> Result<Choice, EngineError> {
    use super::gpu::{self, Gpu};
    if let Some(why) = options.size.and_then(|size| size.cpu_only) {
        return Ok(Choice::cpu(on_cpu, why, None));
    }
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads);
    let cpu = |size: &JobSize| options.costs.cpu(threads).seconds(size);
    let cpu_measured = options.costs.cpu.is_some() && options.costs.threads == threads;
    if let Some(size) = &options.size {
        let (cpu, (gpu, gpu_measured)) = (cpu(size), options.costs.least_gpu(size));
        if cpu <= gpu {
            let estimates = Estimates { cpu, gpu: Some(gpu), cpu_measured, gpu_measured };
            return Ok(Choice::cpu(
                on_cpu,
                "a small job, finished sooner than a GPU can be opened",
                Some(estimates),
            ));
        }
    }
    let found = gpu::adapters(&options.backends, options.query_units());
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
            let engine = guarded(gpu, adapter, options, on_cpu, options.fallback != Some(false));
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
    let found = gpu::adapters(&options.backends, options.query_units());
    let wanted = |name: &str| match device {
        Device::Named(part) => name.to_lowercase().contains(&part.to_lowercase()),
        _ => true,
    };
    let adapter = found.iter().find(|adapter| wanted(&adapter.name));
    let adapter = adapter.ok_or_else(|| EngineError::NoAdapter(gpu::why_not(device, &found)))?;
    let gpu = Gpu::open(adapter, options)?;
    Ok(guarded(gpu, adapter, options, cpu, options.fallback == Some(true)))
}

/// The GPU, which the CPU assists; without its matrix units if it fails once they are tried, and then the CPU, if it is to
/// fall back.
#[cfg(feature = "gpu")]
fn guarded(
    gpu: super::gpu::Gpu,
    adapter: &super::gpu::AdapterInfo,
    options: &OpenOptions,
    cpu: Cpu,
    falls_back: bool,
) -> Box<dyn Engine> {
    use super::assisted::Assisted;
    use super::fallback::{Fallback, Other};
    let (has_units, tried) = (gpu.has_units(), gpu.units_tried());
    let assisted = move |gpu| Box::new(Assisted { device: Box::new(gpu), cpu }) as Box<dyn Engine>;
    let mut engine = assisted(gpu);
    if has_units {
        let (adapter, options) =
            (adapter.clone(), OpenOptions { gpu_kernel: Some("f32".into()), ..options.clone() });
        let open = move || Ok(assisted(super::gpu::Gpu::open(&adapter, &options)?));
        let helps = move |error: &EngineError| {
            let failed = matches!(error, EngineError::DeviceLost { .. } | EngineError::DeviceFailed { .. });
            failed && tried.load(std::sync::atomic::Ordering::Relaxed)
        };
        let other = Other::new(open, helps, "without matrix units");
        engine = Box::new(Fallback { first: engine, other });
    }
    match falls_back {
        true => Box::new(Fallback { first: engine, other: Other::cpu(cpu) }),
        false => engine,
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
