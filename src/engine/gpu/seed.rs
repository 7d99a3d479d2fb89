//! Seed: the first centroids of all lanes at once.

use super::buffers::{BLOCK, Lanes, Shared, Sizes, columns, storage};
use super::context::Context;
use super::kernel::Kernel;
use crate::engine::draws::{Draws, candidates};
use crate::engine::reference::seed::{gather, lowest_unused, seed as seed_reference};
use crate::engine::{EngineError, Job, Seeding};
use crate::lattice::Table;

/// `NO_ROW` of the shaders: nothing could be drawn.
const NO_ROW: u32 = u32::MAX;

/// The kernels of greedy k-means++.
#[derive(Debug)]
pub(super) struct SeedKernels {
    near: Kernel,
    draw: Kernel,
    weigh: Kernel,
    choose: Kernel,
}

impl SeedKernels {
    pub(super) fn build(context: &Context) -> Self {
        let build = |name| Kernel::build(context, name, &[]);
        Self {
            near: build("seed_near"),
            draw: build("seed_draw"),
            weigh: build("seed_weigh"),
            choose: build("seed_choose"),
        }
    }
}

/// The first centroids of these restarts. (n_clusters, n_dims) each
pub(super) fn seed(
    context: &Context,
    kernels: Option<&SeedKernels>,
    shared: &Shared,
    job: &Job<'_>,
    restarts: &[u64],
) -> Result<Vec<Vec<i32>>, EngineError> {
    let Some(kernels) = kernels.filter(|_| job.seeding == Seeding::KMeansPlusPlus) else {
        return Ok(restarts.iter().map(|&restart| seed_reference(job, restart)).collect());
    };
    let rows = plus_plus(context, kernels, shared, job, restarts)?;
    let lanes = rows.chunks_exact(job.n_clusters);
    Ok(lanes.map(|rows| gather(job.table, &filled(job.table, rows))).collect())
}

/// The seeds of a lane, with unused rows where every distance was zero and nothing could be drawn.
fn filled(table: &Table, rows: &[u32]) -> Vec<usize> {
    let drawn = rows.iter().take_while(|&&row| row != NO_ROW);
    let mut seeds: Vec<usize> = drawn.map(|&row| row as usize).collect();
    while seeds.len() < rows.len() {
        seeds.push(lowest_unused(table, &seeds));
    }
    seeds
}

/// The rows that become seeds. (lanes, n_clusters)
fn plus_plus(
    context: &Context,
    kernels: &SeedKernels,
    shared: &Shared,
    job: &Job<'_>,
    restarts: &[u64],
) -> Result<Vec<u32>, EngineError> {
    let (n, k, l) = (job.table.n_points(), job.n_clusters, candidates(job.n_clusters));
    let (lanes, n_blocks) = (restarts.len(), n.div_ceil(BLOCK));
    let (seeds, draws) = draw_ahead(job, restarts);

    let chosen = storage(context, "chosen", lanes * 4);
    let seed_buffer = storage(context, "seeds", lanes * k * 4);
    let draw_buffer = storage(context, "draws", draws.len() * 8);
    let near = storage(context, "near", lanes * n * 16);
    let blocks = storage(context, "blocks", lanes * n_blocks * 16);
    let candidate_rows = storage(context, "candidates", lanes * l * 4);
    let potentials = storage(context, "potentials", lanes * l * n_blocks * 16);
    context.check()?;
    context.write(&chosen, 0, &vec![1u32; lanes]);
    context.write(&seed_buffer, 0, &seeds);
    context.write(&draw_buffer, 0, &draws);

    let Shared { sizes: s, points, weights, features, .. } = shared;
    let to_near =
        kernels.near.bind(context, &[s, points, weights, features, &seed_buffer, &chosen, &near, &blocks]);
    let draw =
        kernels.draw.bind(context, &[s, weights, &draw_buffer, &chosen, &near, &blocks, &candidate_rows]);
    let weigh =
        kernels.weigh.bind(context, &[s, points, weights, features, &candidate_rows, &near, &potentials]);
    let choose = kernels.choose.bind(context, &[s, &candidate_rows, &potentials, &chosen, &seed_buffer]);

    let mut encoder = context.encoder();
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        to_near.dispatch(&mut pass, n_blocks, lanes);
        for _ in 1..k {
            draw.dispatch_lanes(&mut pass, lanes);
            weigh.dispatch(&mut pass, n_blocks, lanes);
            choose.dispatch_lanes(&mut pass, lanes);
            to_near.dispatch(&mut pass, n_blocks, lanes);
        }
    }
    context.submit(encoder)?;
    let bytes = context.read(&[(&seed_buffer, 0, (lanes * k * 4) as u64)])?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

/// First seeds (lanes, n_clusters; the rest zero) and all later draws (lanes, n_clusters - 1, candidates).
fn draw_ahead(job: &Job<'_>, restarts: &[u64]) -> (Vec<u32>, Vec<u64>) {
    let (k, l) = (job.n_clusters, candidates(job.n_clusters));
    let running = running_weights(job.table);
    let mut seeds = vec![0; restarts.len() * k];
    let mut later = Vec::with_capacity(restarts.len() * (k - 1) * l);
    for (lane, &restart) in restarts.iter().enumerate() {
        let mut draws = Draws::new(job.seed, restart);
        let t = draws.below(job.table.weights.total().into());
        seeds[lane * k] = running.partition_point(|&total| u128::from(total) <= t) as u32;
        later.extend((0..(k - 1) * l).map(|_| draws.draw()));
    }
    (seeds, later)
}

fn running_weights(table: &Table) -> Vec<u64> {
    let mut total = 0;
    let mut add = |i: usize| {
        total += u64::from(table.weights.get(i));
        total
    };
    (0..table.n_points()).map(&mut add).collect()
}

/// Uploads first centroids.
pub(super) fn place(context: &Context, table: &Table, sizes: &Sizes, lanes: &Lanes, seeds: &[Vec<i32>]) {
    for (lane, centroids) in seeds.iter().enumerate() {
        let (values, half_norms) = columns(table, sizes, centroids);
        context.write(&lanes.centroids, (lane * values.len() * 4) as u64, &values);
        context.write(&lanes.half_norms, (lane * half_norms.len() * 4) as u64, &half_norms);
    }
}
