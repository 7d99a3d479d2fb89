//! The device and its errors. No other module submits work to it or waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::fault::{Fault, FaultKind};
use super::super::options::Race;
use super::super::{EngineError, OpenOptions};
use super::adapter::AdapterInfo;
use super::choices::Choices;
use super::counters::{Counters, Tally, count};
use super::fault::Faults;
use super::kernel_cache::KernelCache;
use super::pipelines::Pipelines;
use super::sum_parts::MAX_WORDS;
use super::throughput::Throughput;
use super::units::{Units, WantedUnits};

/// Required features: immediates tell a kernel which slice of its grid it runs.
const NEEDED: wgpu::Features = wgpu::Features::IMMEDIATES;

/// Optional feature, for measured times.
const TIMESTAMPS: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY;

/// Most bytes of points that are written to the device before they are waited for.
const PIECE: usize = 256 << 20;

/// How long to wait for a failed device to report that it was lost.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long to wait for a submission before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(300);

/// An open device and its first error.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) info: AdapterInfo,
    pub(super) device: wgpu::Device,
    queue: wgpu::Queue,
    first_error: Arc<Mutex<Option<EngineError>>>,
    faults: Faults,
    max_binding: u64,
    /// Its matrix units, if it was opened with them.
    pub(super) units: Option<Units>,
    pub(super) tally: Arc<Tally>,
    cache: Option<KernelCache>,
    pub(super) built: Pipelines,
    pub(super) choices: Choices,
    throughput: Mutex<Throughput>,
    /// Kernels that the driver refused, and why.
    refused: Mutex<BTreeMap<String, String>>,
    refuses: Option<String>,       // for tests
    pub(super) race: Option<Race>, // for tests
    /// Most bytes of points that are written before they are waited for.
    pub(super) piece: usize,
}

impl Context {
    /// Opens an adapter, with the wanted matrix units if it has them.
    pub(super) fn open(
        info: &AdapterInfo,
        options: &OpenOptions,
        units: WantedUnits,
    ) -> Result<Self, EngineError> {
        if !info.adapter.features().contains(NEEDED) {
            let adapter = info.name.clone();
            return Err(EngineError::DeviceFailed {
                adapter,
                reason: "it does not support immediates".into(),
            });
        }
        let wanted = match units {
            WantedUnits::None => None,
            WantedUnits::Own => info.units,
            WantedUnits::Emulated(units) => Some(units).filter(|units| units.fit(&info.adapter)),
        };
        let request =
            |units| pollster::block_on(info.adapter.request_device(&descriptor(&info.adapter, units)));
        let with_units = wanted.and_then(|units| Some((request(Some(units)).ok()?, Some(units))));
        let failed = |error: wgpu::RequestDeviceError| EngineError::DeviceFailed {
            adapter: info.name.clone(),
            reason: format!("can't be opened: {error}"),
        };
        let ((device, queue), units) = match with_units {
            Some(opened) => opened,
            None => (request(None).map_err(failed)?, None),
        };
        let first_error = Arc::new(Mutex::new(None));
        watch(&device, &info.name, &first_error);
        let limits = device.limits();
        let max_binding = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let cache = KernelCache::open(&device, &info.adapter.get_info(), options.cache.as_deref());
        let (choices, throughput) = (Choices::new(info, options), Throughput::new(info, options));
        let (info, tally) = (info.clone(), Arc::default());
        Ok(Self {
            info,
            device,
            queue,
            first_error,
            faults: Faults::default(),
            max_binding,
            units,
            tally,
            cache,
            built: Pipelines::default(),
            choices,
            throughput: Mutex::new(throughput),
            refused: Mutex::default(),
            refuses: options.testing.refused.clone(),
            race: options.testing.race,
            piece: options.testing.piece.unwrap_or(PIECE),
        })
    }

    /// The throughput to assume before a job has measured its own.
    pub(super) fn throughput(&self) -> Throughput {
        self.throughput.lock().unwrap_or_else(PoisonError::into_inner).doubted()
    }

    /// Keeps what a job measured, for later jobs.
    pub(super) fn keep_throughput(&self, throughput: &Throughput) {
        let mut kept = self.throughput.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = throughput.or(&kept);
    }

