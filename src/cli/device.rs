//! Opens the device for all subcommands, from flags and the environment.
//!
//! Environment variables are read only here, in threads.rs, in terminal.rs (`COLUMNS`) and, for folders, in cache.rs and
//! runtime_folder.rs.
//! (`env::temp_dir()`, which the library calls for temporary files, depends on `TMPDIR`.)
//!
//! | variable | meaning |
//! |---|---|
//! | `CAIRN_CPU` | CPU kernel: [`OpenOptions::cpu_kernel`] |
//! | `CAIRN_GPU` | GPU assign kernel: [`OpenOptions::gpu_kernel`] |
//! | `WGPU_BACKEND` | graphics APIs to search for GPUs, separated by commas: vulkan, metal, dx12, gl |
//! | `RAYON_NUM_THREADS` | threads on the CPU, if there is no `--threads` |
//! | `CAIRN_CACHE` | the cache folder; default: `cairn` in the user's cache folder, on Linux `XDG_CACHE_HOME` |
//!
//! The cache folder has `costs.json` (the cost model of this machine: [`super::cache`]) and, for each GPU, a file of
//! compiled kernels and a file `choices-*.json` (results of kernel trials). All of it may be deleted, and no result
//! depends on it.

use std::env;

use bytesize::ByteSize;
use cairn::engine::cost::{Costs, JobSize};
use cairn::engine::{self, Backend, Device, EngineError, OpenOptions, Opened};

use super::failure::Usage;
use super::{cache, terminal};

const CPU_KERNEL: &str = "CAIRN_CPU";
const GPU_KERNEL: &str = "CAIRN_GPU";
const BACKENDS: &str = "WGPU_BACKEND";

/// A subcommand's input to opening a device.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) gpu_memory: Option<ByteSize>,
    /// The size of the job that `auto` chooses for, if known.
    pub(super) size: Option<JobSize>,
    /// Whether to suppress notes.
    pub(super) quiet: bool,
}

/// Opens the requested device.
pub(super) fn open(device: &Device, wanted: &Wanted) -> anyhow::Result<Opened> {
    engine::open(device, &options(wanted)?).map_err(explain)
}

/// Options from the environment, the cache folder and `wanted`.
pub(super) fn options(wanted: &Wanted) -> Result<OpenOptions, Usage> {
    let Wanted { gpu_memory, size, quiet } = *wanted;
    let gpu_memory = gpu_memory.map(|size| size.as_u64());
    Ok(OpenOptions { gpu_memory, size, costs: costs(quiet), ..environment()? })
}

fn costs(quiet: bool) -> Costs {
    let (costs, error) = cache::costs();
    // what only -v says is said later, with the other notes
    if let Some(note) = error.and_then(|error| cache::note(&error, false)).filter(|_| !quiet) {
        terminal::write_stderr(&format!("note: {}", terminal::plain(&note)));
    }
    costs
}

/// Options from the environment.
pub(super) fn environment() -> Result<OpenOptions, Usage> {
    Ok(OpenOptions {
        cpu_kernel: variable(CPU_KERNEL),
        gpu_kernel: variable(GPU_KERNEL),
        backends: variable(BACKENDS).map_or_else(|| Ok(Vec::new()), |list| backends(&list))?,
        cache: cache::folder(),
        ..OpenOptions::default()
    })
}

/// A variable's value; `None` if it is unset or empty.
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

/// Adds the variable's name to errors about an unknown kernel.
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
