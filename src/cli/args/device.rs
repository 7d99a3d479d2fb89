//! `--device`, where nothing else is asked of the device.

use cairn::engine::Device;
use clap::builder::NonEmptyStringValueParser;

/// What works on rows.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DeviceArgs {
    /// auto (a GPU if there is a real one, else the CPU), gpu, cpu, reference, or part of a GPU's name
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = NonEmptyStringValueParser::new())]
    pub(in crate::cli) device: String,
}

impl DeviceArgs {
    /// The device, its four words in any case of letters.
    pub(in crate::cli) fn device(&self) -> Device {
        device(&self.device)
    }
}

/// A device as typed, its four words in any case of letters.
pub(super) fn device(text: &str) -> Device {
    match Device::parse(&text.to_lowercase()) {
        Device::Named(_) => Device::Named(text.to_owned()),
        word => word,
    }
}
