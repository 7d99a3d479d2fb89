//! Layout of sums in the workgroup memory of `update_sums_shared`, as parts of 15 bits that can't overflow.

/// Most words of workgroup memory to request: the limit of NVIDIA's GPUs.
pub(super) const MAX_WORDS: usize = (48 << 10) / 4;

/// Points per workgroup of `update_sums_shared`. More points mean fewer atomics in storage.
pub(super) const POINTS: [usize; 4] = [256, 1024, 4096, 16384];
/// Workgroups that keep a large device busy.
const BUSY: usize = 384;
/// Words of workgroup memory for the list of points.
const LIST: usize = 1024 + 1;
/// Most quads of a slab: some drivers limit the trips of a loop.
const MAX_SLAB: usize = 64;
/// Most slabs. With more slabs there are so many sums that atomics in storage rarely contend and are faster (on an
/// H200, at 32 slabs, by a third).
const MAX_SLABS: usize = 4;

/// Bits per part of a sum in workgroup memory.
const PART: u32 = 15;
/// Most points added to a part, which then stays below 2^31.
const MAX_POINTS: u64 = POINTS[3] as u64;

/// How the sums of a slot lie in the workgroup memory of `update_sums_shared`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Parts per sum.
    pub(super) limbs: usize,
    /// Quads of features per workgroup.
    pub(super) slab: usize,
    /// Workgroups that share the features of a point.
    pub(super) n_slabs: usize,
    /// Words of workgroup memory.
    pub(super) words: usize,
}

impl Layout {
    /// The layout in `bytes` of workgroup memory. `None` where too few sums fit for it to pay.
    pub(super) fn new(n_clusters: usize, n_quads: usize, limbs: usize, bytes: u32) -> Option<Self> {
        let (k, quads) = (n_clusters, n_quads);
        let room = (bytes as usize / 4).saturating_sub(LIST).checked_div(k)?.checked_sub(1)?; // one word per cluster holds its weight
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

    /// Index in [`POINTS`] of the points per workgroup, for `n_slots` slots.
    pub(super) fn points(&self, n_points: usize, n_slots: usize) -> usize {
        let all = n_points.saturating_mul(n_slots).saturating_mul(self.n_slabs);
        let last = POINTS.len() - 1;
        let enough = (0..last).find(|&at| all / POINTS[at + 1] < BUSY || POINTS[at] >= n_points);
        enough.unwrap_or(last)
    }
}

/// Parts per sum of [`MAX_POINTS`] products of a weight and a coordinate, so that no part overflows an `i32`. A sum of
/// at most 2^14 parts of 15 bits stays below 2^29; the highest part holds the remaining bits of a product. `None`
/// where the weights alone would overflow, or a product needs more parts.
pub(super) fn limbs(max_weight: u32, max_coordinate: u32, granularity: u32) -> Option<usize> {
    let (weight, most) = (u64::from(max_weight), u64::from(max_coordinate));
    let fits = |term: u64| term < (1 << 31) / MAX_POINTS;
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

    /// Sums the largest points allowed.
    #[test]
    fn no_part_overflows() {
        for weight in [1u64, 2, 3, 255, 256, 40_000, 65_535, 131_071, 131_072, u32::MAX.into()] {
            for most in [0u64, 1, 16, 255, (1 << 17) - 1, 1 << 17, (1 << 22) + 1, 1 << 30, (1 << 31) - 1] {
                for granularity in [0, 3, 27] {
                    let most = most >> granularity << granularity;
                    let product = weight * most;
                    let Some(limbs) = limbs(weight as u32, most as u32, granularity) else {
                        assert!(weight > 131_071 || product >= 1 << 47, "weight {weight}, coordinate {most}");
                        continue;
                    };
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
        assert_eq!(points(4_000_000, 1), 4096);
        assert_eq!(points(8_000_000, 1), 16_384);
        assert_eq!(points(100_000_000, 1), 16_384);
        assert_eq!(points(1797, 4096), 4096); // all points of a slot
        assert_eq!(points(1797, 1), 256);
        assert_eq!(points(10, 1), 256);
    }
}
