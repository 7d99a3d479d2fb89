//! Compiled kernels, kept in the cache folder for a faster start. Without them kernels are compiled again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::temporary::{Access, Temporary};

/// The pipeline cache of a device, loaded from earlier starts.
#[derive(Debug)]
pub(super) struct KernelCache {
    pub(super) pipelines: wgpu::PipelineCache,
    file: PathBuf,
    saved: Mutex<blake3::Hash>,
}

impl KernelCache {
    /// Feature that it needs.
    pub(super) const FEATURE: wgpu::Features = wgpu::Features::PIPELINE_CACHE;

    /// Opens the cache of a device. `None` without the feature or without a folder.
    pub(super) fn open(
        device: &wgpu::Device,
        adapter: &wgpu::AdapterInfo,
        folder: Option<&Path>,
    ) -> Option<Self> {
        if !device.features().contains(Self::FEATURE) {
            return None;
        }
        let key = wgpu::util::pipeline_cache_key(adapter)?;
        let file = folder?.join(format!("{key}.bin"));
        let data = std::fs::read(&file).ok();
        let descriptor =
            wgpu::PipelineCacheDescriptor { label: Some("cairn"), data: data.as_deref(), fallback: true };
        // SAFETY: the bytes are what `get_data` returned for the same adapter, written as a whole under
        // another name first; wgpu checks their header, and with `fallback` starts empty if it is wrong.
        let pipelines = unsafe { device.create_pipeline_cache(&descriptor) };
        let saved = Mutex::new(blake3::hash(&data.unwrap_or_default()));
        Some(Self { pipelines, file, saved })
    }

    /// Writes the cache if it has changed.
    pub(super) fn save(&self) {
        let (Some(data), Ok(mut saved)) = (self.pipelines.get_data(), self.saved.lock()) else { return };
        let hash = blake3::hash(&data);
        if *saved != hash && write(&self.file, &data).is_ok() {
            *saved = hash;
        }
    }
}

/// Writes a file under a temporary name, then renames it.
pub(super) fn write(file: &Path, data: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let new = Temporary::new_in(folder, Access::Private)?;
    new.file().write_all(data)?;
    new.persist(file)
}
