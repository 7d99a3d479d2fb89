//! Adapters: the GPUs of this machine, with their limits and features.

use std::fmt;

use super::units::Units;
use crate::engine::{Backend, Device};
use crate::log::debug;

/// Most of a device's memory that may be used, by all programs, in percent.
const MOST_USED: u8 = 95;

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
    /// Bytes of its own memory, if it has some and its driver tells.
    pub memory: Option<u64>,
    /// Limits that matter here, by name.
    pub limits: Vec<(String, u64)>,
    /// Features that matter here, and whether it has them.
    pub features: Vec<(String, bool)>,
    pub(super) units: Option<Units>,
    pub(super) adapter: wgpu::Adapter,
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
    /// How [`DeviceInfo`](crate::engine::DeviceInfo) names it.
    pub(super) fn full_name(&self) -> String {
        format!("{}, {}", self.name, self.backend)
    }

    /// `query_units`: whether to ask for matrix units, at which some drivers crash.
    fn new(adapter: wgpu::Adapter, query_units: bool) -> Self {
        let units = if query_units { Units::of(&adapter) } else { None };
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
            memory: own_memory(&adapter).filter(|_| info.device_type == wgpu::DeviceType::DiscreteGpu),
            limits: limits(&adapter, units),
            features: features(&adapter, units),
            units,
            adapter,
        }
    }

    /// Edge of its matrix units' tiles, in values; `None` without matrix units that Cairn can use.
    #[must_use]
    pub fn matrix_units(&self) -> Option<u32> {
        self.units.map(|units| units.edge)
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

/// Bytes of the largest heap that is the device's own. Only Vulkan tells.
#[cfg(any(target_os = "linux", windows))]
fn own_memory(adapter: &wgpu::Adapter) -> Option<u64> {
    const DEVICE_LOCAL: u32 = 1; // VK_MEMORY_HEAP_DEVICE_LOCAL_BIT
    // SAFETY: nothing is destroyed, and the query has no precondition
    let properties = unsafe {
        let adapter = adapter.as_hal::<wgpu::hal::api::Vulkan>()?;
        let instance = adapter.shared_instance().raw_instance();
        instance.get_physical_device_memory_properties(adapter.raw_physical_device())
    };
    let heaps = properties.memory_heaps.iter().take(properties.memory_heap_count as usize);
    heaps.filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0).map(|heap| heap.size).max()
}

#[cfg(not(any(target_os = "linux", windows)))]
fn own_memory(_adapter: &wgpu::Adapter) -> Option<u64> {
    None
}

fn limits(adapter: &wgpu::Adapter, units: Option<Units>) -> Vec<(String, u64)> {
    let limits = adapter.limits();
    let shown = [
        ("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size),
        ("max_buffer_size", limits.max_buffer_size),
        ("max_storage_buffers_per_shader_stage", limits.max_storage_buffers_per_shader_stage.into()),
        ("max_compute_workgroup_storage_size", limits.max_compute_workgroup_storage_size.into()),
        ("max_compute_invocations_per_workgroup", limits.max_compute_invocations_per_workgroup.into()),
        ("max_compute_workgroups_per_dimension", limits.max_compute_workgroups_per_dimension.into()),
    ];
    let units = units.map(|units| ("matrix_units_edge", units.edge.into()));
    shown.into_iter().chain(units).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn features(adapter: &wgpu::Adapter, units: Option<Units>) -> Vec<(String, bool)> {
    let features = adapter.features();
    let shown = [
        ("subgroups", wgpu::Features::SUBGROUP),
        ("64-bit integers", wgpu::Features::SHADER_INT64),
        ("64-bit atomics", wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS),
        ("f16", wgpu::Features::SHADER_F16),
        ("timestamps", wgpu::Features::TIMESTAMP_QUERY),
        ("pipeline cache", wgpu::Features::PIPELINE_CACHE),
    ];
    let shown = shown.map(|(name, feature)| (name.to_owned(), features.contains(feature)));
    shown.into_iter().chain([("matrix units".to_owned(), units.is_some())]).collect()
}

/// Every adapter of this machine under the named interfaces, best first. If none is named, all are searched, GL only
/// where no other shows a GPU: it would show the same GPU again, and not every driver can open it both ways.
///
/// `query_units`: whether to ask for matrix units; see [`OpenOptions::query_units`](crate::engine::OpenOptions::query_units).
#[must_use]
pub fn adapters(named: &[Backend], query_units: bool) -> Vec<AdapterInfo> {
    let mut found = match named {
        [] => reached(wgpu::Backends::all() - wgpu::Backends::GL, query_units),
        some => reached(backends(some), query_units),
    };
    if named.is_empty() && found.iter().all(|adapter| adapter.software) {
        found.extend(reached(wgpu::Backends::GL, query_units));
    }
    found.sort_by_key(AdapterInfo::rank);
    found.iter().for_each(|adapter| debug!("found the adapter {adapter}"));
    found
}

fn reached(backends: wgpu::Backends, query_units: bool) -> Vec<AdapterInfo> {
    let descriptor = wgpu::InstanceDescriptor {
        backends,
        // an allocation that leaves less is refused, and the work goes on in smaller batches
        memory_budget_thresholds: wgpu::MemoryBudgetThresholds {
            for_resource_creation: Some(MOST_USED),
            for_device_loss: None,
        },
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = wgpu::Instance::new(descriptor);
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    found.into_iter().map(|adapter| AdapterInfo::new(adapter, query_units)).collect()
}

fn backends(named: &[Backend]) -> wgpu::Backends {
    let backend = |backend: &Backend| match backend {
        Backend::Vulkan => wgpu::Backends::VULKAN,
        Backend::Metal => wgpu::Backends::METAL,
        Backend::Dx12 => wgpu::Backends::DX12,
        Backend::Gl => wgpu::Backends::GL,
    };
    named.iter().map(backend).collect()
}

/// Advice for a machine without adapters.
pub(in crate::engine) const INSTALL: &str = "install the GPU vendor's Vulkan driver, or for a software \
     adapter Debian's mesa-vulkan-drivers; in a container the driver needs the `graphics` capability";

/// Why [`Device::Auto`] takes no adapter of `found`.
pub(in crate::engine) fn why_none(found: &[AdapterInfo]) -> String {
    match found {
        [] => "no GPU found".into(),
        found => format!("no GPU found, only software: {}", list(found)),
    }
}

/// Why no adapter of `found` matches the request.
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
