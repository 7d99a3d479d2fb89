//! Adapters, the device, its faults; the only place that submits work to it or waits for it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::super::{Device, EngineError};

/// What a test makes the device do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The device goes away.
    Lost,
    /// An allocation fails.
    OutOfMemory,
}

/// A failure on purpose, at the `at`-th submission (from 1) and never again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// When.
    pub at: u64,
}

/// An adapter: a GPU under one of the interfaces (Vulkan, Metal, DirectX, GL) through which it can be used.
#[derive(Clone)]
pub struct AdapterInfo {
    /// Name, as the driver gives it.
    pub name: String,
    /// Interface: `Vulkan`, `Metal`, `Dx12` or `Gl`.
    pub backend: String,
    /// Driver and its version.
    pub driver: String,
    /// `discrete GPU`, `integrated GPU`, `virtual GPU`, `software` or `other`.
    pub kind: String,
    /// Whether it is a program on the CPU, not a GPU.
    pub software: bool,
    /// Limits that matter here, by name.
    pub limits: Vec<(String, u64)>,
    /// Features that matter here, and whether it has them.
    pub features: Vec<(String, bool)>,
    adapter: wgpu::Adapter,
}

impl fmt::Debug for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.backend, self.kind)
    }
}

impl AdapterInfo {
    fn new(adapter: wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let software = is_software(&info);
        let kind = match info.device_type {
            _ if software => "software",
            wgpu::DeviceType::DiscreteGpu => "discrete GPU",
            wgpu::DeviceType::IntegratedGpu => "integrated GPU",
            wgpu::DeviceType::VirtualGpu => "virtual GPU",
            _ => "other",
        };
        Self {
            name: info.name,
            backend: format!("{:?}", info.backend),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            kind: kind.into(),
            software,
            limits: limits(&adapter.limits()),
            features: features(adapter.features()),
            adapter,
        }
    }

    /// Real GPUs before software, discrete before integrated, other interfaces before GL.
    fn rank(&self) -> (usize, bool) {
        let order = ["discrete GPU", "integrated GPU", "virtual GPU", "other", "software"];
        (order.iter().position(|&kind| kind == self.kind).unwrap_or(order.len()), self.backend == "Gl")
    }
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    let name = info.name.to_lowercase();
    let known = ["llvmpipe", "lavapipe", "softpipe", "swiftshader", "microsoft basic render"];
    info.device_type == wgpu::DeviceType::Cpu || known.iter().any(|known| name.contains(known))
}

fn limits(limits: &wgpu::Limits) -> Vec<(String, u64)> {
    let shown = [
        ("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size),
        ("max_buffer_size", limits.max_buffer_size),
        ("max_storage_buffers_per_shader_stage", limits.max_storage_buffers_per_shader_stage.into()),
        ("max_compute_workgroup_storage_size", limits.max_compute_workgroup_storage_size.into()),
        ("max_compute_invocations_per_workgroup", limits.max_compute_invocations_per_workgroup.into()),
        ("max_compute_workgroups_per_dimension", limits.max_compute_workgroups_per_dimension.into()),
    ];
    shown.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

fn features(features: wgpu::Features) -> Vec<(String, bool)> {
    let shown = [
        ("subgroups", wgpu::Features::SUBGROUP),
        ("64-bit integers", wgpu::Features::SHADER_INT64),
        ("64-bit atomics", wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS),
        ("f16", wgpu::Features::SHADER_F16),
        ("timestamps", wgpu::Features::TIMESTAMP_QUERY),
        ("pipeline cache", wgpu::Features::PIPELINE_CACHE),
        ("matrix units", wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX),
    ];
    shown.map(|(name, feature)| (name.to_owned(), features.contains(feature))).to_vec()
}

/// Every adapter of this machine, the best first. `WGPU_BACKEND` narrows the interfaces.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle().with_env());
    let backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::all());
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    let mut found: Vec<_> = found.into_iter().map(AdapterInfo::new).collect();
    found.sort_by_key(AdapterInfo::rank);
    found
}

/// What to do to be seen by [`adapters`].
pub(in crate::engine) const INSTALL: &str = "install the GPU vendor's Vulkan driver, or for a software \
     adapter Debian's mesa-vulkan-drivers; in a container the driver needs the `graphics` capability";

/// Why [`Device::Auto`] takes no adapter of `found`.
pub(in crate::engine) fn why_none(found: &[AdapterInfo]) -> String {
    match found {
        [] => "no GPU found".into(),
        found => format!("no GPU found, only software: {}", list(found)),
    }
}

/// Why no adapter of `found` is what was asked for.
pub(in crate::engine) fn why_not(device: &Device, found: &[AdapterInfo]) -> String {
    match (device, found) {
        (Device::Named(name), []) => {
            format!(
                "unknown device \"{name}\": not auto, gpu, cpu or reference, and no adapter was found; {INSTALL}"
            )
        }
        (Device::Named(name), found) => {
            format!(
                "unknown device \"{name}\": not auto, gpu, cpu or reference, nor part of the name of {}",
                list(found)
            )
        }
        (_, found) => format!("no GPU adapter found ({} adapters); {INSTALL}", found.len()),
    }
}

