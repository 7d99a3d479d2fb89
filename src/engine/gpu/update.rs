//! Update: the kernels that sum the points of every cluster and move its centroid.

use std::sync::OnceLock;

use super::buffers::{Lanes, Shared, Sizes};
use super::context::Context;
use super::kernel::{Bound, Kernel};
use crate::lattice::Table;

/// Words of workgroup memory that are asked for where a device has them: what NVIDIA's GPUs give.
pub(super) const MAX_WORDS: usize = (48 << 10) / 4;

/// Points of a workgroup of `update_sums_shared`: the more, the fewer atomics in storage.
const POINTS: [usize; 4] = [256, 1024, 4096, 16384];
/// Workgroups that keep a large device busy.
const BUSY: usize = 512;
/// Most quads of a slab: some drivers let no loop go on for long.
const MAX_SLAB: usize = 64;
/// Invocations of a workgroup.
const WIDTH: usize = 256;

/// Bits of a part of a sum in workgroup memory.
const PART: u32 = 15;
/// Most points that are added to a part: each part stays below 2^31.
const MAX_POINTS: u64 = POINTS[3] as u64;

/// How the sums of a lane lie in the workgroup memory of `update_sums_shared`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Parts of a sum.
    limbs: usize,
    /// Quads of features of a workgroup.
    slab: usize,
    /// Workgroups that share the features of a point.
    n_slabs: usize,
    /// Words of workgroup memory.
    words: usize,
}

impl Layout {
    /// The layout in so many bytes of workgroup memory; none where even the sums of four features have no room.
    fn new(sizes: &Sizes, max_weight: u32, max_coordinate: u32, bytes: u32) -> Option<Self> {
        let (k, quads) = (sizes.n_clusters as usize, sizes.n_quads as usize);
        let limbs = limbs(max_weight, max_coordinate, sizes.granularity())?;
        let room = (bytes as usize / 4).checked_div(k)?.checked_sub(1)?; // a word a cluster is its weight
        let slab = ((room / limbs).saturating_sub(1) / 4).min(quads).min(MAX_SLAB);
        let n_slabs = quads.div_ceil(slab.max(1));
        let slab = if slab > 0 { quads.div_ceil(n_slabs) } else { return None };
        Some(Self { limbs, slab, n_slabs, words: k * (limbs * (4 * slab + 1) + 1) })
    }

    /// Points of a workgroup, by place in [`POINTS`], for so many lanes.
    fn points(&self, n_points: usize, n_lanes: usize) -> usize {
        let all = n_points.saturating_mul(n_lanes).saturating_mul(self.n_slabs);
        let last = POINTS.len() - 1;
        let enough = (0..last).find(|&at| all / POINTS[at + 1] < BUSY || POINTS[at] >= n_points);
        enough.unwrap_or(last)
    }
}

/// Parts of a sum of products of a weight and a coordinate, so that no part of [`MAX_POINTS`] of them overflows an
/// `i32`: below 2^14 of them, a part of 15 bits stays below 2^29, and the highest one is what is left of a product.
/// None where the weights alone would overflow.
fn limbs(max_weight: u32, max_coordinate: u32, granularity: u32) -> Option<usize> {
    let (weight, most) = (u64::from(max_weight), u64::from(max_coordinate));
    let fits = |term: u64| term * MAX_POINTS < 1 << 31;
    match weight * most {
        _ if !fits(weight) => None,
        _ if fits((most >> granularity) * weight) => Some(1),
        product if product < 1 << 31 && fits(product >> PART) => Some(2),
        product => fits(product >> (2 * PART)).then_some(3),
    }
}

