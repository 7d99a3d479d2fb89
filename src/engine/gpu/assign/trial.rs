//! A short trial: measures which of several shapes is fastest on this adapter for these sizes.
//!
//! Each runs over the job's points, with centroids that are rows of its table, and repairs what it leaves open; the kernel
//! for matrix units with those that it needs, before and after. Results are saved (choices.rs).

use super::built::Built;
use super::shape::Shape;
use crate::engine::EngineError;
use crate::engine::gpu::buffers::{Columns, Shared, Sizes, Slot, allocate};
use crate::engine::gpu::choices::Question;
use crate::engine::gpu::context::Context;
use crate::engine::gpu::counters::count;
use crate::engine::gpu::kernel::{Bound, MAX_GROUPS};
use crate::engine::gpu::narrow::NarrowCentroids;
use crate::engine::gpu::repair::Repair;
use crate::engine::gpu::throughput::{Step, Throughput};
use crate::engine::gpu::timestamps::PassTimer;
use crate::lattice::Table;
use crate::log::debug;

/// Multiply-adds per run that are enough to compare shapes.
const ENOUGH: u64 = 1 << 32;
/// Most labels of the trial's slots.
const MAX_LABELS: u64 = 1 << 25;
/// A multiple of every shape's points per workgroup.
const BLOCK: usize = 512;
/// Runs of each shape; the fastest counts. Shapes alternate, so that the rising clock rate of an idle GPU favours
/// none.
const RUNS: usize = 5;

/// The fastest shape, built. `None` if there was not enough memory for a trial, or the device had an error, which its
/// next use reports.
pub(super) fn fastest(
    context: &Context,
    table: &Table,
    sizes: &Sizes,
    shared: &Shared,
    n_slots: usize,
    shapes: &[Shape],
) -> Option<Built> {
    let question = question(sizes, n_slots, shapes);
    let known = context.choices.find(&question);
    if let Some(&shape) = shapes.iter().find(|&&shape| known.as_ref() == Some(&shape.name()))
        && let Ok(built) = Built::try_new(context, sizes, shape)
    {
        return Some(built);
    }
    let fastest = match try_all(context, table, sizes, shared, n_slots, shapes) {
        Err(EngineError::OutOfMemory { .. }) => {
            context.clear_oom();
            None
        }
        tried => tried.ok()?,
    };
    if let Some(fastest) = &fastest {
        debug!("a trial chose the kernel {}", fastest.shape.name());
        context.choices.keep(question, fastest.shape.name());
    }
    fastest
}

fn question(sizes: &Sizes, n_slots: usize, shapes: &[Shape]) -> Question {
    Question {
        points: sizes.n_points.max(1).ilog2(),
        clusters: sizes.n_clusters,
        quads: sizes.n_quads,
        slots: n_slots.min(4) as u32,
        mixed: sizes.mixed(),
        among: shapes.iter().map(|&shape| shape.name()).collect(),
    }
}

fn try_all(
    context: &Context,
    table: &Table,
    sizes: &Sizes,
    shared: &Shared,
    n_slots: usize,
    shapes: &[Shape],
) -> Result<Option<Built>, EngineError> {
    let most = (MAX_LABELS / u64::from(sizes.n_points)).min(ENOUGH / sizes.work());
    let n_slots = n_slots.min(most.max(1) as usize);
    let (slots, timer) = (TrialSlots::new(context, table, sizes, n_slots)?, PassTimer::new(context)?);
    let mut throughput = context.throughput();
    let mut n_points = short_enough(&throughput, sizes, n_slots);
    let built: Vec<Built> =
        shapes.iter().filter_map(|&shape| Built::try_new(context, sizes, shape).ok()).collect();
    if built.is_empty() {
        return Ok(None);
    }
    let bound: Vec<_> = built.iter().map(|built| built.bind_to(context, shared, slots.buffers())).collect();
    let of_units: Vec<_> = shapes.iter().filter_map(|shape| UnitKernels::build(context, *shape)).collect();
    let around: Vec<_> = of_units.iter().map(|kernels| kernels.bind(context, shared, &slots)).collect();
    let run = |at: usize, n_points: usize| {
        let blocks = n_points.div_ceil(built[at].points());
        let around = around.first().filter(|_| built[at].is_on_units());
        timer.seconds(context, &|pass| {
            if let Some((narrow, _)) = around {
                narrow.dispatch(pass, NarrowCentroids::blocks(sizes), n_slots);
            }
            bound[at].dispatch(pass, blocks, n_slots);
            if let Some((_, repair)) = around {
                repair.dispatch(pass, Repair::blocks(n_points), n_slots);
            }
        })
    };
    // the first run determines the number of points for all others
    let work = |n_points: usize| {
        n_points as u128 * n_slots as u128 * u128::from(sizes.work() / u64::from(sizes.n_points))
    };
    throughput.note(Step::Assign, work(n_points), run(0, n_points)?);
    n_points = short_enough(&throughput, sizes, n_slots);
    let mut least = vec![f64::INFINITY; built.len()];
    for _ in 0..RUNS {
        for (at, least) in least.iter_mut().enumerate() {
            *least = least.min(run(at, n_points)?);
        }
    }
    count(&context.tally.trials, built.len() as u64);
    drop(bound);
    drop(around);
    let fastest = built.into_iter().zip(least).min_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(fastest.map(|(built, seconds)| {
        throughput.note(Step::Assign, work(n_points), seconds);
        context.keep_throughput(&throughput);
        built
    }))
}

