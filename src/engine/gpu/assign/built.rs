//! A built assign kernel and its buffers.

use super::super::buffers::{Shared, Sizes, Slots};
use super::super::context::Context;
use super::super::kernel::{Bound, Kernel};
use super::shape::{Kind, Shape};

/// A built kernel of one of the shapes.
#[derive(Debug)]
pub(in crate::engine::gpu) struct Built {
    kernel: Kernel,
    pub(super) shape: Shape,
}

impl Built {
    pub(super) fn new(context: &Context, sizes: &Sizes, shape: Shape) -> Self {
        let mixed = ("MIXED", f64::from(u8::from(sizes.mixed())));
        let constants = shape.constants().into_iter().map(|(name, value)| (name, value as f64));
        let constants: Vec<_> = constants.chain([mixed]).collect();
        let kernel = match shape {
            Shape::Matrix(units) => Kernel::build_matrix(context, units),
            _ => Kernel::build(context, shape.entry(), &constants).for_slots(shape.slots()),
        };
        Self { kernel, shape }
    }

    /// The kernel, or why the driver refused it; without an error of the device.
    pub(super) fn try_new(context: &Context, sizes: &Sizes, shape: Shape) -> Result<Self, String> {
        context.may_refuse(&shape.name(), || Self::new(context, sizes, shape))
    }

    /// Points per workgroup.
    pub(in crate::engine::gpu) fn points(&self) -> usize {
        self.shape.points()
    }

    pub(in crate::engine::gpu) fn bind(
        &self,
        context: &Context,
        shared: &Shared,
        slots: &Slots,
    ) -> Bound<'_> {
        let Slots { centroids, half_norms, running, slots, labels, centroids_f16, others, .. } = slots;
        let slots = [centroids, half_norms, running, slots, labels, centroids_f16, others];
        self.bind_to(context, shared, slots)
    }

    /// With the buffers of some slots. The last two are for matrix units alone.
    pub(super) fn bind_to(&self, context: &Context, shared: &Shared, slots: [&wgpu::Buffer; 7]) -> Bound<'_> {
        let Shared { sizes, points, errors, features, points_f16, norms, .. } = shared;
        let [centroids, half_norms, running, slots, labels, centroids_f16, others] = slots;
        // in the order of the kernels' bindings
        match self.shape.kind() {
            Kind::Matrix => {
                let all =
                    [sizes, half_norms, running, slots, labels, points_f16, norms, centroids_f16, others];
                self.kernel.bind(context, &all)
            }
            _ => {
                let all = [sizes, points, errors, centroids, half_norms, features, running, slots, labels];
                self.kernel.bind(context, &all)
            }
        }
    }

    /// Whether it runs on matrix units.
    pub(in crate::engine::gpu) fn is_on_units(&self) -> bool {
        self.shape.kind() == Kind::Matrix
    }
}
