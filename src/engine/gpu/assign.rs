//! Assign: the kernel that gives every point of every running lane its label, and the choice among several.
//!
//! All of them have the same bindings and write the same labels; which is fastest depends on the sizes. This is
//! the only place that knows.

pub(super) mod self_test;
mod trial;

use std::sync::OnceLock;

use super::buffers::{Lanes, Shared, Sizes, TALLY};
use super::context::Context;
use super::kernel::{Bound, Kernel};
use super::units::{Units, WantedUnits};
use crate::engine::EngineError;

/// Names the kernel to use where it suits the sizes, instead of the best: `plain`, `small`, `tiled`, `low` or `matrix`.
/// `trial` is the fastest of them however small the work, `f32` the best without matrix units. Tests have matrix units
/// emulated: `emulated-16-32` are of edge 16, for subgroups of 32.
pub(super) const OVERRIDE: &str = "CAIRN_GPU";

/// Most clusters of the kernels that keep an index in an `f32`.
const MAX_TILED: u64 = 1 << 24;
/// Groups of four centroids up to which all of a lane's pass by one invocation.
const FEW_GROUPS: u64 = 8;
/// Quarters of a row that fit into registers.
const MAX_QUADS: u64 = 4;

/// Multiply-adds of an iteration from which on kernels are tried: a job of some milliseconds at least.
const WORTH_A_TRIAL: u64 = 1 << 31;
/// Fewest clusters and features for which matrix units may be worth their while.
const MANY: (u32, u32) = (64, 32);
/// Multiply-adds of an iteration of one lane, likewise.
const WORTH_UNITS: u64 = 1 << 27;
/// Most shapes that are tried.
const CANDIDATES: usize = 4;

/// A family of kernels: a file of `shaders/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Plain,
    Small,
    Tiled,
    Low,
    Matrix,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Plain, Self::Small, Self::Tiled, Self::Low, Self::Matrix];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Small => "small",
            Self::Tiled => "tiled",
            Self::Low => "low",
            Self::Matrix => "matrix",
        }
    }
}

/// Which kernel is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// The fastest, found by a trial where that is worth its time.
    Best,
    /// The same without matrix units.
    Single,
    /// The fastest, found by a trial.
    Trial,
    /// This one, where it suits the sizes.
    Kind(Kind),
    /// The one for matrix units, with these in their place: for tests.
    Emulated(Units),
}

impl Wish {
    /// What a test asks for, else what `CAIRN_GPU` names.
    pub(super) fn new(asked: Option<&str>) -> Result<Self, EngineError> {
        let named = std::env::var(OVERRIDE).unwrap_or_default();
        match asked.unwrap_or(&named) {
            "" => Ok(Self::Best),
            "f32" => Ok(Self::Single),
            "trial" => Ok(Self::Trial),
            name => {
                let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                let emulated = Units::emulated(name).map(Self::Emulated);
                found.map(Self::Kind).or(emulated).ok_or_else(|| {
                    let all = "plain, small, tiled, low, matrix, trial (the fastest of them) and f32";
                    EngineError::NoAdapter(format!("{OVERRIDE}={name}: the kernels are {all}"))
                })
            }
        }
    }

    /// The matrix units that a device is opened with.
    pub(super) fn units(self) -> WantedUnits {
        match self {
            Self::Single => WantedUnits::None,
            Self::Emulated(units) => WantedUnits::Emulated(units),
            Self::Best | Self::Trial | Self::Kind(_) => WantedUnits::Own,
        }
    }

    /// Whether it names this kind of kernel.
    fn is_for(self, kind: Kind) -> bool {
        match self {
            Self::Kind(wished) => wished == kind,
            Self::Emulated(_) => kind == Kind::Matrix,
            Self::Best | Self::Single | Self::Trial => false,
        }
    }

    /// Whether a job of these sizes would use them.
    pub(super) fn wants_units(self, sizes: &Sizes, software: bool) -> bool {
        let suits = !sizes.mixed() && u64::from(sizes.n_clusters) < MAX_TILED;
        let is_large = sizes.n_clusters >= MANY.0 && sizes.n_dims >= MANY.1;
        suits
            && match self {
                Self::Best => is_large && sizes.work() >= WORTH_UNITS && !software,
                Self::Trial => is_large,
                Self::Single => false,
                Self::Kind(_) | Self::Emulated(_) => self.is_for(Kind::Matrix),
            }
    }

    /// Whether kernels are tried against one another for so much work.
    fn tries(self, work: u64, software: bool) -> bool {
        match self {
            Self::Best | Self::Single => work >= WORTH_A_TRIAL && !software,
            Self::Trial => true,
            Self::Kind(_) | Self::Emulated(_) => false,
        }
    }
}

/// A kernel with the constants it is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    /// One invocation a point.
    Plain,
    /// Several lanes, so many groups of centroids at a time, and so many times four points an invocation.
    Small { lanes: u64, groups: u64, fours: u64 },
    /// Invocations along the points and along the centroids.
    Tiled { high: u64, wide: u64 },
    /// Points in registers, of so many quarters.
    Low { quads: u64 },
    /// On these matrix units.
    Matrix(Units),
}

