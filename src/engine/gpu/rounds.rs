//! Rounds: assign, sums, means and stop, for all running slots.

use super::assign::Assign;
use super::buffers::{Sizes, Slots};
use super::commands::Commands;
use super::context::Context;
use super::counters::count;
use super::kernel::{Bound, Kernel};
use super::narrow::NarrowCentroids;
use super::points::Points;
use super::repair::Repair;
use super::throughput::{MEAN, Step, WIDE};
use super::timestamps::{Moment, Timestamps};
use super::update::{Sums, SumsKernel};
use super::{stop, update};
use crate::engine::EngineError;
use crate::lattice::Table;

/// The kernels of a round.
#[derive(Debug)]
pub(super) struct Rounds {
    assign: Assign,
    narrow: Option<NarrowCentroids>, // where matrix units may be used
    repair: Option<Repair>,          // likewise
    sums: Sums,
    means: Kernel,
    stop: Kernel,
}

/// The kernels with their buffers; assign and sums once per chunk.
pub(super) struct BoundRounds<'a> {
    narrow: Option<Bound<'a>>, // where they are
    assign: Vec<Bound<'a>>,
    repair: Vec<Bound<'a>>, // after matrix units
    assign_points: usize,
    sums: Vec<Bound<'a>>,
    sums_kernel: SumsKernel<'a>,
    means: Bound<'a>,
    stop: Bound<'a>,
}

/// Points to one that matrix units leave open, in estimates.
const REPAIRED: u128 = 16;

/// Operations of a round.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    /// Of assign.
    pub(super) assign: u128,
    /// Of sums: [`WIDE`] per coordinate added.
    pub(super) sums: u128,
    /// Of means.
    pub(super) means: u128,
}

impl Work {
    /// For `n_slots` slots over the points of `sizes`.
    pub(super) fn new(sizes: &Sizes, n_slots: usize) -> Self {
        let [n, d, k] = [sizes.n_points, sizes.n_dims, sizes.n_clusters].map(u128::from);
        let slots = n_slots as u128;
        Self {
            assign: slots * n * d * k,
            sums: slots * n * d * WIDE,
            // every cluster's workgroup reads the weights of all clusters
            means: slots * k * (d * MEAN + k),
        }
    }

    pub(super) fn update(&self) -> u128 {
        self.sums + self.means
    }
}

impl Rounds {
    pub(super) fn build(context: &Context, sizes: &Sizes, table: &Table, assign: Assign) -> Self {
        let narrow = assign.units().map(|units| NarrowCentroids::build(context, units));
        let repair = assign.units().map(|_| Repair::build(context));
        let (sums, means) = (Sums::new(context, sizes, table), update::build_means(context));
        Self { assign, narrow, repair, sums, means, stop: stop::build(context) }
    }

    pub(super) fn bind(
        &self,
        context: &Context,
        points: &Points<'_>,
        slots: &[Slots],
        n_slots: usize,
    ) -> BoundRounds<'_> {
        let each = || slots.iter().enumerate().map(|(chunk, slots)| (points.shared(chunk), slots));
        let (shared, any) = (points.shared(0), &slots[0]);
        let assign = self.assign.kernel(context, points.table(), (points.sizes(0), shared), n_slots);
        let sums = self.sums.kernel(context, points.sizes(0).n_points as usize, n_slots);
        let narrow = self.narrow.as_ref().filter(|_| assign.is_on_units());
        let repair = self.repair.as_ref().filter(|_| assign.is_on_units());
        BoundRounds {
            narrow: narrow.map(|narrow| narrow.bind(context, shared, any)),
            assign: each().map(|(shared, slots)| assign.bind(context, shared, slots)).collect(),
            repair: repair.map_or(Vec::new(), |repair| {
                each().map(|(shared, slots)| repair.bind(context, shared, slots)).collect()
            }),
            assign_points: assign.points(),
            sums: each().map(|(shared, slots)| sums.bind(context, shared, slots)).collect(),
            sums_kernel: sums,
            means: update::bind_means(&self.means, context, shared, any),
            stop: stop::bind(&self.stop, context, shared, any),
        }
    }
}

impl BoundRounds<'_> {
    /// Encodes a round for the first `running` slots of the list, with timestamps if requested. Of several chunks
    /// only the first is timed.
    pub(super) fn encode(
        &self,
        context: &Context,
        commands: &mut Commands<'_>,
        points: &Points<'_>,
        running: usize,
        timestamps: Option<&Timestamps>,
    ) -> Result<(), EngineError> {
        let alone = points.n_chunks() == 1;
        let (mut slices, mut dispatches) = (0, 0);
        if let Some(narrow) = &self.narrow {
            let sizes = points.sizes(0);
            let grid = [NarrowCentroids::blocks(sizes), running];
            let work = u128::from(sizes.n_clusters) * u128::from(sizes.n_dims) * running as u128 * WIDE;
            dispatches += commands.run(narrow, grid, (Step::Update, work))?;
        }
        let narrows = self.narrow.is_some() && points.streamed();
        points.each_chunk(context, commands, &mut |commands, chunk| {
            if narrows {
                points.narrow(context, commands, chunk)?;
            }
            let sizes = points.sizes(chunk);
            let (n, work) = (sizes.n_points as usize, Work::new(sizes, running));
            let grid = [n.div_ceil(self.assign_points), running];
            let assigns = commands.run(&self.assign[chunk], grid, (Step::Assign, work.assign))?;
            if let Some(repair) = self.repair.get(chunk) {
                let grid = [Repair::blocks(n), running];
                // few points are open
                dispatches += commands.run(repair, grid, (Step::Assign, work.assign / REPAIRED))?;
            }
            let timestamps = timestamps.filter(|_| chunk == 0);
            if let Some(timestamps) = timestamps {
                timestamps.mark(commands, Moment::Assigned);
            }
            let grid = [self.sums_kernel.blocks(n), running];
            let sums = commands.run(&self.sums[chunk], grid, (Step::Update, work.sums))?;
            if let Some(timestamps) = timestamps.filter(|_| !alone) {
                timestamps.mark(commands, Moment::Updated);
            }
            slices += assigns.max(sums);
            dispatches += assigns + sums;
            Ok(())
        })?;
        let sizes = points.sizes(0);
        let grid = [sizes.n_clusters as usize, running];
        let means = commands.run(&self.means, grid, (Step::Update, Work::new(sizes, running).means))?;
        self.stop.dispatch_slots(commands.pass(), running);
        if let Some(timestamps) = timestamps.filter(|_| alone) {
            timestamps.mark(commands, Moment::Updated);
        }
        count(&context.tally.rounds, 1);
        count(&context.tally.round_slices, slices.max(means));
        count(&context.tally.round_dispatches, dispatches + means + 1);
        Ok(())
    }
}