/// The kernel that adds up the points, for so many lanes: built when it is first needed.
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
        let layout = Layout::new(sizes, table.weights.max(), table.max_coordinate, bytes);
        Self { layout, built: Default::default() }
    }

    /// The kernel for so many lanes over so many points.
    pub(super) fn kernel(&self, context: &Context, n_points: usize, n_lanes: usize) -> SumsKernel<'_> {
        let Some(layout) = self.layout else {
            let kernel = self.built[0].get_or_init(|| Kernel::build(context, "update_sums", &[]));
            return SumsKernel { kernel, points: 64, n_slabs: 1 };
        };
        let at = layout.points(n_points, n_lanes);
        let Layout { limbs, slab, n_slabs, words } = layout;
        let constants = [("LIMBS", limbs), ("SLAB", slab), ("POINTS", POINTS[at]), ("ROOM", words)];
        let constants = constants.map(|(name, value)| (name, value as f64));
        let kernel = self.built[at].get_or_init(|| Kernel::build(context, "update_sums_shared", &constants));
        SumsKernel { kernel, points: POINTS[at], n_slabs }
    }
}

impl<'a> SumsKernel<'a> {
    /// Workgroups for so many points of a lane.
    pub(super) fn blocks(&self, n_points: usize) -> usize {
        n_points.div_ceil(self.points) * self.n_slabs
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared, lanes: &Lanes) -> Bound<'a> {
        let Shared { sizes, points, weights, .. } = shared;
        let Lanes { labels, running, lanes, sums, counts, .. } = lanes;
        self.kernel.bind(context, &[sizes, points, weights, labels, running, lanes, sums, counts])
    }
}

/// Most rounds that the loops of an invocation go in a kernel of sums, from above.
pub(super) fn rounds_of_sums(quads: u64) -> u64 {
    let shared = (MAX_POINTS as usize * (MAX_SLAB + 1) + 3 * MAX_WORDS) / WIDTH;
    (4 * quads + 70).max(shared as u64)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a part may hold at most, of points of weight and coordinate as large as they are allowed to be.
    #[test]
    fn no_part_overflows() {
        for weight in [1u64, 2, 3, 255, 256, 40_000, 65_535] {
            for most in [0u64, 1, 16, 255, (1 << 17) - 1, 1 << 17, (1 << 22) + 1, 1 << 23] {
                for granularity in [0, 3, 20] {
                    let most = most >> granularity << granularity;
                    let Some(limbs) = limbs(weight as u32, most as u32, granularity) else {
                        panic!("weight {weight}, coordinate {most}")
                    };
                    let product = weight * most;
                    let highest = match limbs {
                        1 => (most >> granularity) * weight,
                        limbs => product >> (PART * (limbs as u32 - 1)),
                    };
                    assert!((highest + 1) * MAX_POINTS <= 1 << 31, "weight {weight}, coordinate {most}");
                    assert!(limbs == 3 || product < 1 << 31 || limbs == 1, "a product is an i32");
                    assert!(weight * MAX_POINTS < 1 << 31);
                }
            }
        }
        assert_eq!(limbs(1 << 18, 1, 0), None);
    }

    #[test]
    fn slabs_cover_all_features_and_fit() {
        for (k, quads) in [(1, 1), (1, 16_384), (10, 16), (100, 4), (500, 32), (1024, 32), (1500, 200)] {
            for limbs in [1, 2, 3] {
                let (weight, coordinate) = [(1, 16), (1, 1 << 23), (65_535, 1 << 23)][limbs - 1];
                let sizes = Sizes::for_sums(k, quads);
                match Layout::new(&sizes, weight, coordinate, 48 << 10) {
                    None => assert!((k * (5 * limbs as u32 + 1)) as usize > MAX_WORDS),
                    Some(layout) => {
                        assert_eq!(layout.limbs, limbs);
                        assert!(layout.slab * layout.n_slabs >= quads as usize && layout.slab <= MAX_SLAB);
                        assert!(layout.slab * (layout.n_slabs - 1) < quads as usize);
                        assert!(layout.words <= MAX_WORDS);
                    }
                }
            }
        }
    }

    #[test]
    fn workgroups_are_many_but_not_small() {
        let layout = Layout { limbs: 1, slab: 16, n_slabs: 1, words: 1000 };
        let points = |n, lanes| POINTS[layout.points(n, lanes)];
        assert_eq!(points(8_000_000, 1), 4096);
        assert_eq!(points(100_000_000, 1), 16_384);
        assert_eq!(points(1797, 4096), 4096); // all points of a lane
        assert_eq!(points(1797, 1), 256);
        assert_eq!(points(10, 1), 256);
    }
}
