//! Repair: the kernel that decides the points which matrix units left open.

use super::buffers::{Shared, Slots};
use super::context::Context;
use super::kernel::{Bound, Kernel};

/// Points of a workgroup.
const POINTS: usize = 64;

/// The kernel.
#[derive(Debug)]
pub(super) struct Repair(Kernel);

impl Repair {
    pub(super) fn build(context: &Context) -> Self {
        Self(Kernel::build(context, "repair", &[]))
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared, slots: &Slots) -> Bound<'_> {
        let Slots { centroids, half_norms, running, slots, labels, others, .. } = slots;
        self.bind_to(context, shared, [centroids, half_norms, running, slots, labels, others])
    }

    /// With the buffers of some slots, in the order of the kernel's bindings.
    pub(super) fn bind_to(&self, context: &Context, shared: &Shared, slots: [&wgpu::Buffer; 6]) -> Bound<'_> {
        let Shared { sizes, points, errors, features, .. } = shared;
        let [centroids, half_norms, running, slots, labels, others] = slots;
        let all = [sizes, points, errors, centroids, half_norms, features, running, slots, labels, others];
        self.0.bind(context, &all)
    }

    /// Workgroups for so many points.
    pub(super) fn blocks(n_points: usize) -> usize {
        n_points.div_ceil(POINTS)
    }
}
