//! Sum parts: how the sums of a restart lie in the workgroup memory of `update_sums_shared`, and why none overflows.

/// Words of workgroup memory that are asked for where a device has them: what NVIDIA's GPUs give.
pub(super) const MAX_WORDS: usize = (48 << 10) / 4;

/// Points of a workgroup of `update_sums_shared`: the more, the fewer atomics in storage.
pub(super) const POINTS: [usize; 4] = [256, 1024, 4096, 16384];
/// Workgroups that keep a large device busy.
const BUSY: usize = 512;
/// Most quads of a slab: some drivers let no loop go on for long.
const MAX_SLAB: usize = 64;
/// Most slabs: with more of them sums are so many that atomics in storage seldom meet, and are faster (on an H200, at 32
/// slabs, by a third).
const MAX_SLABS: usize = 4;

/// Bits of a part of a sum in workgroup memory.
const PART: u32 = 15;
/// Most points that are added to a part: each part stays below 2^31.
const MAX_POINTS: u64 = POINTS[3] as u64;

/// How the sums of a slot lie in the workgroup memory of `update_sums_shared`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Parts of a sum.
    pub(super) limbs: usize,
    /// Quads of features of a workgroup.
    pub(super) slab: usize,
    /// Workgroups that share the features of a point.
    pub(super) n_slabs: usize,
    /// Words of workgroup memory.
    pub(super) words: usize,
}

impl Layout {
    /// The layout in so many bytes of workgroup memory; none where so few sums have room that it does not pay.
    pub(super) fn new(n_clusters: usize, n_quads: usize, limbs: usize, bytes: u32) -> Option<Self> {
        let (k, quads) = (n_clusters, n_quads);
        let room = (bytes as usize / 4).checked_div(k)?.checked_sub(1)?; // a word a cluster is its weight
        let slab = ((room / limbs).saturating_sub(1) / 4).min(quads).min(MAX_SLAB);
        let n_slabs = quads.div_ceil(slab.max(1));
        let slab = if slab > 0 { quads.div_ceil(n_slabs) } else { return None };
        (n_slabs <= MAX_SLABS).then_some(Self {
            limbs,
            slab,
            n_slabs,
            words: k * (limbs * (4 * slab + 1) + 1),
        })
    }

    /// Points of a workgroup, by place in [`POINTS`], for so many slots.
    pub(super) fn points(&self, n_points: usize, n_slots: usize) -> usize {
        let all = n_points.saturating_mul(n_slots).saturating_mul(self.n_slabs);
        let last = POINTS.len() - 1;
        let enough = (0..last).find(|&at| all / POINTS[at + 1] < BUSY || POINTS[at] >= n_points);
        enough.unwrap_or(last)
    }
}

/// Parts of a sum of products of a weight and a coordinate, so that no part of [`MAX_POINTS`] of them overflows an
/// `i32`: below 2^14 of them, a part of 15 bits stays below 2^29, and the highest one is what is left of a product.
/// None where the weights alone would overflow.
pub(super) fn limbs(max_weight: u32, max_coordinate: u32, granularity: u32) -> Option<usize> {
    let (weight, most) = (u64::from(max_weight), u64::from(max_coordinate));
    let fits = |term: u64| term * MAX_POINTS < 1 << 31;
    match weight * most {
        _ if !fits(weight) => None,
        _ if fits((most >> granularity) * weight) => Some(1),
        product if product < 1 << 31 && fits(product >> PART) => Some(2),
        product => fits(product >> (2 * PART)).then_some(3),
    }
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
                match Layout::new(k, quads, limbs, 48 << 10) {
                    None => assert!(k * (quads * limbs + 1) > MAX_WORDS),
                    Some(layout) => {
                        assert!(layout.slab * layout.n_slabs >= quads && layout.slab <= MAX_SLAB);
                        assert!(layout.slab * (layout.n_slabs - 1) < quads);
                        assert!(layout.n_slabs <= MAX_SLABS);
                        assert!(layout.words <= MAX_WORDS);
                    }
                }
            }
        }
    }

    #[test]
    fn workgroups_are_many_but_not_small() {
        let layout = Layout { limbs: 1, slab: 16, n_slabs: 1, words: 1000 };
        let points = |n, slots| POINTS[layout.points(n, slots)];
        assert_eq!(points(8_000_000, 1), 4096);
        assert_eq!(points(100_000_000, 1), 16_384);
        assert_eq!(points(1797, 4096), 4096); // all points of a slot
        assert_eq!(points(1797, 1), 256);
        assert_eq!(points(10, 1), 256);
    }
}
