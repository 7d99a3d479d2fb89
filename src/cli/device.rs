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
use cairn::engine::variables::blamed;
use cairn::engine::{self, Device, EngineError, OpenOptions, Opened};

use super::failure::Usage;
use super::{cache, terminal};

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
    let value = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let options = OpenOptions::from_variables(value).map_err(|error| Usage(error.to_string()))?;
    Ok(OpenOptions { cache: cache::folder(), ..options })
}

/// Adds the variable's name to errors about an unknown kernel.
pub(super) fn explain(error: EngineError) -> anyhow::Error {
    match blamed(&error) {
        Some(variable) => anyhow::Error::new(error).context(variable),
        None => error.into(),
    }
}
