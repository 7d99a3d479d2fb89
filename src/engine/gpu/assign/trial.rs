//! A short trial: which of several shapes is fastest on this adapter for these sizes.
//!
//! Each runs over the job's own points, with centroids that are far apart: how long a kernel takes depends on
//! the sizes alone, but for repairs. What was found is remembered as long as the process lives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Built, Shape};
use crate::engine::EngineError;
use crate::engine::gpu::buffers::{Lane, Shared, Sizes, storage};
use crate::engine::gpu::clock::Clock;
use crate::engine::gpu::context::Context;

/// What a choice depends on: adapter and driver; points (as a power of two), clusters, quarters of a row, lanes.
type Key = (String, [u64; 4]);

static CHOICES: Mutex<Option<HashMap<Key, Shape>>> = Mutex::new(None);

/// Multiply-adds of a run that are enough to tell shapes apart.
const ENOUGH: u64 = 1 << 32;
/// Most labels of the trial's lanes.
const MAX_LABELS: u64 = 1 << 25;
/// Runs of each shape. The fastest counts: the first one warms up.
const RUNS: usize = 3;

/// The fastest shape, built. None if the device complained: then it complains again to whoever uses it next.
pub(super) fn fastest(
    context: &Context,
    sizes: &Sizes,
    shared: &Shared,
    n_lanes: usize,
    shapes: &[Shape],
) -> Option<Built> {
    let key = key(context, sizes, n_lanes);
    if let Some(shape) = known(&key).filter(|shape| shapes.contains(shape)) {
        return Some(Built::new(context, sizes, shape));
    }
    let fastest = try_all(context, sizes, shared, n_lanes, shapes).ok()?;
    if let Some(fastest) = &fastest {
        let mut choices = CHOICES.lock().unwrap_or_else(PoisonError::into_inner);
        choices.get_or_insert_default().insert(key, fastest.shape);
    }
    fastest
}

fn key(context: &Context, sizes: &Sizes, n_lanes: usize) -> Key {
    let units = if context.units.is_some() { ", with matrix units" } else { "" };
    let adapter = format!("{} {}{units}", context.info, context.info.driver);
    let magnitude = sizes.n_points.max(1).ilog2();
    (adapter, [magnitude, sizes.n_clusters, sizes.n_quads, n_lanes.min(4) as u32].map(u64::from))
}

fn known(key: &Key) -> Option<Shape> {
    let choices = CHOICES.lock().unwrap_or_else(PoisonError::into_inner);
    choices.as_ref()?.get(key).copied()
}

fn try_all(
    context: &Context,
    sizes: &Sizes,
    shared: &Shared,
    n_lanes: usize,
    shapes: &[Shape],
) -> Result<Option<Built>, EngineError> {
    let most = (MAX_LABELS / u64::from(sizes.n_points)).min(ENOUGH / sizes.work());
    let n_lanes = n_lanes.min(most.max(1) as usize);
    let (lanes, clock) = (TrialLanes::new(context, sizes, n_lanes)?, Clock::new(context)?);
    let mut best: Option<(f64, Built)> = None;
    for &shape in shapes {
        let built = Built::new(context, sizes, shape);
        let bound = built.bind_to(context, shared, lanes.buffers());
        let blocks = (sizes.n_points as usize).div_ceil(built.points());
        let mut least = f64::INFINITY;
        for _ in 0..RUNS {
            let seconds = clock.seconds(context, &|pass| bound.dispatch(pass, blocks, n_lanes))?;
            least = least.min(seconds);
        }
        drop(bound);
        if best.as_ref().is_none_or(|(seconds, _)| least < *seconds) {
            best = Some((least, built));
        }
    }
    Ok(best.map(|(_, built)| built))
}

/// Lanes of their own for the trial.
struct TrialLanes {
    centroids: wgpu::Buffer,
    half_norms: wgpu::Buffer,
    running: wgpu::Buffer,
    lanes: wgpu::Buffer,
    labels: wgpu::Buffer,
    tallies: wgpu::Buffer,
}

impl TrialLanes {
    fn new(context: &Context, sizes: &Sizes, n_lanes: usize) -> Result<Self, EngineError> {
        let lanes = Self {
            centroids: storage(context, "trial centroids", n_lanes * sizes.centroid_floats() * 4),
            half_norms: storage(context, "trial half norms", n_lanes * sizes.half_norm_floats() * 4),
            running: storage(context, "trial running", n_lanes * 4),
            lanes: storage(context, "trial lanes", n_lanes * size_of::<Lane>()),
            labels: storage(context, "trial labels", n_lanes * sizes.n_points as usize * 4),
            tallies: storage(context, "trial tallies", n_lanes * sizes.n_tallies as usize * 8),
        };
        // the first centroid is the nearest of all points by far: nothing is repaired
        let norm = |c: u32| if c < sizes.n_clusters { (c + 1) as f32 * 1e28 } else { 1e38 };
        let norms: Vec<f32> = (0..sizes.n_groups * 4).map(norm).collect();
        let n_norms = n_lanes * sizes.half_norm_floats() / norms.len();
        context.write(&lanes.half_norms, 0, &norms.repeat(n_norms));
        context.write(&lanes.running, 0, &(0..n_lanes as u32).collect::<Vec<_>>());
        context.check()?;
        Ok(lanes)
    }

    fn buffers(&self) -> [&wgpu::Buffer; 6] {
        [&self.centroids, &self.half_norms, &self.running, &self.lanes, &self.labels, &self.tallies]
    }
}