    /// Injects a fault, for tests. Its calls are counted from now on.
    pub(super) fn arm(&mut self, fault: Option<Fault>) {
        self.faults = Faults::new(fault);
    }

    /// Cache of compiled kernels, if there is one.
    pub(super) fn pipelines(&self) -> Option<&wgpu::PipelineCache> {
        self.cache.as_ref().map(|cache| &cache.pipelines)
    }

    /// Saves the kernels compiled so far for the next start.
    pub(super) fn save_kernels(&self) {
        if let Some(cache) = &self.cache {
            cache.save();
        }
    }

    /// Notes on kept files that were ignored or could not be written, and on kernels that the driver refused.
    pub(super) fn notes(&self) -> Vec<String> {
        let doubts = self.cache.iter().filter_map(KernelCache::doubt).chain(self.choices.doubt());
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kernel = |(name, why): (&String, &String)| {
            format!("the kernel {name} is not used on {}: the driver refused it ({why})", self.info.name)
        };
        doubts.chain(refused.iter().map(of_kernel)).collect()
    }

    /// Runs `build`, which builds the kernel `name`, without an error of the device if the driver refuses it. A kernel that
    /// was refused once is not tried again.
    ///
    /// # Errors
    /// What the driver says.
    pub(super) fn may_refuse<T>(&self, name: &str, build: impl FnOnce() -> T) -> Result<T, String> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = refused.get(name) {
            return Err(why.clone());
        }
        let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation];
        let scopes = scopes.map(|filter| self.device.push_error_scope(filter));
        let built = build();
        if self.refuses.as_ref().is_some_and(|prefix| name.starts_with(prefix)) {
            self.build_nonsense();
        }
        let errors = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop()));
        match errors.last() {
            None => Ok(built),
            Some(error) => {
                let why = one_line(&error.to_string());
                refused.insert(name.to_owned(), why.clone());
                Err(why)
            }
        }
    }

    /// A kernel that any driver refuses, for tests.
    fn build_nonsense(&self) {
        let source = wgpu::ShaderSource::Wgsl("fn f() { nonsense }".into());
        let _ = self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    }

    /// Lowers the binding limit, for tests.
    pub(super) fn limit_binding(&mut self, bytes: Option<u64>) {
        self.max_binding = bytes.map_or(self.max_binding, |bytes| bytes.min(self.max_binding));
    }

    /// The device's counters so far.
    pub(super) fn counters(&self) -> Counters {
        self.tally.read()
    }

    /// Returns the first error of the device, if there was one. All later work fails too.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let first = self.complaint()?;
        if matches!(first, Some(EngineError::DeviceFailed { .. })) {
            self.ask_if_lost();
            return self.complaint()?.map_or(Ok(()), Err);
        }
        first.map_or(Ok(()), Err)
    }

    /// Polls the device. wgpu reports a lost device, the likely cause of a failure, only in a poll after all
    /// submitted work has ended.
    fn ask_if_lost(&self) {
        let wait = wgpu::PollType::Wait { submission_index: None, timeout: Some(LAST_WORDS) };
        let _ = self.device.poll(wait);
    }

    fn complaint(&self) -> Result<Option<EngineError>, EngineError> {
        let first_error = self.first_error.lock().map_err(|_| self.failed("a callback panicked"))?;
        Ok(first_error.clone())
    }

    pub(super) fn failed(&self, reason: impl Into<String>) -> EngineError {
        EngineError::DeviceFailed { adapter: self.info.name.clone(), reason: reason.into() }
    }

    pub(super) fn out_of_memory(&self, reason: impl Into<String>) -> EngineError {
        EngineError::OutOfMemory { adapter: self.info.name.clone(), reason: reason.into() }
    }

    /// Largest binding, in bytes.
    pub(super) fn max_binding(&self) -> u64 {
        self.max_binding
    }

    /// Clears an out-of-memory error before a retry that needs less.
    pub(super) fn clear_oom(&self) {
        if let Ok(mut first_error) = self.first_error.lock() {
            first_error.take_if(|error| matches!(error, EngineError::OutOfMemory { .. }));
        }
    }

    /// Runs `work` without injected faults, and without counting its calls for one.
    pub(super) fn spare<T>(&self, work: impl FnOnce() -> T) -> T {
        self.faults.spare(work)
    }

    /// Counts an allocation or submission, and fails it if a fault is injected there.
    fn call(&self) -> Result<(), EngineError> {
        match self.faults.call() {
            Some(FaultKind::OutOfMemory) => Err(self.out_of_memory("a fault injected by a test")),
            Some(FaultKind::Lost) => {
                self.device.destroy();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Allocates a buffer of zeros.
    pub(super) fn allocate(
        &self,
        name: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, EngineError> {
        self.call()?;
        let size = bytes.max(16).next_multiple_of(16);
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let descriptor = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        let refused = pollster::block_on(scope.pop());
        self.check()?;
        match refused {
            Some(_) => Err(self.out_of_memory(format!("no room for {size} bytes of {name}"))),
            None => Ok(buffer),
        }
    }

    /// Nanoseconds per timestamp tick; `None` without timestamp queries.
    pub(super) fn timestamp_period(&self) -> Option<f32> {
        let has = self.device.features().contains(TIMESTAMPS);
        has.then(|| self.queue.get_timestamp_period())
    }

    /// Writes to a buffer before the next submission. `at` is in bytes.
    pub(super) fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, at: u64, data: &[T]) {
        count(&self.tally.bytes_up, size_of_val(data) as u64);
        self.queue.write_buffer(buffer, at, bytemuck::cast_slice(data));
    }

    /// Submits encoded work.
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
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
        let waited = self.device.poll(wait);
        self.check()?;
        let Err(error) = waited else { return Ok(()) };
        self.ask_if_lost();
        self.check()?;
        Err(self.failed(error.to_string()))
    }

    /// A staging buffer, to read through.
    pub(super) fn staging(&self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        self.allocate("read back", bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    /// Waits for a submission, then returns the first `bytes` of the staging buffer that it filled.
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

    /// Waits for all work, then reads these parts (buffer, first byte, bytes), concatenated.
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

/// Features and limits to request.
fn descriptor(adapter: &wgpu::Adapter, units: Option<Units>) -> wgpu::DeviceDescriptor<'static> {
    let have = adapter.limits();
    let required_limits = wgpu::Limits {
        max_storage_buffer_binding_size: have.max_storage_buffer_binding_size,
        max_buffer_size: have.max_buffer_size,
        max_compute_workgroup_storage_size: have.max_compute_workgroup_storage_size.min(4 * MAX_WORDS as u32),
        max_immediate_size: size_of::<[u32; 3]>() as u32,
        ..wgpu::Limits::default().or_worse_values_from(&have)
    };
    let required_features = NEEDED | adapter.features() & (KernelCache::FEATURE | TIMESTAMPS);
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("cairn"),
        required_features,
        required_limits,
        ..Default::default()
    };
    match units {
        Some(units) => units.add_to(descriptor),
        None => descriptor,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn note(first_error: &Mutex<Option<EngineError>>, error: EngineError) {
    if let Ok(mut first_error) = first_error.lock() {
        first_error.get_or_insert(error);
    }
}

/// Records errors of the device, where wgpu would panic.
fn watch(device: &wgpu::Device, adapter: &str, first_error: &Arc<Mutex<Option<EngineError>>>) {
    let (name, notes) = (adapter.to_owned(), Arc::clone(first_error));
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        // wgpu's messages have several lines
        let reason = one_line(&error.to_string());
        let adapter = name.clone();
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => EngineError::OutOfMemory { adapter, reason },
            _ => EngineError::DeviceFailed { adapter, reason },
        };
        note(&notes, error);
    }));
    let (name, notes) = (adapter.to_owned(), Arc::clone(first_error));
    device.set_device_lost_callback(move |why, message| {
        let reason = format!("{why:?}: {message}");
        // a lost device is the cause of any error before
        if let Ok(mut first_error) = notes.lock() {
            *first_error = Some(EngineError::DeviceLost { adapter: name.clone(), reason });
        }
    });
}