impl Shape {
    fn kind(self) -> Kind {
        match self {
            Self::Plain => Kind::Plain,
            Self::Small { .. } => Kind::Small,
            Self::Tiled { .. } => Kind::Tiled,
            Self::Low { .. } => Kind::Low,
            Self::Matrix(_) => Kind::Matrix,
        }
    }

    fn entry(self) -> &'static str {
        match self {
            Self::Plain => "assign",
            Self::Small { .. } => "assign_small",
            Self::Tiled { .. } => "assign_tiled",
            Self::Low { .. } => "assign_low",
            Self::Matrix(_) => "assign_matrix",
        }
    }

    /// Values of the WGSL overrides.
    fn constants(self) -> Vec<(&'static str, u64)> {
        match self {
            Self::Plain | Self::Matrix(_) => vec![],
            Self::Small { lanes, groups, fours } => {
                vec![("LANES", lanes), ("GROUPS", groups), ("FOURS", fours)]
            }
            Self::Tiled { high, wide } => {
                let quads = Self::step(high, wide);
                vec![("HIGH", high), ("WIDE", wide), ("QUADS", quads), ("WIDTH", high * wide)]
            }
            Self::Low { quads } => vec![("QUADS", quads)],
        }
    }

    /// Quarters of rows that a tile of this shape holds at a time.
    fn step(high: u64, wide: u64) -> u64 {
        32 / high.max(wide)
    }

    /// Points a workgroup owns.
    fn points(self) -> usize {
        match self {
            Self::Plain => 64,
            Self::Small { lanes, fours, .. } => (256 * fours / lanes) as usize,
            Self::Tiled { high, .. } => 8 * high as usize,
            Self::Low { .. } => 256,
            Self::Matrix(_) => TALLY as usize,
        }
    }

    /// Lanes that a workgroup works for.
    fn lanes(self) -> usize {
        if let Self::Small { lanes, .. } = self { lanes as usize } else { 1 }
    }

    /// Most rounds that the loops of one invocation go, from above.
    fn rounds(self, sizes: &Sizes) -> u64 {
        let [k, quads, groups] = [sizes.n_clusters, sizes.n_quads, sizes.n_groups].map(u64::from);
        let repair = groups * (quads + 6) + k * (quads + 1);
        match self {
            Self::Plain => groups * (quads + 6) + k * (quads + 4),
            Self::Small { lanes, groups: at_once, .. } => {
                let load = 10 + (4 * lanes * lanes * at_once).div_ceil(64);
                let step = load + 4 * lanes + 3;
                groups.div_ceil(at_once) * (quads.div_ceil(lanes) * step + 1) + 8 * (repair + 1)
            }
            Self::Tiled { high, wide } => {
                let (step, width) = (Self::step(high, wide), high * wide);
                let load = (2 * high * step).div_ceil(width) * 5 + (8 * wide * step).div_ceil(width);
                let tiles = groups.div_ceil(2 * wide) * (quads.div_ceil(step) * (load + 4 * step + 3) + 1);
                let together = groups.div_ceil(width) * (quads + 6 + 4 * (quads + 1)) + 10;
                tiles + 8 * (wide + 1) + 8 * high * together
            }
            Self::Low { quads } => groups.div_ceil(16) * (16 + quads + 3) + 4 * (repair + 1),
            Self::Matrix(units) => {
                let edge = u64::from(units.edge);
                let emulated = units.members.map_or(0, |members| {
                    let each = edge * edge / u64::from(members);
                    8 * each * (edge / 4 + 1)
                });
                let times = (64 / edge) * (32 / edge) / 4; // subgroups of 64, the largest there are
                let race = quads.div_ceil(8) * (8 + 32 / edge * (1 + emulated) + 1) + 8 * 8 + emulated + 1;
                let tiles = k.div_ceil(128) * (times * race + 1);
                let pairs = 32 * (2 * quads.div_ceil(16) + 16 + 3);
                let rest = 128 * (groups.div_ceil(256) * (quads + 6 + 4 * (quads + 1)) + quads + 12);
                tiles + 8 + pairs.max(rest)
            }
        }
    }

    /// All shapes that can do it, the most promising first. `units` as in [`Assign::new`].
    fn all(sizes: &Sizes, n_lanes: usize, units: Option<Units>) -> Vec<Self> {
        let [k, quads, groups] = [sizes.n_clusters, sizes.n_quads, sizes.n_groups].map(u64::from);
        let lanes = [1, 1, 2, 2].get(n_lanes).copied().unwrap_or(4);
        // the fewest passes, then the least padding
        let passes = |&at_once: &u64| (groups.div_ceil(at_once), at_once);
        let at_once = (1..=3).min_by_key(passes).unwrap_or(3);
        let small = [2, 1].map(|fours| Self::Small { lanes, groups: at_once, fours });
        let tiled = [(16, 16), (16, 8), (8, 8)].map(|(high, wide)| Self::Tiled { high, wide });
        // tiles as wide as there are centroids
        let tiled = tiled.into_iter().filter(|_| k <= MAX_TILED);
        let fits = |&shape: &Self| matches!(shape, Self::Tiled { wide, .. } if wide == 8 || groups > 16);
        let tiled: Vec<Self> = tiled.filter(fits).collect();
        let mut all: Vec<Self> = units.map(Self::Matrix).into_iter().collect();
        if quads <= MAX_QUADS {
            all.push(Self::Low { quads });
        }
        if groups <= FEW_GROUPS {
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

/// The kernel of a job: built when it is known how many lanes it runs for.
#[derive(Debug)]
pub(super) struct Assign {
    wish: Wish,
    units: Option<Units>,
    most_rounds: u64,
    built: [OnceLock<Built>; 3], // for one lane, a few, many
}

/// A kernel of one of the shapes.
#[derive(Debug)]
pub(super) struct Built {
    kernel: Kernel,
    shape: Shape,
}

impl Assign {
    /// The choice for these sizes, if there is one: some drivers let no loop go as many rounds as are needed.
    /// `units`: matrix units that may be used.
    pub(super) fn new(
        context: &Context,
        sizes: &Sizes,
        wish: Wish,
        units: Option<Units>,
        most_rounds: u64,
    ) -> Result<Self, EngineError> {
        let assign = Self { wish, units, most_rounds, built: Default::default() };
        if assign.shapes(sizes, 1).is_empty() {
            let needed = Shape::Plain.rounds(sizes);
            let why =
                format!("its driver ends loops after {most_rounds} rounds, and this job may need {needed}");
            return Err(context.failed(why));
        }
        Ok(assign)
    }

    /// Shapes that can do it on this device, the most promising first.
    fn shapes(&self, sizes: &Sizes, n_lanes: usize) -> Vec<Shape> {
        let all = Shape::all(sizes, n_lanes, self.units).into_iter();
        let all: Vec<Shape> = all.filter(|shape| shape.rounds(sizes) <= self.most_rounds).collect();
        let wished: Vec<Shape> = all.iter().copied().filter(|shape| self.wish.is_for(shape.kind())).collect();
        if wished.is_empty() { all } else { wished }
    }

    /// The kernel for so many lanes over these points.
    pub(super) fn kernel(&self, context: &Context, sizes: &Sizes, shared: &Shared, n_lanes: usize) -> &Built {
        let place = &self.built[[0, 0, 1, 1].get(n_lanes).copied().unwrap_or(2)];
        place.get_or_init(|| {
            let mut shapes = self.shapes(sizes, n_lanes);
            if self.wish.tries(sizes.work() * n_lanes as u64, context.info.software) {
                shapes.truncate(CANDIDATES);
                if let Some(fastest) = trial::fastest(context, sizes, shared, n_lanes, &shapes) {
                    return fastest;
                }
            }
            // matrix units only where they won, or were asked for
            shapes.retain(|shape| self.wish.is_for(shape.kind()) || shape.kind() != Kind::Matrix);
            Built::new(context, sizes, shapes.first().copied().unwrap_or(Shape::Plain))
        })
    }
}

impl Built {
    fn new(context: &Context, sizes: &Sizes, shape: Shape) -> Self {
        let mixed = ("MIXED", f64::from(u8::from(sizes.mixed())));
        let constants = shape.constants().into_iter().map(|(name, value)| (name, value as f64));
        let constants: Vec<_> = constants.chain([mixed]).collect();
        let kernel = match shape {
            Shape::Matrix(units) => Kernel::build_matrix(context, units, &constants),
            _ => Kernel::build(context, shape.entry(), &constants).for_lanes(shape.lanes()),
        };
        Self { kernel, shape }
    }

    /// Points that a workgroup owns.
    pub(super) fn points(&self) -> usize {
        self.shape.points()
    }

    pub(super) fn bind(&self, context: &Context, shared: &Shared, lanes: &Lanes) -> Bound<'_> {
        let Lanes { centroids, half_norms, running, lanes, labels, tallies, .. } = lanes;
        self.bind_to(context, shared, [centroids, half_norms, running, lanes, labels, tallies])
    }

    /// With the buffers of some lanes, in the order of the kernels' bindings. The last is for matrix units alone.
    fn bind_to(&self, context: &Context, shared: &Shared, lanes: [&wgpu::Buffer; 6]) -> Bound<'_> {
        let Shared { sizes, points, errors, features, .. } = shared;
        let [centroids, half_norms, running, lanes, labels, tallies] = lanes;
        let buffers =
            [sizes, points, errors, centroids, half_norms, features, running, lanes, labels, tallies];
        let n = if self.shape.kind() == Kind::Matrix { 10 } else { 9 };
        self.kernel.bind(context, &buffers[..n])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every shape that may be built.
    fn shapes() -> Vec<Shape> {
        let small = [1, 2, 4].into_iter().flat_map(|lanes| (1..=3).map(move |groups| (lanes, groups)));
        let small =
            small.flat_map(|(lanes, groups)| [1, 2].map(|fours| Shape::Small { lanes, groups, fours }));
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
                Shape::Small { lanes, groups, fours } => {
                    let (fours, features) = (64 * fours / lanes, 4 * lanes);
                    assert!(fours * features <= 512);
                    assert!(features * lanes * groups <= 192);
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
}
