//! Assign: the kernels that label every point of every running slot, and the choice among them.
//!
//! All of them have the same bindings and write the same labels. Which one is fastest depends on the sizes; only this
//! module chooses.

mod built;
pub(super) mod self_test;
mod shape;
mod trial;

use std::sync::OnceLock;

use super::buffers::{Shared, Sizes};
use super::context::Context;
use super::units::{Units, WantedUnits};
use crate::engine::EngineError;
use crate::lattice::Table;
pub(super) use built::Built;
use shape::{Kind, MAX_TILED, Shape};

/// Multiply-adds per iteration from which a trial pays: jobs of at least some milliseconds.
const WORTH_A_TRIAL: u64 = 1 << 31;
/// Fewest clusters and features for which matrix units may pay.
const MANY: (u32, u32) = (64, 32);
/// Fewest multiply-adds per iteration of one slot for which matrix units may pay.
const WORTH_UNITS: u64 = 1 << 27;
/// Most shapes in a trial.
const CANDIDATES: usize = 4;

/// Which kernel is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KernelChoice {
    /// The fastest, by a trial if that pays.
    Best,
    /// The same without matrix units.
    Single,
    /// The fastest, always by a trial.
    Trial,
    /// This one, where it suits the sizes.
    Kind(Kind),
    /// The kernel for matrix units, with emulated units, for tests.
    Emulated(Units),
}

impl KernelChoice {
    /// The choice of this name: see [`OpenOptions::gpu_kernel`](crate::engine::OpenOptions::gpu_kernel). Tests
    /// emulate matrix units: `emulated-16-32` has edge 16 and subgroups of 32.
    pub(super) fn new(asked: Option<&str>) -> Result<Self, EngineError> {
        match asked {
            None => Ok(Self::Best),
            Some("f32") => Ok(Self::Single),
            Some("trial") => Ok(Self::Trial),
            Some(name) => {
                let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                let emulated = Units::emulated(name).map(Self::Emulated);
                found.map(Self::Kind).or(emulated).ok_or_else(|| EngineError::GpuKernel {
                    name: name.to_owned(),
                    known: Kind::ALL.map(Kind::name).to_vec(),
                })
            }
        }
    }

    /// The matrix units to open a device with.
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
            Self::Kind(chosen) => chosen == kind,
            Self::Emulated(_) => kind == Kind::Matrix,
            Self::Best | Self::Single | Self::Trial => false,
        }
    }

    /// Whether a job of these sizes would use matrix units.
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

    /// Whether a trial of kernels pays for `work` multiply-adds.
    fn tries(self, work: u64, software: bool) -> bool {
        match self {
            Self::Best | Self::Single => work >= WORTH_A_TRIAL && !software,
            Self::Trial => true,
            Self::Kind(_) | Self::Emulated(_) => false,
        }
    }
}

/// The kernels of a job, built when the number of slots is known.
#[derive(Debug)]
pub(super) struct Assign {
    kernel_choice: KernelChoice,
    units: Option<Units>,
    most_trips: u64,
    built: [OnceLock<Built>; 3], // for one slot, a few, many
}

impl Assign {
    /// `units`: matrix units that may be used. `most_trips`: of loops, enough for the plain kernel.
    pub(super) fn new(kernel_choice: KernelChoice, units: Option<Units>, most_trips: u64) -> Self {
        Self { kernel_choice, units, most_trips, built: Default::default() }
    }

    /// Matrix units that may be used.
    pub(super) fn units(&self) -> Option<Units> {
        self.units
    }

    /// Shapes that suit the sizes and this device, the most promising first.
    fn shapes(&self, sizes: &Sizes, n_slots: usize) -> Vec<Shape> {
        let all = Shape::all(sizes, n_slots, self.units).into_iter();
        let all: Vec<Shape> =
            all.filter(|shape| sizes.trips(shape.pairs(sizes)) <= self.most_trips).collect();
        let chosen: Vec<Shape> =
            all.iter().copied().filter(|shape| self.kernel_choice.is_for(shape.kind())).collect();
        if chosen.is_empty() { all } else { chosen }
    }

    /// The kernel for `n_slots` slots over these points, of this table.
    pub(super) fn kernel(
        &self,
        context: &Context,
        table: &Table,
        (sizes, shared): (&Sizes, &Shared),
        n_slots: usize,
    ) -> &Built {
        let place = &self.built[[0, 0, 1, 1].get(n_slots).copied().unwrap_or(2)];
        place.get_or_init(|| {
            let mut shapes = self.shapes(sizes, n_slots);
            if self.kernel_choice.tries(sizes.work() * n_slots as u64, context.info.software) {
                shapes.truncate(CANDIDATES);
                if let Some(fastest) = trial::fastest(context, table, sizes, shared, n_slots, &shapes) {
                    return fastest;
                }
            }
            // matrix units only if they won a trial or were requested
            shapes.retain(|shape| self.kernel_choice.is_for(shape.kind()) || shape.kind() != Kind::Matrix);
            // the first that the driver takes
            let built = shapes.iter().find_map(|&shape| Built::try_new(context, sizes, shape).ok());
            built.unwrap_or_else(|| Built::new(context, sizes, Shape::Plain))
        })
    }
}
