//! Command encoding, cut into submissions short enough for a desktop's watchdog.

use super::context::Context;
use super::kernel::{Bound, MAX_GROUPS};
use super::throughput::{LONGEST, Step, Throughput};
use crate::engine::EngineError;

/// Encoded work that is not yet submitted.
pub(super) struct Commands<'c> {
    context: &'c Context,
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    throughput: Throughput,
    seconds: f64, // estimate for what is encoded
    last: Option<wgpu::SubmissionIndex>,
}

impl<'c> Commands<'c> {
    /// No commands yet. Dispatches and submissions will be cut by `throughput`.
    pub(super) fn new(context: &'c Context, throughput: &Throughput) -> Self {
        Self { context, pass: None, encoder: None, throughput: *throughput, seconds: 0.0, last: None }
    }

    /// The pass that kernels are dispatched in.
    pub(super) fn pass(&mut self) -> &mut wgpu::ComputePass<'static> {
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        self.pass.get_or_insert_with(|| {
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
        })
    }

    /// Copies bytes after all kernels so far.
    pub(super) fn copy(&mut self, from: (&wgpu::Buffer, u64), to: (&wgpu::Buffer, u64), bytes: u64) {
        self.pass = None;
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        encoder.copy_buffer_to_buffer(from.0, from.1, to.0, to.1, bytes);
    }

    /// A pass without kernels, for the timestamp at its start.
    pub(super) fn empty_pass(&mut self, writes: wgpu::ComputePassTimestampWrites<'_>) {
        self.pass = None;
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        let descriptor =
            wgpu::ComputePassDescriptor { label: Some("moment"), timestamp_writes: Some(writes) };
        drop(encoder.begin_compute_pass(&descriptor));
    }

    /// Resolves the first `n` timestamps to a buffer.
    pub(super) fn resolve(&mut self, queries: &wgpu::QuerySet, n: u32, to: &wgpu::Buffer) {
        self.pass = None;
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        encoder.resolve_query_set(queries, 0..n, to, 0);
    }

    /// Encodes a kernel over a grid of (blocks, slots), cut into slices within the time limit. Returns the number of
    /// slices. Submits what was encoded before once that reaches the limit.
    pub(super) fn run(
        &mut self,
        kernel: &Bound<'_>,
        grid: [usize; 2],
        (step, work): (Step, u128),
    ) -> Result<u64, EngineError> {
        let slices = self.throughput.cut(step, work, grid, MAX_GROUPS);
        let each = self.throughput.seconds(step, work) / slices.len() as f64;
        for slice in &slices {
            if self.seconds > 0.0 && self.seconds + each > LONGEST.as_secs_f64() {
                self.flush()?;
            }
            self.seconds += each;
            kernel.dispatch_slice(self.pass(), slice);
        }
        Ok(slices.len() as u64)
    }

    /// Submits what is encoded.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        self.pass = None;
        self.seconds = 0.0;
        if let Some(encoder) = self.encoder.take() {
            self.last = Some(self.context.submit(encoder)?);
        }
        Ok(())
    }

    /// Submits the rest and returns the last submission.
    pub(super) fn finish(mut self) -> Result<wgpu::SubmissionIndex, EngineError> {
        self.pass();
        self.flush()?;
        self.last.take().ok_or_else(|| self.context.failed("nothing was submitted"))
    }

    /// The last submission so far.
    pub(super) fn last(&self) -> Option<wgpu::SubmissionIndex> {
        self.last.clone()
    }
}
