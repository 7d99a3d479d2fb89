//! Commands: work on its way to the device, cut into submissions that are short enough for a watchdog.

use super::context::Context;
use crate::engine::EngineError;

/// Work that is encoded, and not yet handed over.
pub(super) struct Commands<'c> {
    context: &'c Context,
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    work: u128, // multiply-adds encoded
    limit: u128,
    last: Option<wgpu::SubmissionIndex>,
}

impl<'c> Commands<'c> {
    /// Nothing yet. A submission holds about `limit` multiply-adds at most.
    pub(super) fn new(context: &'c Context, limit: u128) -> Self {
        Self { context, pass: None, encoder: None, work: 0, limit, last: None }
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

    /// A pass without kernels, for the moment when it begins.
    pub(super) fn empty_pass(&mut self, writes: wgpu::ComputePassTimestampWrites<'_>) {
        self.pass = None;
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        let wish = wgpu::ComputePassDescriptor { label: Some("moment"), timestamp_writes: Some(writes) };
        drop(encoder.begin_compute_pass(&wish));
    }

    /// Writes the first `n` moments to a buffer.
    pub(super) fn resolve(&mut self, queries: &wgpu::QuerySet, n: u32, to: &wgpu::Buffer) {
        self.pass = None;
        let encoder = self.encoder.get_or_insert_with(|| self.context.encoder());
        encoder.resolve_query_set(queries, 0..n, to, 0);
    }

    /// Says how much work comes next. What was encoded before is handed over if that would be too much.
    pub(super) fn expect(&mut self, work: u128) -> Result<(), EngineError> {
        if self.work > 0 && self.work + work > self.limit {
            self.flush()?;
        }
        self.work += work;
        Ok(())
    }

    /// Hands over what is encoded.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        self.pass = None;
        self.work = 0;
        if let Some(encoder) = self.encoder.take() {
            self.last = Some(self.context.submit(encoder)?);
        }
        Ok(())
    }

    /// Hands over what is left, and returns the last submission, after which all is done.
    pub(super) fn finish(mut self) -> Result<wgpu::SubmissionIndex, EngineError> {
        self.pass();
        self.flush()?;
        self.last.take().ok_or_else(|| self.context.failed("nothing was handed over"))
    }

    /// The last submission so far.
    pub(super) fn last(&self) -> Option<wgpu::SubmissionIndex> {
        self.last.clone()
    }
}
