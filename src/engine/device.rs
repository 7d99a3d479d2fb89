//! Devices: how they are requested, and how they are described.

/// Where to run, as requested.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Device {
    /// The CPU or the best real GPU (discrete before integrated), whichever is estimated to be faster; the GPU if the
    /// size of the job is not known.
    #[default]
    Auto,
    /// The best adapter, software ones included.
    Gpu,
    /// The CPU.
    Cpu,
    /// The reference engine: the definition as plain integer loops.
    Reference,
    /// The adapter whose name contains this, ignoring case.
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

    /// The text that [`Device::parse`] reads back.
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

/// The device that a run is computed on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceInfo {
    /// `gpu`, `cpu` or `reference`.
    pub used: &'static str,
    /// Name of the GPU adapter, or of the CPU's instruction set.
    pub adapter: String,
    /// Driver of the GPU adapter; empty on the CPU.
    pub driver: String,
    /// Whether the adapter is a software renderer on the CPU, such as llvmpipe.
    pub software: bool,
    /// Why the work moved to this device or ran in another way than requested, in one line; `None` if it did not.
    pub fallback: Option<String>,
}
