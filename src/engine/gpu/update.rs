//! Update: the kernels that sum the points of every cluster and move its centroid.

use std::sync::OnceLock;

use super::buffers::{Shared, Sizes, Slots};
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::sum_parts::{Layout, POINTS, limbs};
use crate::lattice::Table;

/// The kernel that adds up the points, for so many slots: built when it is first needed.
#[derive(Debug)]
pub(super) struct Sums {
    layout: Option<Layout>, // none: the plain kernel
    built: [OnceLock<Kernel>; POINTS.len()],
}

/// A kernel of sums, and its grid.
#[derive(Debug, Clone, Copy)]
pub(super) struct SumsKernel<'a> {
    kernel: &'a Kernel,
    points: usize, // of a workgroup
    n_slabs: usize,
}

impl Sums {
    pub(super) fn new(context: &Context, sizes: &Sizes, table: &Table) -> Self {
        let bytes = context.device.limits().max_compute_workgroup_storage_size;
        let limbs = limbs(table.weights.max(), table.reach(), table.granularity);
        let (k, quads) = (sizes.n_clusters as usize, sizes.n_quads as usize);
        let layout = limbs.and_then(|limbs| Layout::new(k, quads, limbs, bytes));
        Self { layout, built: Default::default() }
    }

    /// The kernel for so many slots over so many points.
    pub(super) fn kernel(&self, context: &Context, n_points: usize, n_slots: usize) -> SumsKernel<'_> {
        let Some(layout) = self.layout else {
            let kernel = self.built[0].get_or_init(|| Kernel::build(context, "update_sums", &[]));
            return SumsKernel { kernel, points: 64, n_slabs: 1 };
        };
        let at = layout.points(n_points, n_slots);
        let Layout { limbs, slab, n_slabs, words } = layout;
        let constants =
            [("LIMBS", limbs), ("SLAB", slab), ("SLABS", n_slabs), ("POINTS", POINTS[at]), ("ROOM", words)];
        let constants = constants.map(|(name, value)| (name, value as f64));
        let kernel = self.built[at].get_or_init(|| Kernel::build(context, "update_sums_shared", &constants));
        SumsKernel { kernel, points: POINTS[at], n_slabs }
    }
}

impl<'a> SumsKernel<'a> {
    /// Workgroups for so many points of a slot.
    pub(super) fn blocks(&self, n_points: usize) -> usize {
        n_points.div_ceil(self.points) * self.n_slabs
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared, slots: &Slots) -> Bound<'a> {
        let Shared { sizes, points, weights, .. } = shared;
        let Slots { labels, running, slots, sums, counts, settled, .. } = slots;
        self.kernel.bind(context, &[sizes, points, weights, labels, running, slots, sums, counts, settled])
    }
}

pub(super) fn build_means(context: &Context) -> Kernel {
    Kernel::build(context, "update_means", &[])
}

pub(super) fn bind_means<'a>(
    kernel: &'a Kernel,
    context: &Context,
    shared: &Shared,
    slots: &Slots,
) -> Bound<'a> {
    let Shared { sizes, features, .. } = shared;
    let Slots { counts, running, slots, sums, centroids, half_norms, .. } = slots;
    kernel.bind(context, &[sizes, counts, features, running, slots, sums, centroids, half_norms])
}