fn list(found: &[AdapterInfo]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// An open device and what it has complained about.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) info: AdapterInfo,
    pub(super) device: wgpu::Device,
    queue: wgpu::Queue,
    trouble: Arc<Mutex<Option<EngineError>>>,
    fault: Option<Fault>,
    submissions: AtomicU64,
}

impl Context {
    pub(super) fn open(info: &AdapterInfo) -> Result<Self, EngineError> {
        let have = info.adapter.limits();
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: have.max_storage_buffer_binding_size,
            max_buffer_size: have.max_buffer_size,
            ..wgpu::Limits::default().or_worse_values_from(&have)
        };
        let wish = wgpu::DeviceDescriptor {
            label: Some("cairn"),
            required_features: info.adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
            required_limits,
            ..Default::default()
        };
        let failed = |error: wgpu::RequestDeviceError| EngineError::DeviceFailed {
            adapter: info.name.clone(),
            reason: format!("can't be opened: {error}"),
        };
        let (device, queue) = pollster::block_on(info.adapter.request_device(&wish)).map_err(failed)?;
        let trouble = Arc::new(Mutex::new(None));
        watch(&device, &info.name, &trouble);
        Ok(Self { info: info.clone(), device, queue, trouble, fault: None, submissions: AtomicU64::new(0) })
    }

    /// Fails on purpose at a submission counted from now.
    pub(super) fn arm(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.submissions = AtomicU64::new(0);
    }

    /// The first complaint of the device, if there is one. What it lost can't be won back: all later work fails too.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        match self.trouble.lock() {
            Ok(trouble) => trouble.clone().map_or(Ok(()), Err),
            Err(_) => Err(self.failed("a callback panicked")),
        }
    }

    pub(super) fn failed(&self, reason: impl Into<String>) -> EngineError {
        EngineError::DeviceFailed { adapter: self.info.name.clone(), reason: reason.into() }
    }

    pub(super) fn out_of_memory(&self, reason: impl Into<String>) -> EngineError {
        EngineError::OutOfMemory { adapter: self.info.name.clone(), reason: reason.into() }
    }

    /// Largest buffer that a kernel can be given, in bytes.
    pub(super) fn max_binding(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }

    /// Nanoseconds of a step of the device's clock, where it has one.
    pub(super) fn timestamp_period(&self) -> Option<f32> {
        let has = self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        has.then(|| self.queue.get_timestamp_period())
    }

    /// Writes to a buffer before the next submission. `at` in bytes.
    pub(super) fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, at: u64, data: &[T]) {
        self.queue.write_buffer(buffer, at, bytemuck::cast_slice(data));
    }

    /// Hands encoded work to the device.
    pub(super) fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<(), EngineError> {
        let number = self.submissions.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(fault) = self.fault.filter(|fault| fault.at == number) {
            self.fail(fault.kind);
        }
        self.queue.submit([encoder.finish()]);
        self.check()
    }

    fn fail(&self, kind: FaultKind) {
        match kind {
            FaultKind::Lost => self.device.destroy(),
            FaultKind::OutOfMemory => note(&self.trouble, self.out_of_memory("a fault injected by a test")),
        }
    }

    /// Waits for all work, then reads these parts (buffer, first byte, bytes), one after the other.
    pub(super) fn read(&self, parts: &[(&wgpu::Buffer, u64, u64)]) -> Result<Vec<u8>, EngineError> {
        let size = parts.iter().map(|(_, _, size)| size).sum();
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.encoder();
        let mut to = 0;
        for (buffer, at, size) in parts {
            encoder.copy_buffer_to_buffer(buffer, *at, &staging, to, *size);
            to += size;
        }
        self.submit(encoder)?;
        staging.slice(..).map_async(wgpu::MapMode::Read, |_| {}); // a failure shows as an unmapped range below
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        waited.map_err(|error| self.failed(error.to_string()))?;
        let view = staging.slice(..).get_mapped_range().map_err(|error| self.failed(error.to_string()))?;
        Ok(view.to_vec())
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("cairn") })
    }
}

fn note(trouble: &Mutex<Option<EngineError>>, error: EngineError) {
    if let Ok(mut trouble) = trouble.lock() {
        trouble.get_or_insert(error);
    }
}

/// Notes what the device complains about, where wgpu would panic.
fn watch(device: &wgpu::Device, adapter: &str, trouble: &Arc<Mutex<Option<EngineError>>>) {
    let (name, notes) = (adapter.to_owned(), Arc::clone(trouble));
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        // wgpu explains itself over several lines
        let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let adapter = name.clone();
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => EngineError::OutOfMemory { adapter, reason },
            _ => EngineError::DeviceFailed { adapter, reason },
        };
        note(&notes, error);
    }));
    let (name, notes) = (adapter.to_owned(), Arc::clone(trouble));
    device.set_device_lost_callback(move |why, message| {
        let reason = format!("{why:?}: {message}");
        // the loss is why anything complained before it was known
        if let Ok(mut trouble) = notes.lock() {
            *trouble = Some(EngineError::DeviceLost { adapter: name.clone(), reason });
        }
    });
}