/// Points per dispatch of all slots within the time limit, in whole blocks of every shape.
fn short_enough(throughput: &Throughput, sizes: &Sizes, n_slots: usize) -> usize {
    let (n, work) = (sizes.n_points as usize, u128::from(sizes.work()) * n_slots as u128);
    let slices = throughput.cut(Step::Assign, work, [n.div_ceil(BLOCK), 1], MAX_GROUPS);
    slices.first().map_or(n, |slice| (slice.size[0] * BLOCK).min(n))
}

/// As many rows as there are clusters, spread over the table; others for each slot. (n_clusters, n_dims)
fn rows_of(table: &Table, sizes: &Sizes, slot: usize) -> Vec<i32> {
    let (n, k) = (table.n_points(), sizes.n_clusters as usize);
    let row = |c: usize| (c as u128 * n as u128 / k as u128) as usize;
    (0..k).flat_map(|c| table.point((row(c) + slot * 7919) % n)).copied().collect()
}

/// The kernels that run before and after the one for matrix units.
struct UnitKernels(NarrowCentroids, Repair);

impl UnitKernels {
    fn build(context: &Context, shape: Shape) -> Option<Self> {
        let Shape::Matrix(units) = shape else { return None };
        Some(Self(NarrowCentroids::build(context, units), Repair::build(context)))
    }

    fn bind(&self, context: &Context, shared: &Shared, slots: &TrialSlots) -> (Bound<'_>, Bound<'_>) {
        let Self(narrow, repair) = self;
        let TrialSlots { centroids, half_norms, running, slots, labels, centroids_f16, others } = slots;
        let before = narrow.bind_to(context, [&shared.sizes, centroids, running, slots, centroids_f16]);
        let after = [centroids, half_norms, running, slots, labels, others];
        (before, repair.bind_to(context, shared, after))
    }
}

/// Slots for the trial.
struct TrialSlots {
    centroids: wgpu::Buffer,
    half_norms: wgpu::Buffer,
    running: wgpu::Buffer,
    slots: wgpu::Buffer,
    labels: wgpu::Buffer,
    centroids_f16: wgpu::Buffer,
    others: wgpu::Buffer,
}

impl TrialSlots {
    fn new(context: &Context, table: &Table, sizes: &Sizes, n_slots: usize) -> Result<Self, EngineError> {
        let slots = Self {
            centroids: allocate(context, "trial centroids", n_slots * sizes.centroid_coordinates() * 4)?,
            half_norms: allocate(context, "trial half norms", n_slots * sizes.half_norm_floats() * 4)?,
            running: allocate(context, "trial running", n_slots * 4)?,
            slots: allocate(context, "trial slots", n_slots * size_of::<Slot>())?,
            labels: allocate(context, "trial labels", n_slots * sizes.n_points as usize * 4)?,
            centroids_f16: allocate(context, "trial f16", n_slots * sizes.centroids_f16_bytes())?,
            others: allocate(context, "trial others", n_slots * sizes.unit_bytes(sizes.n_points as usize))?,
        };
        let all: Vec<Columns> =
            (0..n_slots).map(|slot| Columns::new(table, sizes, &rows_of(table, sizes, slot))).collect();
        let values: Vec<i32> = all.iter().flat_map(|columns| &columns.values).copied().collect();
        let half_norms: Vec<f32> = all.iter().flat_map(|columns| &columns.half_norms).copied().collect();
        context.write(&slots.centroids, 0, &values);
        context.write(&slots.half_norms, 0, &half_norms);
        context.write(&slots.running, 0, &(0..n_slots as u32).collect::<Vec<_>>());
        context.write(&slots.slots, 0, &vec![Slot::after_an_iteration(); n_slots]);
        Ok(slots)
    }

    fn buffers(&self) -> [&wgpu::Buffer; 7] {
        let Self { centroids, half_norms, running, slots, labels, centroids_f16, others } = self;
        [centroids, half_norms, running, slots, labels, centroids_f16, others]
    }
}
