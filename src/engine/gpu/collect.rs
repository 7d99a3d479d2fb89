//! Collect: which slots are done, their records, and the state of the best restart so far.

use super::buffers::{Record, Slots, allocate, allocate_planned};
use super::commands::Commands;
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::points::Points;
use super::throughput::Step;
use crate::engine::EngineError;

/// The kernels that poll the slots, write records, and save the best state.
#[derive(Debug)]
pub(super) struct CollectKernels {
    poll: Kernel,
    collect: Kernel,
    save_labels: Kernel,
    save_centroids: Kernel,
}

/// The kernels with their buffers.
pub(super) struct BoundCollect<'a> {
    pub(super) status_bits: wgpu::Buffer, // slots that are done, then those with empty clusters (2, words)
    pub(super) records: wgpu::Buffer,     // Record (slots)
    ended: wgpu::Buffer,                  // how many, then slots
    poll: Bound<'a>,
    collect: Bound<'a>,
    save_labels: Vec<Bound<'a>>,
    save_centroids: Bound<'a>,
    n_slots: usize,
}

/// Words that hold one bit per slot.
pub(super) fn words(n_slots: usize) -> usize {
    n_slots.div_ceil(32)
}

/// Bytes of [`BoundCollect::status_bits`].
pub(super) fn status_bit_bytes(n_slots: usize) -> u64 {
    words(n_slots) as u64 * 8
}

impl CollectKernels {
    pub(super) fn build(context: &Context) -> Self {
        let keep = |centroids| Kernel::build(context, "save_best", &[("CENTROIDS", centroids)]);
        Self {
            poll: Kernel::build(context, "poll", &[]),
            collect: Kernel::build(context, "collect", &[]),
            save_labels: keep(0.0),
            save_centroids: keep(1.0),
        }
    }

    pub(super) fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        slots: &[Slots],
        n_slots: usize,
    ) -> Result<BoundCollect<'_>, EngineError> {
        let status_bits = allocate(context, "status_bits", words(n_slots) * 8)?;
        let records = allocate_planned(context, "records", n_slots * size_of::<Record>())?;
        let ended = allocate(context, "ended", (n_slots + 1) * 4)?;
        let choice = allocate(context, "choice", 8)?;
        let (state, sizes) = (&slots[0].slots, &points.shared(0).sizes);
        let keep = |(chunk, slots): (usize, &Slots)| {
            self.save_labels.bind(context, &[&points.shared(chunk).sizes, &choice, &slots.labels])
        };
        Ok(BoundCollect {
            poll: self.poll.bind(context, &[state, &status_bits]),
            collect: self.collect.bind(context, &[sizes, &ended, state, &records, &choice]),
            save_labels: slots.iter().enumerate().map(keep).collect(),
            save_centroids: self.save_centroids.bind(context, &[sizes, &choice, &slots[0].centroids]),
            status_bits,
            records,
            ended,
            n_slots,
        })
    }
}

impl BoundCollect<'_> {
    /// Encodes the end of these slots: their records, and a copy of the best state.
    pub(super) fn encode_ends(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        ended: &[u32],
    ) -> Result<(), EngineError> {
        let list: Vec<u32> = std::iter::once(ended.len() as u32).chain(ended.iter().copied()).collect();
        context.write(&self.ended, 0, &list);
        self.collect.dispatch_slots(commands.pass(), 1);
        let mut keep = |kernel: &Bound<'_>, words: usize| {
            commands.run(kernel, [words.div_ceil(256), 1], (Step::Seed, words as u128)).map(drop)
        };
        for (chunk, kernel) in self.save_labels.iter().enumerate() {
            keep(kernel, points.sizes(chunk).n_points as usize)?;
        }
        keep(&self.save_centroids, points.sizes(0).centroid_coordinates())
    }

    /// Encodes a poll of all slots.
    pub(super) fn encode_poll(&self, commands: &mut Commands<'_>) {
        self.poll.dispatch_slots(commands.pass(), words(self.n_slots).div_ceil(64));
    }
}
