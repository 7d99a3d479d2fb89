//! Shapes: assign kernels with their constants, and which of them suit a job.

use super::super::buffers::{Sizes, TILE};
use super::super::units::Units;

/// Most clusters for kernels that keep an index in an `f32`.
pub(super) const MAX_TILED: u64 = 1 << 24;
/// Most packs of centroids for which one invocation loops over all of a slot's.
const FEW_PACKS: u64 = 8;
/// Most quads of a row that fit registers.
const MAX_QUADS: u64 = 4;

/// A kernel family: a file in `shaders/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::engine::gpu) enum Kind {
    Plain,
    Small,
    Tiled,
    Low,
    Matrix,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Plain, Self::Small, Self::Tiled, Self::Low, Self::Matrix];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Small => "small",
            Self::Tiled => "tiled",
            Self::Low => "low",
            Self::Matrix => "matrix",
        }
    }
}

/// A kernel with its constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::engine::gpu) enum Shape {
    /// One invocation per point.
    Plain,
    /// `slots` slots per workgroup, `packs` packs of centroids at a time, `4 * fours` points per invocation.
    Small { slots: u64, packs: u64, fours: u64 },
    /// `high` invocations along the points and `wide` along the centroids.
    Tiled { high: u64, wide: u64 },
    /// Points in registers, of `quads` quads.
    Low { quads: u64 },
    /// With matrix units.
    Matrix(Units),
}

