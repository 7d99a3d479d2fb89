//! Assign: the kernel that gives every point of every running lane its label.

use super::buffers::{Lanes, Shared, Sizes};
use super::context::Context;
use super::kernel::{Bound, Kernel};

/// Points a workgroup owns.
pub(super) const POINTS: usize = 64;

pub(super) fn build(context: &Context, sizes: &Sizes) -> Kernel {
    Kernel::build(context, "assign", &[("MIXED", f64::from(u8::from(sizes.mixed())))])
}

pub(super) fn bind<'a>(kernel: &'a Kernel, context: &Context, shared: &Shared, lanes: &Lanes) -> Bound<'a> {
    let Shared { sizes, points, errors, features, .. } = shared;
    let Lanes { centroids, half_norms, running, lanes, labels, .. } = lanes;
    kernel.bind(context, &[sizes, points, errors, centroids, half_norms, features, running, lanes, labels])
}
