//! Collect: what is kept of lanes that are done, and the state of the best; which lanes those are.

use super::buffers::{Lanes, Record, allocate};
use super::commands::Commands;
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::points::Points;
use crate::engine::EngineError;

/// The kernels that look, collect and keep.
#[derive(Debug)]
pub(super) struct CollectKernels {
    look: Kernel,
    collect: Kernel,
    keep_labels: Kernel,
    keep_centroids: Kernel,
}

/// The kernels with their buffers.
pub(super) struct BoundCollect<'a> {
    pub(super) signs: wgpu::Buffer,   // done, then empty, a bit a lane (2, words)
    pub(super) records: wgpu::Buffer, // Record (lanes)
    ended: wgpu::Buffer,              // how many, then lanes
    look: Bound<'a>,
    collect: Bound<'a>,
    keep_labels: Vec<Bound<'a>>,
    keep_centroids: Bound<'a>,
    n_lanes: usize,
}

/// Words of a bit for each lane.
pub(super) fn words(n_lanes: usize) -> usize {
    n_lanes.div_ceil(32)
}

/// Bytes of [`BoundCollect::signs`].
pub(super) fn sign_bytes(n_lanes: usize) -> u64 {
    words(n_lanes) as u64 * 8
}

impl CollectKernels {
    pub(super) fn build(context: &Context) -> Self {
        let keep = |centroids| Kernel::build(context, "keep", &[("CENTROIDS", centroids)]);
        Self {
            look: Kernel::build(context, "look", &[]),
            collect: Kernel::build(context, "collect", &[]),
            keep_labels: keep(0.0),
            keep_centroids: keep(1.0),
        }
    }

    pub(super) fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        lanes: &[Lanes],
        n_lanes: usize,
    ) -> Result<BoundCollect<'_>, EngineError> {
        let signs = allocate(context, "signs", words(n_lanes) * 8)?;
        let records = allocate(context, "records", n_lanes * size_of::<Record>())?;
        let ended = allocate(context, "ended", (n_lanes + 1) * 4)?;
        let choice = allocate(context, "choice", 8)?;
        let (state, sizes) = (&lanes[0].lanes, &points.shared(0).sizes);
        let keep = |(chunk, lanes): (usize, &Lanes)| {
            self.keep_labels.bind(context, &[&points.shared(chunk).sizes, &choice, &lanes.labels])
        };
        Ok(BoundCollect {
            look: self.look.bind(context, &[state, &signs]),
            collect: self.collect.bind(context, &[sizes, &ended, state, &records, &choice]),
            keep_labels: lanes.iter().enumerate().map(keep).collect(),
            keep_centroids: self.keep_centroids.bind(context, &[sizes, &choice, &lanes[0].centroids]),
            signs,
            records,
            ended,
            n_lanes,
        })
    }
}

impl BoundCollect<'_> {
    /// Encodes the end of these lanes: their records, and a copy of the best one's state.
    pub(super) fn encode_ends(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        ended: &[u32],
    ) {
        let list: Vec<u32> = std::iter::once(ended.len() as u32).chain(ended.iter().copied()).collect();
        context.write(&self.ended, 0, &list);
        let pass = commands.pass();
        self.collect.dispatch_lanes(pass, 1);
        for (chunk, keep) in self.keep_labels.iter().enumerate() {
            keep.dispatch(pass, (points.sizes(chunk).n_points as usize).div_ceil(256), 1);
        }
        self.keep_centroids.dispatch(pass, points.sizes(0).centroid_floats().div_ceil(256), 1);
    }

    /// Encodes a look at all lanes.
    pub(super) fn encode_look(&self, commands: &mut Commands<'_>) {
        self.look.dispatch_lanes(commands.pass(), words(self.n_lanes).div_ceil(64));
    }
}
