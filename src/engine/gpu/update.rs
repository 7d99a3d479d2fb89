//! Update: the kernels that sum the points of every cluster and move its centroid.

use super::buffers::{Lanes, Shared, Sizes};
use super::context::Context;
use super::kernel::{Bound, Kernel};

/// The sums' kernel that suits the sizes, and the points that a workgroup of it owns.
pub(super) fn build_sums(context: &Context, sizes: &Sizes) -> (Kernel, usize) {
    if sizes.sums_fit_shared() {
        (Kernel::build(context, "update_sums_shared", &[]), 256)
    } else {
        (Kernel::build(context, "update_sums", &[]), 64)
    }
}

pub(super) fn bind_sums<'a>(
    kernel: &'a Kernel,
    context: &Context,
    shared: &Shared,
    lanes: &Lanes,
) -> Bound<'a> {
    let Shared { sizes, points, weights, .. } = shared;
    let Lanes { labels, running, lanes, sums, counts, .. } = lanes;
    kernel.bind(context, &[sizes, points, weights, labels, running, lanes, sums, counts])
}

pub(super) fn build_means(context: &Context) -> Kernel {
    Kernel::build(context, "update_means", &[])
}

pub(super) fn bind_means<'a>(
    kernel: &'a Kernel,
    context: &Context,
    shared: &Shared,
    lanes: &Lanes,
) -> Bound<'a> {
    let Shared { sizes, features, .. } = shared;
    let Lanes { counts, running, lanes, sums, centroids, half_norms, .. } = lanes;
    kernel.bind(context, &[sizes, counts, features, running, lanes, sums, centroids, half_norms])
}
