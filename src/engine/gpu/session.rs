//! A job on the device: what all its runs share.

use std::cell::OnceCell;

use super::buffers::Sizes;
use super::collect::CollectKernels;
use super::context::Context;
use super::empty::EmptyKernels;
use super::opened::Gpu;
use super::plan::Plan;
use super::points::Points;
use super::rounds::Rounds;
use super::seed::SeedKernels;
use crate::engine::Job;

/// A job's points and kernels on the device.
pub(super) struct GpuSession<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) job: &'a Job<'a>,
    pub(super) sizes: Sizes,
    pub(super) plan: Plan,
    pub(super) points: Points<'a>,
    pub(super) rounds: Rounds,
    pub(super) seeding: SeedKernels<'a>,
    pub(super) collect: CollectKernels,
    pub(super) empties: OnceCell<EmptyKernels>,
}

impl GpuSession<'_> {
    /// Kernels for empty clusters, built on first use.
    pub(super) fn empties(&self, context: &Context) -> &EmptyKernels {
        self.empties.get_or_init(|| EmptyKernels::build(context, self.sizes.mixed()))
    }
}
