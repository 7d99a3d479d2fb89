//! Adapters, the device, its faults; the only place that submits work to it or waits for it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::{Device, EngineError, OpenOptions};
use super::choices::Choices;
use super::kernel::Pipelines;
use super::kernel_cache::KernelCache;
use super::marks;
use super::pace::Pace;
use super::units::{Units, WantedUnits};
use super::update::MAX_WORDS;

/// What a test makes the device do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The device goes away.
    Lost,
    /// An allocation fails.
    OutOfMemory,
}

/// A failure on purpose, at the `at`-th allocation or submission (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// When.
    pub at: u64,
    /// Whether it happens again at every multiple of `at`.
    pub again: bool,
}

impl Fault {
    fn strikes(&self, call: u64) -> bool {
        if self.again { call.is_multiple_of(self.at) } else { call == self.at }
    }
}

/// What was asked of a device since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Kernels started.
    pub dispatches: u64,
    /// Those of them that belong to iterations: assign, sums, means, stop.
    pub round_dispatches: u64,
    /// Those of them that seed restarts.
    pub seed_dispatches: u64,
    /// Iterations handed over, each for all lanes of a batch at once.
    pub rounds: u64,
    /// Chunks of points of all iterations, those that took too long for one dispatch counted by slices of time.
    pub round_slices: u64,
    /// Times that new restarts entered a batch.
    pub entries: u64,
    /// Assign kernels that were timed, to find the fastest.
    pub trials: u64,
    /// Times that work was handed over.
    pub submissions: u64,
    /// Times that the host waited for the device.
    pub waits: u64,
    /// Bytes written to the device.
    pub bytes_up: u64,
    /// Bytes of `bytes_up` that are points, with their weights and errors.
    pub point_bytes_up: u64,
    /// Bytes read from the device.
    pub bytes_down: u64,
}

/// [`Counters`] that several may add to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) dispatches: AtomicU64,
    pub(super) round_dispatches: AtomicU64,
    pub(super) seed_dispatches: AtomicU64,
    pub(super) rounds: AtomicU64,
    pub(super) round_slices: AtomicU64,
    pub(super) entries: AtomicU64,
    pub(super) trials: AtomicU64,
    submissions: AtomicU64,
    waits: AtomicU64,
    bytes_up: AtomicU64,
    pub(super) point_bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    pub(super) kernels: Mutex<BTreeSet<String>>, // that were built
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Tally {
    fn read(&self) -> Counters {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            dispatches: of(&self.dispatches),
            round_dispatches: of(&self.round_dispatches),
            seed_dispatches: of(&self.seed_dispatches),
            rounds: of(&self.rounds),
            round_slices: of(&self.round_slices),
            entries: of(&self.entries),
            trials: of(&self.trials),
            submissions: of(&self.submissions),
            waits: of(&self.waits),
            bytes_up: of(&self.bytes_up),
            point_bytes_up: of(&self.point_bytes_up),
            bytes_down: of(&self.bytes_down),
        }
    }
}

/// What a device can't do without: kernels are told by immediates which part of a grid they run.
const NEEDED: wgpu::Features = wgpu::Features::IMMEDIATES;

