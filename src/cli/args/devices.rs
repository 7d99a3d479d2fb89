//! The flags of `cairn devices`.

const VARIABLES: &str = "\
`cairn fit --device` takes the name of a GPU, or part of it.

Environment variables of all subcommands:
  CAIRN_CPU
    CPU kernel: amx, avx512, avx2, neon, portable [default: the fastest that this CPU supports]
  CAIRN_GPU
    GPU kernel: plain, small, tiled, low, matrix, trial, f32 [default: the fastest]
  WGPU_BACKEND
    Graphics APIs to search for GPUs, separated by commas: vulkan, metal, dx12, gl [default: all]
  RAYON_NUM_THREADS
    Threads on the CPU, if there is no --threads [default: one per logical processor]
  CAIRN_CACHE
    Folder of measured costs and compiled kernels [default: cairn in the cache folder of the user]";

#[derive(Debug, clap::Args)]
#[command(after_help = VARIABLES)]
pub(in crate::cli) struct DevicesArgs {
    /// Check every step on the CPU and every GPU against the definition, bit for bit, on small tables. Takes about
    /// ten seconds per device. Exit code 1 if a check fails
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) test: bool,

    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
}