impl Shape {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Plain => Kind::Plain,
            Self::Small { .. } => Kind::Small,
            Self::Tiled { .. } => Kind::Tiled,
            Self::Low { .. } => Kind::Low,
            Self::Matrix(_) => Kind::Matrix,
        }
    }

    pub(super) fn entry(self) -> &'static str {
        match self {
            Self::Plain => "assign",
            Self::Small { .. } => "assign_small",
            Self::Tiled { .. } => "assign_tiled",
            Self::Low { .. } => "assign_low",
            Self::Matrix(_) => "assign_matrix",
        }
    }

    /// Name of the kernel with its constants.
    pub(super) fn name(self) -> String {
        let constants = self.constants().into_iter().map(|(name, value)| format!(" {name}={value}"));
        let units = match self {
            Self::Matrix(units) => format!(" edge={}", units.edge),
            _ => String::new(),
        };
        self.entry().to_owned() + &units + &constants.collect::<String>()
    }

    /// Values of the WGSL overrides.
    pub(super) fn constants(self) -> Vec<(&'static str, u64)> {
        match self {
            Self::Plain | Self::Matrix(_) => vec![],
            Self::Small { slots, packs, fours } => {
                vec![("SLOTS", slots), ("PACKS", packs), ("FOURS", fours)]
            }
            Self::Tiled { high, wide } => {
                let quads = Self::step(high, wide);
                vec![("HIGH", high), ("WIDE", wide), ("QUADS", quads), ("WIDTH", high * wide)]
            }
            Self::Low { quads } => vec![("QUADS", quads)],
        }
    }

    /// Quads of rows per step of a tile.
    pub(super) fn step(high: u64, wide: u64) -> u64 {
        32 / high.max(wide)
    }

    /// Points per workgroup.
    pub(super) fn points(self) -> usize {
        match self {
            Self::Plain => 64,
            Self::Small { slots, fours, .. } => (256 * fours / slots) as usize,
            Self::Tiled { high, .. } => 8 * high as usize,
            Self::Low { .. } => 256,
            Self::Matrix(_) => TILE,
        }
    }

    /// Slots per workgroup.
    pub(super) fn slots(self) -> usize {
        if let Self::Small { slots, .. } = self { slots as usize } else { 1 }
    }

    /// Upper bound on the pairs that an invocation compares, as in [`trips`](super::super::trips::trips): all points that it
    /// owns or shares are decided in integers, and the loads and sums of its tiles count as pairs.
    pub(super) fn pairs(self, sizes: &Sizes) -> u64 {
        let packs = u64::from(sizes.n_packs);
        match self {
            Self::Plain => packs,
            Self::Small { .. } | Self::Low { .. } => 12 * packs,
            Self::Tiled { high, wide } => (8 * high + 16) * packs.div_ceil(high * wide),
            Self::Matrix(units) => {
                let [edge, members] = [units.edge, units.members].map(u64::from);
                let emulated = if units.emulated { 16 * edge * edge / members } else { 0 };
                // the kernel, in passes of two pieces of a subgroup's 32 points; and repair
                (16 / edge * (80 + emulated) * packs.div_ceil(edge)).max(64 * packs.div_ceil(256) + 16)
            }
        }
    }

    /// All shapes that suit the sizes, the most promising first. `units` as in [`Assign::new`].
    pub(super) fn all(sizes: &Sizes, n_slots: usize, units: Option<Units>) -> Vec<Self> {
        let [k, quads, packs] = [sizes.n_clusters, sizes.n_quads, sizes.n_packs].map(u64::from);
        let slots = [1, 1, 2, 2].get(n_slots).copied().unwrap_or(4);
        // the fewest passes, then the least padding
        let passes = |&at_once: &u64| (packs.div_ceil(at_once), at_once);
        let at_once = (1..=3).min_by_key(passes).unwrap_or(3);
        let small = [2, 1].map(|fours| Self::Small { slots, packs: at_once, fours });
        let tiled = [(16, 16), (16, 8), (8, 8)].map(|(high, wide)| Self::Tiled { high, wide });
        // tiles no wider than the centroids
        let tiled = tiled.into_iter().filter(|_| k <= MAX_TILED);
        let fits = |&shape: &Self| matches!(shape, Self::Tiled { wide, .. } if wide == 8 || packs > 16);
        let tiled: Vec<Self> = tiled.filter(fits).collect();
        let mut all: Vec<Self> = units.map(Self::Matrix).into_iter().collect();
        if quads <= MAX_QUADS {
            all.push(Self::Low { quads });
        }
        if packs <= FEW_PACKS {
            all.extend(small);
            all.extend(tiled);
        } else {
            all.extend(tiled);
            all.extend(small);
        }
        all.push(Self::Plain);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::kernel::source;
    use super::*;

    /// Every shape that may be built.
    fn shapes() -> Vec<Shape> {
        let small = [1, 2, 4].into_iter().flat_map(|slots| (1..=3).map(move |packs| (slots, packs)));
        let small = small.flat_map(|(slots, packs)| [1, 2].map(|fours| Shape::Small { slots, packs, fours }));
        let tiled = [(16, 16), (16, 8), (8, 8)].map(|(high, wide)| Shape::Tiled { high, wide });
        let low = (1..=MAX_QUADS).map(|quads| Shape::Low { quads });
        [Shape::Plain].into_iter().chain(small).chain(tiled).chain(low).collect()
    }

    /// The arrays of the shaders hold 512 and 192, 256 and 256, 256 vectors.
    #[test]
    fn tiles_fit_their_workgroup_memory() {
        for shape in shapes() {
            match shape {
                Shape::Plain | Shape::Matrix(_) => {}
                Shape::Small { slots, packs, fours } => {
                    let (fours, features) = (64 * fours / slots, 4 * slots);
                    assert!(fours * features <= 512);
                    assert!(features * slots * packs <= 192);
                    assert_eq!(shape.points() as u64, 4 * fours);
                }
                Shape::Tiled { high, wide } => {
                    let features = 4 * Shape::step(high, wide);
                    assert!(features > 0 && features * 2 * high <= 256 && features * 2 * wide <= 256);
                    assert!(high * wide <= 256 && (high * wide).is_power_of_two());
                    assert!(shape.points() <= 128);
                }
                Shape::Low { quads } => assert!(16 * 4 * quads <= 256),
            }
        }
    }

    #[test]
    fn every_shape_has_a_kernel() {
        let matrix = Shape::Matrix(Units { edge: 16, members: 32, emulated: false });
        for shape in shapes().into_iter().chain([matrix]) {
            assert!(source(shape.entry()).contains(&format!("fn {}(", shape.entry())), "{shape:?}");
        }
    }
}
