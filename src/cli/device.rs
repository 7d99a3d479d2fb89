//! From flags and the environment to an open device: the one way of all subcommands.
//!
//! Environment variables are read here and, for folders, in cache.rs and runtime_folder.rs; nothing else reads any:
//!
//! | variable | what it says |
//! |---|---|
//! | `CAIRN_CPU` | the kernel of the CPU: [`OpenOptions::cpu_kernel`] |
//! | `CAIRN_GPU` | the assign kernel of a GPU: [`OpenOptions::gpu_kernel`] |
//! | `WGPU_BACKEND` | graphics APIs to search for GPUs, separated by commas: vulkan, metal, dx12, gl |
//! | `CAIRN_CACHE` | the cache folder; else `cairn` in the user's own, which XDG_CACHE_HOME names on Linux |
//!
//! The cache folder holds `costs.json` (what the devices of this machine cost: [`super::cache`]), a file of compiled
//! kernels and a file `choices-*.json` (which kernel a trial found fastest) for each GPU. All of it may be deleted: it
//! is made again, and no result depends on it.

use std::env;

use bytesize::ByteSize;
use cairn::engine::cost::{Costs, JobSize};
use cairn::engine::{self, Backend, Device, EngineError, OpenOptions, Opened};

use super::failure::Usage;
use super::{cache, terminal};

const CPU_KERNEL: &str = "CAIRN_CPU";
const GPU_KERNEL: &str = "CAIRN_GPU";
const BACKENDS: &str = "WGPU_BACKEND";

/// What a subcommand knows when it opens its device.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) gpu_memory: Option<ByteSize>,
    pub(super) threads: Option<usize>,
    /// The size of the job that `auto` chooses for, where it is known by then.
    pub(super) size: Option<JobSize>,
    /// Whether notes are left out.
    pub(super) quiet: bool,
}

/// Opens the device that was asked for.
pub(super) fn open(device: &Device, wanted: &Wanted) -> anyhow::Result<Opened> {
    engine::open(device, &options(wanted)?).map_err(explain)
}

/// All that is known, the costs of this machine's devices included.
pub(super) fn options(wanted: &Wanted) -> Result<OpenOptions, Usage> {
    let Wanted { gpu_memory, threads, size, quiet } = *wanted;
    let gpu_memory = gpu_memory.map(|size| size.as_u64());
    Ok(OpenOptions { gpu_memory, threads, size, costs: costs(quiet), ..environment()? })
}

fn costs(quiet: bool) -> Costs {
    let (costs, note) = cache::costs();
    if let Some(note) = note.filter(|_| !quiet) {
        terminal::write_stderr(&format!("note: {}", terminal::plain(&note)));
    }
    costs
}

/// What the environment says.
pub(super) fn environment() -> Result<OpenOptions, Usage> {
    Ok(OpenOptions {
        cpu_kernel: variable(CPU_KERNEL),
        gpu_kernel: variable(GPU_KERNEL),
        backends: variable(BACKENDS).map_or_else(|| Ok(Vec::new()), |list| backends(&list))?,
        cache: cache::folder(),
        ..OpenOptions::default()
    })
}

/// A variable that is set, and not to nothing.
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

fn backends(list: &str) -> Result<Vec<Backend>, Usage> {
    let backend = |name: &str| {
        Backend::parse(name.trim()).ok_or_else(|| {
            Usage(format!(
                "{BACKENDS}={list}: unknown graphics API {name:?}; give vulkan, metal, dx12 or gl, separated by commas"
            ))
        })
    };
    list.split(',').map(backend).collect()
}

/// Says which variable named a kernel that there is not.
pub(super) fn explain(error: EngineError) -> anyhow::Error {
    let place = match &error {
        EngineError::CpuKernel { name, .. } => format!("{CPU_KERNEL}={name}"),
        EngineError::GpuKernel { name, .. } => format!("{GPU_KERNEL}={name}"),
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_interfaces() {
        let backends = |list| backends(list).map_err(|error| error.0);
        assert_eq!(backends("vulkan"), Ok(vec![Backend::Vulkan]));
        assert_eq!(backends("GL, vk"), Ok(vec![Backend::Gl, Backend::Vulkan]));
        let error = backends("vulkan,glide").unwrap_err();
        assert!(error.contains("WGPU_BACKEND=vulkan,glide") && error.contains("\"glide\""), "{error}");
    }
}
