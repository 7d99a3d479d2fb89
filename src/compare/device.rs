//! Description of a device in a comparison.

use serde::Serialize;

use crate::engine::Peak;

/// A device, without the engine itself: what is left of it in the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceReport {
    /// The name that the user gave.
    pub name: String,
    /// `gpu`, `cpu` or `reference`.
    pub used: &'static str,
    /// The adapter, or the CPU's instruction set.
    pub adapter: String,
    /// The driver; empty on the CPU.
    pub driver: String,
    /// Whether it is a software adapter.
    pub software: bool,
    /// Time for opening it.
    pub open_s: f64,
    /// Peak rates, if measured.
    pub peak: Option<Peak>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}
