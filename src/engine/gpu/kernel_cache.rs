//! Compiled kernels, kept in the cache folder for a faster start. Without them kernels are compiled again.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use crate::kept;

/// Largest file that is read or written.
const MOST_BYTES: u64 = 256 << 20;

/// The pipeline cache of a device, loaded from earlier starts.
#[derive(Debug)]
pub(super) struct KernelCache {
    pub(super) pipelines: wgpu::PipelineCache,
    file: PathBuf,
    about: String,
    saved: Mutex<Option<blake3::Hash>>,
    doubt: OnceLock<String>,
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
        let about = about(adapter);
        let doubt = OnceLock::new();
        let data = load(&file, &about).unwrap_or_else(|why| {
            doubt.get_or_init(|| kept::ignored(&file, &why));
            None
        });
        let descriptor =
            wgpu::PipelineCacheDescriptor { label: Some("cairn"), data: data.as_deref(), fallback: true };
        // SAFETY: the bytes are what `get_data` returned for the same adapter and driver: their checksum is right.
        // wgpu checks their header, and with `fallback` starts empty if it is wrong.
        let pipelines = unsafe { device.create_pipeline_cache(&descriptor) };
        let saved = Mutex::new(data.as_deref().map(blake3::hash));
        Some(Self { pipelines, file, about, saved, doubt })
    }

    /// Writes the cache if it has changed.
    pub(super) fn save(&self) {
        let (Some(data), Ok(mut saved)) = (self.pipelines.get_data(), self.saved.lock()) else { return };
        let hash = blake3::hash(&data);
        if *saved == Some(hash) || data.len() as u64 > MOST_BYTES {
            return;
        }
        *saved = Some(hash); // what can't be written is not tried again
        if let Err(why) = kept::write(&self.file, &kept::seal(&self.about, &data)) {
            self.doubt.get_or_init(|| kept::not_written(&self.file, &why));
        }
    }

    /// Why the file was ignored or could not be written, if so.
    pub(super) fn doubt(&self) -> Option<String> {
        self.doubt.get().cloned()
    }
}

/// What compiled kernels depend on.
fn about(adapter: &wgpu::AdapterInfo) -> String {
    let wgpu::AdapterInfo { name, vendor, device, driver, driver_info, .. } = adapter;
    let version = env!("CARGO_PKG_VERSION");
    format!("kernels of {version}\n{name}\n{vendor}\n{device}\n{driver}\n{driver_info}")
}

fn load(file: &Path, about: &str) -> Result<Option<Vec<u8>>, String> {
    let Some(bytes) = kept::read(file, MOST_BYTES)? else { return Ok(None) };
    kept::unseal(about, &bytes).map(|data| Some(data.to_vec()))
}
