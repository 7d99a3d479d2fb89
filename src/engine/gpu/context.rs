//! The device and its complaints; the only place that submits work to it or waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::fault::{Fault, FaultKind};
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

/// What a device can't do without: kernels are told by immediates which part of a grid they run.
const NEEDED: wgpu::Features = wgpu::Features::IMMEDIATES;

/// What a device may have besides, to tell when its work was done.
const TIMESTAMPS: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY;

/// How long a device that failed is given to say why.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A device that has not answered for this long will not.
const PATIENCE: Duration = Duration::from_secs(300);

/// An open device and what it has complained about.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) info: AdapterInfo,
    pub(super) device: wgpu::Device,
    queue: wgpu::Queue,
    first_error: Arc<Mutex<Option<EngineError>>>,
    faults: Faults,
    max_binding: u64,
    /// Its matrix units, if they were opened.
    pub(super) units: Option<Units>,
    pub(super) tally: Arc<Tally>,
    cache: Option<KernelCache>,
    pub(super) built: Pipelines,
    pub(super) choices: Choices,
    throughput: Mutex<Throughput>,
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
        })
    }

    /// How fast it may be taken to be before it begins with a job.
    pub(super) fn throughput(&self) -> Throughput {
        self.throughput.lock().unwrap_or_else(PoisonError::into_inner).doubted()
    }

    /// Keeps how fast it was found to be, for jobs to come.
    pub(super) fn keep_throughput(&self, throughput: &Throughput) {
        let mut kept = self.throughput.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = throughput.or(&kept);
    }

    /// Fails on purpose at a call counted from now.
    pub(super) fn arm(&mut self, fault: Option<Fault>) {
        self.faults = Faults::new(fault);
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

    /// Largest buffer that a kernel can be given, in bytes.
    pub(super) fn max_binding(&self) -> u64 {
        self.max_binding
    }

    /// Forgets that there was too little memory: less will be asked for.
    pub(super) fn clear_oom(&self) {
        if let Ok(mut first_error) = self.first_error.lock() {
            first_error.take_if(|error| matches!(error, EngineError::OutOfMemory { .. }));
        }
    }

    /// Does work that no fault of a test falls into, nor is counted for one.
    pub(super) fn spare<T>(&self, work: impl FnOnce() -> T) -> T {
        self.faults.spare(work)
    }

    /// Counts an allocation or submission, and fails it if a test says so.
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
        let descriptor = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        let refused = pollster::block_on(scope.pop());
        self.check()?;
        match refused {
            Some(_) => Err(self.out_of_memory(format!("no room for {size} bytes of {name}"))),
            None => Ok(buffer),
        }
    }

    /// Nanoseconds of a step of the device's clock, where it has one.
    pub(super) fn timestamp_period(&self) -> Option<f32> {
        let has = self.device.features().contains(TIMESTAMPS);
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
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
        let waited = self.device.poll(wait);
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

fn note(first_error: &Mutex<Option<EngineError>>, error: EngineError) {
    if let Ok(mut first_error) = first_error.lock() {
        first_error.get_or_insert(error);
    }
}

/// Notes what the device complains about, where wgpu would panic.
fn watch(device: &wgpu::Device, adapter: &str, first_error: &Arc<Mutex<Option<EngineError>>>) {
    let (name, notes) = (adapter.to_owned(), Arc::clone(first_error));
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
    let (name, notes) = (adapter.to_owned(), Arc::clone(first_error));
    device.set_device_lost_callback(move |why, message| {
        let reason = format!("{why:?}: {message}");
        // the loss is why anything complained before it was known
        if let Ok(mut first_error) = notes.lock() {
            *first_error = Some(EngineError::DeviceLost { adapter: name.clone(), reason });
        }
    });
}