/// How long a device that failed is given to say why.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A device that has not answered for this long will not.
const PATIENCE: Duration = Duration::from_secs(300);

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
    /// How [`DeviceInfo`](crate::engine::DeviceInfo) names it.
    pub(super) fn full_name(&self) -> String {
        format!("{}, {}", self.name, self.backend)
    }

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
            limits: limits(&adapter),
            features: features(&adapter),
            adapter,
        }
    }

    /// How many values its matrix units multiply at a time, in each direction; none where it has no units of use.
    #[must_use]
    pub fn matrix_units(&self) -> Option<u32> {
        Units::of(&self.adapter).map(|units| units.edge)
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

fn limits(adapter: &wgpu::Adapter) -> Vec<(String, u64)> {
    let limits = adapter.limits();
    let shown = [
        ("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size),
        ("max_buffer_size", limits.max_buffer_size),
        ("max_storage_buffers_per_shader_stage", limits.max_storage_buffers_per_shader_stage.into()),
        ("max_compute_workgroup_storage_size", limits.max_compute_workgroup_storage_size.into()),
        ("max_compute_invocations_per_workgroup", limits.max_compute_invocations_per_workgroup.into()),
        ("max_compute_workgroups_per_dimension", limits.max_compute_workgroups_per_dimension.into()),
    ];
    let units = Units::of(adapter).map(|units| ("matrix_units_edge", units.edge.into()));
    shown.into_iter().chain(units).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn features(adapter: &wgpu::Adapter) -> Vec<(String, bool)> {
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
    shown.into_iter().chain([("matrix units".to_owned(), Units::of(adapter).is_some())]).collect()
}

/// Every adapter of this machine, the best first. `WGPU_BACKEND` narrows the interfaces. Where it does not, GL is asked
/// only if no other interface shows a GPU: it would be the same one, and not every driver can open it that way too.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    let named = wgpu::Backends::from_env();
    let mut found = through(named.unwrap_or(wgpu::Backends::all() - wgpu::Backends::GL));
    if named.is_none() && found.iter().all(|adapter| adapter.software) {
        found.extend(through(wgpu::Backends::GL));
    }
    found.sort_by_key(AdapterInfo::rank);
    found
}

/// The adapters that are reached through these interfaces.
fn through(backends: wgpu::Backends) -> Vec<AdapterInfo> {
    let wish = wgpu::InstanceDescriptor::new_without_display_handle().with_env();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..wish });
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    found.into_iter().map(AdapterInfo::new).collect()
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
    calls: AtomicU64,
    spared: AtomicBool,
    max_binding: u64,
    /// Its matrix units, if they were opened.
    pub(super) units: Option<Units>,
    pub(super) tally: Arc<Tally>,
    cache: Option<KernelCache>,
    pub(super) built: Pipelines,
    pub(super) choices: Choices,
    pace: Mutex<Pace>,
}

impl Context {
    /// Opens an adapter, with matrix units if it can.
    pub(super) fn open(
        info: &AdapterInfo,
        options: &OpenOptions,
        units: WantedUnits,
    ) -> Result<Self, EngineError> {
        if !info.adapter.features().contains(NEEDED) {
            let adapter = info.name.clone();
            return Err(EngineError::DeviceFailed { adapter, reason: "it offers no immediates".into() });
        }
        let wanted = match units {
            WantedUnits::None => None,
            WantedUnits::Own => Units::of(&info.adapter),
            WantedUnits::Emulated(units) => Some(units).filter(|units| units.fit(&info.adapter)),
        };
        let request = |units| pollster::block_on(info.adapter.request_device(&wish(&info.adapter, units)));
        let with_units = wanted.and_then(|units| Some((request(Some(units)).ok()?, Some(units))));
        let failed = |error: wgpu::RequestDeviceError| EngineError::DeviceFailed {
            adapter: info.name.clone(),
            reason: format!("can't be opened: {error}"),
        };
        let ((device, queue), units) = match with_units {
            Some(opened) => opened,
            None => (request(None).map_err(failed)?, None),
        };
        let trouble = Arc::new(Mutex::new(None));
        watch(&device, &info.name, &trouble);
        let limits = device.limits();
        let max_binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let cache = KernelCache::open(&device, &info.adapter.get_info(), options.cache.as_deref());
        let (choices, pace) = (Choices::new(info, options), Pace::new(info, options));
        let (info, calls, tally) = (info.clone(), AtomicU64::new(0), Arc::default());
        Ok(Self {
            info,
            device,
            queue,
            trouble,
            fault: None,
            calls,
            spared: AtomicBool::new(false),
            max_binding,
            units,
            tally,
            cache,
            built: Pipelines::default(),
            choices,
            pace: Mutex::new(pace),
        })
    }

