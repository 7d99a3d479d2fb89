//! Pipelines kept per device.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Pipelines of a device by the text and constants they are built from. Sessions on one device share them.
#[derive(Debug, Default)]
pub(super) struct Pipelines(Mutex<HashMap<String, wgpu::ComputePipeline>>);

impl Pipelines {
    /// The pipeline of this key, built if there is none yet.
    pub(super) fn get(
        &self,
        key: String,
        build: impl FnOnce() -> wgpu::ComputePipeline,
    ) -> wgpu::ComputePipeline {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert_with(build).clone()
    }
}
