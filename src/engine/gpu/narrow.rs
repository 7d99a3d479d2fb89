//! Narrow: the kernels that round points and centroids to f16, where matrix units may be used.

use super::buffers::{Shared, Sizes, Slots};
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::units::Units;

/// Points of a workgroup of `narrow_points`.
const POINTS: usize = 16;
/// Groups of four centroids and four features of a workgroup of `narrow_centroids`.
const QUADS: usize = 64;

/// The kernel for points.
#[derive(Debug)]
pub(super) struct NarrowPoints(Kernel);

impl NarrowPoints {
    pub(super) fn build(context: &Context, units: Units) -> Self {
        Self(Kernel::build(context, "narrow_points", &[("EDGE", f64::from(units.edge))]))
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared) -> Bound<'_> {
        let Shared { sizes, points, points_f16, norms, .. } = shared;
        self.0.bind(context, &[sizes, points, points_f16, norms])
    }

    /// Workgroups for so many points.
    pub(super) fn blocks(n_points: usize) -> usize {
        n_points.div_ceil(POINTS)
    }
}

/// The kernel for centroids.
#[derive(Debug)]
pub(super) struct NarrowCentroids(Kernel);

impl NarrowCentroids {
    pub(super) fn build(context: &Context, units: Units) -> Self {
        Self(Kernel::build(context, "narrow_centroids", &[("EDGE", f64::from(units.edge))]))
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared, slots: &Slots) -> Bound<'_> {
        let Slots { centroids, running, slots, centroids_f16, .. } = slots;
        self.bind_to(context, [&shared.sizes, centroids, running, slots, centroids_f16])
    }

    /// With these buffers, in the order of the kernel's bindings.
    pub(super) fn bind_to(&self, context: &Context, buffers: [&wgpu::Buffer; 5]) -> Bound<'_> {
        self.0.bind(context, &buffers)
    }

    /// Workgroups for a slot.
    pub(super) fn blocks(sizes: &Sizes) -> usize {
        (sizes.n_packs as usize * sizes.n_quads as usize).div_ceil(QUADS)
    }
}
