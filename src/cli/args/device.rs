//! `--device`, `--threads`, `--gpu-memory` and `--memory`.

use std::path::PathBuf;

use cairn::engine::Device;
use clap::ValueHint;
use clap::builder::NonEmptyStringValueParser;

use super::number::whole;

/// `--device`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DeviceArgs {
    /// auto (the CPU or a GPU, whichever is estimated to be faster; never a software adapter), gpu, cpu, reference,
    /// or part of a GPU's name
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Other)]
    device: String,
}

impl DeviceArgs {
    /// The device.
    pub(in crate::cli) fn device(&self) -> Device {
        device(&self.device)
    }
}

/// Parses a device: keywords ignore case, names of GPUs are kept as typed.
pub(in crate::cli) fn device(text: &str) -> Device {
    match Device::parse(&text.to_lowercase()) {
        Device::Named(_) => Device::Named(text.to_owned()),
        keyword => keyword,
    }
}

/// `--threads`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ThreadsArgs {
    /// Threads on the CPU [default: one per logical processor]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub(in crate::cli) threads: Option<usize>,
}

/// `--memory`, and where a table lies that is larger.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct HostMemoryArgs {
    /// Memory to use, such as 500MB or 2GiB: a table that needs more is packed into a file, which every iteration streams,
    /// to the same result [default: no limit, and tables are in memory]
    #[arg(long, value_name = "SIZE")]
    pub(in crate::cli) memory: Option<bytesize::ByteSize>,

    /// Folder for that file, with room for 4 bytes a value [default: that of DATA; for a pipe that for temporary files]
    #[arg(long, value_name = "FOLDER", requires = "memory", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) scratch: Option<PathBuf>,

    /// Remove that file at the end, also if an earlier fit has left it. Otherwise another fit of the same table uses it, as long as
    /// its source is unchanged
    #[arg(long, requires = "memory")]
    pub(in crate::cli) no_keep: bool,
}

/// `--gpu-memory`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MemoryArgs {
    /// GPU memory to use, such as 500MB or 2GiB; larger tables are streamed [default: three quarters of the GPU's own
    /// memory, or 4 GiB if its driver does not tell how much that is, or 1 GiB on a GPU that shares the memory of the CPU]
    #[arg(long, value_name = "SIZE")]
    pub(in crate::cli) gpu_memory: Option<bytesize::ByteSize>,
}
