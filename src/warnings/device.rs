//! Doubts about the device.

use super::warning::{Warning, WarningCode};
use crate::engine::DeviceInfo;

/// Warnings about a device: that it took over from another one, that it is slow.
#[must_use]
pub fn of_device(device: &DeviceInfo) -> Vec<Warning> {
    let fallback = device.fallback.as_ref().map(|why| Warning::new(WarningCode::DeviceFallback, why.clone()));
    let software = device.software.then(|| {
        let text = format!(
            "{} is a software adapter, which runs on the CPU; the device cpu is faster",
            device.adapter
        );
        Warning::new(WarningCode::SoftwareAdapter, text)
    });
    fallback.into_iter().chain(software).collect()
}