    /// How fast it may be taken to be before it begins with a job.
    pub(super) fn pace(&self) -> Pace {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).doubted()
    }

    /// Keeps how fast it was found to be, for jobs to come.
    pub(super) fn keep_pace(&self, pace: &Pace) {
        let mut kept = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = pace.or(&kept);
    }

    /// Fails on purpose at a call counted from now.
    pub(super) fn arm(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.calls = AtomicU64::new(0);
    }

    /// Kernels compiled before, for new pipelines.
    pub(super) fn pipelines(&self) -> Option<&wgpu::PipelineCache> {
        self.cache.as_ref().map(|cache| &cache.pipelines)
    }

    /// Keeps the kernels compiled so far for the next start.
    pub(super) fn save_kernels(&self) {
        if let Some(cache) = &self.cache {
            cache.save();
        }
    }

    /// Takes the device for one that binds no larger buffers.
    pub(super) fn limit_binding(&mut self, bytes: Option<u64>) {
        self.max_binding = bytes.map_or(self.max_binding, |bytes| bytes.min(self.max_binding));
    }

    /// What was asked of the device so far.
    pub(super) fn counters(&self) -> Counters {
        self.tally.read()
    }

    /// The first complaint of the device, if there is one. What it lost can't be won back: all later work
    /// fails too.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let first = self.complaint()?;
        if matches!(first, Some(EngineError::DeviceFailed { .. })) {
            self.ask_if_lost();
            return self.complaint()?.map_or(Ok(()), Err);
        }
        first.map_or(Ok(()), Err)
    }

    /// That the device is lost, which would explain why it failed, is only said when asked, and when all work that
    /// was handed over before has come to its end.
    fn ask_if_lost(&self) {
        let wish = wgpu::PollType::Wait { submission_index: None, timeout: Some(LAST_WORDS) };
        let _ = self.device.poll(wish);
    }

    fn complaint(&self) -> Result<Option<EngineError>, EngineError> {
        let trouble = self.trouble.lock().map_err(|_| self.failed("a callback panicked"))?;
        Ok(trouble.clone())
    }

    pub(super) fn failed(&self, reason: impl Into<String>) -> EngineError {
        EngineError::DeviceFailed { adapter: self.info.name.clone(), reason: reason.into() }
    }

    pub(super) fn out_of_memory(&self, reason: impl Into<String>) -> EngineError {
        EngineError::OutOfMemory { adapter: self.info.name.clone(), reason: reason.into() }
    }

    /// Largest buffer that a kernel can be given, in bytes.
    pub(super) fn max_binding(&self) -> u64 {
        self.max_binding
    }

    /// Forgets that there was too little memory: less will be asked for.
    pub(super) fn forgive(&self) {
        if let Ok(mut trouble) = self.trouble.lock() {
            trouble.take_if(|error| matches!(error, EngineError::OutOfMemory { .. }));
        }
    }

    /// Does work that no fault of a test falls into, nor is counted for one.
    pub(super) fn spare<T>(&self, work: impl FnOnce() -> T) -> T {
        self.spared.store(true, Ordering::Relaxed);
        let done = work();
        self.spared.store(false, Ordering::Relaxed);
        done
    }

    /// Counts an allocation or submission, and fails it if a test says so.
    fn call(&self) -> Result<(), EngineError> {
        if self.spared.load(Ordering::Relaxed) {
            return Ok(());
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fault.filter(|fault| fault.strikes(number)).map(|fault| fault.kind) {
            Some(FaultKind::OutOfMemory) => Err(self.out_of_memory("a fault injected by a test")),
            Some(FaultKind::Lost) => {
                self.device.destroy();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Makes a buffer, which holds zeros, or says that there is no room for it.
    pub(super) fn allocate(
        &self,
        name: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, EngineError> {
        self.call()?;
        let size = bytes.max(16).next_multiple_of(16);
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let wish = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&wish);
        let refused = pollster::block_on(scope.pop());
        self.check()?;
        match refused {
            Some(_) => Err(self.out_of_memory(format!("no room for {size} bytes of {name}"))),
            None => Ok(buffer),
        }
    }

    /// Nanoseconds of a step of the device's clock, where it has one.
    pub(super) fn timestamp_period(&self) -> Option<f32> {
        let has = self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        has.then(|| self.queue.get_timestamp_period())
    }

    /// Writes to a buffer before the next submission. `at` in bytes.
    pub(super) fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, at: u64, data: &[T]) {
        count(&self.tally.bytes_up, size_of_val(data) as u64);
        self.queue.write_buffer(buffer, at, bytemuck::cast_slice(data));
    }

    /// Hands encoded work to the device.
    pub(super) fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex, EngineError> {
        self.call()?;
        count(&self.tally.submissions, 1);
        let index = self.queue.submit([encoder.finish()]);
        self.check()?;
        Ok(index)
    }

    /// Waits until a submission is done.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), EngineError> {
        count(&self.tally.waits, 1);
        let wish = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
        let waited = self.device.poll(wish);
        self.check()?;
        let Err(error) = waited else { return Ok(()) };
        self.ask_if_lost();
        self.check()?;
        Err(self.failed(error.to_string()))
    }

    /// A buffer to read through.
    pub(super) fn staging(&self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        self.allocate("read back", bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    /// Waits for a submission that filled the front of a staging buffer, and takes `bytes` of it.
    pub(super) fn take(
        &self,
        staging: &wgpu::Buffer,
        bytes: u64,
        submission: wgpu::SubmissionIndex,
    ) -> Result<Vec<u8>, EngineError> {
        if bytes == 0 {
            self.wait(submission)?;
            return Ok(Vec::new());
        }
        count(&self.tally.bytes_down, bytes);
        let part = staging.slice(..bytes);
        part.map_async(wgpu::MapMode::Read, |_| {}); // a failure shows as an unmapped range below
        self.wait(submission)?;
        let taken = part.get_mapped_range().map(|view| view.to_vec());
        staging.unmap();
        taken.or_else(|error| {
            self.ask_if_lost();
            self.check()?;
            Err(self.failed(error.to_string()))
        })
    }

    /// Waits for all work, then reads these parts (buffer, first byte, bytes), one after the other.
    pub(super) fn read(&self, parts: &[(&wgpu::Buffer, u64, u64)]) -> Result<Vec<u8>, EngineError> {
        let size = parts.iter().map(|(_, _, size)| size).sum();
        let staging = self.staging(size)?;
        let mut encoder = self.encoder();
        let mut to = 0;
        for (buffer, at, size) in parts {
            encoder.copy_buffer_to_buffer(buffer, *at, &staging, to, *size);
            to += size;
        }
        let submission = self.submit(encoder)?;
        self.take(&staging, size, submission)
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("cairn") })
    }
}

/// What is asked of an adapter.
fn wish(adapter: &wgpu::Adapter, units: Option<Units>) -> wgpu::DeviceDescriptor<'static> {
    let have = adapter.limits();
    let required_limits = wgpu::Limits {
        max_storage_buffer_binding_size: have.max_storage_buffer_binding_size,
        max_buffer_size: have.max_buffer_size,
        max_compute_workgroup_storage_size: have.max_compute_workgroup_storage_size.min(4 * MAX_WORDS as u32),
        max_immediate_size: size_of::<[u32; 3]>() as u32,
        ..wgpu::Limits::default().or_worse_values_from(&have)
    };
    let required_features = NEEDED | adapter.features() & (KernelCache::FEATURE | marks::FEATURE);
    let wish = wgpu::DeviceDescriptor {
        label: Some("cairn"),
        required_features,
        required_limits,
        ..Default::default()
    };
    match units {
        Some(units) => units.add_to(wish),
        None => wish,
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
