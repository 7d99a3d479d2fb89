//! Devices: how one is asked for, and how it describes itself.

/// Where to run, as asked for.
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
    /// The adapter whose name contains this, in upper or lower case.
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

/// What a run is computed on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceInfo {
    /// `gpu`, `cpu` or `reference`.
    pub used: &'static str,
    /// Name of the GPU adapter, or of the processor's instructions.
    pub adapter: String,
    /// Driver of the GPU adapter; empty on the CPU.
    pub driver: String,
    /// Whether the adapter is software on the CPU, such as llvmpipe.
    pub software: bool,
    /// Why this device was taken, or given up, in one line, when it is not the one asked for.
    pub fallback: Option<String>,
}
